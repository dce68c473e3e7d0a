"""From results to one text (spec asr §5); docs/conformance.md says where we differ."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koe.tokens import tokens
from koe.transcript import KEPT_REVISIONS, Transcript, merge, revises


def transcript_of(operations: list[tuple[str, str]]) -> Transcript:
    transcript = Transcript()
    add = {
        "I": transcript.add_interim,
        "D": transcript.add_definite,
        "F": transcript.add_final,
    }
    for kind, text in operations:
        add[kind](text)
    return transcript


@pytest.mark.parametrize(
    ("operations", "best"),
    [
        pytest.param(
            [("F", "hello"), ("F", "hello world"), ("F", "hello world")], "hello world", id="1"
        ),
        pytest.param([("F", "第一句话。"), ("F", "第二句话。")], "第一句话。第二句话。", id="2"),
        pytest.param([("F", "hello world"), ("F", "hello")], "hello world", id="3"),
        pytest.param(
            [("F", "今天天气不错"), ("F", "不错我们去公园")], "今天天气不错我们去公园", id="4"
        ),
        pytest.param(
            [("F", "第一句话。"), ("D", "第一句话。第二句话。")], "第一句话。第二句话。", id="6"
        ),
        pytest.param(
            [
                ("F", "今天天气不错。"),
                ("D", "今天天气不错。我们去公园八"),
                ("F", "今天天气不错。我们去公园吧。"),
            ],
            "今天天气不错。我们去公园吧。",
            id="8b",
        ),
        pytest.param([("I", "hello"), ("I", "hello world")], "hello world", id="10"),
        pytest.param([("I", "interim text"), ("D", "definite text")], "definite text", id="12"),
        pytest.param(
            [("I", "interim"), ("D", "definite"), ("F", "final result")], "final result", id="13"
        ),
        pytest.param(
            [("F", "Hello there."), ("F", "How are you?")], "Hello there. How are you?", id="16"
        ),
        pytest.param([("F", "好的，我们开始。"), ("F", "好")], "好的，我们开始。", id="17"),
        pytest.param([("F", "我爱你"), ("F", "你好")], "我爱你你好", id="18"),
        pytest.param(
            [("F", "open the"), ("F", "then close it")], "open the then close it", id="19"
        ),
        pytest.param([("F", ""), ("I", "abc")], "abc", id="20"),
        pytest.param([("F", "甲。"), ("I", "乙")], "甲。", id="21"),
        pytest.param([("F", "甲。"), ("I", "乙"), ("D", "乙。")], "甲。乙。", id="22"),
        pytest.param([("D", "甲。"), ("D", "乙。")], "乙。", id="23"),
        pytest.param([("D", "甲。"), ("I", "乙")], "甲。", id="24"),
    ],
)
def test_best(operations: list[tuple[str, str]], best: str) -> None:
    assert transcript_of(operations).best == best


@pytest.mark.parametrize(
    ("operations", "preview"),
    [
        pytest.param([("F", "第一句话"), ("I", "第二")], "第一句话第二", id="5a"),
        pytest.param(
            [("F", "第一句话"), ("I", "第二"), ("I", "第二句话")], "第一句话第二句话", id="5b"
        ),
        pytest.param(
            [("F", "第一句话"), ("I", "第二"), ("I", "第二句话"), ("F", "第二句话")],
            "第一句话第二句话",
            id="5c",
        ),
        pytest.param(
            [("F", "第一句话。"), ("D", "第一句话。第二句话。")], "第一句话。第二句话。", id="6"
        ),
        pytest.param([("I", "临时识别"), ("D", "确认识别")], "确认识别", id="7"),
        pytest.param(
            [("F", "今天天气不错。"), ("D", "今天天气不错。我们去公园八")],
            "今天天气不错。我们去公园八",
            id="8",
        ),
        pytest.param(
            [
                ("F", "今天天气不错。"),
                ("D", "今天天气不错。我们去公园八"),
                ("F", "今天天气不错。我们去公园吧。"),
            ],
            "今天天气不错。我们去公园吧。",
            id="8b",
        ),
        pytest.param(
            [
                ("F", "今天天气不错"),
                ("F", "今天天气不错我们去公园"),
                ("I", "今天天气不错我们去公园我"),
            ],
            "今天天气不错我们去公园我",
            id="9",
        ),
        pytest.param(
            [
                ("F", "今天天气不错"),
                ("F", "今天天气不错我们去公园"),
                ("I", "今天天气不错我们去公园我"),
                ("I", "今天天气不错我们去公园我喜欢"),
            ],
            "今天天气不错我们去公园我喜欢",
            id="9b",
        ),
        pytest.param([("I", "hello"), ("I", "hello world")], "hello world", id="10"),
        pytest.param([("F", ""), ("I", "abc")], "abc", id="20"),
        pytest.param([("F", "甲。"), ("I", "乙")], "甲。乙", id="21"),
        pytest.param([("F", "甲。"), ("I", "乙"), ("D", "乙。")], "甲。乙。", id="22"),
        pytest.param([("D", "甲。"), ("I", "乙")], "甲。乙", id="24"),
        pytest.param([("F", "今天天气不错，"), ("I", "今天去")], "今天天气不错，今天去", id="27"),
        pytest.param([("F", "one"), ("I", "tw")], "one tw", id="abi-9.4"),
    ],
)
def test_preview(operations: list[tuple[str, str]], preview: str) -> None:
    assert transcript_of(operations).preview == preview


@pytest.mark.parametrize(
    ("operations", "limit", "history"),
    [
        pytest.param([("I", "hello"), ("I", "hello world")], 10, ["hello", "hello world"], id="10"),
        pytest.param(
            [("I", f"revision {n}") for n in range(20)],
            5,
            [f"revision {n}" for n in range(15, 20)],
            id="14",
        ),
        pytest.param([("I", "same text")] * 3, 10, ["same text"], id="15"),
        pytest.param([("I", "甲"), ("I", "乙"), ("I", "甲")], 10, ["甲", "乙", "甲"], id="25"),
        pytest.param(
            [("I", f"r{n}") for n in range(70)], 100, [f"r{n}" for n in range(6, 70)], id="26"
        ),
        pytest.param([("I", "one")], 0, [], id="none-asked"),
    ],
)
def test_history(operations: list[tuple[str, str]], limit: int, history: list[str]) -> None:
    assert transcript_of(operations).history(limit) == history


def test_fresh() -> None:
    """Nothing was heard yet."""
    transcript = Transcript()
    assert not transcript
    assert transcript.best == transcript.preview == ""


def test_an_empty_final_counts_as_final() -> None:
    """From then on a hypothesis is kept beside a definite text (spec asr §5.2)."""
    results = [("I", "interim"), ("D", "a definite one")]
    assert transcript_of(results).preview == "a definite one"
    assert transcript_of([("F", ""), *results]).preview == "a definite one interim"


def test_the_definite_is_never_baked_in() -> None:
    """Spec asr §5.2: the final that revises a definite replaces it."""
    assert transcript_of([("F", "A."), ("D", "A. Bq"), ("F", "A. Bz.")]).best == "A. Bz."


def test_empty_results_change_nothing() -> None:
    transcript = transcript_of([("I", "a"), ("D", "b"), ("I", ""), ("D", "")])
    assert transcript.best == "b"
    assert transcript.history(KEPT_REVISIONS) == ["a"]


@pytest.mark.parametrize(
    ("known", "addition", "merged"),
    [
        ("", "x", "x"),
        ("x", "", "x"),
        ("ab cd", "cd ef", "ab cd cd ef"),
        ("ab cd ef", "cd ef gh", "ab cd ef gh"),
        ("He said ab cd.", "Ab cd, ef.", "He said ab cd, ef."),
        ("Hello there", "hello, there. You", "hello, there. You"),
        ("Hello, there.", "hello", "Hello, there."),
        ("我想去", "我想去公园", "我想去公园"),
        ("Hey", ".", "Hey."),
        ("👍", "yes", "👍 yes"),
        ("it was on", "one of them", "it was on one of them"),
        ("I think so.", "I think we should go.", "I think so. I think we should go."),
    ],
)
def test_merge(known: str, addition: str, merged: str) -> None:
    assert merge(known, addition) == merged


@pytest.mark.parametrize(
    ("known", "text"),
    [
        ("I like tea", "I like tea a lot"),
        ("I like tee", "I like tea a lot"),
        ("I like tea.", "i like tea, a lot"),
        ("我想去北京", "我想去背景看看"),
        ("我想去北京看看", "我想去背景"),
        ("There house is very big", "Their house is very big and old"),
        ("Yes the house is big", "The house is big and old"),
        ("It costs twenty five dollars", "It costs $25."),
    ],
)
def test_a_revision(known: str, text: str) -> None:
    assert revises(text, known)
    assert transcript_of([("D", known), ("I", text)]).preview == text


@pytest.mark.parametrize(
    ("known", "text", "preview"),
    [
        ("I like tea", "a lot of it", "I like tea a lot of it"),
        ("今天天气不错，", "今天去", "今天天气不错，今天去"),
        ("Hello there.", "How are you?", "Hello there. How are you?"),
        ("No.", "Never.", "No. Never."),
        ("I like tea a lot.", "i like", "I like tea a lot."),
        ("I like green tea, yes.", "I like green tea", "I like green tea, yes."),
    ],
)
def test_no_revision(known: str, text: str, preview: str) -> None:
    assert not revises(text, known)
    assert transcript_of([("D", known), ("I", text)]).preview == preview


def test_a_final_is_not_revised_but_by_finals_that_go_on() -> None:
    assert transcript_of([("F", "I like tea"), ("I", "I like coffee")]).preview == (
        "I like tea I like coffee"
    )


def test_a_hypothesis_outlives_a_definite_result_that_says_less() -> None:
    """Two sentences are open, and the first one is complete."""
    transcript = transcript_of([("I", "Hello there how are"), ("D", "Hello there.")])
    assert transcript.preview == "Hello there how are"
    transcript.add_definite("Hello there. How are you?")
    assert transcript.preview == "Hello there. How are you?"


def test_long_texts() -> None:
    """The beginnings are compared, wherever the punctuation changes."""
    words = " ".join(f"word{number}" for number in range(2000))
    revised = words.replace("word5 ", "word5, ").replace("word1990", "word") + " more"
    assert transcript_of([("D", words), ("I", revised)]).preview == revised
    assert transcript_of([("F", words), ("F", revised)]).best == revised


@dataclass(frozen=True)
class Result:
    """What a cumulative engine says: the first words, the last of them perhaps misheard."""

    kind: str
    text: str


@st.composite
def cumulative(draw: st.DrawFn) -> list[Result]:
    words = draw(st.lists(st.sampled_from(("no", "Yes", "tea", "a", "lot", "我", "想", "去", "3"))))
    count, results = 0, []
    for _ in range(draw(st.integers(1, 12))):
        count = draw(st.integers(count, len(words)))
        misheard = draw(st.integers(0, count // 4))
        said = words[: count - misheard] + ["oh"] * misheard
        text = draw(st.sampled_from((" ", ", "))).join(said)
        results.append(
            Result(draw(st.sampled_from("IID")), text + draw(st.sampled_from(("", "."))))
        )
    results.append(Result("F", " ".join(words) + "."))
    return results


@given(cumulative())
def test_a_cumulative_engine_never_doubles_a_word(results: list[Result]) -> None:
    for number in range(1, len(results) + 1):
        transcript = transcript_of([(it.kind, it.text) for it in results[:number]])
        said = [[token.key for token in tokens(it.text)] for it in results[:number]]
        shown = [token.key for token in tokens(transcript.preview)]
        assert shown in said
        assert len(shown) >= len(said[-1])
    assert transcript.best == results[-1].text


@given(st.lists(st.tuples(st.sampled_from("IDF"), st.text())))
def test_any_results(operations: list[tuple[str, str]]) -> None:
    transcript = transcript_of(operations)
    assert bool(transcript) == any(text for _, text in operations)
    assert not transcript.committed or transcript.best == transcript.committed
