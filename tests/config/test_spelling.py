from __future__ import annotations

import pytest

from koe.config.spelling import folded, nearest

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
