"""Machine code for macOS: required libraries, their places, and the processor it is for.

Paths in it may be relative: ``@loader_path`` is the folder of the file itself, and ``@rpath`` is
each folder of a list in the file. The format: Apple's mach-o/loader.h and mach-o/fat.h.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from koe.bundle import signature
from koe.errors import BundleError

# The number of each processor.
PROCESSORS = {"arm64": 0x0100000C, "x86_64": 0x01000007}

_MAGIC, _UNIVERSAL = b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe"
_HEADER_SIZE = 32
_OF_THE_SYSTEM = ("/usr/lib/", "/System/Library/")

# Numbers of load commands. The offset of a name follows the size of the command.
_OWN_NAME, _RUN_PATH, _OLDEST, _OLDEST_BEFORE = 0x0D, 0x8000001C, 0x32, 0x24
_NEEDED = frozenset(
    {0x0C, 0x80000018, 0x8000001F, 0x20, 0x80000023}
)  # at once, weak, re-exported, …


class MachO:
    """One file of machine code for one processor."""

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            BundleError: It is not machine code for macOS and one processor.
        """
        self._path = path
        self._data = bytearray(path.read_bytes())
        if self._data[:4] != _MAGIC:
            raise BundleError(f"{path.name} is not machine code for macOS and a single processor")
        self.processor: int
        self.processor, count, self._size = struct.unpack_from("<4x i 8x 2I", self._data)
        self._commands: list[bytes] = []
        place = _HEADER_SIZE
        for _ in range(count):
            size = struct.unpack_from("<4x I", self._data, place)[0]
            self._commands.append(bytes(self._data[place : place + size]))
            place += size

    @property
    def own_name(self) -> str | None:
        """The path by which programs that link to it find it; None: nothing can link to it."""
        return next(iter(self._names({_OWN_NAME})), None)

    @property
    def needed(self) -> list[str]:
        """The libraries that it needs, except those of macOS."""
        return [name for name in self._names(_NEEDED) if not name.startswith(_OF_THE_SYSTEM)]

    @property
    def run_paths(self) -> list[str]:
        """The folders for which ``@rpath`` stands."""
        return self._names({_RUN_PATH})

    @property
    def oldest_system(self) -> tuple[int, int]:
        """The oldest version of macOS that can load it."""
        for command in self._commands:
            kind, place = _kind(command), {_OLDEST: 12, _OLDEST_BEFORE: 8}
            if kind in place:
                minor, major = struct.unpack_from("<xBH", command, place[kind])
                return major, minor
        return 0, 0

    def candidates(self, name: str) -> list[Path]:
        """The places where macOS searches for a library that it needs, in order."""
        names = [name]
        if name.startswith("@rpath/"):
            names = [f"{folder}/{name.removeprefix('@rpath/')}" for folder in self.run_paths]
        beside = self._path.parent
        return [
            beside / name.removeprefix("@loader_path/")
            for name in names
            if name.startswith("@loader_path/")
        ]

    def is_sound(self) -> bool:
        """Whether macOS would load it: on Apple's own processors only with a signature."""
        signed = signature.is_valid(self._data)
        return self.processor != PROCESSORS["arm64"] if signed is None else signed

    def relocate(self) -> None:
        """Remove the folders of its build, and renew its signature if it has one.

        Raises:
            BundleError: There is no room for the new name.
        """
        commands = []
        for command in self._commands:
            changed = command
            if _kind(command) == _OWN_NAME and not _name(command).startswith("@"):
                changed = _renamed(command, f"@rpath/{self._path.name}")
            elif _kind(command) == _RUN_PATH and not _name(command).startswith("@"):
                continue
            commands.append(changed)
        if commands != self._commands:
            self._replace(commands)
            signature.renew(self._data)
            self._path.write_bytes(self._data)

    def _replace(self, commands: Sequence[bytes]) -> None:
        """Replace the load commands by others, whose total length must not be larger."""
        content = b"".join(commands)
        struct.pack_into("<2I", self._data, 16, len(commands), len(content))
        self._data[_HEADER_SIZE : _HEADER_SIZE + self._size] = content.ljust(self._size, b"\0")
        self._commands, self._size = list(commands), len(content)

    def _names(self, kinds: set[int] | frozenset[int]) -> list[str]:
        return [_name(command) for command in self._commands if _kind(command) in kinds]


def machine_code(folder: Path) -> Iterator[Path]:
    """The libraries and extension modules in a folder."""
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".so", ".dylib"} and path.is_file() and not path.is_symlink():
            yield path


def thin(path: Path, processor: str) -> None:
    """Keep only the part for one processor.

    Raises:
        BundleError: It has no part for this processor.
    """
    content = path.read_bytes()
    number = PROCESSORS[processor]
    if content[:4] == _UNIVERSAL:
        count = struct.unpack_from(">4x I", content)[0]
        parts = [struct.unpack_from(">i 4x 2I", content, 8 + 20 * part) for part in range(count)]
        content = next((content[at : at + size] for cpu, at, size in parts if cpu == number), b"")
        path.write_bytes(content)
    if content[:4] != _MAGIC or struct.unpack_from("<4x i", content)[0] != number:
        raise BundleError(f"{path.name} has no machine code for {processor}")


def missing(root: Path) -> list[tuple[Path, str]]:
    """The libraries that are needed in a folder, but are not where macOS searches for them.

    Returns:
        Each file with the library that it lacks.
    """
    return [
        (path, name)
        for path in machine_code(root)
        for image in [MachO(path)]
        for name in image.needed
        if name != image.own_name  # some linkers list the library itself first
        and not any(candidate.is_file() for candidate in image.candidates(name))
    ]


def _kind(command: bytes) -> int:
    return int(struct.unpack_from("<I", command)[0])


def _name(command: bytes) -> str:
    start = struct.unpack_from("<8x I", command)[0]
    return command[start:].partition(b"\0")[0].decode()


def _renamed(command: bytes, name: str) -> bytes:
    """The command with another name.

    Raises:
        BundleError: There is no room for it.
    """
    start = struct.unpack_from("<8x I", command)[0]
    room = len(command) - start
    if len(name) >= room:
        raise BundleError(
            f"{PurePosixPath(name).name} has no room for the name {name}; link the library again "
            "with a longer -install_name"
        )
    return command[:start] + name.encode().ljust(room, b"\0")
