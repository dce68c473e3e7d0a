"""Machine code for Windows: required libraries, their places, and exported functions."""

from __future__ import annotations

import re
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path

from koe.errors import BundleError

# Libraries that are a part of Windows 10. Those of Microsoft's compiler are not.
_OF_THE_SYSTEM = re.compile(
    r"(api-ms-win-.*|ext-ms-.*|advapi32|bcrypt|bcryptprimitives|comctl32|crypt32|dbghelp|dxgi"
    r"|gdi32|iphlpapi|kernel32|msvcrt|ncrypt|ntdll|ole32|oleaut32|powrprof|rpcrt4|secur32|setupapi"
    r"|shell32|shlwapi|ucrtbase|user32|userenv|version|winmm|ws2_32)\.dll"
)

# Offsets and sizes in the format: tables in the optional header by number, and sections after it.
_EXPORTS, _IMPORTS, _DELAYED_IMPORTS = 0, 1, 13
_FIRST_TABLE = 112
_SECTION_SIZE = 40


class Image:
    """One file of machine code for 64 bits."""

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            BundleError: It is not machine code for Windows with 64 bits.
        """
        self._data = path.read_bytes()
        header = self._number(0x3C) if len(self._data) > 0x40 else 0
        if self._data[:2] != b"MZ" or self._data[header : header + 4] != b"PE\0\0":
            raise BundleError(f"{path.name} is not machine code for Windows")
        sections, size = struct.unpack_from("<6x H 12x H", self._data, header)
        self._options = header + 24
        if struct.unpack_from("<H", self._data, self._options)[0] != 0x20B:
            raise BundleError(f"{path.name} is not for Windows with 64 bits")
        first = self._options + size
        self._sections = [
            struct.unpack_from("<8x 4I", self._data, first + number * _SECTION_SIZE)
            for number in range(sections)
        ]

    def imports(self) -> list[str]:
        """The names of the libraries that it needs, when it is loaded or later."""
        return [*self._libraries(_IMPORTS, 20, 12), *self._libraries(_DELAYED_IMPORTS, 32, 4)]

    def exports(self) -> list[str]:
        """The names that it exports."""
        table = self._table(_EXPORTS)
        if table is None:
            return []
        count, names = self._number(table + 24), self._number(table + 32)
        first = self._place(names)
        return [self._text(self._number(first + 4 * number)) for number in range(count)]

    def _libraries(self, table: int, size: int, name: int) -> Iterator[str]:
        entry = self._table(table)
        while entry is not None and (address := self._number(entry + name)):
            yield self._text(address)
            entry += size

    def _table(self, number: int) -> int | None:
        address = self._number(self._options + _FIRST_TABLE + 8 * number)
        return self._place(address) if address else None

    def _place(self, address: int) -> int:
        """The offset in the file of the data for an address in memory."""
        for size, start, stored, place in self._sections:
            if start <= address < start + max(size, stored):
                return int(address - start + place)
        raise BundleError("a library is damaged: a table is outside the file; run koe bundle again")

    def _number(self, place: int) -> int:
        return int(struct.unpack_from("<I", self._data, place)[0])

    def _text(self, address: int) -> str:
        place = self._place(address)
        return self._data[place : self._data.index(b"\0", place)].decode("ascii")


def machine_code(folder: Path) -> Iterator[Path]:
    """The libraries and extension modules in a folder."""
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in {".dll", ".pyd"} and path.is_file():
            yield path


def needed(path: Path) -> set[str]:
    """The names of the libraries that a file needs, in lower case, except those of Windows."""
    names = {name.lower() for name in Image(path).imports()}
    return {name for name in names if not _OF_THE_SYSTEM.fullmatch(name)}


def missing(root: Path, runtime: Path) -> list[tuple[Path, str]]:
    """The libraries that are needed in a folder, but are not where Windows searches for them.

    Windows finds a library beside the file that needs it, and beside Python's library.

    Args:
        root: The folder.
        runtime: The folder of Python's library.

    Returns:
        Each file with the library that it lacks.
    """
    common = _names(runtime)
    return [
        (path, name)
        for path in machine_code(root)
        for name in sorted(needed(path) - common - _names(path.parent))
    ]


def gather(runtime: Path, more: Path) -> list[Path]:
    """Put required libraries beside Python's library, unless they are beside their users.

    Args:
        runtime: The bundle's ``koe-runtime``.
        more: A folder of libraries that may be included.

    Returns:
        The libraries that were included from that folder.

    Raises:
        BundleError: A library can't be found.
    """
    offered = {path.name.lower(): path for path in machine_code(more)}
    ours = {path.name.lower(): path for path in machine_code(runtime)}
    taken = []
    while lacking := missing(runtime, runtime):
        path, name = lacking[0]
        if name in ours:
            ours[name].rename(runtime / name)
        elif name in offered:
            taken.append(Path(shutil.copy(offered[name], runtime / name)))
        else:
            raise BundleError(f"{path.name} needs {name}, which no package has")
    return taken


def _names(folder: Path) -> set[str]:
    return {path.name.lower() for path in folder.iterdir()}
