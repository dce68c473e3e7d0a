from __future__ import annotations

from collections.abc import Sequence

from textual.app import App, ComposeResult
from textual.widgets import Input, OptionList

from koe.errors import HistoryError
from koe.tui.browser import Browser
from koe.tui.presentation import Row
from tests.asynchronous import on_loop
from tests.tui.running import running, shown, until, until_shown


class Fruits(Browser):
    """Three rows, or an error."""

    def __init__(self) -> None:
        super().__init__("There is no fruit.")
        self.names = ["apple [b]", "banana", "cherry"]
        self.more = ""
        self.error: HistoryError | None = None

    async def find(self, query: str) -> Sequence[Row]:
        if self.error is not None:
            raise self.error
        return [
            Row(it, f"{it} 你好 " + "x" * 99, f"all about {it}{self.more}")
            for it in self.names
            if query in it
        ]


class Shop(App[None]):
    """Shows fruits."""

    def compose(self) -> ComposeResult:
        self.fruits = Fruits()
        yield self.fruits

    def on_mount(self) -> None:
        self.fruits.enter()


@on_loop
async def test_choosing_and_searching() -> None:
    async with running(Shop(), size=(40, 15)) as pilot:
        assert isinstance(pilot.app, Shop)
        fruits = pilot.app.fruits
        await until_shown(pilot, "all about apple [b]")
        lines = shown(pilot.app).splitlines()
        assert lines[1].startswith("apple [b] 你好 xxx")
        assert lines[1].endswith("…")
        assert lines[2].startswith("banana")
        await pilot.press("down")
        await until_shown(pilot, "all about banana")
        fruits.names.insert(0, "apricot")
        fruits.refresh_rows()  # the same row stays selected
        await until_shown(pilot, "apricot")
        assert fruits.chosen is not None
        assert fruits.chosen.key == "banana"
        await pilot.press("slash", "r", "r")
        await until(lambda: "all about cherry" in shown(pilot.app))
        assert "banana" not in shown(pilot.app)
        await pilot.press("x")
        await until_shown(pilot, "Nothing was found.")
        await pilot.press("escape")
        assert isinstance(pilot.app.focused, OptionList)


@on_loop
async def test_the_chosen_row_stays_in_sight() -> None:
    async with running(Shop(), size=(40, 15)) as pilot:
        assert isinstance(pilot.app, Shop)
        fruits = pilot.app.fruits
        await until_shown(pilot, "all about apple [b]")
        fruits.names = [f"apple{number}" for number in range(30)]
        fruits.refresh_rows()
        await until_shown(pilot, "apple9")
        await pilot.press("end")
        await until_shown(pilot, "apple29 你好")
        fruits.more = "\n1\n2\n3\n4"  # they make the list shorter
        fruits.refresh_rows()
        await until_shown(pilot, "all about apple29\n1\n2\n3\n4")
        await until_shown(pilot, "apple29 你好")
        await pilot.resize_terminal(40, 9)
        await until_shown(pilot, "apple29 你好")


@on_loop
async def test_nothing_and_errors() -> None:
    async with running(Shop(), size=(40, 15)) as pilot:
        assert isinstance(pilot.app, Shop)
        await until_shown(pilot, "all about apple")
        pilot.app.fruits.names.clear()
        pilot.app.fruits.refresh_rows()
        await until_shown(pilot, "There is no fruit.")
        assert pilot.app.fruits.chosen is None
        pilot.app.fruits.error = HistoryError("the \x1b[2Jindex is damaged")
        pilot.app.query_one(Input).value = "q"
        await until_shown(pilot, "the  [2Jindex is damaged")
