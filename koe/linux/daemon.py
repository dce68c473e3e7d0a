"""The daemon: what ``koe serve`` runs until it is ended."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from koe.config.schema import Config
from koe.diagnostics import report, report_once
from koe.dictation import OpenCore, open_core
from koe.errors import DesktopError, HistoryError
from koe.events import Mode
from koe.journal.entries import Entry, Why
from koe.journal.history import History
from koe.linux.control import claimed, control_path
from koe.linux.desktop import Desktop, open_desktop
from koe.linux.insertion import Insertion
from koe.linux.keys import key_of
from koe.linux.presses import Action, Presses
from koe.linux.recording import OpenRecorder
from koe.linux.server import ControlServer
from koe.linux.standby import standing_by
from koe.linux.status import DaemonStatus, announcement
from koe.linux.takes import Takes
from koe.microphone import Microphone
from koe.session_rules import SessionRules

if TYPE_CHECKING:
    from koe.linux.bus import Bus
    from koe.linux.hotkey import GrabbedKey
    from koe.linux.notifications import Notifications

# A press while a text is still to come begins the next dictation; the text comes all the same.
# Until the text is in its window, the recording is kept.
RULES = SessionRules(finish_superseded=True, confirms_delivery=True)


class Daemon:
    """One user's dictation. Everything is on the loop.

    Args:
        core: Recognises.
        directory: The configuration's folder.
        recorder: Gives what records, to be entered.
        desktop: Where texts are inserted.
    """

    def __init__(
        self, core: OpenCore, directory: Path, recorder: OpenRecorder, desktop: Desktop
    ) -> None:
        self._core = core
        self._directory = directory
        insertion = Insertion(lambda: core.settings.current.config, desktop.board, desktop.fields)
        self._takes = Takes(core, insertion, recorder, self._show)
        self._server = ControlServer(self.perform, lambda: self._takes.status)
        self._presses = Presses(core.settings.current.config.hotkey.trigger_mode)
        self._desktop = desktop
        # Cancels; grabbed while a recording is on. None: there is no such key.
        self._cancel_key: GrabbedKey | None = None
        # Shows what is heard; None: nothing can.
        self._notifications = None if desktop.bus is None else _notifications(desktop.bus)

    async def start(self, listener: socket.socket) -> None:
        """Listen to clients and to the hotkey, and offer what an earlier daemon left."""
        self._listen_to_hotkey()
        await self._server.start(listener)
        await self._offer_interrupted()

    async def close(self) -> None:
        """Stop everything."""
        await self._takes.close()
        await self._server.close()
        if self._notifications is not None:
            await self._notifications.close()

    def perform(self, word: str) -> None:
        """Do what a client or the hotkey asks for: one of `koe.linux.control.ACTIONS`.

        Raises:
            KoeError: It can't be done; the sentence says why.
        """
        recording = self._takes.is_recording
        match word:
            case "press" | "release":
                told = self._presses.press if word == "press" else self._presses.release
                now = asyncio.get_running_loop().time()
                self._do(told(now, is_recording=recording))
                self._takes.hold(is_held=self._presses.is_held)
            case "begin":
                self._takes.begin(Mode.TOGGLE)
            case "end":
                self._takes.end()
            case "toggle":
                self._do(Action.END if recording else Action.BEGIN)
            case "cancel":
                self._takes.cancel()
            case "retry":
                newest = _newest_recording(History(self._directory, self._config.history))
                if newest is None:
                    raise HistoryError("no recording is kept that could be recognised again")
                self._takes.retry(newest.id)

    def _do(self, action: Action | None) -> None:
        if action is Action.BEGIN:
            self._takes.begin(Mode.HOLD)
        elif action is Action.END:
            self._takes.end()

    def _show(self, status: DaemonStatus) -> None:
        self._server.publish(status)
        if self._cancel_key is not None:
            self._follow_cancel_key(self._cancel_key, is_wanted=status.is_recording)
        if self._notifications is not None and self._config.linux.notifications:
            self._notifications.show(announcement(status))

    def _listen_to_hotkey(self) -> None:
        key = key_of(self._config.hotkey.trigger_key)
        if self._desktop.display is None:
            self._takes.describe_hotkey("none: bind keys to koe-key; koe service keys shows how")
            return
        from koe.linux.hotkey import GrabbedKey

        if self._config.hotkey.says("cancel_key"):
            cancel, nothing = partial(self.perform, "cancel"), lambda: None
            key_to_cancel = key_of(self._config.hotkey.cancel_key)
            self._cancel_key = GrabbedKey(self._desktop.display, key_to_cancel, cancel, nothing)
        press, release = partial(self.perform, "press"), partial(self.perform, "release")
        try:
            GrabbedKey(self._desktop.display, key, press, release).grab()
        except DesktopError as exc:
            report(exc)
            self._takes.describe_hotkey(f"none: {exc}")
        else:
            self._takes.describe_hotkey(key.name)

    def _follow_cancel_key(self, key: GrabbedKey, *, is_wanted: bool) -> None:
        try:
            if is_wanted and not key.is_grabbed:
                key.grab()
            elif key.is_grabbed and not is_wanted:
                key.ungrab()
        except DesktopError as exc:
            report_once(f"hotkey.cancel_key: {exc}")

    @property
    def _config(self) -> Config:
        return self._core.settings.current.config

    async def _offer_interrupted(self) -> None:
        """Say so if the newest recording lacks a text because its process was ended."""
        history = History(self._directory, self._config.history)
        try:
            await asyncio.to_thread(history.recover)
            newest = _newest_recording(history)
        except HistoryError as exc:
            report(exc)
            return
        if newest is not None and newest.why is Why.INTERRUPTED:
            self._takes.tell(
                f"A dictation of {newest.seconds:.0f} s was interrupted; "
                "to insert its text: koe ctl retry"
            )


def _newest_recording(history: History) -> Entry | None:
    """The newest entry with a recording; None: there is none.

    Raises:
        HistoryError: The history can't be read.
    """
    return next((entry for entry in history.list() if entry.has_audio), None)


def _notifications(bus: Bus) -> Notifications:
    from koe.linux.notifications import Notifications  # needs packages that may be missing

    return Notifications(bus)


async def serve(
    directory: Path, environ: Mapping[str, str], recorder: OpenRecorder = Microphone
) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        directory: The configuration's folder.
        environ: Says where the socket and the desktop are.
        recorder: Gives what records.

    Raises:
        DesktopError: Another daemon runs, the socket can't be made, or the desktop has gone.
    """
    with claimed(control_path(environ)) as listener:
        async with (
            open_core(directory, RULES) as core,
            open_desktop(environ) as desktop,
            standing_by(recorder, core.settings.current.config.audio.preroll) as opened,
        ):
            for sentence in desktop.missing:
                report(sentence)
            daemon = Daemon(core, directory, opened, desktop)
            try:
                await daemon.start(listener)
                _tell_systemd(environ, "READY=1")
                await _until_ended(desktop)
            finally:
                _tell_systemd(environ, "STOPPING=1")
                await daemon.close()


async def _until_ended(desktop: Desktop) -> None:
    """Wait for SIGTERM or SIGINT.

    Raises:
        DesktopError: The desktop has gone; systemd starts another daemon, for the next one.
    """
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    waiting = asyncio.create_task(ended.wait())
    both: list[asyncio.Future[Any]] = [waiting] if desktop.lost is None else [waiting, desktop.lost]
    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if not ended.is_set() and desktop.lost is not None:
        raise DesktopError(desktop.lost.result())


def _tell_systemd(environ: Mapping[str, str], message: str) -> None:
    """Tell the service manager, where one started this process (sd_notify(3))."""
    address = environ.get("NOTIFY_SOCKET")
    if address is None:
        return
    if address.startswith("@"):  # an abstract one
        address = f"\0{address[1:]}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager, suppress(OSError):
        manager.sendto(message.encode(), address)
