"""The findings of ``koe doctor`` about a desktop, with the commands that solve problems."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from koe.config.schema import LinuxConfig
from koe.errors import DesktopError
from koe.linux import service
from koe.linux.bindings import BINDINGS
from koe.linux.control import STATUS, ask, control_path
from koe.linux.desktop import INSTALL, Desktop, open_desktop
from koe.linux.evdev import DEVICES, UNREADABLE_KEYBOARDS
from koe.linux.requests import ControlRequest
from koe.linux.voice import voice_detector

_NO_DETECTOR = (
    "no voice detector is installed, so every sound that is louder than the room counts as "
    "speech: recordings end later, and recordings without speech are sent to the engine, too; "
    f"run: {INSTALL}"
)

_NO_FIELDS = (
    "accessibility is off, so Qt programs, Firefox and Chromium do not give koe access to their "
    "text fields, and texts are pasted there; run: {}, and then restart these programs"
)
_BY_GSETTINGS = "gsettings set org.gnome.desktop.interface toolkit-accessibility true"
_BY_BUSCTL = (
    "busctl --user set-property org.a11y.Bus /org/a11y/bus org.a11y.Status IsEnabled b true"
)

_NO_SHORTCUTS = (
    "the desktop can't report hotkeys to koe, because it has no portal GlobalShortcuts; to see how "
    "to bind keys to koe-key, run: koe service keys {}; or let koe read the keyboards itself, "
    "which every program that you run can then do, too: run sudo usermod -aG input $USER and koe "
    "config set linux.evdev yes, and log in again"
)

_NO_NAME = (
    "koe is not registered with the desktop, so the portal GlobalShortcuts refuses to report "
    "hotkeys to it; run: koe service install"
)

_NO_KEYS = (
    "nothing is pasted, and texts are left on the clipboard: this compositor takes no keys from "
    "koe, and the desktop has no portal RemoteDesktop; run: apt install xdg-desktop-portal-gnome "
    "(in KDE: xdg-desktop-portal-kde), and log in again"
)


def examine(
    environ: Mapping[str, str], settings: LinuxConfig, devices: Path = DEVICES
) -> tuple[list[str], list[str]]:
    """Examine the daemon and everything that it needs, without changing anything.

    Args:
        environ: The environment of a desktop session.
        settings: The settings for Linux.
        devices: The folder with the device files of the keyboards.

    Returns:
        What works, and what does not, as sentences.
    """
    works, missing = asyncio.run(_examine_desktop(environ, settings))
    reads_keyboards = settings.evdev and environ.get("WAYLAND_DISPLAY")
    if reads_keyboards and not any(os.access(it, os.R_OK) for it in devices.glob("event*")):
        missing.append(UNREADABLE_KEYBOARDS)
    if voice_detector() is None:
        missing.append(_NO_DETECTOR)
    if (program := service.key_program()) is None:
        missing.append(
            "koe-key was not built, so keys can't be bound to it; install a C compiler, and then "
            "install koe-core again"
        )
    else:
        works.append(f"keys can be bound to {program}")
    try:
        status = next(ask(control_path(environ), ControlRequest(STATUS)))
        works.append(f"koe serve is running; hotkey: {status['hotkey']}")
        if status["message"]:
            missing.append(f"koe serve says: {status['message']}")
    except DesktopError as exc:
        missing.append(str(exc))
    return works, missing


async def _examine_desktop(
    environ: Mapping[str, str], settings: LinuxConfig
) -> tuple[list[str], list[str]]:
    async with open_desktop(environ) as desktop:
        missing = list(desktop.missing)
        ways = [
            *await _examine_fields(desktop, missing),
            *await _examine_pasting(desktop, settings, missing),
        ]
        if desktop.compositor is not None and not settings.evdev:
            if not await _has_portal(desktop, "GlobalShortcuts"):
                missing.append(_NO_SHORTCUTS.format(_bindings_for(environ)))
            elif not desktop.has_entry:
                missing.append(_NO_NAME)
        return [", ".join(ways)] if ways else [], missing


async def _examine_fields(desktop: Desktop, missing: list[str]) -> list[str]:
    if desktop.fields is None:
        return []
    if not await _is_accessible(desktop):
        missing.append(
            _NO_FIELDS.format(_BY_GSETTINGS if shutil.which("gsettings") else _BY_BUSCTL)
        )
    return ["texts are inserted by AT-SPI and read back"]


async def _examine_pasting(
    desktop: Desktop, settings: LinuxConfig, missing: list[str]
) -> list[str]:
    if desktop.takes_no_keys:
        if settings.insert not in ("auto", "paste"):
            return []
        if await _has_portal(desktop, "RemoteDesktop"):
            return ["texts are pasted by keys that the desktop presses, if you allow it"]
        missing.append(_NO_KEYS)
        return []
    is_there = desktop.display is not None or desktop.compositor is not None
    return ["texts are pasted into windows"] if is_there else []


async def _is_accessible(desktop: Desktop) -> bool:
    """Whether accessibility is on: Qt, Firefox and Chromium use AT-SPI only then."""
    if desktop.bus is None:
        return False
    try:
        answer = await desktop.bus.get(
            "org.a11y.Bus", "/org/a11y/bus", "org.a11y.Status", "IsEnabled"
        )
    except DesktopError:
        return False
    return bool(answer)


async def _has_portal(desktop: Desktop, name: str) -> bool:
    if desktop.bus is None:
        return False
    from koe.linux.portal_requests import has_portal  # needs packages, which are there

    return await has_portal(desktop.bus, name)


def _bindings_for(environ: Mapping[str, str]) -> str:
    """The argument of ``koe service keys`` for this desktop; all of them if it is not known."""
    words = environ.get("XDG_CURRENT_DESKTOP", "").lower().split(":")
    return next((word for word in words if word in BINDINGS), "|".join(BINDINGS))
