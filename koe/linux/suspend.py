"""Reports from logind that the computer is about to be suspended."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from koe.errors import DesktopError

_SIGNAL = "org.freedesktop.login1.Manager.PrepareForSleep"
_SYSTEM_BUS = "unix:path=/run/dbus/system_bus_socket"


@asynccontextmanager
async def watching_suspend(
    environ: Mapping[str, str], about_to_suspend: Callable[[], None]
) -> AsyncIterator[None]:
    """Call a function just before the computer is suspended.

    Without logind there is no report; a recording ends when its device does.

    Args:
        environ: Says where the system's D-Bus is.
        about_to_suspend: The function, which is called on the loop.
    """

    def note(path: str, said: list[Any]) -> None:
        if said == [True]:  # False: it is awake again
            about_to_suspend()

    try:
        from koe.linux.bus import open_bus

        bus = await open_bus(environ.get("DBUS_SYSTEM_BUS_ADDRESS", _SYSTEM_BUS))
    except (ImportError, DesktopError):
        yield
        return
    try:
        await bus.on(_SIGNAL, note)
        yield
    finally:
        await bus.close()
