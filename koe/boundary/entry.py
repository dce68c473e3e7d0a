"""How C calls Python: arguments, results, and the environment of the process."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

# Imported before other threads start: dataclasses reads the module typing without a lock, and would
# find it incomplete while another thread imports it.
from typing import Any

from _koe_native import ffi, lib

from koe.config.store import Store, config_directory
from koe.diagnostics import Level, report
from koe.errors import ConfigError, HistoryError, KoeError

# Reports a message, unless it is the same as the last one.
_report_unless_repeated = lru_cache(maxsize=1)(report)


def hear_report(level: Level, sentence: str) -> None:
    """Hand a report to the shell, to ``koe.log``, and to ``koe_last_error``."""
    lib.koe_report(level, utf8(sentence))


def find_registered(engine: str, function: str) -> int:
    """Return the address of a function that the shell has registered; 0 if it has not."""
    return int(lib.koe_local_function(utf8(engine), utf8(function)))


def _break_down(kind: type[BaseException], error: BaseException, trace: Any) -> None:
    """Print an unexpected exception; report only its place, because its text may be private."""
    import traceback

    where = traceback.extract_tb(trace)[-1]
    if sys.stderr is not None:
        with suppress(OSError, ValueError):
            traceback.print_exception(kind, error, trace)
    place = f"{Path(where.filename).name}, line {where.lineno}"
    report(f"an error in koe itself: {kind.__name__} in {place}; please report it", Level.ERROR)


def status(function: Callable[..., int]) -> Any:
    """Attach a function to its C name; an exception is printed, and C gets -1."""
    return ffi.def_extern(error=-1, onerror=_break_down)(function)


def status_of(action: Callable[[], object]) -> int:
    """Perform an action and return 0; if it fails, report the error and return -1."""
    try:
        action()
    except KoeError as exc:
        report(exc, Level.ERROR)
        return -1
    return 0


def text(function: Callable[..., str]) -> Any:
    """Attach a function to its C name; C gets a copy to free, and NULL after an exception.

    A text that contains a NUL is replaced by the empty text (spec abi §1.1).

    A configuration or a history that can't be read is reported in one line, and not repeatedly,
    because windows read many settings in turn. Any other exception is printed in full.
    """

    def answer(*arguments: Any) -> Any:
        try:
            text = function(*arguments)
            return lib.koe_copy_text(b"" if "\0" in text else utf8(text))
        except (ConfigError, HistoryError) as exc:
            _report_unless_repeated(str(exc), Level.ERROR)
            return ffi.NULL

    name = function.__name__
    return ffi.def_extern(name=name, error=ffi.NULL, onerror=_break_down)(answer)


def utf8(text: str) -> bytes:
    """Encode for C: no NUL inside, and always valid (spec abi §3.5)."""
    return text.replace("\0", "").encode("utf-8", "replace")


def argument(pointer: Any) -> str | None:
    """Return a string from C; None if it is NULL or not UTF-8."""
    if pointer == ffi.NULL:
        return None
    try:
        return str(ffi.string(pointer), "utf-8")
    except UnicodeDecodeError:
        return None


class HostEnvironment:
    """The process's environment as it is now; ``os.environ`` is as it was at Python's start."""

    def get(self, name: str, /) -> str | None:
        """Return the value of a variable; None if it is not set."""
        value = ffi.NULL if "\0" in name else lib.koe_getenv(os.fsencode(name))
        if value == ffi.NULL:
            return None
        try:
            return os.fsdecode(ffi.string(value))
        finally:
            lib.koe_free_text(value)


def open_store(*, renews_old_files: bool = False) -> Store:
    """Open the user's files; their folder is looked up each time, as the environment may change."""
    environment = HostEnvironment()
    directory = config_directory(environment)
    return Store(directory, environment, renews_old_files=renews_old_files)
