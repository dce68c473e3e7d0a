"""The content of a Wayland clipboard: formats, whose bytes programs pass through pipes."""

from __future__ import annotations

import asyncio
import fcntl
import os
import termios
import time
from array import array
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from itertools import islice

Contents = Mapping[str, bytes]
"""The bytes of each format, by its MIME type."""

TEXT_FORMATS = ("text/plain;charset=utf-8", "text/plain", "UTF8_STRING", "TEXT", "STRING")

# Managers that keep a history of the clipboard leave out what has this (KDE's convention).
PASSING = {"x-kde-passwordManagerHint": b"secret"}

# Seconds to read a foreign content, and the most bytes that are kept.
_PATIENCE = 0.3
MOST_FORMATS = 32
MOST_BYTES = 16_000_000

# Seconds that a program may take to read a text, and the interval of checks whether it has.
_READ_PATIENCE = 5.0
_READ_INTERVAL = 0.002


def contents_of(text: str, *, passing: bool = False) -> Contents:
    """A text, as programs paste it.

    Args:
        text: What they get.
        passing: It will be removed soon, so that clipboard histories need not keep it.
    """
    return {**dict.fromkeys(TEXT_FORMATS, text.encode()), **(PASSING if passing else {})}


async def collect(
    formats: Iterable[str], open_pipe: Callable[[str], Awaitable[int | None]]
) -> Contents:
    """Read the content of another program, in as many formats as can be kept.

    Args:
        formats: Those that it has.
        open_pipe: Gives the reading end of a pipe with a format; None: it gives none any more.
    """
    kept: dict[str, bytes] = {}
    left = MOST_BYTES
    with suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE):
            for name in islice(formats, MOST_FORMATS):
                pipe = await open_pipe(name)
                if pipe is None:
                    break
                content = await _read(pipe, left)
                if content is not None:
                    kept[name] = content
                    left -= len(content)
    return kept


async def _read(pipe: int, most: int) -> bytes | None:
    """Read a pipe to its end, and close it; None: it has too many bytes."""
    stream = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(stream)
    file = os.fdopen(pipe, "rb", buffering=0)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, file)
    try:
        content = b""
        while piece := await stream.read(65536):
            content += piece
            if len(content) > most:
                return None
        return content
    finally:
        transport.close()


def give(pipe: int, content: bytes) -> asyncio.Future[bool]:
    """Write all into a pipe, and close it once it was read; its reader may go away before.

    Returns:
        Whether all of it was written.
    """
    return asyncio.get_running_loop().run_in_executor(None, _write, pipe, content)


def note_read(expected: asyncio.Future[None] | None) -> None:
    """Say that a text was read; None: that is not waited for."""
    if expected is not None and not expected.done():
        expected.set_result(None)


def _write(pipe: int, content: bytes) -> bool:
    ends = time.monotonic() + _READ_PATIENCE
    is_written = False
    with suppress(OSError), os.fdopen(pipe, "wb") as opened:
        os.set_blocking(pipe, True)  # The reader has chosen whether it blocks.
        opened.write(content)
        opened.flush()
        is_written = True
        while _unread(pipe) and time.monotonic() < ends:
            time.sleep(_READ_INTERVAL)
    return is_written


def _unread(pipe: int) -> int:
    """How many bytes in a pipe were not read."""
    size = array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, size)
    return size[0]
