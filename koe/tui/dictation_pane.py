"""The tab for dictation in the terminal interface."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from koe.events import State
from koe.linux.requests import ControlRequest
from koe.linux.status import WORKING, DaemonStatus
from koe.tui.presentation import COPIED, INVITATION, WITHOUT_DAEMON, notes, safe


class DictationPane(VerticalScroll):
    """Shows the recognised text, and begins and ends dictations.

    Args:
        send: Sends a request to the daemon, and returns whether the daemon accepted it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "begin", "Begin"),
        Binding("space", "end", "End"),
        Binding("x", "cancel", "Cancel"),
        Binding("r", "retry", "Retry"),
        Binding("c", "copy", "Copy"),
    ]

    DEFAULT_CSS = """
    DictationPane {
        &:focus { background-tint: transparent; }
        & .notes { margin-top: 1; color: $text-muted; }
        &.-problem .notes { color: $text-error; }
    }
    """

    def __init__(self, send: Callable[[ControlRequest], Awaitable[bool]]) -> None:
        super().__init__()
        self._send = send
        # The status of the daemon; None: it is not running.
        self._status: DaemonStatus | None = None
        # Kept here, because a query for a widget fails while the application closes.
        self._text = Static(markup=False)
        self._notes = Static(markup=False, classes="notes")

    def compose(self) -> ComposeResult:
        """Create the widgets."""
        yield self._text
        yield self._notes

    def enter(self) -> None:
        """Take the focus."""
        self.screen.set_focus(self)

    def show(self, status: DaemonStatus | None, absence: str = "") -> None:
        """Show a status.

        Args:
            status: The status of the daemon; None: it is not running.
            absence: Why there is no status, and what to do about it.
        """
        offered, self._status = self._offered(), status
        text = "" if status is None else status.text
        invitation = "" if status is None or status.is_recording else INVITATION
        self._text.update(safe(text) or invitation)
        sentences = f"{safe(absence)}\n{WITHOUT_DAEMON}" if status is None else notes(status)
        self._notes.update(sentences)
        self.set_class(status is None or bool(status.message), "-problem")
        self.call_after_refresh(self.scroll_end, animate=False)  # to show the newest words
        if self._offered() != offered:  # this rebuilds the footer, which is slow
            self.refresh_bindings()

    def _offered(self) -> list[bool | None]:
        return [self.check_action(it, ()) for it in ("begin", "end", "cancel", "retry", "copy")]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether an action is available in this state."""
        status = self._status
        match action:
            case "begin" | "retry":
                return status is not None and not status.is_recording
            case "end":
                return status is not None and status.is_recording
            case "cancel":
                return status is not None and (status.is_recording or status.state in WORKING)
            case "copy":
                return status is not None and bool(status.text) and status.state is State.IDLE
        return True

    @work
    async def action_begin(self) -> None:
        """Begin a recording."""
        await self._send(ControlRequest("begin", inserts=False))

    @work
    async def action_end(self) -> None:
        """End the recording."""
        await self._send(ControlRequest("end"))

    @work
    async def action_cancel(self) -> None:
        """Cancel the dictation; no text is delivered."""
        await self._send(ControlRequest("cancel"))

    @work
    async def action_retry(self) -> None:
        """Recognise the newest recording again."""
        await self._send(ControlRequest("retry", inserts=False))

    def action_copy(self) -> None:
        """Copy the text."""
        if self._status is not None:
            self.app.copy_to_clipboard(self._status.text)
            self.notify(COPIED, markup=False)
