from __future__ import annotations

from itertools import islice

import pytest

pytest.importorskip("xcffib")
pytest.importorskip("dbus_fast")

from koe.linux.delivery import Way
from tests.asynchronous import on_loop
from tests.linux.screen import GtkField, Screen
from tests.linux.strings import WAYS, insert_all, texts

SAMPLE = 15


@pytest.mark.parametrize("way", WAYS)
def test_no_wrong_character_is_delivered_unnoticed(desk: Screen, field: GtkField, way: Way) -> None:
    @on_loop
    async def run() -> None:
        found, wrong = await insert_all(desk, field, way, islice(texts(seed=3), SAMPLE))
        assert wrong == []
        assert found == {way: SAMPLE}

    run()
