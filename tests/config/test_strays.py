from __future__ import annotations

import pytest

from koe.config.schema import Config
from koe.config.strays import hint_at, owners


@pytest.mark.parametrize(
    ("key", "groups"),
    [("enabled", ["llm"]), ("Font-Size", ["overlay"]), ("provider", ["asr"]), ("colour", [])],
)
def test_owners(key: str, groups: list[str]) -> None:
    assert owners(key, Config()) == groups


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("ASR", "did you mean asr?"),
        ("llm.enabled", "write enabled: indented in a line below llm:"),
        ("font_size", "it belongs to overlay: indent it below overlay:"),
        ("asr:x", "a space is missing after `asr:`; add it"),
        ("“asr”", "curly quotes are part of the key; take them away"),
        ("weather", "ignoring it"),
        ("", "ignoring it"),
    ],
)
def test_what_to_do(key: str, hint: str) -> None:
    assert hint_at(key, Config()) == hint
