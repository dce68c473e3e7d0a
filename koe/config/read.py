"""Reading the user's files: whole, of a sane size, and as UTF-8 or not at all."""

from __future__ import annotations

import stat
from pathlib import Path

from koe.errors import ConfigError

LARGEST_FILE_BYTES = 1024 * 1024
"""As for a model manifest (spec config §1.9)."""

BYTE_ORDER_MARK = "\ufeff"


def is_missing(path: Path) -> bool:
    """Tell whether there is nothing; what is there and can't be looked at is not missing."""
    try:
        path.stat()
    except FileNotFoundError:
        return True
    except (OSError, ValueError):  # reading it tells why; ValueError: a NUL in the name
        return False
    return False


def read_bytes(path: Path) -> bytes:
    """What a file contains.

    Raises:
        FileNotFoundError: There is no such file.
        ConfigError: It can't be read, is no file, or is larger than `LARGEST_FILE_BYTES`.
    """
    try:
        # A device or a pipe could block, or never end.
        if not stat.S_ISREG(path.stat().st_mode):
            raise ConfigError(str(path), "this is not a file; put a text file in its place")
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE_BYTES + 1)
    except FileNotFoundError:
        raise
    except OSError as exc:
        raise ConfigError(str(path), f"cannot be read: {exc.strerror}") from exc
    except ValueError as exc:
        raise ConfigError(str(path), "cannot be read: no file can have this name") from exc
    if len(content) > LARGEST_FILE_BYTES:
        raise ConfigError(str(path), "the file is larger than 1 MiB; make it smaller")
    return content


def decoded(content: bytes, path: Path) -> str:
    """The text, with the byte order mark that it may start with.

    Raises:
        ConfigError: It is not UTF-8; the error names the line and the byte in it.
    """
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as exc:
        line_start = content.rfind(b"\n", 0, exc.start) + 1
        line = content.count(b"\n", 0, exc.start) + 1
        where = f"line {line}, byte {exc.start - line_start + 1}"
        raise ConfigError(str(path), f"{where}: not UTF-8 text; save the file as UTF-8") from exc
