"""What leads to a term."""

from __future__ import annotations

from koe.finishing.term_index import TermIndex, reading
from koe.finishing.term_words import codes, split

INDEX = TermIndex(["GitHub", "github", "通义千问", "Visual Studio Code", "C++", "a", "42", ""])


def texts(heard: str) -> list[str]:
    words = list(split(heard))
    return [term.text for code in codes(words) for term in INDEX.sounding(code)]


def test_by_letters() -> None:
    term = INDEX.spelled("github")
    assert term is not None and term.text == "GitHub"
    assert INDEX.spelled("cplusplus") is not None
    assert INDEX.spelled("a") is INDEX.spelled("42") is None
    assert INDEX.may_begin(next(split("git"))) and not INDEX.may_begin(next(split("post")))


def test_by_reading() -> None:
    words = list(split("同意千问"))
    assert [term.text for term in INDEX.read(reading(words))] == ["通义千问"]
    assert INDEX.may_be_read(words[:2]) and not INDEX.may_be_read(words[1:3])


def test_by_consonants() -> None:
    assert "GitHub" in texts("get hub")
    code = next(codes(list(split("Visual Studio Code"))))
    assert [it.text for it in INDEX.sounding(code)] == ["Visual Studio Code"]
    assert "Visual Studio Code" in [it.text for it in INDEX.almost_sounding(code[1:])]
    assert "Visual Studio Code" in [it.text for it in INDEX.almost_sounding(code + "t")]


def test_how_many_words_there_are() -> None:
    assert (INDEX.most_words, INDEX.most_spoken_words) == (4, 3)
    assert TermIndex([]).most_words == 0
