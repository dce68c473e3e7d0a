"""Windows and clipboard of Wayland.

Texts are pasted if the compositor reports the window with the focus, gives access to its clipboard,
and accepts keys, as sway, Hyprland, river and niri do. With GNOME and KDE the portal presses the
keys (`koe.linux.remote_pasting`), or wl-copy leaves texts on the clipboard.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Protocol

from koe.errors import DesktopError
from koe.linux import selections, toplevels, virtual_keyboard
from koe.linux.compositor import Compositor
from koe.linux.contents import Contents
from koe.linux.delivery import Tried, Window, chord_for
from koe.linux.selections import Selections
from koe.linux.toplevels import Toplevels
from koe.linux.virtual_keyboard import VirtualKeyboard

_PROGRAM = "wl-copy"

# Seconds for wl-copy to take a text, and until a window that was sent the keys has taken it.
_COPY_PATIENCE = 2.0
_PATIENCE = 1.5

# Seconds that a window needs after it has read a text: if the clipboard changes earlier, GTK
# inserts the new content.
_HOLD_SECONDS = 0.25

# Seconds to wait before the keys are sent, so that clipboard managers read new content first.
_MANAGERS = 0.05


class SharedClipboard(Protocol):
    """A clipboard: `koe.linux.selections`, `koe.linux.portal_clipboard`."""

    def put(self, text: str, *, is_primary: bool = False, temporary: bool = False) -> None:
        """Put a text where programs paste from."""

    def expect_reader(self) -> asyncio.Future[None]:
        """Return a future that completes when a program asks for a text and has read it."""

    def bring_back(self, contents: Contents, *, is_primary: bool = False) -> None:
        """Restore the clipboard."""

    def owns(self, *, is_primary: bool = False) -> bool:
        """Whether the clipboard holds koe's content."""

    async def contents(self, *, is_primary: bool = False) -> Contents | None:
        """The content of the clipboard; None: it is not known."""


class KeySender(Protocol):
    """Sends keys: `koe.linux.virtual_keyboard`, `koe.linux.remote_pasting`."""

    async def send_chord(self, keysyms: Iterable[int]) -> None:
        """Press keys one after the other, and release them in the other order."""


class CopyBoard:
    """The clipboard for texts where nothing can be pasted.

    Attributes:
        is_blind: False: no keys are sent.

    Raises:
        DesktopError: wl-copy is not installed.
    """

    is_blind = False

    def __init__(self) -> None:
        if shutil.which(_PROGRAM) is None:
            raise DesktopError(
                "nothing can be put on the clipboard; run: apt install wl-clipboard (Debian, "
                "Ubuntu) or dnf install wl-clipboard (Fedora)"
            )

    def active_window(self) -> Window | None:
        """Return None: the window is not known."""
        return None

    async def paste(self, text: str, window: Window, restore_delay: float) -> Tried:
        """Refuse, because this compositor lacks a protocol that pasting needs."""
        return Tried.REFUSED

    async def leave(self, text: str) -> None:
        """Leave a text on the clipboard.

        Raises:
            DesktopError: wl-copy failed.
        """
        process = await asyncio.create_subprocess_exec(
            _PROGRAM, "--type", "text/plain;charset=utf-8",
            stdin=asyncio.subprocess.PIPE,
            # wl-copy leaves a process that hands out the text; it would keep these streams open.
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            async with asyncio.timeout(_COPY_PATIENCE):
                await process.communicate(text.encode())
        except TimeoutError:
            process.kill()
            await process.wait()
        if process.returncode != 0:
            raise DesktopError("wl-copy could not put the text on the clipboard")

    def close(self) -> None:
        """Do nothing: the clipboard keeps its content."""


class WaylandBoard:
    """Pastes, one text at a time. All methods run on the event loop.

    Args:
        windows: Knows the window with the focus; None: the desktop reports it to no program.
        clipboard: The clipboard that texts are put on.
        keyboard: Sends the keys that paste.
        settle: Waits until the clipboard has what was put there.

    Attributes:
        is_blind: Whether keys are sent without knowing which window has the focus.
    """

    def __init__(
        self,
        windows: Toplevels | None,
        clipboard: SharedClipboard,
        keyboard: KeySender,
        settle: Callable[[], Awaitable[None]],
    ) -> None:
        self._windows = windows
        self._clipboard = clipboard
        self._keyboard = keyboard
        self._settle = settle
        self.is_blind = windows is None
        # The contents to restore, by whether it is the selection, and the timer of that.
        self._held: dict[bool, Contents] = {}
        self._timer: asyncio.TimerHandle | None = None
        # The time until which the clipboard must not change.
        self._needed_until = 0.0

    def active_window(self) -> Window | None:
        """The window with the focus; None: there is none, or it is not known."""
        return None if self._windows is None else self._windows.active()

    async def leave(self, text: str) -> None:
        """Leave a text on the clipboard.

        Raises:
            DesktopError: The compositor has ended; the other methods raise this, too.
        """
        await self._wait_for_window()
        self._cancel_restore()
        self._clipboard.put(text)
        await self._settle()

    async def paste(self, text: str, window: Window, restore_delay: float) -> Tried:
        """Have a window paste a text, if it still has the focus.

        Args:
            text: What to paste.
            window: The window to paste into.
            restore_delay: Seconds after which the clipboard is restored; it is not if no program
                has taken the text.
        """
        await self._wait_for_window()
        chord = chord_for(window)
        selections_of = {False, chord.is_primary}
        held = {}
        for it in selections_of:
            if (contents := await self._take_held(is_primary=it)) is not None:
                held[it] = contents
        self._cancel_restore()
        for is_primary in selections_of:
            self._clipboard.put(text, is_primary=is_primary, temporary=True)
        await asyncio.sleep(_MANAGERS)
        await self._settle()
        self._held = held
        now = self.active_window()
        if self._windows is not None and (now is None or now.id != window.id):
            self._restore()
            return Tried.REFUSED
        read = self._clipboard.expect_reader()
        await self._keyboard.send_chord(chord.keysyms)
        try:
            async with asyncio.timeout(_PATIENCE):
                await read
        except TimeoutError:
            self._held = {}
            return Tried.UNCLEAR
        loop = asyncio.get_running_loop()
        self._needed_until = loop.time() + _HOLD_SECONDS
        self._timer = loop.call_later(max(restore_delay, _HOLD_SECONDS), self._restore)
        return Tried.ARRIVED

    def close(self) -> None:
        """Stop restoring the clipboard."""
        self._cancel_restore()

    async def _wait_for_window(self) -> None:
        """Wait until the window that was pasted into last does not need the clipboard any more."""
        await asyncio.sleep(self._needed_until - asyncio.get_running_loop().time())

    async def _take_held(self, *, is_primary: bool) -> Contents | None:
        """The contents to restore later: those that the last paste saved, or the present ones."""
        if is_primary in self._held and self._clipboard.owns(is_primary=is_primary):
            return self._held[is_primary]
        return await self._clipboard.contents(is_primary=is_primary)

    def _restore(self) -> None:
        with suppress(DesktopError):
            for is_primary, contents in self._held.items():
                self._clipboard.bring_back(contents, is_primary=is_primary)
        self._cancel_restore()

    def _cancel_restore(self) -> None:
        """Leave the clipboard as it is."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        self._held = {}


async def open_board(compositor: Compositor) -> WaylandBoard | None:
    """Return an object that pastes; None: the compositor lacks a protocol that pasting needs.

    Args:
        compositor: The connection to the compositor.

    Raises:
        DesktopError: The compositor has ended, or does not answer.
    """
    await compositor.settle()
    seat = compositor.bind("wl_seat")
    manager = compositor.bind(toplevels.INTERFACE)
    controller = compositor.bind(selections.INTERFACE, selections.VERSION)
    maker = compositor.bind(virtual_keyboard.INTERFACE)
    if seat is None or manager is None or controller is None or maker is None:
        return None
    board = WaylandBoard(
        Toplevels(compositor, manager),
        Selections(compositor, controller, seat),
        VirtualKeyboard(compositor, maker, seat),
        compositor.settle,
    )
    await compositor.settle()
    return board
