"""Which addresses may be used (spec asr §§4.1, 4.2)."""

from __future__ import annotations

import pytest

from koe.endpoint import (
    add_query,
    check_endpoint,
    host_of,
    is_local,
    join,
    origin_of,
    shown,
    without_user,
)
from koe.errors import EndpointError


@pytest.mark.parametrize(
    "url",
    [
        "https://api.openai.com/v1",
        "wss://openspeech.bytedance.com/api/v3/sauc",
        "HTTPS://Example.com",
        "http://localhost:11434/v1",
        "http://127.0.0.1:11434/v1",
        "http://127.5.5.5/v1",
        "ws://[::1]:9000/asr",
        "http://user:pass@localhost/v1",
        "http://user@localhost/",
        "http://LOCALHOST/v1",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f.0.0.1/",
        "http://0x7f.1/",
        "http://0177.0.0.1/",
        "http://127.0.0.1./",
        "http://[0:0:0:0:0:0:0:1]/",
        "http://%6cocalhost/",
        "http://ｌｏｃａｌｈｏｓｔ/",
        "http:/localhost/x",
        "http:\\\\localhost/",
        "  http://localhost/ ",
        "https:api.example.com",
        " \thttps://api.example.com/v1\n",
    ],
)
def test_accepted(url: str) -> None:
    assert check_endpoint(url)


@pytest.mark.parametrize(
    "url",
    [
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
        "mailto:somebody@example.com",
        "example.com/v1",
        "",
        "http://[::ffff:127.0.0.1]/",
        "http://[::]/",
        "http://0.0.0.0/",
        "http://localhost./",
        "http://sub.localhost/",
        "http://127.evil.example/",
        "http://127.0.0.1.evil.example/",
        "ftp://127.0.0.1/",
        "https://a b/",
        "localhost:8080/x",
        "https://",
        "https://h:99999/",
        "wss://\udcff.example/",
    ],
)
def test_refused(url: str) -> None:
    with pytest.raises(EndpointError, match="use https:// or wss://"):
        check_endpoint(url)


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("HTTPS://Example.com", "https://example.com/"),
        ("wss://例え.jp/路", "wss://xn--r8jz45g.jp/%E8%B7%AF"),
        ("ws://127.1:9000", "ws://127.0.0.1:9000/"),
        ("ws://%6cocalhost\\x", "ws://localhost/x"),
    ],
)
def test_what_is_used_is_what_was_checked(url: str, normal: str) -> None:
    """The next parser gets a form in which no two of them differ."""
    assert check_endpoint(url) == normal


@pytest.mark.parametrize(
    ("url", "reported"),
    [
        ("http://user:hunter2@evil.example/v1?key=hunter2#hunter2", "http://evil.example/v1"),
        ("http://evil.example/v1", "http://evil.example/v1"),
        ("//user:hunter2@h/x?key=hunter2", "//h/x"),
        ("example.com/v1?key=hunter2", "example.com/v1"),
        ("https://user:hunter2@h:99999/#hunter2", "https://h:99999/"),
        ("https://user:hunter2@bad host/", "https://bad host/"),
        ("user:hunter2@h/v1", "…@h/v1"),
        ("localhost:11434/v1", "localhost:11434/v1"),
        (f"http://h/{'a' * 300}", f"http://h/{'a' * 190}…"),
    ],
)
def test_a_refusal_shows_no_secret(url: str, reported: str) -> None:
    with pytest.raises(EndpointError) as caught:
        check_endpoint(url)
    assert str(caught.value) == (
        f"insecure endpoint {reported}: use https:// or wss:// "
        "(plain http/ws is only allowed for localhost)"
    )


def test_add_query() -> None:
    assert add_query("wss://h/a", "model", "q 1&x/é") == "wss://h/a?model=q%201%26x%2F%C3%A9"
    assert add_query("wss://h/a?b=1", "model", "q") == "wss://h/a?b=1&model=q"


def test_shown() -> None:
    assert shown("wss://user:hunter2@h:9/a?key=hunter2#x") == "wss://h:9/a"
    assert shown("wss://h/a") == "wss://h/a"
    assert shown("https://u:p@Example.com/v1?key=k#f") == "https://example.com/v1"
    assert shown("https://example.com:443/v1") == "https://example.com/v1"
    assert shown("http://[::1]:80/") == "http://[::1]/"


def test_without_user() -> None:
    assert without_user("https://user:hunter2@h/a?b=c") == "https://h/a?b=c"
    assert without_user("https://h/a?b=c") == "https://h/a?b=c"


def test_origin() -> None:
    assert origin_of("https://user:hunter2@h:443/a?b=c") == "https://h"
    assert origin_of("http://127.0.0.1:11434/v1") == "http://127.0.0.1:11434"


def test_join() -> None:
    assert join("https://u:p@h/a/b?c", "../d?e") == "https://u:p@h/d?e"
    assert join("https://h/a", "https://[bad") is None


@pytest.mark.parametrize(
    ("url", "local"),
    [("https://localhost/", True), ("http://127.0.0.2/", True), ("https://example.com/", False)],
)
def test_local(url: str, local: bool) -> None:
    assert is_local(check_endpoint(url)) is local


def test_host() -> None:
    assert host_of("https://example.com/v1/audio") == "example.com"
    assert host_of("http://user:hunter2@127.0.0.1:80/") == "127.0.0.1"
    assert host_of("https://example.com:8443/") == "example.com:8443"
