import pytest

from koe.text import (
    is_unicode,
    join_segments,
    needs_space_between,
    remove_white_space,
    trim,
    trim_start,
)


@pytest.mark.parametrize(
    ("segments", "joined"),
    [
        ([], ""),
        (["", "  "], ""),
        (["Ever tried.", "Ever failed."], "Ever tried. Ever failed."),
        ([" Ever tried. ", "", "Ever failed."], "Ever tried. Ever failed."),
        (["第一句话。", "第二句话。"], "第一句话。第二句话。"),
        (["好的", "OK"], "好的OK"),
        (["Use Python。", "好的"], "Use Python。好的"),
        (["version 3", "is out"], "version 3 is out"),
        (["well", "- no"], "well- no"),
        (["안녕하세요", "반갑습니다"], "안녕하세요 반갑습니다"),
        (["カタカナ", "ひらがな"], "カタカナひらがな"),
        (["he said “go”", "and left"], "he said “go” and left"),
    ],
)
def test_join_segments(segments: list[str], joined: str) -> None:
    assert join_segments(segments) == joined


def test_no_second_space_where_one_is() -> None:
    assert not needs_space_between("word ", "next")
    assert not needs_space_between("word", " next")


def test_white_space_is_what_unicode_calls_so() -> None:
    text = " \u3000\x85a \xa0\u2009b\x1c\u200b\t\n"
    assert trim(text) == "a \xa0\u2009b\x1c\u200b"
    assert trim_start(text) == "a \xa0\u2009b\x1c\u200b\t\n"
    assert remove_white_space(text) == "ab\x1c\u200b"


def test_what_is_unicode() -> None:
    assert is_unicode("")
    assert is_unicode("Koe 语音 \U0001f3a4")
    assert not is_unicode("Koe \ud83c")
    assert not is_unicode("\udca4")
