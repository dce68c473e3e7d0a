"""The modal dialogs of the terminal interface."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Footer, Input, Static

from koe.cli.setting import change_setting
from koe.config.people.listing import Setting
from koe.errors import ConfigError
from koe.tui.presentation import editable, safe, setting_rows

_CSS = """
    align: center middle;
    & > VerticalScroll { width: 90%; max-width: 76; height: auto; max-height: 90%; padding: 0 1;
                   border: round $primary; background: $surface; }
    & .title { text-style: bold; }
    & Input { margin: 1 0; }
    & .problem { color: $text-error; }
"""


class Confirmation(ModalScreen[bool]):
    """Asks the user to confirm an action; the result is the answer.

    Args:
        what: The object of the action, as a text.
        consequence: The consequence of the action, as a clause.
        verb: The action, as a capitalised verb.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,n", "answer(False)", "Keep", key_display="Esc"),
    ]

    DEFAULT_CSS = f"Confirmation {{{_CSS}}}"

    def __init__(self, what: str, consequence: str, verb: str) -> None:
        super().__init__()
        self._what = what
        self._consequence = consequence
        self._verb = verb
        self._bindings.bind("y", "answer(True)", verb)

    def compose(self) -> ComposeResult:
        """Create the widgets."""
        with VerticalScroll():
            yield Static(f"{self._verb} this?", classes="title", markup=False)
            yield Static(self._what, markup=False)
            yield Static(f"This can't be undone: {self._consequence}.", markup=False)
        yield Footer(show_command_palette=False)

    def action_answer(self, answer: bool) -> None:
        """Close the dialog with an answer."""
        self.dismiss(answer)


class SettingEditor(ModalScreen[list[str]]):
    """Changes a setting; the result is a list of sentences about the change.

    Args:
        directory: The configuration folder.
        setting: The setting to change.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "save", "Save", priority=True),  # before the field gets it
        Binding("escape", "leave", "Cancel", key_display="Esc"),
    ]

    AUTO_FOCUS = "Input"

    DEFAULT_CSS = f"SettingEditor {{{_CSS}}}"

    def __init__(self, directory: Path, setting: Setting) -> None:
        super().__init__()
        self._directory = directory
        self._setting = setting

    def compose(self) -> ComposeResult:
        """Create the widgets."""
        (row,) = setting_rows([self._setting], "", 0)
        title, _, facts = row.details.partition("\n")
        with VerticalScroll():
            yield Static(title, classes="title", markup=False)
            yield Static(facts, markup=False)
            yield Input(
                editable(self._setting), password=self._setting.is_secret, select_on_focus=False,
                compact=True,
            )  # fmt: skip
            yield Static(classes="problem", markup=False)
        yield Footer(show_command_palette=False)

    @work(exclusive=True)
    async def action_save(self) -> None:
        """Write the value to the file; show the problem if it is invalid."""
        key, value = self._setting.key, self.query_one(Input).value
        if value == editable(self._setting):
            self.dismiss([])
            return
        try:
            change = await asyncio.to_thread(change_setting, self._directory, key, value)
            done = [
                change.summary,
                *await asyncio.to_thread(lambda: [*change.notes(self._directory)]),
            ]
        except ConfigError as exc:
            self.query_one(".problem", Static).update(safe(exc.reason))
            self.query_one(VerticalScroll).scroll_end(animate=False)
        else:
            self.dismiss(done)

    def action_leave(self) -> None:
        """Close the dialog without a change."""
        self.dismiss([])
