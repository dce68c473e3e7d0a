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
        ("<think:opensource>", "</think:opensource>"),
        ("<reasoning_content>", "</reasoning_content>"),
        ("<longcat_think>", "</longcat_think>"),
        ("<|think_start|>", "<|think_end|>"),
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
        f"<|channel|>final <|constrain|>text<|message|>{TEXT}",
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


@pytest.mark.parametrize(
    "answer",
    [
        f"<|inner_prefix|>We leave? At noon.<|inner_suffix|>{TEXT}",
        f"<unused94>thought\nWe leave at noon, they say.<unused95>{TEXT}",
        f"<|channel>thought\nDraft: {TEXT} Good.<channel|>{TEXT}",
        f"<|channel>thought\n<channel|>{TEXT}",
        f"<|think|>plan<|end|><|begin|>assistant<|content|>{TEXT}<|end|>",
        f"{TEXT} /no_think", f"{TEXT}<0x0A>",
    ],
)  # fmt: skip
def test_reasoning_between_tokens(answer: str) -> None:
    plain = without_tokens(without_reasoning(answer, HEARD), HEARD)
    assert plain.strip() == TEXT


def test_a_closing_mark_at_the_end() -> None:
    assert without_reasoning(f"{TEXT}\n</think>\n", HEARD).strip() == TEXT


def test_brackets_of_headings() -> None:
    answer = f"【思考】\nplan\n【结果】\n{TEXT}"
    assert without_reasoning(answer, HEARD) == answer


def test_nothing_but_tokens() -> None:
    assert without_tokens("<|im_start|>assistant\n<|im_end|>", HEARD) == ""
