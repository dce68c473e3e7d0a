"""Reasoning, however it is marked, and tokens of chat templates."""

from __future__ import annotations

import pytest

from koe.answers.heard import Heard
from koe.answers.reasoning import without_reasoning, without_tokens

HEARD = Heard("we leave at noon")
TEXT = "We leave at noon."


@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ("<think>", "</think>"),
        ("<THINKING>", "</THINKING>"),
        ("<thought>", "</thought>"),
        ("<reasoning>", "</reasoning>"),
        ("<reflection>", "</reflection>"),
        ("<scratchpad>", "</scratchpad>"),
        ("<think lang='en'>", "</think>"),
        ("<ant:thinking>", "</ant:thinking>"),
        ("<seed:think>", "</seed:think>"),
        ("[THINK]", "[/THINK]"),
        ("◁think▷", "◁/think▷"),
        ("<|begin_of_thought|>", "<|end_of_thought|>"),
        ("<|START_THINKING|>", "<|END_THINKING|>"),
        ("<思考>", "</思考>"),
    ],
)
def test_marks(opening: str, closing: str) -> None:
    for answer in (
        f"{opening}We leave?{closing}{TEXT}",
        f"{opening}a{closing}{opening}b{closing}{TEXT}",
        f"{opening}a{opening}b{closing}c{closing}{TEXT}",
        f"{opening}a{opening}b{closing}{TEXT}",
        f"Let me see.{closing}{TEXT}",
        f"{TEXT}{opening}done{closing}",
        f"{TEXT}{opening}done",
    ):
        assert without_reasoning(answer, HEARD) == TEXT, answer
    assert without_reasoning(f"{opening}never closed", HEARD) == ""


@pytest.mark.parametrize(
    "answer",
    [
        f"<|channel|>analysis<|message|>x<|end|><|start|>assistant<|channel|>final<|message|>{TEXT}",
        f"<|channel|>commentary<|message|>x<|channel|>final <|message|>{TEXT}",
        f"analysisWe should edit.assistantfinal{TEXT}",
    ],
)
def test_channels(answer: str) -> None:
    assert without_reasoning(answer, HEARD) == TEXT


@pytest.mark.parametrize(
    ("heard", "answer"),
    [
        ("what does </think> mean", "What does </think> mean?"),
        ("what does the tag think mean in html", "What does the tag </think> mean in HTML?"),
        ("we think so", "We think so."),
        ("the analysis is final", "The analysis is final."),
    ],
)
def test_marks_that_were_spoken_of(heard: str, answer: str) -> None:
    assert without_reasoning(answer, Heard(heard)) == answer


@pytest.mark.parametrize(
    "answer",
    [
        f"{TEXT}<|im_end|>", f"{TEXT}</s>", f"<s>{TEXT}</s>", f"{TEXT}<end_of_turn>",
        f"{TEXT}<|eot_id|>", f"{TEXT}<｜end▁of▁sentence｜>", f"{TEXT}<eos><eos>",
        f"<|im_start|>assistant\n{TEXT}<|im_end|>\n<|im_start|>user\nMore?",
        f"{TEXT}<|endoftext|>Human: and now?", f"[INST]{TEXT}[/INST]", f"{TEXT}<turn|>",
    ],
)  # fmt: skip
def test_tokens(answer: str) -> None:
    assert without_tokens(answer, HEARD).strip() == TEXT


@pytest.mark.parametrize(
    ("heard", "answer"),
    [("type </s> here", "Type </s> here."), ("a is less than b", "a < b"), ("a", "a [b]")],
)
def test_no_tokens(heard: str, answer: str) -> None:
    assert without_tokens(answer, Heard(heard)) == answer


def test_nothing_but_tokens() -> None:
    assert without_tokens("<|im_start|>assistant\n<|im_end|>", HEARD) == ""
