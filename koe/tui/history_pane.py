"""The history in the terminal interface."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from koe.errors import KoeError
from koe.journal.entries import Entry
from koe.journal.history import History
from koe.linux.requests import ControlRequest
from koe.tui.browser import Browser
from koe.tui.dialogs import Confirmation
from koe.tui.presentation import COPIED, Row, entry_rows, safe

_NOTHING = (
    "The history is empty. Recordings without a whole text are kept; of the others, nothing or "
    "what history.audio and history.text say."
)

# So many entries are shown; a search finds older ones.
_MOST = 500


class HistoryPane(Browser):
    """Lists what was said before.

    Args:
        open_history: Gives the history; it may block.
        send: Has the daemon do something, and returns whether it does.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "copy", "Copy"),
        Binding("r", "retry", "Retry"),
        Binding("d", "remove", "Remove"),
    ]

    def __init__(
        self,
        open_history: Callable[[], History],
        send: Callable[[ControlRequest], Awaitable[bool]],
    ) -> None:
        super().__init__(_NOTHING)
        self._open_history = open_history
        self._send = send
        # Those that are listed, by ID.
        self._entries: dict[str, Entry] = {}

    async def find(self, query: str) -> Sequence[Row]:
        """As in `Browser`."""
        entries = await asyncio.to_thread(self._entries_of, query)
        self._entries = {entry.id: entry for entry in entries}
        return list(entry_rows(entries))

    def _entries_of(self, query: str) -> Sequence[Entry]:
        history = self._open_history()
        history.recover()
        return history.list(query, _MOST)

    @property
    def _entry(self) -> Entry | None:
        chosen = self.chosen
        return None if chosen is None else self._entries.get(chosen.key)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether an action is offered for the entry that is chosen."""
        match action:
            case "copy":
                return self._entry is not None and bool(self._entry.best_text)
            case "retry":
                return self._entry is not None and self._entry.has_audio
            case "remove":
                return self._entry is not None
        return super().check_action(action, parameters)

    def action_copy(self) -> None:
        """Copy the text of the entry."""
        if (entry := self._entry) is not None:
            self.app.copy_to_clipboard(entry.best_text)
            self.notify(COPIED, markup=False)

    @work
    async def action_retry(self) -> None:
        """Recognise the entry once more."""
        if (entry := self._entry) is not None:
            await self._send(ControlRequest("retry", entry=entry.id, inserts=False))

    @work
    async def action_remove(self) -> None:
        """Remove the entry, when the user confirms it."""
        if (chosen := self.chosen) is None:
            return
        what = "its recording and its text are removed, too"
        if not await self.app.push_screen_wait(Confirmation(chosen.line, what, "Remove")):
            return
        try:
            await asyncio.to_thread(lambda: self._open_history().remove(chosen.key))
        except KoeError as exc:
            self.notify(safe(str(exc)), severity="error", markup=False)
        self.refresh_rows()
