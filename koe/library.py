"""Where the C library and its headers are: in a wheel, or in a checkout after ``make lib``."""

from __future__ import annotations

import sys
from pathlib import Path

from koe.errors import KoeError

# File name of the library of generation C; on Windows the version resource names the generation.
LIBRARY = {"darwin": "libkoe_core.3.dylib", "win32": "koe_core.dll"}.get(
    sys.platform, "libkoe_core.so.3"
)
_PACKAGE = Path(__file__).parent
_PREFIXES = (_PACKAGE / "prefix", _PACKAGE.parent / "build" / "abi-c")


class LibraryError(KoeError):
    """This koe was installed without the C library."""


def include_folder() -> Path:
    """Return the folder of ``koe_core.h`` and ``koe_extra.h``.

    Raises:
        LibraryError: This koe came without the library.
    """
    return _prefix() / "include"


def link_folder() -> Path:
    """Return the folder where a linker finds ``-lkoe_core``.

    Raises:
        LibraryError: This koe came without the library.
    """
    return _prefix() / "lib"


def library() -> Path:
    """The library itself, for programs that load it by its path.

    Raises:
        LibraryError: This koe came without the library.
    """
    in_bin = _prefix() / "bin" / LIBRARY
    return in_bin if in_bin.exists() else link_folder() / LIBRARY


def _prefix() -> Path:
    for prefix in _PREFIXES:
        if (prefix / "include" / "koe_core.h").is_file():
            return prefix
    raise LibraryError(
        f"the koe in {_PACKAGE} has no C library: it was installed without a C compiler, or is a "
        "checkout; install a C compiler and then koe again; in a checkout, run: make lib"
    )
