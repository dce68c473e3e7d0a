from __future__ import annotations

import pytest

from koe.cli.new_settings import settings_to_change, wanted_settings, with_settings
from koe.cli.proposals import Proposal
from koe.config.people.listing import list_settings
from koe.errors import ConfigError
from koe.yamltext.document import Document

SHERPA = Proposal("sherpa-onnx", "sherpa-onnx/zh-xlarge")
MOONSHINE = Proposal("moonshine", languages="en")


def changed(text: str, proposal: Proposal, *languages: str, may_leave: bool = False) -> str:
    """The text of the file after the change."""
    document = Document.parse(text, "config.yaml")
    config = list_settings(document, {}).config
    wanted = wanted_settings(config, proposal, languages or ("zh",), may_leave=may_leave)
    return with_settings(document, wanted, {}).text


def test_an_engine_with_a_model() -> None:
    text = "# mine\nasr:\n  provider: moonshine # for now\n\nllm:\n  enabled: false\n"
    assert changed(text, SHERPA) == (
        "# mine\nasr:\n  provider: sherpa-onnx # for now\n  sherpa-onnx:\n"
        "    model: sherpa-onnx/zh-xlarge\n\nllm:\n  enabled: false\n"
    )


def test_what_is_so_already_is_not_touched() -> None:
    text = "asr: {fallback: [ moonshine ]}\nllm: {enabled: no}\n"
    assert changed(text, MOONSHINE, "en") == text


@pytest.mark.parametrize(
    ("engine", "languages", "said"),
    [
        ("qwen", ("zh",), "language: zh"),
        ("qwen", ("zh", "en"), "language: ''"),
        ("mimo", ("zh", "en"), "language: auto"),
    ],
)
def test_the_language(engine: str, languages: tuple[str, ...], said: str) -> None:
    """With several languages, the engine detects the language."""
    proposal = Proposal(engine, languages="zh en", takes_language=True)
    before = f"asr: {{{engine}: {{language: fr}}}}\n"
    text = changed(before, proposal, *languages, may_leave=True)
    assert said in text.replace('"', "'")


@pytest.mark.parametrize(
    ("present", "afterwards"), [("auto", "auto"), ("zh", "zh"), ("zh-CN", "zh-CN"), ("de", "auto")]
)
def test_a_language_of_another_model(present: str, afterwards: str) -> None:
    """The language of the settings is reset, because the user does not speak it."""
    text = changed(f"asr: {{sherpa-onnx: {{language: {present}}}}}\n", SHERPA, "zh", "en")
    assert f"language: {afterwards}" in text


def test_words_that_may_not_leave() -> None:
    """The answer replaces the setting."""
    text = "asr: {fallback: [qwen, moonshine, glm]}\nllm: {enabled: true, api_key: k}\n"
    assert changed(text, MOONSHINE) == (
        "asr: {fallback: [moonshine]}\nllm: {enabled: false, api_key: k}\n"
    )
    assert changed(text, MOONSHINE, may_leave=True) == text
    without_key = "llm: {enabled: true}\n"
    assert changed(without_key, MOONSHINE) == without_key  # nothing is sent


@pytest.mark.parametrize(
    "profile",
    [
        "{base_url: 'http://127.0.0.1:11434/v1', model: m}",
        "{provider: mlx, mlx: {model: m}}",
        "{base_url: 'http://example.org/v1', model: m}",  # nothing is sent there
    ],
)
def test_correction_on_this_computer(profile: str) -> None:
    text = f"llm: {{enabled: true, active_profile: x, profiles: {{x: {profile}}}}}\n"
    assert changed(text, MOONSHINE) == text


def test_what_cannot_be_set() -> None:
    with pytest.raises(ConfigError, match=r"config\.yaml"):
        changed("asr: soon\n", SHERPA)


def test_a_key_is_not_compared() -> None:
    document = Document.parse("asr: {qwen: {api_key: old}}\n", "config.yaml")
    wanted = {"asr.qwen.api_key": "new"}
    assert settings_to_change(wanted, list_settings(document, {})).keys() == wanted.keys()
    after = with_settings(document, wanted, {})
    assert after.text == "asr: {qwen: {api_key: new}}\n"
