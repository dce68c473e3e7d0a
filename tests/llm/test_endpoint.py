"""Every vector of spec llm §7.9."""

from __future__ import annotations

import pytest
from pyreqwest.http import Url

from koe.errors import LlmConfigError, LlmReplyError
from koe.llm.endpoint import check_redirect, parse, parse_http, shown

ALLOWED = [
    "https://api.openai.com/v1",
    "wss://api.example.com/asr",
    "HTTPS://Example.com",
    "http://localhost:11434/v1",
    "http://127.0.0.1:11434/v1",
    "http://127.5.5.5/v1",
    "ws://[::1]:9000/asr",
    "http://user:pass@localhost/v1",
    "http://user@localhost/",
    "http://LOCALHOST/v1",
    # other spellings of the same
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://%6cocalhost/",
    "http://ｌｏｃａｌｈｏｓｔ/",
    "https:api.example.com",
    " \thttps://api.example.com/v1\n",
    "http://[0:0:0:0:0:0:0:1]/",
]

REFUSED = [
    "http://api.example.com/v1",
    "ws://10.0.0.5/asr",
    "http://localhost.evil.com/v1",
    "http://evil-localhost/v1",
    "http://evil.example\\@localhost/v1",
    "ws://evil.example\\@127.0.0.1/asr",
    "http://localhost@evil.example/v1",
    "http://user:pass@evil.example/v1",
    "ftp://example.com",
    "file:///etc/passwd",
    "example.com/v1",
    "",
    "http://localhost./",
    "http://foo.localhost/",
    "http://0.0.0.0/",
    "http://[::ffff:127.0.0.1]/",
    "http://127.0.0.1.evil.example/",
    "http://127.evil.example/",
    "https://",
    "https://a b/",
    "https://example.com:99999/",
    "mailto:someone@example.com",
    "ftp://127.0.0.1/",
]


@pytest.mark.parametrize("address", ALLOWED)
def test_allowed(address: str) -> None:
    parse(address)


@pytest.mark.parametrize("address", REFUSED)
def test_refused(address: str) -> None:
    with pytest.raises(LlmConfigError, match=r"insecure endpoint .*only allowed for localhost"):
        parse(address)


def test_the_refusal_names_the_address() -> None:
    with pytest.raises(LlmConfigError) as refusal:
        parse("http://api.example.com/v1")
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
    with pytest.raises(LlmConfigError) as refusal:
        parse(address)
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize("address", ["wss://api.example.com/v1", "ws://localhost/v1"])
def test_a_websocket_is_not_asked_by_http(address: str) -> None:
    with pytest.raises(LlmConfigError, match="address of a WebSocket"):
        parse_http(address)


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("https://u:p@Example.com/v1?key=k#f", "https://example.com/v1"),
        ("https://example.com:443/v1", "https://example.com/v1"),
        ("http://127.0.0.1:11434/v1", "http://127.0.0.1:11434/v1"),
        ("http://[::1]:80/", "http://[::1]/"),
        ("localhost:11434/v1", "localhost:11434/v1"),
        ("user:hunter2@host/v1", "…@host/v1"),
    ],
)
def test_shown(address: str, text: str) -> None:
    assert shown(Url(address)) == text


PROVIDER = "https://api.example.com/v1"
LOCAL = "http://127.0.0.1:11434/v1"


@pytest.mark.parametrize(
    ("first", "target"),
    [
        (PROVIDER, "https://api.example.com/v2"),
        (PROVIDER, "https://api.example.com:443/v1/x"),
        (PROVIDER, "https://api.example.com/v1?a=b"),
        (PROVIDER, "https://API.example.com/v1"),
        (LOCAL, "http://127.0.0.1:11434/other"),
        ("http://localhost:11434/v1", "http://localhost:11434/other"),
    ],
)
def test_redirects_that_are_followed(first: str, target: str) -> None:
    check_redirect([Url(first)], Url(target))


@pytest.mark.parametrize(
    ("first", "target", "reason"),
    [
        (PROVIDER, "https://evil.example/v1", "different origin"),
        (PROVIDER, "https://sub.api.example.com/v1", "different origin"),
        (PROVIDER, "https://example.com/v1", "different origin"),
        (PROVIDER, LOCAL, "different origin"),
        (PROVIDER, "http://localhost/v1", "different origin"),
        (PROVIDER, "http://[::1]:8080/v1", "different origin"),
        (PROVIDER, "wss://api.example.com/v1", "different origin"),
        (PROVIDER, "http://api.example.com/v1", "redirect blocked: insecure endpoint"),
        (PROVIDER, "https://api.example.com:8443/v1", "different origin"),
        ("https://api.example.com:8443/v1", PROVIDER, "different origin"),
        (LOCAL, "http://127.0.0.1:9000/v1", "different origin"),
        (LOCAL, "http://localhost:11434/v1", "different origin"),
        (PROVIDER, "ftp://api.example.com/v1", "redirect blocked"),
        (PROVIDER, "file:///etc/passwd", "redirect blocked"),
    ],
)
def test_redirects_that_are_not(first: str, target: str, reason: str) -> None:
    with pytest.raises(LlmReplyError, match=reason):
        check_redirect([Url(first)], Url(target))


def test_the_reason_names_both_origins() -> None:
    with pytest.raises(LlmReplyError) as refusal:
        check_redirect([Url(PROVIDER)], Url("https://u:hunter2@evil.example/v1?key=hunter2"))
    assert refusal.value.message == (
        "redirect blocked: https://evil.example/v1 is a different origin than "
        "https://api.example.com/v1; if it is the right one, it belongs into base_url"
    )


def test_a_chain_ends() -> None:
    chain = [Url(f"https://api.example.com/{hop}") for hop in range(11)]
    check_redirect(chain[:10], Url(PROVIDER))
    with pytest.raises(LlmReplyError, match="too many redirects"):
        check_redirect(chain, Url(PROVIDER))


def test_a_redirect_needs_a_start() -> None:
    with pytest.raises(LlmReplyError, match="no original request URL"):
        check_redirect([], Url(PROVIDER))
