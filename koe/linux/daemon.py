"""The daemon: what ``koe serve`` runs until it is ended."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from koe.config.schema import Config
from koe.diagnostics import report, report_once
from koe.dictation import OpenCore, open_core
from koe.errors import DesktopError, HistoryError, KoeError
from koe.events import Mode
from koe.journal.entries import Why
from koe.journal.history import History
from koe.linux.application import introduce
from koe.linux.control import claimed, control_path
from koe.linux.desktop import Desktop, open_desktop
from koe.linux.evdev import KernelKeys
from koe.linux.insertion import Insertion
from koe.linux.keys import key_of
from koe.linux.listening import NO_KEYS, Listening, listen_by_portal, listen_to_keyboards
from koe.linux.presses import Action, Presses
from koe.linux.recording import OpenRecorder
from koe.linux.requests import ControlRequest
from koe.linux.server import ControlServer
from koe.linux.standby import standing_by
from koe.linux.status import DaemonStatus, announcement
from koe.linux.suspend import watching_suspend
from koe.linux.takes import Takes
from koe.microphone import Microphone
from koe.session_rules import SessionRules

if TYPE_CHECKING:
    from koe.linux.bus import Bus
    from koe.linux.notifications import Notifications

# A press before a text has come begins the next dictation; the text is still delivered.
# Until the text is in its window, the recording is kept.
RULES = SessionRules(finish_superseded=True, confirms_delivery=True)


# Seconds until a missing desktop is searched for again.
_DESKTOP_INTERVAL = 2.0

# Seconds to wait for a desktop that has ended: the user may have logged out.
_DESKTOP_PATIENCE = 60.0


class Daemon:
    """One user's dictation. All methods run on the event loop.

    Args:
        core: Recognises speech.
        directory: The configuration's folder.
        recorder: Returns a recorder, as a context manager.
    """

    def __init__(self, core: OpenCore, directory: Path, recorder: OpenRecorder) -> None:
        self._core = core
        self._directory = directory
        self._insertion = Insertion(lambda: self._config)
        self._server = ControlServer(self.perform, lambda: self._takes.status)
        self._takes = Takes(
            core,
            self._insertion,
            recorder,
            self._show,
            self._server.publish_level,
            lambda: self._server.is_watched,
        )
        # The presses of the hotkey, and of the second hotkey, by the end of their words.
        mode = self._config.hotkey.trigger_mode
        self._presses = {"": Presses(mode), "_profile": Presses(mode)}
        # The hotkeys on X11; None: there is no X server.
        self._keys: Listening | None = None
        # The hotkeys that are read from the kernel; None: linux.evdev is off, or failed.
        self._keyboards: KernelKeys | None = None
        self._notifications: Notifications | None = None
        # Whether the user may be asked to let the desktop press keys; False once that has ended.
        self._may_ask_for_keys = True

    async def start(self, listener: socket.socket) -> None:
        """Listen to clients, and offer the recordings that lack a text."""
        await self._server.start(listener)
        await self._offer_interrupted()

    async def close(self) -> None:
        """Stop everything."""
        await self._takes.close()
        await self._server.close()

    @asynccontextmanager
    async def on_desktop(self, desktop: Desktop) -> AsyncIterator[None]:
        """Listen to the keys of a desktop, and insert and show texts there, within the block."""
        self._insertion.use(desktop.board, desktop.fields)
        self._notifications = None if desktop.bus is None else _notifications(desktop.bus)
        questions: list[Callable[[], Awaitable[None]]] = []
        if desktop.display is not None:
            self._keys = Listening(desktop.display, self._config.hotkey, self._obey)
            self._takes.describe_hotkey(self._keys.description)
        elif self._config.linux.evdev:
            self._listen_to_keyboards()
        elif desktop.bus is not None:  # a dialog of the desktop may wait for the user
            questions.append(partial(self._ask_portal, desktop.bus))
        else:
            self._takes.describe_hotkey(NO_KEYS)
        if desktop.takes_no_keys and self._insertion.may_paste:
            questions.append(partial(self._paste_by_portal, desktop))
        asking = asyncio.create_task(_ask_portals(desktop, questions))
        try:
            yield
        finally:
            asking.cancel()
            await asyncio.wait([asking])
            if self._keyboards is not None:
                self._keyboards.close()
                self._keyboards = None
            shown, self._notifications, self._keys = self._notifications, None, None
            self._insertion.use(None, None)
            if shown is not None:
                await shown.close()

    def _listen_to_keyboards(self) -> None:
        config = self._config.hotkey
        try:
            self._keyboards = listen_to_keyboards(config, self._obey)
        except DesktopError as exc:
            report_once(f"linux.evdev: {exc}")
            self._takes.describe_hotkey(f"none: {exc}")
        else:
            self._takes.describe_hotkey(key_of(config.trigger_key).name)

    async def _ask_portal(self, bus: Bus) -> None:
        description = await listen_by_portal(bus, self._config.hotkey, self._obey)
        self._takes.describe_hotkey(description)

    async def _paste_by_portal(self, desktop: Desktop) -> None:
        """Have the desktop press the keys that paste, if the user lets it."""
        if desktop.bus is None or desktop.compositor is None or not self._may_ask_for_keys:
            return
        from koe.linux.remote_pasting import TOKEN_NAME, RemotePasting  # needs packages

        pasting = RemotePasting(
            desktop.bus,
            desktop.compositor,
            self._directory / TOKEN_NAME,
            lambda board: self._insertion.use(board or desktop.board, desktop.fields),
        )
        try:
            sentence = await pasting.run()
        except DesktopError as exc:
            report_once(f"texts are left on the clipboard: {exc}; run koe doctor for details")
            return
        self._may_ask_for_keys = False
        report(sentence)
        self._takes.tell(sentence)

    def perform(self, request: ControlRequest) -> None:
        """Perform a request of a client or of the hotkey: one of `koe.linux.control.ACTIONS`.

        Raises:
            KoeError: It can't be done; the sentence says why.
        """
        inserts = request.inserts
        match word := request.word:
            case "press" | "release" | "press_profile" | "release_profile":
                self._do_key(word)
            case "begin":
                self._takes.begin(Mode.TOGGLE, inserts=inserts)
            case "end":
                self._takes.end()
            case "toggle" | "toggle_profile":
                if self._takes.is_recording:
                    self._takes.end()
                else:
                    self._takes.begin(Mode.TOGGLE, self._profile(word), inserts=inserts)
            case "cancel":
                self._takes.cancel()
            case "retry":
                self._takes.retry(request.entry or self._core.newest_recording(), inserts=inserts)

    def suspend(self) -> None:
        """End a recording, because the computer is about to be suspended."""
        for presses in self._presses.values():
            presses.forget()  # a key may come up while nothing notices it
        if self._takes.is_recording:
            self._takes.end()
            self._takes.tell("the recording was ended, because the computer was suspended")

    def _do_key(self, word: str) -> None:
        presses = self._presses["_profile" if word.endswith("_profile") else ""]
        react = presses.press if word.startswith("press") else presses.release
        now = asyncio.get_running_loop().time
        action = react(now(), is_recording=self._takes.is_recording)
        if action is Action.BEGIN:
            self._takes.begin(Mode.HOLD, self._profile(word))
            presses.note_begun(now())
        elif action is Action.END:
            self._takes.end()
        self._takes.hold(is_held=any(it.is_held for it in self._presses.values()))

    def _profile(self, word: str) -> str:
        """The profile that a word asks for; empty: the active one.

        Raises:
            DesktopError: The settings name none.
        """
        if not word.endswith("_profile"):
            return ""
        if not self._config.hotkey.profile:
            raise DesktopError(
                "hotkey.profile names no profile; to set one of llm.profiles, run: "
                "koe config set hotkey.profile NAME"
            )
        return self._config.hotkey.profile

    def _obey(self, word: str) -> None:
        """Perform the request of a key; show failures."""
        try:
            self.perform(ControlRequest(word))
        except KoeError as exc:
            report(exc)
            self._takes.tell(str(exc))

    def _show(self, status: DaemonStatus) -> None:
        self._server.publish(status)
        if self._keys is not None:
            self._keys.follow(is_recording=status.is_recording)
        if self._notifications is not None and self._config.linux.notifications:
            self._notifications.show(announcement(status))

    @property
    def _config(self) -> Config:
        return self._core.settings.current.config

    async def _offer_interrupted(self) -> None:
        """Offer the recordings that lack a text because their process ended."""
        history = History(self._directory, self._config.history)
        try:
            await asyncio.to_thread(history.recover)
            entries = [entry for entry in history.list() if entry.has_audio]
        except HistoryError as exc:
            report(exc)
            return
        if entries and entries[0].why is Why.INTERRUPTED:
            message = (
                f"A dictation of {entries[0].seconds:.0f} s was interrupted; "
                "to insert its text: koe ctl retry"
            )
            if others := sum(entry.why is Why.INTERRUPTED for entry in entries[1:]):
                message += f"; to list {others} more: koe history"
            self._takes.tell(message)


async def _ask_portals(desktop: Desktop, questions: list[Callable[[], Awaitable[None]]]) -> None:
    if desktop.bus is not None and desktop.has_entry and questions:
        await introduce(desktop.bus)
    await asyncio.gather(*(question() for question in questions))


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
        recorder: Returns a recorder, as a context manager.

    Raises:
        DesktopError: Another daemon is running, the socket can't be made, or the desktop has ended.
    """
    with claimed(control_path(environ)) as listener:
        async with (
            open_core(directory, RULES) as core,
            standing_by(recorder, core.settings.current.config.audio.preroll) as opened,
        ):
            daemon = Daemon(core, directory, opened)
            ended = _end_asked_for()
            try:
                await daemon.start(listener)
                async with watching_suspend(environ, daemon.suspend):
                    await _serve_desktops(daemon, environ, ended)
            finally:
                _tell_systemd(environ, "STOPPING=1")
                await daemon.close()


async def _serve_desktops(
    daemon: Daemon, environ: Mapping[str, str], ended: asyncio.Future[None]
) -> None:
    """Serve one desktop after the other: an X server may end, and another one may start.

    Raises:
        DesktopError: A desktop has ended, and no desktop has started in its place in time.
    """
    now = asyncio.get_running_loop().time
    gone_at: float | None = None
    while not ended.done():
        async with open_desktop(environ) as desktop, daemon.on_desktop(desktop):
            if not desktop.may_still_start:
                gone_at = None
            elif gone_at is not None and now() - gone_at > _DESKTOP_PATIENCE:
                raise DesktopError("the desktop has ended; start koe serve again in the next one")
            for sentence in desktop.missing:
                report_once(sentence)
            _tell_systemd(environ, "READY=1")
            waiting: list[asyncio.Future[Any]] = [ended]
            if desktop.lost is not None:
                waiting.append(desktop.lost)
            patience = _DESKTOP_INTERVAL if desktop.may_still_start else None
            await asyncio.wait(waiting, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            if desktop.lost is not None and desktop.lost.done():
                gone_at = now()
                report(f"{desktop.lost.result()}; koe serve waits for the next one")


def _end_asked_for() -> asyncio.Future[None]:
    """Return a future that completes at SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()

    def end() -> None:
        if not ended.done():
            ended.set_result(None)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    return ended


def _tell_systemd(environ: Mapping[str, str], message: str) -> None:
    """Send a message to systemd, if systemd started this process (sd_notify(3))."""
    address = environ.get("NOTIFY_SOCKET")
    if address is None:
        return
    if address.startswith("@"):  # an abstract one
        address = f"\0{address[1:]}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager, suppress(OSError):
        manager.sendto(message.encode(), address)
