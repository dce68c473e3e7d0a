"""What libraries say, in sentences for people; the same of both where they mean the same."""

from __future__ import annotations

import ssl

import httpcore
import httpx
import pytest
from pyreqwest.exceptions import ConnectError, RequestError

from koe.http.errors import HttpConfigError, HttpConnectionError, HttpReplyError
from koe.http.failures import failure, interruption, reasons
from koe.http.reqwest import _as_httpx
from tests.http.asking import KEY

URL = "https://api.example.com/v1"


@pytest.mark.parametrize(
    ("causes", "sentence"),
    [
        (
            ["client error (Connect)", "dns error", "Name or service not known"],
            "there is no server named api.example.com, or no network: is base_url right? "
            "(Name or service not known)",
        ),
        (
            ["client error (Connect)", "tcp connect error", "Connection refused (os error 61)"],
            "api.example.com refuses connections: is the server running? "
            "(Connection refused (os error 61))",
        ),
        (
            [
                "client error (Connect)",
                "tcp connect error",
                "actively refused it. (os error 10061)",
            ],
            "api.example.com refuses connections: is the server running? "
            "(actively refused it. (os error 10061))",
        ),
        (
            ["client error (SendRequest)", "http2 error", "keep-alive timed out"],
            "api.example.com does not answer (keep-alive timed out)",
        ),
        (
            ["client error (Connect)", "received corrupt message of type InvalidContentType"],
            "api.example.com answers without encryption, but https:// and wss:// need it: is "
            "base_url right? (received corrupt message of type InvalidContentType)",
        ),
        (
            ["[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1016)"],
            "api.example.com answers without encryption, but https:// and wss:// need it: is "
            "base_url right? ([SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1016))",
        ),
        (
            ["client error (Connect)", "invalid peer certificate: Revoked"],
            "the certificate of api.example.com has been revoked "
            "(invalid peer certificate: Revoked)",
        ),
        (
            [
                "client error (Connect)",
                "tunnel error: failed to create underlying connection",
                "dns error",
                "Name or service not known",
            ],
            "the proxy does not connect to api.example.com (Name or service not known)",
        ),
        (
            ["client error (SendRequest)", "stream error received: refused stream"],
            "the connection to api.example.com broke: stream error received: refused stream",
        ),
        (
            ["client error (SendRequest)", "something new"],
            "the connection to api.example.com broke: something new",
        ),
        ([], "the connection to api.example.com broke: connection error"),
    ],
)
def test_sentences(causes: list[str], sentence: str) -> None:
    outermost = f"error sending request for url (https://api.example.com/?key={KEY})"
    details = [{"message": text} for text in [outermost, *causes]]
    foreign = ConnectError("connection error", {"causes": details if causes else None})  # type: ignore[typeddict-item]
    theirs = _as_httpx(foreign)
    theirs.__cause__ = foreign
    ours = failure(theirs, f"https://api.example.com/?key={KEY}", "base_url")
    assert type(ours) is HttpConnectionError
    assert ours.message == sentence


def test_an_error_without_causes() -> None:
    foreign = RequestError("odd", {"causes": None})
    theirs = _as_httpx(foreign)
    theirs.__cause__ = foreign
    ours = failure(theirs, "https://api.example.com:8443/", "base_url")
    assert ours.message == "the connection to api.example.com:8443 broke: odd"


def of_httpx(outer: Exception, *causes: Exception) -> Exception:
    """An error as httpx raises it, with what led to it."""
    error = outer
    for cause in causes:
        error.__context__ = cause
        error = cause
    return outer


@pytest.mark.parametrize(
    ("causes", "sentence"),
    [
        (
            [httpx.ConnectError("All connection attempts failed"), OSError(111, "Connect failed")],
            "api.example.com refuses connections: is the server running? "
            "([Errno 111] Connect failed)",
        ),
        (
            [httpx.ConnectError("[Errno -2] Name or service not known")],
            "there is no server named api.example.com, or no network: is url right? "
            "([Errno -2] Name or service not known)",
        ),
        (
            [
                httpx.ConnectError("x"),
                ssl.SSLCertVerificationError(1, "certificate verify failed: Hostname mismatch, "
                "certificate is not valid for 'api.example.com'."),
            ],
            "api.example.com shows a certificate for another name: is url right? "
            "(certificate verify failed: Hostname mismatch, certificate is not valid for "
            "'api.example.com'.)",
        ),
        (
            [httpx.ProxyError("407 Proxy Authentication Required")],
            "the proxy does not connect to api.example.com (407 Proxy Authentication Required)",
        ),
        ([httpx.ConnectTimeout("")], "connecting to api.example.com timed out"),
        (
            [httpx.ReadTimeout(""), httpcore.ReadTimeout(), TimeoutError()],
            "api.example.com does not answer in time",
        ),
        (
            [httpx.RemoteProtocolError("Server disconnected without sending a response.")],
            "the connection to api.example.com broke: Server disconnected without sending a "
            "response.",
        ),
        ([httpx.ReadError("")], "the connection to api.example.com broke: ReadError"),
    ],
)  # fmt: skip
def test_sentences_about_httpx(causes: list[httpx.HTTPError], sentence: str) -> None:
    ours = failure(of_httpx(*causes), URL, "url")  # type: ignore[arg-type]
    assert type(ours) is HttpConnectionError
    assert ours.message == sentence


def test_what_another_try_may_mend() -> None:
    broken = failure(httpx.ReadError("reset"), URL, "url")
    assert isinstance(broken, HttpConnectionError)
    assert (broken.is_temporary, broken.is_lasting) == (True, False)
    untrusted = failure(httpx.ConnectError("certificate: self-signed certificate"), URL, "url")
    assert isinstance(untrusted, HttpConnectionError)
    assert (untrusted.is_temporary, untrusted.is_lasting) == (False, True)


@pytest.mark.parametrize(
    "exc", [httpx.LocalProtocolError("no"), httpx.InvalidURL("no"), ValueError("no")]
)
def test_what_cannot_be_sent(exc: httpx.HTTPError) -> None:
    ours = failure(exc, URL, "url")
    assert type(ours) is HttpConfigError
    assert ours.message == "nothing can be sent to api.example.com: no"


def test_no_http() -> None:
    ours = failure(httpx.RemoteProtocolError("illegal status line"), URL, "url")
    assert type(ours) is HttpReplyError
    assert ours.message == "api.example.com does not answer in HTTP: illegal status line"


def test_an_interruption() -> None:
    ours = interruption(httpx.ReadError("x\x1b[2J" + "y" * 1000), URL)
    assert ours.message.startswith(
        "the connection to api.example.com broke in the middle of the reply: x [2Jyyy"
    )
    assert len(ours.message) < 400
    assert ours.is_temporary


def test_reasons_of_several_attempts() -> None:
    group = ExceptionGroup("several", [OSError("first"), OSError("second")])
    assert reasons(of_httpx(httpx.ConnectError("all"), group))[-2:] == ["first", "second"]
