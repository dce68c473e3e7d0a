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
    """Follow what the daemon does.

    Args:
        path: The control socket.

    Yields:
        Its status, and then what changes.

    Raises:
        DesktopError: It does not run, or has ended.
    """
    with connected(path) as peer:
        peer.setblocking(False)
        reader, writer = await asyncio.open_unix_connection(sock=peer, limit=LARGEST_LINE_BYTES)
        try:
            writer.write(ControlRequest(FOLLOW, level=True).line())
            while line := await reader.readline():
                yield read_answer(parse_answer(line))
        except OSError as exc:
            raise DesktopError(f"koe serve does not answer: {exc.strerror or exc}") from exc
        except ValueError as exc:
            raise DesktopError("koe serve said more than a line may have") from exc
        finally:
            writer.close()
    raise DesktopError("koe serve has ended; it is waited for")


async def send(path: Path, request: ControlRequest) -> None:
    """Have the daemon do something.

    Raises:
        DesktopError: It does not run, or does not do it; the sentence says why.
    """
    await asyncio.to_thread(lambda: list(ask(path, request)))
