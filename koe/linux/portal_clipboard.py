"""The clipboard by the desktop portal (org.freedesktop.portal.Clipboard).

It belongs to a session of the portal RemoteDesktop. When a program pastes, the desktop sends koe
the number of a transfer, and koe writes the text into a pipe.
"""

from __future__ import annotations

import asyncio
from typing import Any

from koe.errors import DesktopError
from koe.linux.bus import Bus, variant
from koe.linux.contents import TEXT_FORMATS, Contents, collect, contents_of, give, note_read
from koe.linux.portal_requests import PORTAL, PORTAL_PATH

CLIPBOARD = "org.freedesktop.portal.Clipboard"


class PortalClipboard:
    """The clipboard, without the primary selection. All methods run on the event loop.

    Args:
        bus: The user's D-Bus.
        session: The path of a session that has asked for the clipboard.
    """

    def __init__(self, bus: Bus, session: str) -> None:
        self._bus = bus
        self._session = session
        # The formats that another program offers; None: it is not known.
        self._offered: list[str] | None = None
        # Koe's own content; None: the content is not koe's.
        self._given: Contents | None = None
        # The task that sets the content; its result is the failure, or an empty string. None: no
        # content was set.
        self._putting: asyncio.Task[str] | None = None
        # The tasks that pass it to other programs.
        self._giving: set[asyncio.Task[None]] = set()
        # A future that completes when a program has read koe's text; None: nothing waits for that.
        self._reader: asyncio.Future[None] | None = None

    async def listen(self) -> None:
        """Listen to its signals, before the session starts.

        Raises:
            DesktopError: The bus has gone.
        """
        await self._bus.on(f"{CLIPBOARD}.SelectionOwnerChanged", self._note_owner)
        await self._bus.on(f"{CLIPBOARD}.SelectionTransfer", self._note_transfer)

    def put(self, text: str, *, is_primary: bool = False, temporary: bool = False) -> None:
        """Put a text where programs paste from.

        Args:
            text: What they get.
            is_primary: Whether the primary selection is meant; no portal offers it, so nothing is
                done then.
            temporary: The text will be removed soon, so clipboard histories need not keep it.
        """
        if not is_primary:
            self._put(contents_of(text, temporary=temporary))

    async def settle(self) -> None:
        """Wait until the desktop has accepted the new content.

        Raises:
            DesktopError: The desktop did not accept the content.
        """
        if self._putting is not None and (reason := await self._putting):
            raise DesktopError(reason)

    def expect_reader(self) -> asyncio.Future[None]:
        """Return a future that completes when a program asks for a text and has read it whole."""
        self._reader = asyncio.get_running_loop().create_future()
        return self._reader

    def bring_back(self, contents: Contents, *, is_primary: bool = False) -> None:
        """Restore the clipboard, unless another program has set it meanwhile."""
        if not is_primary and self._given is not None:
            self._put(contents)

    def owns(self, *, is_primary: bool = False) -> bool:
        """Whether the clipboard holds koe's content."""
        return not is_primary and self._given is not None

    async def contents(self, *, is_primary: bool = False) -> Contents | None:
        """The content of the clipboard, in as many formats as can be kept; None: not known."""
        if is_primary:
            return None
        if self._given is not None:
            return self._given
        if self._offered is None:
            return None
        return await collect(self._offered, self._open)

    def _put(self, contents: Contents) -> None:
        self._given = contents
        options = {"mime_types": variant("as", list(contents))} if contents else {}
        self._putting = asyncio.create_task(self._set_selection(options))

    async def _set_selection(self, options: dict[str, Any]) -> str:
        try:
            await self._call("SetSelection", "oa{sv}", self._session, options)
        except DesktopError as exc:
            return str(exc)
        return ""

    async def _call(self, method: str, signature: str, *arguments: object) -> None:
        await self._bus.call(PORTAL, PORTAL_PATH, f"{CLIPBOARD}.{method}", signature, *arguments)

    async def _open(self, name: str) -> int | None:
        """The reading end of a pipe with a format; None: it is not given."""
        member = f"{CLIPBOARD}.SelectionRead"
        try:
            return await self._bus.call_for_descriptor(
                PORTAL, PORTAL_PATH, member, "os", self._session, name
            )
        except DesktopError:
            return None

    def _note_owner(self, path: str, said: list[Any]) -> None:
        session, options = said
        if session != self._session:
            return
        is_ours = options.get("session_is_owner")
        if is_ours is None or not is_ours.value:
            formats = options.get("mime_types")
            self._offered = [] if formats is None else list(formats.value)
            # While koe sets a content, the desktop may still report the previous one.
            if self._putting is None or self._putting.done():
                self._given = None

    def _note_transfer(self, path: str, said: list[Any]) -> None:
        session, name, serial = said
        if session == self._session:
            giving = asyncio.create_task(self._give(name, serial))
            self._giving.add(giving)
            giving.add_done_callback(self._giving.discard)

    async def _give(self, name: str, serial: int) -> None:
        expected = self._reader if name in TEXT_FORMATS else None
        content = (self._given or {}).get(name)
        member, is_given = f"{CLIPBOARD}.SelectionWrite", False
        try:
            if content is not None:
                pipe = await self._bus.call_for_descriptor(
                    PORTAL, PORTAL_PATH, member, "ou", self._session, serial
                )
                is_given = await give(pipe, content)
                note_read(expected if is_given else None)
            await self._call("SelectionWriteDone", "oub", self._session, serial, is_given)
        except DesktopError:
            return  # the program does not paste any more, or the session has ended
