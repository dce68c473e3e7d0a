"""Keys that the desktop presses for koe (org.freedesktop.portal.RemoteDesktop).

This is the only way to send keys on Wayland with GNOME and KDE. The user confirms it in a dialog of
the desktop, which gives a token; with it the next session starts without the dialog.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from koe.errors import DesktopError
from koe.linux.bus import Bus, variant
from koe.linux.evdev import code_of
from koe.linux.portal_clipboard import CLIPBOARD, PortalClipboard
from koe.linux.portal_requests import PORTAL, PORTAL_PATH, PortalRequests

_REMOTE = "org.freedesktop.portal.RemoteDesktop"
_SESSION = "org.freedesktop.portal.Session"

_KEYBOARD = 1
_UNTIL_REVOKED = 2
_UP, _DOWN = 0, 1


class RemoteDesktop:
    """One session. Everything is on the loop; `start_remote_desktop` makes it.

    Args:
        bus: The user's D-Bus.
        session: The path of the session.

    Attributes:
        clipboard: The clipboard of the session; None: the desktop does not offer it.
        token: Starts the next session without a dialog; empty: the user does not allow that.
        closed: A future that completes when the session has ended: with True if the desktop ended
            it, with False if the portal has ended and may start again.
    """

    def __init__(self, bus: Bus, session: str) -> None:
        self.clipboard: PortalClipboard | None = None
        self.token = ""
        self.closed: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._bus = bus
        self._session = session

    async def start(self, requests: PortalRequests, token: str, *, with_clipboard: bool) -> bool:
        """Start the session; the user is asked unless the token is valid. False: refused."""
        await self._bus.on(f"{_SESSION}.Closed", self._note_end)
        await self._bus.on("org.freedesktop.DBus.NameOwnerChanged", self._note_owner)
        clipboard = await self._request_clipboard() if with_clipboard else None
        options = {
            "types": variant("u", _KEYBOARD),
            "persist_mode": variant("u", _UNTIL_REVOKED),
        }
        if token:
            options["restore_token"] = variant("s", token)
        member = f"{_REMOTE}.SelectDevices"
        if await requests.ask(member, "oa{sv}", self._session, options=options) is None:
            return False
        member = f"{_REMOTE}.Start"
        started = await requests.ask(member, "osa{sv}", self._session, "", patience=None)
        if started is None or not _value(started, "devices", 0) & _KEYBOARD:
            return False
        self.token = _value(started, "restore_token", "")
        if _value(started, "clipboard_enabled", False):
            self.clipboard = clipboard
        return True

    async def send_chord(self, keysyms: Iterable[int], *, by_place: bool = False) -> None:
        """Press keys one after the other, and release them in the other order.

        Args:
            keysyms: Keysyms of X11; the desktop finds their keys in the present layout.
            by_place: Press the keys in the places that they have on a US keyboard instead.

        Raises:
            DesktopError: The session has ended.
        """
        pressed: list[int] = []
        try:
            for keysym in keysyms:
                await self._send(keysym, _DOWN, by_place=by_place)
                pressed.append(keysym)
        finally:
            for keysym in reversed(pressed):
                await self._send(keysym, _UP, by_place=by_place)

    async def close(self) -> None:
        """End the session."""
        with suppress(DesktopError):
            await self._bus.call(PORTAL, self._session, f"{_SESSION}.Close")

    async def _request_clipboard(self) -> PortalClipboard | None:
        clipboard = PortalClipboard(self._bus, self._session)
        await clipboard.listen()
        member = f"{CLIPBOARD}.RequestClipboard"
        try:
            await self._bus.call(PORTAL, PORTAL_PATH, member, "oa{sv}", self._session, {})
        except DesktopError:  # this desktop has no such portal
            return None
        return clipboard

    async def _send(self, keysym: int, state: int, *, by_place: bool) -> None:
        member, number = f"{_REMOTE}.NotifyKeyboardKeysym", keysym
        if by_place:
            member, number = f"{_REMOTE}.NotifyKeyboardKeycode", code_of(keysym)
        await self._bus.call(
            PORTAL, PORTAL_PATH, member, "oa{sv}iu", self._session, {}, number, state
        )

    def _note_end(self, path: str, said: list[Any]) -> None:
        if path == self._session:
            self._end(is_wanted=True)

    def _note_owner(self, path: str, said: list[Any]) -> None:
        name, before, _ = said
        if name == PORTAL and before:
            self._end(is_wanted=False)

    def _end(self, *, is_wanted: bool) -> None:
        if not self.closed.done():
            self.closed.set_result(is_wanted)


def _value(results: dict[str, Any], name: str, default: Any) -> Any:
    return results[name].value if name in results else default


async def start_remote_desktop(
    bus: Bus, token: str, *, with_clipboard: bool
) -> RemoteDesktop | None:
    """Start a session; None: the user refuses.

    Args:
        bus: The user's D-Bus.
        token: The token of the previous session; empty: the user is asked.
        with_clipboard: Whether the clipboard is needed too.

    Raises:
        DesktopError: The desktop has no such portal.
    """
    requests = PortalRequests(bus)
    await requests.listen()
    remote = RemoteDesktop(bus, await requests.create_session(_REMOTE))
    try:
        if await remote.start(requests, token, with_clipboard=with_clipboard):
            return remote
    except BaseException:
        await remote.close()
        raise
    await remote.close()
    return None
