from __future__ import annotations

import pytest

from koe.config.schema import Config
from koe.config.strays import folded, hint_at, nearest, owners

KNOWN = ["api_key", "enabled", "timeout_ms", "provider", "sherpa-onnx", "url"]


@pytest.mark.parametrize(
    "key", ["apiKey", "API_KEY", "api-key", "“api_key”", "\ufeffapi_key", "apikey："]
)
def test_case_joints_and_quotes_do_not_count(key: str) -> None:
    assert folded(key) == "apikey"
    assert nearest(key, KNOWN) == "api_key"


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("provdier", "provider"),
        ("providers", "provider"),
        ("enable", "enabled"),
        ("disabled", "enabled"),
        ("timeoutMs", "timeout_ms"),
        ("sherpa_onnx", "sherpa-onnx"),
        ("colour", ""),
        ("", ""),
    ],
)
def test_the_nearest(key: str, meant: str) -> None:
    assert nearest(key, KNOWN) == meant


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
        ("“asr”", "curly quotes are part of the key; remove them"),
        ("weather", "ignoring it"),
        ("", "ignoring it"),
    ],
)
def test_what_to_do(key: str, hint: str) -> None:
    assert hint_at(key, Config()) == hint
