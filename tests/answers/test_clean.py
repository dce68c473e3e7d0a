"""Taking off what models put around a text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.guard.corpus import HALVES, Pair, read
from koe.answers.clean import clean
from koe.errors import LlmReplyError


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("hello world", "hello world"),
        (" corrected ", "corrected"),
        ("<think>some reasoning here</think>final answer", "final answer"),
        ("<THINK>reasoning</THINK>answer", "answer"),
        ("  \n<think>a</think>answer", "answer"),
        ("<think>先想一想。</think>今天开会。", "今天开会。"),
        ('"hello"', "hello"),
        ('"', '"'),
        (" “你好” ", "你好"),
        ('"“x”"', "x"),
        ('"A" and "B"', '"A" and "B"'),
        ("“甲”和“乙”", "“甲”和“乙”"),
        ("“x", "“x"),
        ('<think>a</think> "b"', "b"),
        ("a\0b", "ab"),
        ("\ufeffa", "a"),
    ],
)
def test_cleaning_without_anything_heard(answer: str, text: str) -> None:
    assert clean(answer) == text


@pytest.mark.parametrize(
    "answer",
    ["", "   ", "\0", '""', "“”", '" "', "<think>", "<think>never closed", "<think>a</think>\n"],
)
def test_an_answer_without_text(answer: str) -> None:
    with pytest.raises(LlmReplyError) as caught:
        clean(answer)
    assert str(caught.value) == "LLM correction failed: empty content in response"


PAIRS = [pair for half in HALVES for name in ("good", "bad") for pair in read(half, name)]


def test_what_was_heard_stays_as_it_is() -> None:
    """Whatever was dictated: a text that was heard like that is not touched."""
    for pair in PAIRS:
        assert clean(pair.heard, pair.heard) == pair.heard.strip()


@pytest.mark.parametrize("pair", [pair for pair in PAIRS if pair.kind == "long"], ids=str)
def test_wrappings_inside_of_each_other(pair: Pair) -> None:
    wrapped = f"<think>x</think>Here is the corrected text:\n\n```\n“**{pair.text}**”\n```</s>"
    assert clean(wrapped, pair.heard) == pair.text


@given(st.text(alphabet='<think>/TH \n"“”a词[]{}:`*#', max_size=60))
def test_any_answer_is_cleaned_once(answer: str) -> None:
    try:
        text = clean(answer, "a")
    except LlmReplyError:
        return
    assert text == text.strip() != ""
    assert clean(text, "a") == text


def test_what_was_rewritten_keeps_its_form() -> None:
    """A template may ask for a list, for JSON, or for a letter with a label."""
    for text in ('{"text": "a"}', "```\na\n```", "- a\n- b", "Corrected text: a", "<p>a</p>"):
        assert clean(text, "a", is_edit=False) == text
    assert clean('<think>x</think>"a"<|im_end|>', "a", is_edit=False) == "a"
