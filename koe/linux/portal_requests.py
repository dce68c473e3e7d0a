"""Requests to the desktop portal (org.freedesktop.portal.Desktop), which asks the user.

The portal answers twice: at once with the path of the request, and by a signal when the user has
decided.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from koe.errors import DesktopError
from koe.linux.bus import Bus, variant

PORTAL = "org.freedesktop.portal.Desktop"
PORTAL_PATH = "/org/freedesktop/portal/desktop"

_RESPONSE = "org.freedesktop.portal.Request.Response"

# The response code of a refusal by the user; 0 is success, larger ones are other failures.
_CANCELLED = 1

# Seconds for the portal to accept a request: at a login it may still be starting.
_PATIENCE = 30.0


async def has_portal(bus: Bus, name: str) -> bool:
    """Whether the desktop has a portal, such as RemoteDesktop."""
    interface = f"org.freedesktop.portal.{name}"
    try:
        await bus.get(PORTAL, PORTAL_PATH, interface, "version", patience=_PATIENCE)
    except DesktopError:
        return False
    return True


class PortalRequests:
    """Asks, and waits for answers. All methods run on the event loop.

    Args:
        bus: The user's D-Bus.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        # The futures of the answers that are still to come, by the last part of the request's path.
        self._open: dict[str, asyncio.Future[tuple[int, dict[str, Any]]]] = {}

    async def listen(self) -> None:
        """Listen to the answers, before the first request.

        Raises:
            DesktopError: The bus has gone.
        """
        await self._bus.on(_RESPONSE, self._note)

    async def create_session(self, interface: str) -> str:
        """The path of a new session of a portal.

        Raises:
            DesktopError: There is no such portal, or it refuses the session.
        """
        created = await self.ask(
            f"{interface}.CreateSession",
            "a{sv}",
            options={"session_handle_token": variant("s", _token())},
        )
        if created is None:
            raise DesktopError("the desktop portal refused to start a session")
        return str(created["session_handle"].value)

    async def ask(
        self,
        member: str,
        signature: str,
        *arguments: object,
        options: Mapping[str, object] = MappingProxyType({}),
        patience: float | None = _PATIENCE,
    ) -> dict[str, Any] | None:
        """Ask a question.

        Args:
            member: The method, with its interface before it.
            signature: The types of the arguments.
            arguments: All but the options, which come last.
            options: By name, variants.
            patience: Seconds for the answer; None: a dialog waits for the user.

        Returns:
            The results, variants by name; None: the user refuses.

        Raises:
            DesktopError: There is no such portal, it does not answer, or it fails.
        """
        token = _token()
        answered = self._open[token] = asyncio.get_running_loop().create_future()
        given = {**options, "handle_token": variant("s", token)}
        try:
            await self._bus.call(
                PORTAL, PORTAL_PATH, member, signature, *arguments, given, patience=_PATIENCE
            )
            async with asyncio.timeout(patience):
                status, results = await answered
        except TimeoutError as exc:
            raise DesktopError(f"the desktop does not answer {member}") from exc
        finally:
            del self._open[token]
        if status > _CANCELLED:
            raise DesktopError(f"the desktop portal failed to perform {member}")
        return None if status == _CANCELLED else results

    def _note(self, path: str, said: list[Any]) -> None:
        answered = self._open.get(path.rpartition("/")[2])
        if answered is not None and not answered.done():
            answered.set_result((said[0], said[1]))


def _token() -> str:
    return f"koe_{secrets.token_hex(8)}"
