"""The connection to the daemon."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

from koe.errors import DesktopError
from koe.linux.control import FOLLOW, LARGEST_LINE_BYTES, ask, connected, parse_answer
from koe.linux.requests import ControlRequest
from koe.linux.status import DaemonStatus, MicrophoneLevel, read_answer


async def follow(path: Path) -> AsyncGenerator[DaemonStatus | MicrophoneLevel, None]:
    """Follow the state of the daemon.

    Args:
        path: The path of the control socket.

    Yields:
        The status, then each new status, and the microphone level during a recording.

    Raises:
        DesktopError: The daemon is not running, or has ended.
    """
    with connected(path) as peer:
        peer.setblocking(False)
        reader, writer = await asyncio.open_unix_connection(sock=peer, limit=LARGEST_LINE_BYTES)
        try:
            writer.write(ControlRequest(FOLLOW, level=True).line())
            while line := await reader.readline():
                yield read_answer(parse_answer(line))
        except OSError as exc:
            reason = f"koe serve does not answer: {exc.strerror or exc}"
            raise DesktopError(f"{reason}; restart koe serve") from exc
        except ValueError as exc:
            raise DesktopError("koe serve sent a line that is too long; restart koe serve") from exc
        finally:
            writer.close()
    raise DesktopError("koe serve has ended; koe tui reconnects when it runs again")


async def send(path: Path, request: ControlRequest) -> None:
    """Send a request to the daemon.

    Raises:
        DesktopError: The daemon is not running, or refuses the request; the error says why.
    """
    await asyncio.to_thread(lambda: list(ask(path, request)))
