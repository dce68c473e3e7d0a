"""The hidden desktop entry (.desktop file) by which portals identify koe.

Portals store the user's permissions by the application's ID. The portal GlobalShortcuts refuses
programs without an ID, such as a systemd service.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from koe.errors import DesktopError

if TYPE_CHECKING:
    from koe.linux.bus import Bus

APP_ID = "koe"

_PORTAL, _PORTAL_PATH = "org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop"
_REGISTER = "org.freedesktop.host.portal.Registry.Register"

# Seconds for the portal to answer: at login it may still be starting.
_PATIENCE = 30.0


def entry(command: list[str]) -> str:
    """The text of the entry.

    Args:
        command: What starts the daemon.
    """
    return (
        "[Desktop Entry]\n"
        "Type=Application\n"
        "Name=Koe\n"
        "Comment=Dictation at the press of a key\n"
        f"Exec={' '.join(map(_quoted, command))}\n"
        "NoDisplay=true\n"
    )


def _quoted(word: str) -> str:
    """Escape a value for an entry: a percent sign is special, and backslashes are read twice."""
    for sign in '\\"`$':
        word = word.replace(sign, f"\\{sign}")
    return '"' + word.replace("\\", "\\\\").replace("%", "%%") + '"'


def entry_path(environ: Mapping[str, str]) -> Path:
    """The path of the entry."""
    data = environ.get("XDG_DATA_HOME") or Path(environ.get("HOME") or "/", ".local", "share")
    return Path(data, "applications", f"{APP_ID}.desktop")


async def introduce(bus: Bus) -> None:
    """Register koe's ID with the portals, before any other request.

    Portals before 1.20 find the ID by themselves, or not at all.

    The desktop entry must exist.

    Args:
        bus: The user's D-Bus.
    """
    with suppress(DesktopError):
        await bus.call(_PORTAL, _PORTAL_PATH, _REGISTER, "sa{sv}", APP_ID, {}, patience=_PATIENCE)
