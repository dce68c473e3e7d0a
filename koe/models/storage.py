"""Reads and writes files in places where an attacker may have put a link or a device.

Model directories can be anywhere. So this module follows no link in the last component of a path,
opens only regular files, and leaves no partly written file behind. All calls block.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from koe.errors import ModelPathError
from koe.files import regular
from koe.files.whole import write_whole

# A file is hashed in blocks of this size: about a millisecond each.
BLOCK_BYTES = 1024 * 1024


def open_regular(path: Path, flags: int = os.O_RDONLY) -> int:
    """Open an existing regular file; the caller owns the descriptor.

    Raises:
        ModelPathError: It is a link, a directory or a device.
        OSError: It is missing or cannot be opened.
    """
    descriptor = regular.open_regular(path, flags)
    if descriptor is None:
        raise _not_regular(path)
    return descriptor


def read_small(path: Path, largest_bytes: int) -> bytes:
    """Return the content of a regular file.

    Raises:
        ModelPathError: It is no regular file, or larger than ``largest_bytes``.
        OSError: It is missing or cannot be read.
    """
    with os.fdopen(open_regular(path), "rb") as file:
        content = file.read(largest_bytes + 1)
    if len(content) > largest_bytes:
        raise ModelPathError(f"{path} is larger than {largest_bytes} bytes")
    return content


def read_blocks(path: Path) -> Iterator[bytes]:
    """Yield the content of a regular file, block by block.

    Raises:
        ModelPathError: It is no regular file.
        OSError: It is missing or cannot be read.
    """
    with os.fdopen(open_regular(path), "rb", buffering=0) as file:
        while block := file.read(BLOCK_BYTES):
            yield block


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a regular file in lower-case hexadecimal. Raises as `read_blocks`."""
    digest = hashlib.sha256()
    for block in read_blocks(path):
        digest.update(block)
    return digest.hexdigest()


def replace_file(path: Path, content: bytes) -> None:
    """Write a file as a whole: a reader sees the old content or the new one.

    Raises:
        ModelPathError: ``path`` exists, and is not a regular file.
        OSError: It cannot be written; the old file is intact.
    """
    with suppress(FileNotFoundError):
        if not regular.is_regular(path.lstat()):
            raise _not_regular(path)
    write_whole(path, content)


def remove_file(path: Path) -> bool:
    """Remove a regular file; tell whether there was one.

    Raises:
        OSError: It cannot be removed.
    """
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return False
        path.unlink()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _not_regular(path: Path) -> ModelPathError:
    return ModelPathError(f"{path} is not a regular file")
