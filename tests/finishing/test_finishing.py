"""Finishing a text without a model, whatever it needs."""

from __future__ import annotations

import logging
import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import koe.finishing
from bench.finishing import corpus
from koe.config.schema import CLEANUP_RULES, Config
from koe.finishing import RULES, Finisher, finish

DEFAULT = Config().text.cleanup
ALL = Finisher(["GitHub", "Kubernetes", "张伟"], CLEANUP_RULES)

PIECES = [
    "https://example.com/a,b?c=d",
    "someone@example.com",
    "`a  b ,c`",
    "3.14",
    "12:30",
    "1,234.5",
    "~/.ssh/config",
    "get_hub",
    "v1.2.3",
]
PARTS = [
    *PIECES,
    "um",
    "uh",
    ",",
    "，",
    "。",
    ".",
    "?",
    "！",
    "：",
    ":",
    "(",
    ")",
    "（",
    "你",
    "好",
    "嗯",
    "呃",
    "十",
    "三百",
    "五",
    "点",
    "百分之",
    "comma",
    "period",
    "question mark",
    "new line",
    "逗号",
    "句号",
    "换行",
    "twenty",
    "five",
    "hundred",
    "percent",
    "the",
    "Hello",
    "Python",
    "ＡＢ",
    "１",
    "\n",
    "…",
    "...",
    "年",
    "“",
    "二零零八",
    "nineteen",
    "eighty",
    "first",
    "get hub",
    "章伟",
]
TEXTS = st.lists(st.tuples(st.sampled_from(PARTS), st.sampled_from(["", " "])), max_size=9).map(
    lambda parts: "".join(part + space for part, space in parts)
)


def test_the_rules_are_those_of_the_setting() -> None:
    assert RULES.keys() == set(CLEANUP_RULES)


@pytest.mark.parametrize("half", corpus.HALVES)
def test_examples(half: str) -> None:
    finishers = {
        kind: Finisher([], DEFAULT if kind == "default" else (*DEFAULT, kind))
        for kind in ("default", *RULES)
    }
    wrong = [
        (kind, heard, written)
        for kind, heard, wanted in corpus.kinds(half)
        if (written := finishers[kind].finish(heard)) != wanted
    ]
    assert not wrong


@settings(max_examples=300)
@given(TEXTS)
def test_what_was_finished_stays(text: str) -> None:
    finished = ALL.finish(text)
    assert ALL.finish(finished) == finished


@given(TEXTS)
def test_the_default_rules_change_no_word(text: str) -> None:
    finished = Finisher([], DEFAULT).finish(text)
    assert re.sub(r"\W", "", finished) == re.sub(r"\W", "", text)


@given(st.lists(st.sampled_from(PIECES), max_size=3), st.lists(st.sampled_from(PARTS), max_size=4))
def test_pieces_stay(pieces: list[str], words: list[str]) -> None:
    text = " 和 ".join((*words, *pieces, "end"))
    kept = Counter(piece for piece in PIECES for _ in range(text.count(f" {piece} ")))
    finished = ALL.finish(text)
    assert all(finished.count(piece) >= count for piece, count in kept.items())


def test_blank_text_stays() -> None:
    assert [ALL.finish(text) for text in ("", " ", "。", "um")] == ["", " ", "。", "um"]


def test_terms_come_first() -> None:
    assert Finisher(["Kubernetes"], DEFAULT).finish("用酷伯奈提斯 ，好") == "用 Kubernetes，好"


def test_terms_and_rules() -> None:
    assert finish(("GitHub",), ("spacing",), "get hub , yes") == "GitHub, yes"
    assert finish((), (), "get hub , yes") == "get hub , yes"
    assert finish(("GitHub",), ("spacing",), "") == ""


def test_a_bug_does_not_cost_the_text(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(koe.finishing, "finisher", None)
    with caplog.at_level(logging.ERROR):
        assert finish(("GitHub",), (), "get hub") == "get hub"
    assert "get hub" not in caplog.messages[0]
