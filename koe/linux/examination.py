"""What ``koe doctor`` says about a desktop: what can't work, and the command that mends it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from koe.errors import DesktopError
from koe.linux import service
from koe.linux.control import STATUS, ask, control_path
from koe.linux.desktop import Desktop, open_desktop


def examine(environ: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Look at everything that the daemon needs, and at the daemon; changes nothing.

    Args:
        environ: Of a session of a desktop.

    Returns:
        What works, and what does not, as sentences.
    """
    works, missing = asyncio.run(_examine_desktop(environ))
    if (program := service.key_program()) is None:
        missing.append(
            "koe-key was not built, so keys can't be bound to it; install a C compiler, and then "
            "koe-core once more"
        )
    else:
        works.append(f"keys can be bound to {program}")
    try:
        status = next(ask(control_path(environ), STATUS))
        works.append(f"koe serve runs; hotkey: {status['hotkey']}")
        if status["message"]:
            missing.append(f"koe serve says: {status['message']}")
    except DesktopError as exc:
        missing.append(str(exc))
    return works, missing


async def _examine_desktop(environ: Mapping[str, str]) -> tuple[list[str], list[str]]:
    async with open_desktop(environ) as desktop:
        return _works(desktop), list(desktop.missing)


def _works(desktop: Desktop) -> list[str]:
    ways = []
    if desktop.fields is not None:
        ways.append("fields of AT-SPI are filled and read back")
    if not desktop.takes_no_keys and (desktop.display or desktop.compositor):
        ways.append("texts are pasted into windows")
    return [", ".join(ways)] if ways else []
