"""What corrections say of addresses; the rules themselves are tests/test_endpoint.py's."""

from __future__ import annotations

import pytest

from koe.errors import LlmConfigError
from koe.llm.endpoint import check_address


def test_an_address_that_may_be_asked() -> None:
    assert check_address(" HTTPS://Example.com/v1") == "https://example.com/v1"


@pytest.mark.parametrize("address", ["http://api.example.com/v1", "http://api.example.com/v1?k=k"])
def test_the_refusal_names_the_address(address: str) -> None:
    with pytest.raises(LlmConfigError) as refusal:
        check_address(address)
    assert str(refusal.value) == (
        "LLM correction failed: insecure endpoint http://api.example.com/v1: use https:// or "
        "wss:// (plain http/ws is only allowed for localhost)"
    )


@pytest.mark.parametrize(
    "address",
    [
        "http://user:hunter2@evil.example/v1?key=hunter2#hunter2",
        "https://user:hunter2@bad host/",
        "ftp://user:hunter2@host/",
        "user:hunter2@host/v1",
        "host/v1?key=hunter2",
        "sk-hunter2-hunter2",  # the key, in the wrong field
    ],
)
def test_no_secret_in_a_refusal(address: str) -> None:
    with pytest.raises(LlmConfigError, match="insecure endpoint") as refusal:
        check_address(address)
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize("address", ["wss://api.example.com/v1", "ws://localhost/v1"])
def test_a_websocket_is_not_asked_by_http(address: str) -> None:
    with pytest.raises(LlmConfigError, match="address of a WebSocket"):
        check_address(address)
