"""Reading values from stdin; test_config.py tests the rest of the module with the command."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest

import koe.cli.setting
from koe.cli.setting import SettingChange, read_value
from koe.errors import ConfigError
from koe.yamltext.document import Document

FILE = Path("config.yaml")


def read(monkeypatch: pytest.MonkeyPatch, content: bytes) -> str:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    return read_value(FILE, "asr.qwen.api_key")


def test_only_the_last_line_end_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(monkeypatch, b"a\n\n") == "a\n"
    assert read(monkeypatch, b"a\r\nb\r\n") == "a\r\nb"


def test_nothing_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="api_key: no value came on stdin; nothing was changed"):
        read(monkeypatch, b"")
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(ConfigError, match="no value came on stdin"):
        read_value(FILE, "asr.qwen.api_key")


def test_what_is_not_utf_8(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="not UTF-8 text; nothing was changed") as raised:
        read(monkeypatch, b"sk-secret\xff")
    assert "secret" not in str(raised.value)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_person_types_unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    prompts: list[str] = []

    def type_it(prompt: str) -> str:
        prompts.append(prompt)
        return "sk-1"

    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(koe.cli.setting, "getpass", type_it)
    assert read_value(FILE, "asr.qwen.api_key") == "sk-1"
    assert prompts == ["asr.qwen.api_key (what you type is not shown): "]


def test_a_person_types_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def end(prompt: str) -> str:
        raise EOFError

    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(koe.cli.setting, "getpass", end)
    with pytest.raises(ConfigError, match="no value came on stdin"):
        read_value(FILE, "asr.qwen.api_key")


def test_many_other_settings_are_counted() -> None:
    text = "llm: {enabled: true, profiles: {a: {base_url: u, model: m}}, active_profile: a}\n"
    change = SettingChange("llm.profiles.b.model", "x", os.environ)
    change(Document.parse(text, "c"))
    (note,) = change.notes(Path())
    assert note.startswith("this also changes other settings: llm.profiles.b.name, ")
    assert note.endswith(" more")
