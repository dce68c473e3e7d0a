"""Where a redirect may lead, and what goes along."""

from __future__ import annotations

import httpx
import pytest

from koe.http.errors import HttpRedirectError
from koe.http.redirects import redirected
from koe.http.request import HttpSettings, Request

PROVIDER = "https://api.example.com/v1"
KEY = "sk-hunter2-hunter2"
HEADERS = (("Authorization", f"Bearer {KEY}"), ("Content-Type", "text/plain"))

ABROAD = HttpSettings(leaves_origin=True)


class Chain:
    """A request, and the requests that redirects make of it."""

    def __init__(self, settings: HttpSettings, request: Request) -> None:
        self._settings = settings
        self._asked = [request]

    @property
    def request(self) -> Request:
        return self._asked[-1]

    def follow(self, response: httpx.Response) -> bool:
        following = redirected(self._asked, response, self._settings)
        if following is not None:
            self._asked.append(following)
        return following is not None


def redirects(settings: HttpSettings | None = None, url: str = PROVIDER) -> Chain:
    return Chain(settings or HttpSettings(), Request(url, HEADERS, b"text"))


def to(location: str, status: int = 307) -> httpx.Response:
    return httpx.Response(status, headers={"location": location})


@pytest.mark.parametrize("location", ["", "https://[bad", "http://"])
def test_a_redirect_that_does_not_say_where(location: str) -> None:
    assert not redirects().follow(to(location))


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("https://evil.example/v1", "different origin"),
        ("//evil.example/v1", "different origin"),
        (r"\\evil.example\v1", "different origin"),
        ("https://api.example.com:8443/v1", "different origin"),
        ("wss://api.example.com/v1", "different origin"),
        ("http://api.example.com/v1", "redirect blocked: insecure endpoint"),
        ("ftp://api.example.com/v1", "redirect blocked"),
        ("http://127.0.0.1/v1", "different origin"),
    ],
)
def test_redirects_that_are_not_followed(target: str, reason: str) -> None:
    with pytest.raises(HttpRedirectError, match=reason):
        redirects().follow(to(target))


LOCAL = "http://127.0.0.1:11434/v1"


@pytest.mark.parametrize(
    ("original", "location", "target"),
    [
        (PROVIDER, "/v2", "https://api.example.com/v2"),
        (PROVIDER, "https://api.example.com:443/v1/x", "https://api.example.com/v1/x"),
        (PROVIDER, "https://api.example.com/v1?a=b", "https://api.example.com/v1?a=b"),
        (PROVIDER, "https://API.example.com/v1", "https://api.example.com/v1"),
        (LOCAL, "http://127.0.0.1:11434/v1/chat", "http://127.0.0.1:11434/v1/chat"),
        ("http://localhost:9/v1", "http://localhost:9/api/chat", "http://localhost:9/api/chat"),
    ],
)
def test_redirects_that_are_followed(original: str, location: str, target: str) -> None:
    steps = redirects(url=original)
    assert steps.follow(to(location))
    assert steps.request.url == target


@pytest.mark.parametrize(
    ("original", "location"),
    [
        (PROVIDER, "https://evil.api.example.com/v1"),
        (PROVIDER, "https://example.com/v1"),
        (PROVIDER, "http://127.0.0.1:11434/v1"),
        (PROVIDER, "http://localhost/v1"),
        (PROVIDER, "http://[::1]:8080/v1"),
        ("https://api.example.com:8443/v1", PROVIDER),
        (PROVIDER, "file:///etc/passwd"),
        (LOCAL, "http://127.0.0.1:9000/v1"),
        (LOCAL, "http://localhost:11434/v1"),
    ],
)
def test_other_origins(original: str, location: str) -> None:
    with pytest.raises(HttpRedirectError, match=r"^HTTP request failed: redirect blocked: "):
        redirects(url=original).follow(to(location))


def test_the_origin_is_that_of_the_first_address() -> None:
    """Not that of the hop before; a relative target is relative to the hop before."""
    asked = [Request("https://user:hunter2@h/x"), Request("https://h/a/b")]
    following = redirected(asked, to("c"), HttpSettings())
    assert following == Request("https://h/a/c")
    asked[-1] = Request("https://other/a")
    with pytest.raises(HttpRedirectError) as refusal:
        redirected(asked, to("/c?key=hunter2"), HttpSettings())
    assert refusal.value.message == (
        "redirect blocked: https://other is a different origin than https://h; if it is the right "
        "one, set it in the configuration"
    )


def test_the_reason_names_both_origins() -> None:
    with pytest.raises(HttpRedirectError) as refusal:
        redirects().follow(to("https://u:hunter2@evil.example/v1?key=hunter2"))
    assert refusal.value.message == (
        "redirect blocked: https://evil.example is a different origin than "
        "https://api.example.com; if it is the right one, set it in the configuration"
    )


@pytest.mark.parametrize(
    "location",
    [f"https://evil.example/{KEY}/v1", f"https://{KEY}.example/", f"http://evil.example/x/{KEY}"],
)
@pytest.mark.parametrize("settings", [HttpSettings(), ABROAD])
def test_no_key_in_the_target_is_shown(location: str, settings: HttpSettings) -> None:
    steps = redirects(settings)
    try:
        steps.follow(to(location))
    except HttpRedirectError as exc:
        assert KEY not in exc.message


def test_a_chain_ends() -> None:
    steps = redirects()
    for _ in range(10):
        assert steps.follow(to("/v2"))
    with pytest.raises(HttpRedirectError, match=f"too many redirects from {PROVIDER}"):
        steps.follow(to("/v2"))


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_redirect_that_drops_the_body(status: int) -> None:
    steps = redirects()
    assert steps.follow(to("/v2", status))
    assert steps.request == Request("https://api.example.com/v2", HEADERS[:1])
    with pytest.raises(HttpRedirectError) as refusal:
        redirects(HttpSettings(keeps_body=True, setting="url")).follow(to("/v2", status))
    assert refusal.value.message == (
        f"api.example.com answers with a redirect that drops the recording ({status}); "
        "correct the url"
    )


def test_a_redirect_that_keeps_all() -> None:
    steps = redirects(HttpSettings(keeps_body=True))
    assert steps.follow(to("../v2?a=b"))
    assert steps.request == Request("https://api.example.com/v2?a=b", HEADERS, b"text")


def test_no_key_goes_to_another_server() -> None:
    steps = redirects(ABROAD)
    assert steps.follow(to("https://cdn.example/f?signature=s"))
    assert steps.request.headers == HEADERS[1:]
    assert steps.follow(to("https://api.example.com/v1"))
    assert steps.request.headers == HEADERS[1:], "nor back"


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("http://localhost/f", "leads to an address without encryption"),
        ("http://cdn.example/f", "insecure endpoint"),
        ("https://127.0.0.1/f", "leads to this machine"),
        ("https://localhost/f", "leads to this machine"),
        ("file:///etc/passwd", "insecure endpoint"),
    ],
)
def test_servers_that_no_redirect_leads_to(location: str, reason: str) -> None:
    with pytest.raises(HttpRedirectError, match=f"redirect blocked: .*{reason}"):
        redirects(ABROAD).follow(to(location))


def test_this_machine_may_lead_to_itself() -> None:
    assert redirects(ABROAD, "https://localhost/").follow(to("https://127.0.0.1:8443/"))
