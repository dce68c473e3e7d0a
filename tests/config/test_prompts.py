"""Prompt files: the rules of spec llm §5.1, and what the default texts are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from koe.config.llm import LlmConfig
from koe.config.prompts import built_in_prompts, load_prompts, prompt_of
from koe.config.reader import Problem
from koe.config.schema import PromptTemplate
from koe.config.store import Store
from koe.prompts import DICTIONARY, HEARD, HISTORY, Prompts, render

BUILT_IN = built_in_prompts()


def write(directory: Path, system: str | bytes, user: str | bytes) -> None:
    for name, text in (("system", system), ("user", user)):
        content = text.encode() if isinstance(text, str) else text
        (directory / f"{name}_prompt.txt").write_bytes(content)


def load(directory: Path, settings: LlmConfig | None = None) -> tuple[Prompts, tuple[Problem, ...]]:
    return load_prompts(Store(directory, {}), settings or LlmConfig())


# --- the files ---------------------------------------------------------------------------


def test_a_new_user_gets_what_is_built_in(tmp_path: Path) -> None:
    Store(tmp_path, {}).create_missing_files()
    assert load(tmp_path) == (BUILT_IN, ())


def test_files_are_read_and_trimmed(tmp_path: Path) -> None:
    write(tmp_path, "\ufeff\n 指令\n第二行 \u3000\n", "\t{{asr_text}}\n")
    prompts, problems = load(tmp_path)
    assert (prompts.system, prompts.user, problems) == ("指令\n第二行", "{{asr_text}}", ())


def test_files_may_be_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    write(tmp_path / "sub", "system", "{{asr_text}} user")
    settings = LlmConfig(
        system_prompt_path="sub/system_prompt.txt",
        user_prompt_path=str(tmp_path / "sub" / "user_prompt.txt"),
    )
    prompts, problems = load(tmp_path, settings)
    assert (prompts.system, prompts.user, problems) == ("system", "{{asr_text}} user", ())


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "the file does not exist"),
        (b"", "the file is empty"),
        (b" \n\t\xe3\x80\x80\xef\xbb\xbf"[:-3], "the file is empty"),
        (b"\xff", "line 1, byte 1: not UTF-8 text; save the file as UTF-8"),
        (b"x" * (1024 * 1024 + 1), "the file is larger than 1 MiB; make it smaller"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, content: bytes | None, reason: str) -> None:
    write(tmp_path, "mine", HEARD)
    path = tmp_path / "system_prompt.txt"
    path.unlink()
    if content is not None:
        path.write_bytes(content)

    prompts, problems = load(tmp_path)

    assert (prompts.system, prompts.user) == (BUILT_IN.system, HEARD)
    assert [str(problem) for problem in problems] == [
        f"{path}: llm.system_prompt_path: {reason}; using the built-in prompt"
    ]


@pytest.mark.parametrize("name", ["", ".", "a\0b", "user_prompt.txt/x"])
def test_a_path_where_no_file_is(tmp_path: Path, name: str) -> None:
    write(tmp_path, "mine", HEARD)
    prompts, problems = load(tmp_path, LlmConfig(user_prompt_path=name))
    assert (prompts.system, prompts.user) == ("mine", BUILT_IN.user)
    assert [problem.key for problem in problems] == ["llm.user_prompt_path"]


def test_a_prompt_without_what_was_said_is_used_and_reported(tmp_path: Path) -> None:
    write(tmp_path, "mine", "{{ asr_text }}")
    prompts, (problem,) = load(tmp_path)
    assert prompts.user == "{{ asr_text }}"
    assert "{{asr_text}} is missing" in problem.message


# --- the default texts -------------------------------------------------------------------


def test_the_user_prompt_has_three_labelled_blocks() -> None:
    """The dictionary first: it changes least, so servers can keep the most (spec llm §5.5)."""
    blocks = [block.split("\n") for block in BUILT_IN.user.split("\n\n")]
    assert [place for _, place in blocks] == [DICTIONARY, HISTORY, HEARD]
    for label, _ in blocks:
        assert re.fullmatch(r"\w+ [\w ]+:", label)
        # The instruction explains it by the same words.
        assert label.removesuffix(":") in BUILT_IN.system


def test_the_default_prompt_filled_in() -> None:
    text = render(BUILT_IN.user, "final ASR", ["StableTerm"], ["interim revision"]).text
    assert "\nStableTerm\n\n" in text
    assert "\n1. interim revision\n\n" in text
    assert text.endswith("\nfinal ASR")


def test_empty_blocks_say_so() -> None:
    assert "“（无）”" in BUILT_IN.system
    lines = render(BUILT_IN.user, "x").text.split("\n")
    assert [lines[index + 1] for index, line in enumerate(lines) if line.endswith(":")] == [
        "（无）",
        "（无）",
        "x",
    ]


def test_the_dictionary_is_the_stable_part() -> None:
    one = render(BUILT_IN.user, "said", ["first", "second"])
    other = render(BUILT_IN.user, "other", ["first", "second"], ["revision"])
    assert one.stable == other.stable
    assert "Dictionary:\nfirst\nsecond\n" in one.stable
    assert "said" not in one.stable
    assert "1. " not in other.stable


@pytest.mark.parametrize(
    ("begins", "ends"),
    [
        ("为什么", "？"),
        ("what", "?"),
        ("帮我", "原因"),
        ("翻译成", "明天不来"),
        ("ignore", "poem."),
        ("不要校对", "答案"),
    ],
)
def test_the_examples_keep_what_could_be_taken_for_a_request(begins: str, ends: str) -> None:
    """Questions, orders, and what is said against the instruction itself are only corrected."""
    lines = [line for line in BUILT_IN.system.split("\n") if line.startswith(begins)]
    ((heard, edited),) = (line.split(" → ") for line in lines)
    assert edited.endswith(ends)
    assert letters(edited) == letters(heard)


def letters(text: str) -> list[str]:
    return re.findall(r"\w", text.lower())


def test_the_instruction_uses_chinese_punctuation() -> None:
    """As it asks the model to, and models imitate."""
    assert not re.search("[\u4e00-\u9fff][,;:.?!]", BUILT_IN.system)


@pytest.mark.parametrize(
    ("template", "prompt"),
    [
        (PromptTemplate(system_prompt=" a\n"), "a"),
        (PromptTemplate(system_prompt="a", system_prompt_path="polite.txt"), "a"),
        (PromptTemplate(system_prompt=" ", system_prompt_path="polite.txt"), "Be polite."),
        (PromptTemplate(system_prompt_path="blank.txt"), None),
        (PromptTemplate(system_prompt_path="."), None),
        (PromptTemplate(system_prompt_path=""), None),
        (PromptTemplate(), None),
    ],
)
def test_the_prompt_of_a_template(
    tmp_path: Path, template: PromptTemplate, prompt: str | None
) -> None:
    (tmp_path / "polite.txt").write_text("  Be polite.\n")
    (tmp_path / "blank.txt").write_text(" \n")
    assert prompt_of(template, Store(tmp_path, {})) == prompt
