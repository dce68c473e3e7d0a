"""Reads the user's files as a whole: UTF-8, and no larger than a limit."""

# Annotations are not postponed: compiling those of a NamedTuple takes 7 % of the start of a shell.

import contextlib
import os
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from koe.errors import ConfigError

LARGEST_FILE_BYTES = 1024 * 1024
"""The limit for a file, the same as for a model manifest (spec config §1.9)."""

BYTE_ORDER_MARK = "\ufeff"

# The longest pause of a program that writes a file in pieces. File systems and kernels round
# modification times by less than that.
REST_NS = 100_000_000
_POLL_S = 0.005

Stamp = tuple[int, int, int]
"""Modification time in ns, size in bytes, inode: at least one changes with the content."""


class Look(NamedTuple):
    """The state of a file at one moment.

    Attributes:
        content: The whole content.
        stamp: The stamp of the same open file, taken after reading.
    """

    content: bytes
    stamp: Stamp


def is_missing(path: Path) -> bool:
    """Return whether no file has this name; a file that can't be examined is not missing."""
    try:
        path.stat()
    except FileNotFoundError:
        return True
    except (OSError, ValueError):  # reading the file will report it; ValueError: a NUL
        return False
    return False


def stamp_of(status: os.stat_result) -> Stamp:
    """Return the stamp of a file."""
    return status.st_mtime_ns, status.st_size, status.st_ino


def read_bytes(path: Path) -> bytes:
    """Return what a file contains, even if a program is still writing it.

    Raises:
        FileNotFoundError: There is no such file.
        ConfigError: It can't be read, is no file, or is larger than `LARGEST_FILE_BYTES`.
    """
    return look(path).content


def look(path: Path) -> Look:
    """Return what a file contains now, and its stamp.

    Raises:
        FileNotFoundError: There is no such file.
        ConfigError: As `read_bytes`.
    """
    try:
        # A device or a pipe could block, or never end.
        if not stat.S_ISREG(path.stat().st_mode):
            raise ConfigError(str(path), "this is not a file; put a text file in its place")
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE_BYTES + 1)
            stamp = stamp_of(os.fstat(file.fileno()))
    except FileNotFoundError:
        raise
    except OSError as exc:
        raise ConfigError(str(path), f"cannot be read: {exc.strerror}") from exc
    except ValueError as exc:
        raise ConfigError(str(path), "cannot be read: no file can have this name") from exc
    if len(content) > LARGEST_FILE_BYTES:
        raise ConfigError(str(path), "the file is larger than 1 MiB; make it smaller")
    return Look(content, stamp)


def read_whole(path: Path, patience_s: float, *, rest_if_empty_ns: int = REST_NS) -> bytes:
    """Return what a file contains once no program is writing it.

    A partly written file may lack its most important line. So this function waits if the file was
    written a moment ago, unless koe wrote it.

    Args:
        path: The file.
        patience_s: How long to wait.
        rest_if_empty_ns: As for `at_rest`.

    Raises:
        FileNotFoundError: There is no such file.
        ConfigError: As `read_bytes`, or another program has not stopped writing in time.
    """
    return at_rest(
        lambda: look(path),
        path,
        patience_s,
        is_whole=lambda stamp: stamp == _noted(path),
        rest_if_empty_ns=rest_if_empty_ns,
    )


def at_rest(
    look: Callable[[], Look],
    path: Path,
    patience_s: float,
    *,
    is_whole: Callable[[Stamp], bool] = lambda stamp: False,
    rest_if_empty_ns: int = REST_NS,
) -> bytes:
    """Return what a file contains once it has not been written for a moment.

    Args:
        look: Returns its present content and its stamp.
        path: The file, for messages.
        patience_s: How long to wait.
        is_whole: Whether a file with this stamp is known to be whole, even if it is new.
        rest_if_empty_ns: How long a blank file must have been unchanged.

    Raises:
        ConfigError: ``look`` raised it, or another program has not stopped writing in time.
    """
    deadline = time.monotonic() + patience_s
    while True:
        before = time.time_ns()
        content, stamp = look()
        rest = REST_NS if content.strip() else rest_if_empty_ns
        # A time far in the future comes from another clock, and is ignored.
        is_young = before - rest < stamp[0] < time.time_ns() + rest
        if not is_young or is_whole(stamp):
            return content
        if time.monotonic() >= deadline:
            raise busy(path)
        time.sleep(_POLL_S)


def busy(path: Path) -> ConfigError:
    """Return the error that another program is writing a file."""
    return ConfigError(str(path), "cannot be used now: another program is writing it; try again")


def decoded(content: bytes, path: Path) -> str:
    """Return the text, with its byte order mark if it has one.

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


# --- what koe wrote last -----------------------------------------------------------------

# The stamp is in the lock file, so that the next reader need not wait, in any process.


def lock_of(path: Path) -> Path:
    """The lock file of a file that koe writes, beside it."""
    return path.with_name(f"{path.name}.lock")


def note(lock: int, stamp: Stamp) -> None:
    """Store the stamp of a file that koe wrote; ``lock`` is the descriptor of its lock file."""
    with contextlib.suppress(OSError):  # then the next reader waits a moment
        os.ftruncate(lock, 0)
        os.lseek(lock, 0, os.SEEK_SET)
        os.write(lock, " ".join(map(str, stamp)).encode())


def _noted(path: Path) -> Stamp | None:
    try:
        modified, size, inode = map(int, lock_of(path).read_bytes().split())
    except (OSError, ValueError):  # there is none, or it is new or damaged
        return None
    return modified, size, inode
