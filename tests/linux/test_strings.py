from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

pytest.importorskip("xcffib")
pytest.importorskip("dbus_fast")

from koe.linux.delivery import Way
from tests.asynchronous import on_loop
from tests.linux.screen import GtkField, Screen
from tests.linux.strings import WAYS, insert_all, inserting, inserting_on_wayland, texts
from tests.linux.sway import Sway

SAMPLE = 15


@pytest.mark.parametrize("way", WAYS)
def test_no_wrong_character_is_delivered_unnoticed(desk: Screen, field: GtkField, way: Way) -> None:
    @on_loop
    async def run() -> None:
        opening = inserting(desk, way)
        found, wrong = await insert_all(opening, field, way, islice(texts(seed=3), SAMPLE))
        assert wrong == []
        assert found == {way: SAMPLE}

    run()


@on_loop
async def test_the_same_on_wayland(sway: Sway, tmp_path: Path) -> None:
    with sway.field(tmp_path) as field:
        opening = inserting_on_wayland(sway, Way.PASTE)
        some = islice(texts(seed=3), SAMPLE)
        found, wrong = await insert_all(opening, field, Way.PASTE, some)
    assert wrong == []
    assert found == {Way.PASTE: SAMPLE}
