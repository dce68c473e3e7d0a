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

# Clipboard managers do not store a content that has this format (KDE's convention).
TEMPORARY = {"x-kde-passwordManagerHint": b"secret"}

# Seconds to read the content of another program, and the most formats and bytes that are kept.
_PATIENCE = 0.3
MOST_FORMATS = 32
MOST_BYTES = 16_000_000

# Seconds that a program may take to read a text, and the interval of checks whether it has.
_READ_PATIENCE = 5.0
_READ_INTERVAL = 0.002


def contents_of(text: str, *, temporary: bool = False) -> Contents:
    """The clipboard content for a text: the text in all formats in which programs ask for it.

    Args:
        text: The text.
        temporary: The text will be removed soon, so clipboard histories need not keep it.
    """
    return {**dict.fromkeys(TEXT_FORMATS, text.encode()), **(TEMPORARY if temporary else {})}


async def collect(
    formats: Iterable[str], open_pipe: Callable[[str], Awaitable[int | None]]
) -> Contents:
    """Read the content of another program, in as many formats as can be kept.

    Args:
        formats: The formats that the program offers.
        open_pipe: Returns the reading end of a pipe with the content in a format; None: the program
            no longer offers it.
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
    """Write a content into a pipe on another thread, wait until it was read, and close the pipe.

    The wait ends after a few seconds. The reader may close its end at any time.

    Returns:
        A future: whether the whole content was written.
    """
    return asyncio.get_running_loop().run_in_executor(None, _write, pipe, content)


def note_read(expected: asyncio.Future[None] | None) -> None:
    """Complete the future that waits until a text was read; None: nothing waits."""
    if expected is not None and not expected.done():
        expected.set_result(None)


def _write(pipe: int, content: bytes) -> bool:
    ends = time.monotonic() + _READ_PATIENCE
    is_written = False
    with suppress(OSError), os.fdopen(pipe, "wb") as opened:
        os.set_blocking(pipe, True)  # the reader made the pipe, which may be non-blocking
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
