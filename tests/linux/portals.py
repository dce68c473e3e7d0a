"""An imitation of the portal of a desktop, on a D-Bus of a test. It could lie in this:

it shows no dialog, it sends its answer before the call returns, and it knows one client.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from dbus_fast.aio import MessageBus
from dbus_fast.constants import MessageType
from dbus_fast.message import Message
from dbus_fast.signature import Variant

_SHORTCUTS = "org.freedesktop.portal.GlobalShortcuts"
_REGISTRY = "org.freedesktop.host.portal.Registry"
_PATH = "/org/freedesktop/portal/desktop"


class Portal:
    """Global shortcuts.

    Args:
        bus: Connected.
        refuses: The user refuses the keys.

    Attributes:
        bound: What was asked for: name, facts.
        name: What the program has called itself; empty: it has not, and nothing is bound for it.
    """

    def __init__(self, bus: MessageBus, *, refuses: bool = False) -> None:
        self.bound: list[tuple[str, dict[str, Any]]] = []
        self.name = ""
        self._bus = bus
        self._refuses = refuses
        self._session = ""
        bus.add_message_handler(self._answer)

    async def press(self, name: str, *, is_down: bool = True, session: str = "") -> None:
        """Have a shortcut go down, or up."""
        member = "Activated" if is_down else "Deactivated"
        body = [session or self._session, name, 5, {}]
        await self._bus.send(Message.new_signal(_PATH, _SHORTCUTS, member, "osta{sv}", body))

    def _answer(self, message: Message) -> Message | None:
        if message.message_type is not MessageType.METHOD_CALL:
            return None
        if message.interface == _REGISTRY and message.signature == "sa{sv}" and not self._session:
            self.name = message.body[0]
            return Message.new_method_return(message)
        if message.interface != _SHORTCUTS:
            return None
        if not self.name:
            error = "org.freedesktop.portal.Error.NotAllowed"
            return Message.new_error(message, error, "An app id is required")
        options = message.body[-1]
        sender = str(message.sender)[1:].replace(".", "_")
        request = f"{_PATH}/request/{sender}/{options['handle_token'].value}"
        results: dict[str, Variant] = {}
        if message.member == "CreateSession":
            token = options["session_handle_token"].value
            self._session = f"{_PATH}/session/{sender}/{token}"
            results["session_handle"] = Variant("s", self._session)
        else:
            assert message.body[0] == self._session
            self.bound = [(name, facts) for name, facts in message.body[1]]
            shown = [
                [name, {"trigger_description": Variant("s", f"Press {name}")}]
                for name, _ in self.bound
            ]
            results["shortcuts"] = Variant("a(sa{sv})", shown)
        status = int(self._refuses and message.member == "BindShortcuts")
        response = Message.new_signal(
            request, "org.freedesktop.portal.Request", "Response", "ua{sv}", [status, results]
        )
        self._bus.send(response)
        return Message.new_method_return(message, "o", [request])


@asynccontextmanager
async def connection(address: str) -> AsyncIterator[MessageBus]:
    """A connection of another program to a bus."""
    bus = await MessageBus(bus_address=address, negotiate_unix_fd=True).connect()
    try:
        yield bus
    finally:
        bus.disconnect()
        with suppress(EOFError):
            await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]


@asynccontextmanager
async def portal(address: str, *, refuses: bool = False) -> AsyncIterator[Portal]:
    """A portal on a bus."""
    async with connection(address) as bus:
        imitation = Portal(bus, refuses=refuses)
        await bus.request_name("org.freedesktop.portal.Desktop")
        yield imitation
