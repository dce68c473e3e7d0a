"""What is wrong with a configuration, also where a session would say nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from koe.config.people.check import about, find_obstacle, find_problems
from koe.config.people.listing import list_settings
from koe.config.reader import Problem
from koe.yamltext.document import Document

ENGINES = ("moonshine", "qwen")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "dictionary.txt").write_bytes(b"a\n")
    return tmp_path


def problems(folder: Path, text: str) -> list[str]:
    document = Document.parse(text, "c")
    listing = list_settings(document, {"NAME": "sk-1"})
    return [str(it) for it in find_problems(document, listing, folder, ENGINES)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "asr: {provider: qwen}",
        "asr: {url: 'wss://h/x'}",
        "llm: {enabled: true, model: m}",  # without a key it is off
        "llm: {enabled: false, active_profile: x}",
        "llm: {active_profile: a, profiles: {a: {base_url: 'http://127.0.0.1:1/v1', model: m}}}",
        "llm: {enabled: false, profiles: {openai: {base_url: 'http://10.0.0.1/v1', "
        "allow_plain_http: true}}}",
        "dictionary: {path: }",
        "overlay: {}",
        "asr: {doubaoime: {connect_timeout_ms: 1}}",
    ],
)
def test_nothing_is_wrong(folder: Path, text: str) -> None:
    assert problems(folder, text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("asr:\n  provider: qwenn", "c, line 2: asr.provider: 'qwenn' is not an engine of this "
            "version (did you mean qwen?); nothing is recognised"),
        ("asr:\n  provider: Qwen;", "c, line 2: asr.provider: 'Qwen;' is not an engine of this "
            "version (did you mean qwen?); nothing is recognised"),
        ("asr:\n  fallback:\n    -moonshine", "c, line 2: asr.fallback: '-moonshine' is not a "
            "known engine (did you mean moonshine?); skipping it"),
        ("llm: {active_profile: opneai}", "c, line 1: llm.active_profile: 'opneai' is not one of "
            "llm.profiles (did you mean openai?); nothing is corrected"),
        ("asr: {qwen: {url: 'http://h/x'}}", "c, line 1: asr.qwen.url: 'http://h/x' is not a safe "
            "address, which begins with https:// or wss://, or with http:// or ws:// on this "
            "computer; nothing is sent there"),
        ("llm: {enabled: false, profiles: {openai: {base_url: 'http://10.0.0.1/v1'}}}",
            "c, line 1: llm.profiles.openai.base_url: 'http://10.0.0.1/v1' is not a safe address, "
            "which begins with https:// or wss://, or with http:// or ws:// on this computer; in a "
            "private network, set allow_plain_http of the profile first; nothing is sent there"),
        ("asr: {provider: '${NAME}'}", "c, line 1: asr.provider: '${NAME}' is not an engine of "
            "this version (choose from: moonshine, qwen); nothing is recognised"),
        ("asr: {api_key: k}", "c: asr.provider: 'doubao' is not an engine of this version (choose "
            "from: moonshine, qwen); nothing is recognised"),
        ("llm:\n  active_profile: x", "c, line 2: llm.active_profile: 'x' is not one of "
            "llm.profiles (choose from: openai, openai-responses, anthropic, apfel, mlx); nothing "
            "is corrected"),
        ("llm: {profiles: {}}", "c: llm.active_profile: 'openai' is not one of llm.profiles (there "
            "are none); nothing is corrected"),
        ("llm: {active_profile: anthropic}", "c, line 1: llm.active_profile: 'anthropic' needs a "
            "base_url and a model in llm.profiles; nothing is corrected"),
        ("llm: {active_profile: a, profiles: {a: {provider: mlx, mlx: {model: ''}}}}",
            "c, line 1: llm.active_profile: 'a' needs mlx.model in llm.profiles; nothing is "
            "corrected"),
        ("llm:\n  profiles: {openai: {base_url: 'https://h', model: m}}\n  api_key: k",
            "c, line 3: llm.api_key: not used, because there is llm.profiles; use "
            "llm.profiles.openai.api_key"),
        ("asr:\n  provider: qwen\n  url: u", "c, line 3: asr.url: not used, because there is "
            "asr.provider; use asr.doubao.url"),
        ("dictionary: {path: words.txt}", "c, line 1: dictionary.path: 'words.txt' does not exist; "
            "there are no terms"),
        ("dictionary: {path: ''}", "c, line 1: dictionary.path: '' this is not a file; put a text "
            "file in its place; there are no terms"),
        ("dictionary: {path: bad.txt}", "c, line 1: dictionary.path: 'bad.txt' line 1, byte 1: not "
            "UTF-8 text; save the file as UTF-8; there are no terms"),
        ("hotkey: {trigger_mode: x}", "c, line 1: hotkey.trigger_mode: 'x' is not hold or toggle "
            "or double_tap; using 'hold'"),
    ],
)  # fmt: skip
def test_what_is_wrong(folder: Path, text: str, expected: str) -> None:
    (folder / "bad.txt").write_bytes(b"\xff")
    assert problems(folder, text) == [expected]


def test_the_default_dictionary_may_be_missing(tmp_path: Path) -> None:
    assert problems(tmp_path, "dictionary: {path: dictionary.txt}") == []


def test_all_in_file_order(folder: Path) -> None:
    text = "weather: 1\nllm:\n  active_profile: x\n  timeout_ms: soon\nasr: {provider: y}\n"
    assert [it.partition(": ")[0] for it in problems(folder, text)] == [
        "c, line 1", "c, line 3", "c, line 4", "c, line 5",
    ]  # fmt: skip


def test_those_about_a_setting() -> None:
    found = [Problem("c", 1, key, "m") for key in ("asr", "asr.qwen", "asr.qwen.url", "asr.q")]
    assert [it.key for it in about("asr.qwen", found)] == ["asr", "asr.qwen"]


@pytest.mark.parametrize(
    ("key", "text", "is_obstacle"),
    [
        ("asr.provider", "asr: {provider: parrot}", True),
        ("asr.provider", "asr: {provider: qwen}", False),
        ("asr.provider", "asr: {provider: '${NAME}'}", False),
        ("asr.fallback", "asr: {provider: parrot}", False),
        ("llm.active_profile", "llm: {enabled: false, active_profile: x}", True),
        ("llm.active_profile", "llm: {active_profile: anthropic}", False),
        ("asr.qwen.url", "asr: {qwen: {url: h}}", True),
        ("mine", "mine: 1", False),
    ],
)
def test_what_can_not_work(key: str, text: str, is_obstacle: bool) -> None:
    document = Document.parse(text, "c")
    listing = list_settings(document, {"NAME": "parrot"})
    assert (find_obstacle(key, document, listing, ENGINES) is not None) == is_obstacle


@pytest.mark.parametrize(("value", "mark"), [("!x", "!"), ("&x", "&"), ("#x", "#")])
def test_a_text_that_yaml_takes_for_something_else(folder: Path, value: str, mark: str) -> None:
    text = f"asr:\n  qwen:\n    api_key: {value}\n    model: y\n"
    assert problems(folder, text) == [
        f"c, line 3: asr.qwen.api_key: it has no value: put a text that begins with {mark} "
        "in quotes"
    ]


@pytest.mark.parametrize("value", ["", "# mine", "'#x'", '""', "!!str", "## mine", "~"])
def test_no_text(folder: Path, value: str) -> None:
    assert problems(folder, f"asr:\n  qwen:\n    api_key: {value}\n") == []
