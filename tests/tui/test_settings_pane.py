from __future__ import annotations

from pathlib import Path

from textual.app import App, ComposeResult
from textual.widgets import Input, OptionList

from koe.tui.settings_pane import SettingsPane
from tests.asynchronous import on_loop
from tests.tui.running import configure, running, shown, until, until_shown


class Office(App[None]):
    """Shows settings."""

    def __init__(self, directory: Path) -> None:
        super().__init__()
        self.pane = SettingsPane(directory)

    def compose(self) -> ComposeResult:
        yield self.pane

    def on_mount(self) -> None:
        self.pane.enter()


@on_loop
async def test_finding_and_changing(directory: Path) -> None:
    async with running(Office(directory), size=(80, 24)) as pilot:
        await until_shown(pilot, "asr.provider  ")
        await pilot.press("slash")
        pilot.app.query_one(Input).value = "KEEP_loaded"
        await until(lambda: "asr.provider" not in shown(pilot.app))
        await pilot.press("enter")  # ends the search
        assert isinstance(pilot.app.focused, OptionList)
        await pilot.press("enter")
        await until_shown(pilot, "╭──")
        await pilot.press("backspace", "backspace", "7", "enter")
        await until_shown(pilot, "asr.keep_loaded_minutes is set")
        await until_shown(pilot, "of config.yaml")
        assert "asr.keep_loaded_minutes  7" in shown(pilot.app)


@on_loop
async def test_a_narrow_terminal_and_a_file_that_is_no_yaml(directory: Path) -> None:
    async with running(Office(directory), size=(40, 15)) as pilot:
        await until_shown(pilot, "asr.provider: moonshine")
        configure(directory, "a: [")
        assert isinstance(pilot.app, Office)
        pilot.app.pane.refresh_rows()
        await until_shown(pilot, "config error:")
        await pilot.press("enter")
