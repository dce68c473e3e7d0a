"""D-Bus: calls to the services of the desktop. The only module that knows dbus-fast."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from dbus_fast.aio import MessageBus
from dbus_fast.constants import MessageType
from dbus_fast.errors import DBusFastError
from dbus_fast.message import Message
from dbus_fast.signature import Variant

from koe.errors import DesktopError

# Seconds for a service to answer: most take a millisecond, and a program may hang.
PATIENCE = 1.0

_DBUS, _DBUS_PATH = "org.freedesktop.DBus", "/org/freedesktop/DBus"

SignalHandler = Callable[[str, list[Any]], None]
"""Called with the object that sends a signal, and its arguments."""


class Bus:
    """A connection to a bus, on the loop.

    Args:
        bus: An open connection of dbus-fast. Use `open_bus` to make a `Bus`.
    """

    def __init__(self, bus: MessageBus) -> None:
        self._bus = bus
        # The handlers of signals, by interface and member.
        self._handlers: dict[tuple[str, str], list[SignalHandler]] = {}
        bus.add_message_handler(self._note)

    async def call(
        self,
        destination: str,
        path: str,
        member: str,
        signature: str = "",
        *arguments: object,
        patience: float = PATIENCE,
    ) -> list[Any]:
        """Call a method and return its results.

        Args:
            destination: The service.
            path: The object.
            member: The method, with its interface before it: ``org.freedesktop.DBus.Ping``.
            signature: The types of the arguments.
            arguments: The arguments.
            patience: Seconds to wait for an answer.

        Raises:
            DesktopError: The call failed or timed out, or the method, service or bus is missing.
        """
        reply = await self._call(destination, path, member, signature, arguments, patience)
        return list(reply.body)

    async def call_for_descriptor(
        self, destination: str, path: str, member: str, signature: str, *arguments: object
    ) -> int:
        """Call a method as `call` does, but return its file descriptor, which the caller closes."""
        reply = await self._call(destination, path, member, signature, arguments, PATIENCE)
        if not reply.unix_fds:
            raise DesktopError(f"{destination} returns no descriptor from {member}")
        return int(reply.unix_fds[0])

    async def _call(
        self,
        destination: str,
        path: str,
        member: str,
        signature: str,
        arguments: tuple[object, ...],
        patience: float,
    ) -> Message:
        interface, _, method = member.rpartition(".")
        message = Message(
            destination=destination,
            path=path,
            interface=interface,
            member=method,
            signature=signature,
            body=list(arguments),
        )
        try:
            async with asyncio.timeout(patience):
                reply = await self._bus.call(message)
        except TimeoutError as exc:
            raise DesktopError(f"{destination} does not answer {member}") from exc
        except (DBusFastError, OSError, EOFError) as exc:
            raise DesktopError(f"{destination} can't be reached: {exc}") from exc
        if reply is None:
            raise DesktopError(f"{destination} does not answer {member}")
        if reply.message_type is MessageType.ERROR:
            reason = reply.body[0] if reply.body else reply.error_name
            raise DesktopError(f"{destination}: {reason}")
        return reply

    async def get(
        self,
        destination: str,
        path: str,
        interface: str,
        name: str,
        patience: float = PATIENCE,
    ) -> Any:
        """A property's value.

        Raises:
            DesktopError: As `call`.
        """
        get = "org.freedesktop.DBus.Properties.Get"
        answer = await self.call(destination, path, get, "ss", interface, name, patience=patience)
        return answer[0].value

    async def on(self, member: str, handle: SignalHandler) -> None:
        """Call a function on the loop for each signal of one kind, from any object.

        Args:
            member: The signal, with its interface before it.
            handle: The function.

        Raises:
            DesktopError: As `call`.
        """
        interface, _, name = member.rpartition(".")
        self._handlers.setdefault((interface, name), []).append(handle)
        rule = f"type='signal',interface='{interface}',member='{name}'"
        await self.call(_DBUS, _DBUS_PATH, f"{_DBUS}.AddMatch", "s", rule)

    def _note(self, message: Message) -> None:
        if message.message_type is MessageType.SIGNAL:
            sent = (message.interface or "", message.member or "")
            for handle in self._handlers.get(sent, ()):
                handle(message.path or "", list(message.body))

    async def close(self) -> None:
        """Disconnect."""
        self._bus.disconnect()
        with suppress(EOFError, OSError, DBusFastError, TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await self._bus.wait_for_disconnect()  # type: ignore[no-untyped-call]


def variant(signature: str, value: object) -> Variant:
    """A variant: a value with its type."""
    return Variant(signature, value)


async def open_bus(address: str) -> Bus:
    """Connect to the bus at an address.

    Raises:
        DesktopError: The bus can't be reached, or does not answer.
    """
    try:
        async with asyncio.timeout(PATIENCE):
            return Bus(await MessageBus(bus_address=address, negotiate_unix_fd=True).connect())
    except TimeoutError as exc:
        raise DesktopError(f"the D-Bus at {address} does not answer") from exc
    except (DBusFastError, OSError, EOFError) as exc:
        reason = getattr(exc, "strerror", None) or exc
        raise DesktopError(f"the D-Bus at {address} can't be reached: {reason}") from exc
