from __future__ import annotations

import re
from pathlib import Path

import pytest

from koe.config.people.listing import list_settings
from koe.config.schema import Config, LlmConfig
from koe.config.store import DEFAULTS, Store
from koe.errors import ConfigError
from koe.yamltext.document import Document
from koe.yamltext.slips import find_slip

# Each with the line of the mistake and words of the message.
BROKEN = [
    ("asr：\n  provider：qwen\nllm:\n  timeout_ms: 9\n", 1, "a full-width colon ： stands where :"),
    ("llm:\n\tenabled: false\n", 2, "a tab stands at the start of the line; use spaces"),
    ("llm:\n  enabled: false\n \tmodel: x\n", 3, "a tab stands at the start of the line"),
    ("asr:\n  qwen:\n    api_key:sk-1\n    model: x\n", 3, "a space is missing after `api_key:`"),
    ("asr:\n  provider = qwen\n  stall_ms: 900\n", 2, "= stands where : and a space belong"),
    ("hotkey:\n  trigger_key fn\n  cancel_key: x\n", 2, "a colon is missing in this line"),
    ("// mine\nasr:\n  provider: qwen\n", 1, "a comment begins with #"),
    ("asr:\n\u00a0 provider: qwen\n  stall_ms: 9\n", 2, "only looks like a space (U+00A0)"),
    ('llm:\n  active_profile: "x\n  enabled: false\n', 2, 'the quote " that opens here is not'),
    (
        "llm:\n  active_profile: 'x\nasr:\n  provider: 'y'\n",
        2,
        "the quote ' that opens here is not",
    ),
    ("asr:\n  glm:\n    prompt: 'it's'\n", 3, "text follows the closing quote '"),
    ("llm:\n  enabled: true\n    timeout_ms: 9\n", 3, "indented too far: line 2 has a value"),
    ("llm:\n    enabled: true\n  timeout_ms: 9\n", 3, "indentation matches no line above"),
    (" asr:\n   provider: qwen\nllm:\n  enabled: no\n", 3, "indentation matches no line above"),
    ("asr:\n  qwen:\n    api_key: %x\n", 3, "a text that begins with % needs quotes"),
    ("asr:\n  qwen:\n    api_key: @x\n", 3, "a text that begins with @ needs quotes"),
    ("asr:\n  qwen:\n    api_key: `x`\n", 3, "a text that begins with ` needs quotes"),
    ("asr:\n  qwen:\n    api_key: {x\n    model: y\n", 3, "the { here is not closed"),
    ("asr:\n  qwen:\n    api_key: [x\n", 3, "the [ here is not closed"),
    ("asr:\n  qwen:\n    api_key: *x\n", 3, "put quotes around a text that begins with *"),
    ("asr:\n  qwen:\n    api_key: x: y\n", 3, "a second colon stands in this line"),
    ('dictionary:\n  path: "C:\\Users\\me.txt"\n', 2, "a backslash in double quotes"),
    ('dictionary:\n  path: "D:\\words.txt"\nasr: {}\n', 2, "put the text in single quotes"),
    ("asr\n  provider: qwen\n", 1, "a colon is missing in this line"),
    ("asr;\n  provider: qwen\n", 1, "a colon is missing in this line"),
    ("prompt_templates:\n  -name: a\n   shortcut: 1\n", 2, "a space is missing after -"),
    ("asr: provider: qwen\n", 1, "a second colon stands in this line"),
    ("<<<<<<< HEAD\nasr: {}\n=======\n", 1, "the mark of a merge conflict"),
    (
        "＃ mine\nasr:\n  provider: qwen\n",
        1,
        "a comment begins with #, not with ＃; correct",
    ),
    ("; mine\nasr:\n  provider: qwen\n", 1, "a comment begins with #, not with ;"),
    ("/* mine */\nasr:\n  provider: qwen\n", 1, "a comment begins with #, not with /*"),
    ("-- mine\nasr:\n  provider: qwen\n", 1, "a comment begins with #, not with --"),
    ("asr:\n  provider: qwen\n...\nllm:\n  enabled: no\n", 3, "this line ends the settings"),
    ("prompt_templates:\n  － name: a\n    shortcut: 1\n", 2, "－ stands where - belongs"),
    ("asr:\n  glm:\n    prompt: |\n    hello\n", 4, "the text of line 3 begins here; indent it"),
    ("asr: {}\n\ufeffllm:\n  enabled: no\n", 2, "an invisible character (U+FEFF) stands here"),
    ("llm:\n  timeout_ms: 9\n  enabled:no\n  top_p: 1\n", 3, "a space is missing after `enabled:`"),
    ("llm:\n  timeout_ms: 9\n  enabled：no\n", 3, "a full-width colon ： stands where : and"),
    ("llm:\n  enabled: no\nasr\n  provider: qwen\n", 3, "a colon is missing in this line"),
    ("asr:\n  fallback: [qwen, glm\nllm:\n  enabled: no\n", 2, "the [ here is not closed"),
    ("prompt_templates:\n- name: x\n shortcut: 1\n", 3, "indentation matches no line above"),
    ("llm:\n  enabled: no\n asr:\n  provider: qwen\n", 3, "indentation matches no line above"),
    # What is odd and right before the mistake is not named.
    ("a: |\n  x：y\n  'z\nllm:\n\tenabled: no\n", 5, "a tab stands"),
    ("# don't：\nllm:\n\tenabled: no\n", 3, "a tab stands"),
    ("llm:\r\n\tenabled: no\r\n", 2, "a tab stands"),
    ("\nllm:\r\tenabled: no\r", 3, "a tab stands"),
]


@pytest.mark.parametrize(("text", "line", "message"), BROKEN)
def test_what_breaks_a_file(text: str, line: int, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        Document.parse(text, "p")
    assert raised.value.reason.startswith((f"line {line}: ", f"line {line}, column "))
    assert message in raised.value.reason


@pytest.mark.parametrize("text", ["a: 1\n", "- x\n- y: 1\n  z: 2\n", "a:\n- b: 1\n- c\nd: 2\n"])
def test_nothing_is_found_in_what_is_right(text: str) -> None:
    assert find_slip(text, 99) is None


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("asr:\n  qwen:\n    api_key:sk-1\n", 3, "asr.qwen: a space is missing after `api_key:`"),
        (
            "llm:\n  enabled:false\n",
            2,
            "llm: a space is missing after `enabled:`; add it; it is off",
        ),
        ("asr:\n  provider：qwen\n", 2, "asr: a full-width colon ： stands where :"),
        (
            "asr:\n  - provider: qwen\n",
            2,
            "asr: expected a group of indented settings, not a list",
        ),
        ("asr:\n  provider qwen\n", 2, "asr: a colon is missing in this line"),
        ("asr:\n  provider; qwen\n", 2, "asr: a colon is missing in this line"),
        ("asr:\n  provider:\u00a0qwen\n", 2, "asr: a character that only looks like a space"),
        ("lmm:\n  enabled: true\n", 1, "did you mean llm?"),
        ("llm:\n  enabled = no\n", 2, "llm: = stands where : and a space belong, after enabled"),
        ("llm:\n  off\n", 1, "llm: expected a group of indented settings; it is off"),
        ("asr:\n  provider: [qwen]\n", 2, "asr.provider: expected text, not a list"),
        ("asr:\n  provider: “qwen”\n", 2, "asr.provider: curly quotes are part of the text"),
        ("“asr”:\n  provider: qwen\n", 1, "curly quotes are part of the key"),
        ("asr:\n\u3000provider: qwen\n", 2, "only looks like a space (U+3000)"),
        (
            'dictionary:\n  path: "C:\\new.txt"\n',
            2,
            "dictionary.path: a backslash in double quotes",
        ),
        ("asr:\n  apple_speech: {}\n", 2, "did you mean apple-speech?"),
        ("asr:\n  provider: “qwen\n", 2, "asr.provider: curly quotes are part of the text"),
        ("llm: {timeout_ms:9}\n", 1, "a space is missing after `timeout_ms:`"),
        ("ars:\n  provider: qwen\n", 1, "did you mean asr?"),
        ("ASR:\n  provider: qwen\n", 1, "did you mean asr?"),
        ("llm.timeout_ms: 9\n", 1, "write timeout_ms: indented in a line below llm:"),
        ("overlay:\nfont_size: 9\n", 2, "it belongs to overlay: indent it below overlay:"),
        (
            "asr:\n  provider: qwen\nasr:\n  stall_ms: 900\n",
            3,
            "this key is repeated, see line 1; using",
        ),
    ],
)
def test_what_means_something_else(text: str, line: int, message: str) -> None:
    problems = list_settings(Document.parse(text, "p"), {}).problems
    assert [line] == [problem.line for problem in problems if message in str(problem)]


def test_a_key_that_is_there_many_times_is_one_problem() -> None:
    text = "asr:\n" * 20_000 + "asr:\n  provider: glm\n"
    listing = list_settings(Document.parse(text, "p"), {})
    assert listing.config.asr.provider == "glm"
    [problem] = listing.problems
    assert problem.line == 20_001
    assert "see lines 1, 2, 3 and 19997 more; using the last one: delete the others" in str(problem)


def test_no_value_is_repeated() -> None:
    secret = "sk-hunter2"
    for line in (f"api_key:{secret}", f"api_key: %{secret}", f'api_key: "{secret}', f"{secret}:x"):
        text = f"asr:\n  qwen:\n    {line}\n    model: x\n"
        with pytest.raises(ConfigError) as raised:
            Document.parse(text, "p")
        assert secret not in raised.value.reason


def test_the_default_file_has_none() -> None:
    text = (DEFAULTS / "config.yaml").read_text("utf-8")
    assert find_slip(text, 10_000) is None


@pytest.mark.parametrize("text", [text for text, _, _ in BROKEN])
def test_each_message_ends_with_what_to_do(text: str) -> None:
    with pytest.raises(ConfigError) as raised:
        Document.parse(text, "p")
    remedy = raised.value.reason.rpartition("; ")[2].rpartition(": ")[2]
    assert remedy.endswith("and save the file")
    verb = r"(add|close|correct|delete|indent|keep|put|take|use|write)"
    assert re.match(verb, remedy), remedy


@pytest.mark.parametrize("mark", ["\ufeff", "\ufeff\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_marks_and_line_ends_of_other_systems_are_no_mistake(
    tmp_path: Path, mark: str, end: str
) -> None:
    (tmp_path / "config.yaml").write_text(
        f"{mark}llm:{end}  enabled: false{end}", "utf-8", newline=""
    )
    loaded = Store(tmp_path, {}).load()
    assert loaded.config == Config(llm=LlmConfig(enabled=False))
    assert not loaded.problems
