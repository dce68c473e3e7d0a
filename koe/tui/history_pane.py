"""The tab with the history in the terminal interface."""

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

_EMPTY_TEXT = (
    "The history is empty. By default, it keeps only recordings without a complete text; the "
    "settings history.audio and history.text change this."
)

# The largest number of entries in the list. A search also finds older ones.
_MOST_ENTRIES = 500


class HistoryPane(Browser):
    """Lists earlier dictations.

    Args:
        open_history: Opens the history; it may block.
        send: Sends a request to the daemon, and returns whether the daemon accepted it.
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
        super().__init__(_EMPTY_TEXT)
        self._open_history = open_history
        self._send = send
        # The listed entries, by ID.
        self._entries: dict[str, Entry] = {}

    async def find(self, query: str) -> Sequence[Row]:
        """Find the entries that contain a text; an empty text finds all."""
        entries = await asyncio.to_thread(self._entries_of, query)
        self._entries = {entry.id: entry for entry in entries}
        return list(entry_rows(entries))

    def _entries_of(self, query: str) -> Sequence[Entry]:
        history = self._open_history()
        history.recover()
        return history.list(query, _MOST_ENTRIES)

    @property
    def _entry(self) -> Entry | None:
        chosen = self.chosen
        return None if chosen is None else self._entries.get(chosen.key)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether an action is available for the selected entry."""
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
        """Recognise the recording of the entry again."""
        if (entry := self._entry) is not None:
            await self._send(ControlRequest("retry", entry=entry.id, inserts=False))

    @work
    async def action_remove(self) -> None:
        """Remove the entry if the user confirms it."""
        if (chosen := self.chosen) is None:
            return
        consequence = "its recording and its text are removed"
        if not await self.app.push_screen_wait(Confirmation(chosen.line, consequence, "Remove")):
            return
        try:
            await asyncio.to_thread(lambda: self._open_history().remove(chosen.key))
        except KoeError as exc:
            self.notify(safe(str(exc)), severity="error", markup=False)
        self.refresh_rows()
