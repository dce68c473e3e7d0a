from __future__ import annotations

from koe.linux.insertion import Insertion
from tests.asynchronous import on_loop


@on_loop
async def test_without_a_desktop() -> None:
    insertion = Insertion()
    delivered = await insertion.insert("text", insertion.aim())
    assert delivered.way == ""
    assert "no desktop was found" in delivered.message
