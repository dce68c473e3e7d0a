"""Vectors of spec asr §5.5, by their numbers there."""

import pytest

from koe.transcript import HISTORY_LIMIT, Transcript, merge, overlap


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
            [("F", "Hello there."), ("F", "How are you?")], "Hello there.How are you?", id="16"
        ),
        pytest.param([("F", "好的，我们开始。"), ("F", "好")], "好的，我们开始。", id="17"),
        pytest.param([("F", "我爱你"), ("F", "你好")], "我爱你好", id="18"),
        pytest.param([("F", "open the"), ("F", "then close it")], "open then close it", id="19"),
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
        pytest.param([("F", "甲。"), ("I", "乙"), ("D", "乙。")], "甲。乙。乙", id="22"),
        pytest.param([("D", "甲。"), ("I", "乙")], "甲。乙", id="24"),
        pytest.param([("F", "今天天气不错，"), ("I", "今天去")], "今天天气不错，今天去", id="27"),
        pytest.param([("F", "one"), ("I", "tw")], "onetw", id="abi-9.4"),
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
    """Vector 11."""
    transcript = Transcript()
    assert not transcript
    assert not transcript.has_final
    assert transcript.best == transcript.preview == ""


def test_an_empty_final_counts_as_final() -> None:
    """Vectors 13 and 20."""
    assert transcript_of([("F", "")]).has_final
    assert transcript_of([("I", "interim"), ("D", "definite"), ("F", "final result")]).has_final


def test_the_definite_is_never_baked_in() -> None:
    """Spec abi §9.4: the final that revises a definite replaces it."""
    assert transcript_of([("F", "A."), ("D", "A. Bq"), ("F", "A. Bz.")]).best == "A. Bz."


def test_empty_results_change_nothing() -> None:
    transcript = transcript_of([("I", "a"), ("D", "b"), ("I", ""), ("D", "")])
    assert transcript.best == "b"
    assert transcript.history(HISTORY_LIMIT) == ["a"]


def test_merge_and_overlap() -> None:
    assert overlap("ab cd", "cd ef") == 2
    assert overlap("", "x") == overlap("x", "") == 0
    assert merge("", "x") == "x"
    assert merge("x", "") == "x"
    assert merge("ab cd", "cd ef") == "ab cd ef"
