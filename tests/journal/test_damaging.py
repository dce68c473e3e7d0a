"""Whatever happens to a file, what is before it is read, and nothing raises."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.journal.damaging import check, damage_once, whole_before
from tests.journal.making import packed, records

# Some of each kind, so that every byte can be tried.
MADE = [*records()[:18], *records()[-2:]]
CONTENT = packed(MADE)


def test_cut_at_every_byte(tmp_path: Path) -> None:
    for position in range(len(CONTENT) + 1):
        check(tmp_path / "a.koej", CONTENT[:position], whole_before(MADE, position))


@pytest.mark.parametrize("change", [0xFF, 0x01])
def test_every_byte_flipped(tmp_path: Path, change: int) -> None:
    for position in range(len(CONTENT)):
        spoiled = bytearray(CONTENT)
        spoiled[position] ^= change
        check(tmp_path / "a.koej", bytes(spoiled), whole_before(MADE, position))


def test_any_damage(tmp_path: Path) -> None:
    for number in range(50):
        damage_once(tmp_path / "a.koej", random.Random(number))
