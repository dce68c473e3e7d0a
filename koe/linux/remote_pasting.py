"""Pasting where only the desktop can press keys (GNOME and KDE on Wayland).

The user is asked once. The token that starts the next session without asking is in a private file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from koe.diagnostics import report
from koe.errors import ConfigError, DesktopError
from koe.files.write import write_private
from koe.linux import selections
from koe.linux.bus import Bus
from koe.linux.compositor import Compositor
from koe.linux.layout import KeyboardLayout
from koe.linux.remote_desktop import RemoteDesktop, start_remote_desktop
from koe.linux.screen_lock import ScreenLock
from koe.linux.selections import Selections
from koe.linux.wayland import WaylandBoard

TOKEN_NAME = "remote-desktop.token"

# Before GNOME locks the screen, it ends all sessions of the portal. Seconds until the lock follows.
_LOCKING = 3.0

_AGAIN = "systemctl --user restart koe"

REFUSED = (
    "koe may not press the keys that paste, so texts are left on the clipboard; to be asked again, "
    f"run: {_AGAIN}; to stop the question, run: koe config set linux.insert clipboard"
)
ENDED = (
    "koe may no longer press keys, so texts are left on the clipboard; to allow it again, "
    f"run: {_AGAIN}"
)
NO_CLIPBOARD = (
    "the desktop does not share the clipboard with koe, so texts can't be pasted; "
    f"run: {_AGAIN}; and allow the clipboard in the dialog"
)


class _LaidOutKeys:
    """Sends keys so that they paste in the layout that is in force."""

    def __init__(self, remote: RemoteDesktop, layout: KeyboardLayout) -> None:
        self._remote = remote
        self._layout = layout

    async def send_chord(self, keysyms: Iterable[int]) -> None:
        """Press keys one after the other, and release them in the other order."""
        await self._remote.send_chord(keysyms, by_place=self._layout.has_v_in_place)


class RemotePasting:
    """Keeps a session of the portal. All methods run on the event loop.

    Args:
        bus: The user's D-Bus.
        compositor: The compositor, whose clipboard is used if possible; else that of the portal.
        token_file: The file with the token for the next session.
        use: Called with the board that pastes, and with None when koe can no longer paste.
    """

    def __init__(
        self,
        bus: Bus,
        compositor: Compositor,
        token_file: Path,
        use: Callable[[WaylandBoard | None], None],
    ) -> None:
        self._bus = bus
        self._compositor = compositor
        self._token_file = token_file
        self._use = use

    async def run(self) -> str:
        """Keep the session until the user or the desktop ends it.

        Returns:
            Why it has ended, as a sentence.

        Raises:
            DesktopError: The desktop has no such portal, or it fails.
        """
        lock = ScreenLock(self._bus)
        await lock.listen()
        seat = self._compositor.bind("wl_seat")
        if seat is None:
            raise DesktopError("the compositor has no seat")
        layout = KeyboardLayout(self._compositor, seat)
        clipboard = await self._clipboard_of_compositor(seat)
        while True:
            await lock.becomes(is_locked=False)
            remote = await start_remote_desktop(
                self._bus, self._read_token(), with_clipboard=clipboard is None
            )
            self._keep_token("" if remote is None else remote.token)
            if remote is None:
                return REFUSED
            try:
                if (board := self._board(remote, clipboard, layout)) is None:
                    return NO_CLIPBOARD
                self._use(board)
                try:
                    is_wanted = await remote.closed
                finally:
                    self._use(None)
                    board.close()
            finally:
                await remote.close()
            # The user has ended it, unless the screen is about to be locked.
            if not remote.token or (
                is_wanted and not await lock.becomes(is_locked=True, patience=_LOCKING)
            ):
                return ENDED

    def _board(
        self, remote: RemoteDesktop, clipboard: Selections | None, layout: KeyboardLayout
    ) -> WaylandBoard | None:
        keys = _LaidOutKeys(remote, layout)
        if clipboard is not None:
            return WaylandBoard(None, clipboard, keys, self._compositor.settle)
        if remote.clipboard is not None:
            return WaylandBoard(None, remote.clipboard, keys, remote.clipboard.settle)
        return None

    async def _clipboard_of_compositor(self, seat: int) -> Selections | None:
        manager = self._compositor.bind(selections.INTERFACE, selections.VERSION)
        if manager is None:
            return None
        clipboard = Selections(self._compositor, manager, seat)
        await self._compositor.settle()
        return clipboard

    def _read_token(self) -> str:
        try:
            return self._token_file.read_text(encoding="utf-8").strip()
        except (OSError, ValueError):
            return ""

    def _keep_token(self, token: str) -> None:
        """Store the token for the next session; each token starts one session only."""
        try:
            if token:
                write_private(self._token_file, token.encode())
            else:
                self._token_file.unlink(missing_ok=True)
        except (ConfigError, OSError) as exc:
            report(f"the desktop will ask again whether koe may press keys: {exc}")
