"""Finds the services of a desktop; a missing one is described by a sentence, not by an error."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from koe.errors import DesktopError
from koe.linux.application import entry_path
from koe.linux.compositor import Compositor
from koe.linux.wayland import CopyBoard, open_board

if TYPE_CHECKING:
    from koe.linux.bus import Bus
    from koe.linux.fields import Fields
    from koe.linux.insertion import Board
    from koe.linux.x11 import Display

_DBUS = "org.freedesktop.DBus"

INSTALL = "pip install 'koe-core[linux]'"
"""The command that installs the packages for desktops."""


@dataclass(slots=True)
class Desktop:
    """The services that were found; None for one that is missing.

    Attributes:
        display: The X server.
        compositor: The Wayland compositor.
        board: The windows and the clipboard of the X server or the compositor.
        bus: The user's D-Bus.
        fields: The fields of AT-SPI.
        missing: What is missing, as sentences that say what to do.
        may_still_start: Whether the X server or the compositor is missing, but may still start.
        takes_no_keys: Whether the compositor lacks a protocol that pasting needs, so that only the
            desktop portal can press keys.
        has_entry: Whether the desktop entry exists by which portals identify koe.
    """

    display: Display | None = None
    compositor: Compositor | None = None
    board: Board | None = None
    bus: Bus | None = None
    fields: Fields | None = None
    missing: list[str] = field(default_factory=list)
    may_still_start: bool = False
    takes_no_keys: bool = False
    has_entry: bool = False

    @property
    def lost(self) -> asyncio.Future[str] | None:
        """A future that completes with the reason when the desktop ends; None: there is none."""
        connection = self.display or self.compositor
        return None if connection is None else connection.lost


@asynccontextmanager
async def open_desktop(environ: Mapping[str, str]) -> AsyncIterator[Desktop]:
    """Connect to the available services.

    Args:
        environ: The environment, which says where the services are.
    """
    desktop = Desktop(has_entry=entry_path(environ).exists())
    try:
        if environ.get("WAYLAND_DISPLAY"):
            await _open_compositor(desktop, environ)
        else:
            _open_display(desktop, environ)
        await _open_buses(desktop, environ)
        yield desktop
    finally:
        for bus in (desktop.fields, desktop.bus):
            if bus is not None:
                await bus.close()
        for service in (desktop.board, desktop.display, desktop.compositor):
            if service is not None:
                service.close()


async def _open_compositor(desktop: Desktop, environ: Mapping[str, str]) -> None:
    try:
        compositor = Compositor(environ)
    except DesktopError as exc:
        desktop.missing.append(str(exc))
        desktop.may_still_start = True
        return
    desktop.compositor = compositor
    try:
        desktop.board = await open_board(compositor)
        if desktop.board is None:
            desktop.takes_no_keys = True
            desktop.board = CopyBoard()
    except DesktopError as exc:
        desktop.missing.append(str(exc))


def _open_display(desktop: Desktop, environ: Mapping[str, str]) -> None:
    name = environ.get("DISPLAY")
    if not name:
        desktop.missing.append(
            "no desktop was found: neither WAYLAND_DISPLAY nor DISPLAY is set; start koe serve in "
            "a desktop session"
        )
        return
    try:
        from koe.linux.pasting import Pasting
        from koe.linux.x11 import Display

        desktop.display = Display(name)
        desktop.board = Pasting(desktop.display)
    except ImportError as exc:
        desktop.missing.append(
            f"koe can neither paste texts nor listen to hotkeys ({exc}); run: {INSTALL}"
        )
    except OSError as exc:  # libxcb
        desktop.missing.append(f"nothing can be pasted ({exc}); install libxcb")
    except DesktopError as exc:
        desktop.missing.append(str(exc))
        desktop.may_still_start = True


async def _has_notifications(bus: Bus) -> bool:
    """Whether a program shows notifications, or one is started when it is needed."""
    for member in ("ListNames", "ListActivatableNames"):
        (names,) = await bus.call(_DBUS, "/org/freedesktop/DBus", f"{_DBUS}.{member}")
        if "org.freedesktop.Notifications" in names:
            return True
    return False


async def _open_buses(desktop: Desktop, environ: Mapping[str, str]) -> None:
    address = environ.get("DBUS_SESSION_BUS_ADDRESS")
    if not address:
        desktop.missing.append(
            "no D-Bus was found, so koe can't show notifications or fill fields by AT-SPI: "
            "DBUS_SESSION_BUS_ADDRESS is not set; start koe serve in a desktop session"
        )
        return
    try:
        from koe.linux.bus import open_bus
        from koe.linux.fields import open_fields

        desktop.bus = await open_bus(address)
    except ImportError as exc:
        desktop.missing.append(
            f"koe can't use D-Bus, so it shows no notifications ({exc}); run: {INSTALL}"
        )
        return
    except DesktopError as exc:
        desktop.missing.append(f"{exc}; is DBUS_SESSION_BUS_ADDRESS right?")
        return
    try:
        if not await _has_notifications(desktop.bus):
            desktop.missing.append(
                "no notifications are shown: there is no notification daemon; run: apt install "
                "dunst (Debian, Ubuntu) or dnf install dunst (Fedora)"
            )
        desktop.fields = await open_fields(desktop.bus)
    except DesktopError as exc:
        desktop.missing.append(
            f"AT-SPI is not available, so all texts are pasted ({exc}); run: apt install "
            "at-spi2-core (Debian, Ubuntu) or dnf install at-spi2-core (Fedora)"
        )
