"""Signatures without a name: what linkers write, and what is in a file after a change."""

from __future__ import annotations

import struct

from koe.bundle import signature
from tests.bundle.mach import PAGES, machine_code


def test_a_page_that_changed() -> None:
    code = bytearray(machine_code("a"))
    assert signature.is_valid(code)
    for place in (4095, 4096, PAGES - 1):
        code[place] ^= 1
        assert signature.is_valid(code) is False
        signature.renew(code)
        assert signature.is_valid(code)
    assert len(code) == len(machine_code("a"))


def test_what_it_says() -> None:
    """The name of before, what is signed, and that the signature is one of a linker."""
    code = machine_code("a")
    kind, size, count, _, at = struct.unpack_from(">5I", code, PAGES)
    assert (kind, count) == (0xFADE0CC0, 1)
    assert size <= len(code) - PAGES
    _, _, version, flags, checksums, name, special, pages, end = struct.unpack_from(
        ">9I", code, PAGES + at
    )
    assert (version, flags, special, pages, end) == (0x20400, 0x20002, 0, 4, PAGES)
    assert code[PAGES + at + name : PAGES + at + checksums] == b"me\0"
    assert struct.unpack_from(">64x 3Q", code, PAGES + at) == (0, PAGES, 0)


def test_what_is_not_signed_stays_so() -> None:
    code = bytearray(machine_code("a", is_signed=False))
    assert signature.is_valid(code) is None
    signature.renew(code)
    assert bytes(code) == machine_code("a", is_signed=False)
