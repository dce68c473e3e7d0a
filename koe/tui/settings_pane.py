"""The tab with the settings in the terminal interface."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.widgets import OptionList

from koe.cli.setting import read_settings
from koe.config.people.listing import Setting
from koe.tui.browser import Browser
from koe.tui.dialogs import SettingEditor
from koe.tui.presentation import Row, safe, setting_rows


class SettingsPane(Browser):
    """Lists the settings; Enter changes the selected one.

    Args:
        directory: The configuration folder.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "change", "Change", priority=True),  # before the list gets it
    ]

    def __init__(self, directory: Path) -> None:
        super().__init__("There are no settings.")
        self._directory = directory
        # All settings, by key.
        self._settings: dict[str, Setting] = {}

    async def find(self, query: str) -> Sequence[Row]:
        """Find the settings whose key or value contains a text; an empty text finds all."""
        _, listing = await asyncio.to_thread(read_settings, self._directory)
        self._settings = {setting.key: setting for setting in listing.settings}
        return list(setting_rows(listing.settings, query, self.app.size.width))

    def on_resize(self) -> None:
        """Fit the rows to the new width."""
        self.refresh_rows()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether an action is available. In the search field, Enter ends the search."""
        if action == "change":
            return isinstance(self.screen.focused, OptionList)
        return super().check_action(action, parameters)

    @work
    async def action_change(self) -> None:
        """Change the selected setting."""
        if (chosen := self.chosen) is None:
            return
        editor = SettingEditor(self._directory, self._settings[chosen.key])
        if done := await self.app.push_screen_wait(editor):
            self.notify(safe("\n".join(done)), markup=False, timeout=8)
            self.refresh_rows()
