"""How ideographs and letters are read."""

from __future__ import annotations

from bench.readings import TABLE, table
from koe.answers.readings import names_of_letters, read, read_exactly, read_surname, sounds_of


def test_the_table_of_readings_is_what_pypinyin_says() -> None:
    assert TABLE.read_text(encoding="utf-8") == table()


def test_reading() -> None:
    assert [read("中"), read("a"), read("〇")] == ["zon", None, "lin"]
    assert [read_exactly("中"), read_exactly("a")] == ["zhong1", None]


def test_an_ideograph_may_have_several_readings() -> None:
    assert sounds_of("长") == {"zan", "can"}
    assert sounds_of("a") == set()


def test_names_of_letters() -> None:
    assert names_of_letters("ci") == ("see", "eye")
    assert names_of_letters("longer") == names_of_letters("日") == ()


def test_surnames() -> None:
    assert [read_surname("周"), read_surname("邹"), read_surname("的")] == ["zhou", "zou", None]
