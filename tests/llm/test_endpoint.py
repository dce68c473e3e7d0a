"""What corrections say of addresses; the rules themselves are tests/test_endpoint.py's."""

from __future__ import annotations

import pytest

from koe.errors import LlmConfigError, LlmReplyError
from koe.llm.endpoint import check_address, check_hop


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


PROVIDER = "https://api.example.com/v1"


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("https://evil.example/v1", "different origin"),
        ("wss://api.example.com/v1", "different origin"),
        ("http://api.example.com/v1", "redirect blocked: insecure endpoint"),
        ("ftp://api.example.com/v1", "redirect blocked"),
    ],
)
def test_redirects_that_are_not_followed(target: str, reason: str) -> None:
    with pytest.raises(LlmReplyError, match=reason):
        check_hop([PROVIDER], target)


def test_the_reason_names_both_origins() -> None:
    with pytest.raises(LlmReplyError) as refusal:
        check_hop([PROVIDER], "https://u:hunter2@evil.example/v1?key=hunter2")
    assert refusal.value.message == (
        "redirect blocked: https://evil.example is a different origin than "
        "https://api.example.com; if it is the right one, it belongs into the configuration"
    )


def test_the_origin_is_that_of_the_first_address() -> None:
    with pytest.raises(LlmReplyError, match=r"than https://api\.example\.com;"):
        check_hop([PROVIDER, "https://other.example/"], "https://other.example/x")


def test_a_chain_ends() -> None:
    chain = [f"https://api.example.com/{hop}" for hop in range(11)]
    check_hop(chain[:10], PROVIDER)
    with pytest.raises(LlmReplyError, match="too many redirects"):
        check_hop(chain, PROVIDER)


def test_a_redirect_needs_a_start() -> None:
    with pytest.raises(LlmReplyError, match="no original request URL"):
        check_hop([], PROVIDER)
