"""The application of the terminal interface."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Footer, Input, Static, TabbedContent, TabPane

from koe.cli.history import open_history
from koe.errors import DesktopError
from koe.events import State
from koe.journal.history import History
from koe.linux.control import control_path
from koe.linux.requests import ControlRequest
from koe.linux.status import DaemonStatus, MicrophoneLevel
from koe.tui.connection import follow, send
from koe.tui.dictation_pane import DictationPane
from koe.tui.history_pane import HistoryPane
from koe.tui.presentation import headline, safe, tone_of
from koe.tui.settings_pane import SettingsPane

# Seconds between two attempts to connect to the daemon.
_RETRY_SECONDS = 1.0

# Seconds after the end of a dictation within which its entry is in the history.
_HISTORY_DELAY_SECONDS = 1.0

_QUIET = MicrophoneLevel(0.0, 0.0)


class _Tabs(TabbedContent):
    """Tabs that do not open when a widget in them gets the focus."""

    def on_tab_pane_focused(self, event: TabPane.Focused) -> None:
        """Open no tab. The event may arrive after the user has opened another one."""
        event.prevent_default()


class TerminalInterface(App[None]):
    """Shows what the daemon does, the history and the settings.

    Args:
        directory: The configuration folder.
        environ: The variables that determine the path of the control socket.
    """

    TITLE = "koe"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        # With priority over the pane, so that the keys typed after it reach the new pane.
        Binding("1", "open('dictation')", show=False, priority=True),
        Binding("2", "open('history')", show=False, priority=True),
        Binding("3", "open('settings')", show=False, priority=True),
        Binding("q", "quit", "Quit"),
        Binding("ctrl+c", "quit", show=False),
    ]
    CSS = """
    #headline { height: 1; padding: 0 1; background: $panel; color: $text-muted;
        &.-recording { color: $text-error; }
        &.-working { color: $text-warning; }
        &.-failed, &.-absent { color: $text-warning; }
        &.-ready { color: $text-success; }
    }
    TabbedContent, ContentSwitcher, TabPane { height: 1fr; }
    TabPane { padding: 0 1; }
    """

    def __init__(self, directory: Path, environ: Mapping[str, str]) -> None:
        super().__init__()
        self._directory = directory
        self._environ = environ
        # The status of the daemon; None: it is not running.
        self._status: DaemonStatus | None = None
        # Why there is no status, as a sentence; empty if there is one.
        self._absence = ""
        # The level of the microphone in this recording.
        self._level = _QUIET
        # Kept here, because a query for a widget fails while the application closes.
        self._headline = Static(id="headline", markup=False)
        self._tabs = _Tabs()
        self._dictation = DictationPane(self._send)
        self._history = HistoryPane(self._open_history, self._send)
        self._settings = SettingsPane(directory)

    def compose(self) -> ComposeResult:
        """Create the widgets."""
        yield self._headline
        with self._tabs:
            yield TabPane("1 Dictation", self._dictation, id="dictation")
            yield TabPane("2 History", self._history, id="history")
            yield TabPane("3 Settings", self._settings, id="settings")
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        """Start to follow the daemon."""
        # A worker of a widget ends together with the widget; a worker of the app would end later.
        self._dictation.run_worker(self._watch())

    def on_resize(self) -> None:
        """Fit the headline to the new width."""
        self._show_headline()

    def action_open(self, tab: str) -> None:
        """Show a tab, and have it get the keys from now on."""
        self._tabs.active = tab
        self._enter(self._tabs.get_pane(tab))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether an action is offered: digits are text in a field, and dialogs open no tab."""
        is_free = len(self.screen_stack) == 1 and not isinstance(self.focused, Input)
        return action != "open" or is_free

    @on(TabbedContent.TabActivated)
    def _note_tab(self, event: TabbedContent.TabActivated) -> None:
        # By now the user may search in the tab, or have opened another one.
        if event.pane.id == self._tabs.active and not event.pane.has_focus_within:
            self._enter(event.pane)

    def _enter(self, tab: TabPane) -> None:
        for pane in (self._dictation, self._history, self._settings):
            if pane.parent is tab:
                pane.enter()

    # --- the daemon ---

    async def _watch(self) -> None:
        while True:
            try:
                async for said in follow(control_path(self._environ)):
                    if isinstance(said, DaemonStatus):
                        self._note(said)
                    else:
                        self._level = said
                        self._show_headline()
            except DesktopError as exc:
                self._note(None, str(exc))
            await asyncio.sleep(_RETRY_SECONDS)

    def _note(self, status: DaemonStatus | None, absence: str = "") -> None:
        if status is None and absence == self._absence:
            return
        before, self._status, self._absence = self._status, status, absence
        if status is None or not status.is_recording:
            self._level = _QUIET
        self._show_headline()
        self._dictation.show(status, absence)
        if status and status.state is State.IDLE and before and before.state is not State.IDLE:
            self._history.set_timer(_HISTORY_DELAY_SECONDS, self._show_history)

    def _show_headline(self) -> None:
        line = headline(self._status, self._level, self.size.width - 2)
        self._headline.update(
            line, layout=False
        )  # without a new layout, because this runs ten times per second
        self._headline.set_classes(f"-{tone_of(self._status)}")

    async def _send(self, request: ControlRequest) -> bool:
        tab = self._tabs.active
        try:
            await send(control_path(self._environ), request)
        except DesktopError as exc:
            self.notify(safe(str(exc)), severity="error", markup=False)
            return False
        if self._tabs.active == tab:  # else the user has opened another one meanwhile
            self.action_open("dictation")
        return True

    # --- the history ---

    def _show_history(self) -> None:
        """Show new entries if the history is open; otherwise, opening it shows them."""
        if self._tabs.active == "history":
            self._history.refresh_rows()

    def _open_history(self) -> History:
        return open_history(self._directory, self._warn)

    def _warn(self, sentence: str) -> None:
        self.call_from_thread(self.notify, safe(sentence), severity="warning", markup=False)
