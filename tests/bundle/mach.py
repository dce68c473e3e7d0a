"""Small files of machine code for macOS, made by hand: no code, but all that says what it needs."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path

from koe.bundle import macho, signature

PAGES = 3 * 4096 + 100


def _named(kind: int, name: str, rest: bytes = b"") -> bytes:
    text = name.encode() + b"\0"
    size = -(-(12 + len(rest) + len(text)) // 8) * 8
    return (struct.pack("<3I", kind, size, 12 + len(rest)) + rest + text).ljust(size, b"\0")


def machine_code(
    own_name: str | None = None,
    needed: Iterable[str] = (),
    run_paths: Iterable[str] = (),
    processor: str = "arm64",
    oldest: tuple[int, int] = (11, 0),
    *,
    is_signed: bool = True,
) -> bytes:
    """Make one; its signature is right."""
    version = oldest[0] << 16 | oldest[1] << 8
    commands = [
        struct.pack("<2I 16s 4Q 4I", 0x19, 72, b"__TEXT", 0, PAGES, 0, PAGES, 5, 5, 0, 0),
        struct.pack("<6I", 0x32, 24, 1, version, version, 0),
        *([_named(0x0D, own_name, bytes(12))] if own_name else []),
        *[_named(0x0C, name, bytes(12)) for name in ("/usr/lib/libSystem.B.dylib", *needed)],
        *[_named(0x8000001C, path) for path in run_paths],
        *([struct.pack("<4I", 0x1D, 16, PAGES, 400)] if is_signed else []),
    ]
    content = b"".join(commands)
    header = b"\xcf\xfa\xed\xfe" + struct.pack(
        "<i 6I", macho.PROCESSORS[processor], 0, 6, len(commands), len(content), 0, 0
    )
    data = bytearray((header + content).ljust(PAGES, b"\xaa"))
    if is_signed:  # first an empty one, which has the name
        directory = struct.pack(">9I 4B 4I 4Q", 0xFADE0C02, 96, *[0] * 3, 88, *[0] * 3, *[0] * 12)
        before = struct.pack(">5I", 0xFADE0CC0, 116, 1, 0, 20)
        data += (before + directory + b"me").ljust(400, b"\0")
        signature.renew(data)
    return bytes(data)


def universal(*parts: tuple[str, bytes]) -> bytes:
    """Put machine code for several processors together."""
    table, content = struct.pack(">2I", 0xCAFEBABE, len(parts)), b""
    start = 4096
    for processor, code in parts:
        at = start + len(content)
        table += struct.pack(">i 4I", macho.PROCESSORS[processor], 0, at, len(code), 12)
        content += code
    return table.ljust(start, b"\0") + content


def write(path: Path, content: bytes) -> Path:
    """Write a file, with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path
