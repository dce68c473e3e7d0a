from __future__ import annotations

from pathlib import Path

from koe.cli.history import open_history
from koe.journal.entries import Entry, Why
from koe.tui.history_pane import HistoryPane
from tests.asynchronous import on_loop
from tests.tui.running import OnePane, keep, running, shown, until, until_shown

NEWER = Entry("20261128T100000.000Z-1-1", "2026-11-28T10:00:00Z", text="你好\x1b[31m世界")
OLDER = Entry("20261128T090000.000Z-1-1", "2026-11-28T09:00:00Z", reason="it rains", why=Why.FAILED)


class Shelf(OnePane[HistoryPane]):
    """Shows a history."""

    def __init__(self, directory: Path) -> None:
        super().__init__()
        self.pane = HistoryPane(lambda: open_history(directory, self.notify), self.send)


@on_loop
async def test_an_empty_history(directory: Path) -> None:
    async with running(Shelf(directory), size=(40, 15)) as pilot:
        await until_shown(pilot, "The history is empty.")
        await pilot.press("c", "r", "d")
        assert "Remove" not in shown(pilot.app)


@on_loop
async def test_searching_copying_and_removing(directory: Path) -> None:
    keep(directory, NEWER, OLDER)
    app = Shelf(directory)
    async with running(app) as pilot:
        await until_shown(pilot, "你好 [31m世界")
        await until_shown(pilot, "c Copy")
        assert "Retry" not in shown(app)  # there is no recording
        await pilot.press("c")
        assert app.clipboard == NEWER.text
        await pilot.press("down", "d")
        await until_shown(pilot, "Remove this?")
        await pilot.press("escape")
        await until(lambda: "Remove this?" not in shown(app))
        await pilot.press("d")
        await until_shown(pilot, "Remove this?")
        await pilot.press("y")
        await until(lambda: "[failed] it rains" not in shown(app))
        await pilot.press("slash", "z")
        await until_shown(pilot, "Nothing was found.")
        assert app.sent == []
    history = open_history(directory, print)
    assert [entry.id for entry in history.list()] == [NEWER.id]
