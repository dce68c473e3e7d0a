from __future__ import annotations

from koe.http.request import HttpSettings, Request

HEADERS = (("Authorization", "Bearer hunter2"), ("Content-Type", "text/plain"), ("X", "y"))


def test_no_repr_shows_a_key_or_a_text() -> None:
    assert repr(Request("https://user:hunter2@h/v1", HEADERS, b"hunter2")) == "Request()"


def test_the_method() -> None:
    assert Request("https://h/").method == "GET"
    assert Request("https://h/", (), b"x").method == "POST"


def test_what_is_secret() -> None:
    headers = (*HEADERS, ("x-api-key", "k1"), ("API-Key", " k2 "), ("x-api-key", " "))
    assert Request("https://h/", headers).secrets == ("hunter2", "y", "k1", "k2")


def test_what_a_redirect_drops() -> None:
    request = Request("https://h/", HEADERS, b"x")
    assert request.at("https://other/") == Request("https://other/", HEADERS, b"x")
    assert request.without_body() == Request("https://h/", (HEADERS[0], HEADERS[2]))
    assert request.without_secrets() == Request("https://h/", HEADERS[1:2], b"x")


def test_the_settings_of_the_contract() -> None:
    """Spec llm §1.1."""
    settings = HttpSettings(8.0)
    assert settings.pool_idle == 90
    assert (settings.ping_interval, settings.ping_timeout) == (30, 30)
    assert settings.http2
    assert not settings.roots
