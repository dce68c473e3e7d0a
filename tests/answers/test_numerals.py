from __future__ import annotations

import pytest

from koe.answers.numerals import CHINESE, ENGLISH, read_chinese, read_english


@pytest.mark.parametrize(
    ("run", "read"),
    [
        ("twenty one", "21"),
        ("two thousand and six", "2006"),
        ("three point one four", "3.14"),
        ("one two three", "1 2 3"),
        ("eight hundred five", "805"),
        ("eight hundred five five five", "800 5 5 5"),
        ("one point five million", "1500000"),
    ],
)
def test_english(run: str, read: str) -> None:
    assert ENGLISH.fullmatch(run)
    assert read_english(run) == read


@pytest.mark.parametrize(
    ("run", "read"),
    [
        ("两千零六", "2006"),
        ("一万二", "12000"),
        ("三百五", "350"),
        ("二零二六", "2026"),
        ("十百", "十百"),
        ("1.5万", "15000"),
    ],
)
def test_chinese(run: str, read: str) -> None:
    assert CHINESE.fullmatch(run)
    assert read_chinese(run) == read


def test_endless_numerals_are_no_number() -> None:
    assert read_chinese("一万亿" * 3000) == "一万亿" * 3000
