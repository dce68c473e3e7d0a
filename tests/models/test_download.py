"""What the door accepts from servers, and what it says when it does not."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from koe.errors import DownloadError, UnusableRangeError
from koe.models.download import Body, Fetcher
from tests.models.downloading import QUICK
from tests.servers.authority import CertificateAuthority
from tests.servers.files import FileServer, Lie

CONTENT = bytes(range(200))


@pytest.fixture
def served(server: FileServer) -> FileServer:
    server.files["/f"] = CONTENT
    return server


@pytest.fixture
def plain_server(trust: None) -> Iterator[FileServer]:
    """The same without encryption."""
    with FileServer(None) as server:
        server.files["/f"] = CONTENT
        yield server


def fetch(url: str, start: int = 0, validator: str | None = None) -> tuple[Body, bytes]:
    async def get() -> tuple[Body, bytes]:
        async with Fetcher(QUICK) as fetcher, fetcher.fetch("f", url, start, validator) as body:
            return body, b"".join([chunk async for chunk in body.chunks()])

    return asyncio.run(get())


def refused(url: str, start: int = 0) -> DownloadError:
    with pytest.raises(DownloadError) as raised:
        fetch(url, start)
    return raised.value


def test_a_whole_file(served: FileServer) -> None:
    served.etags["/f"] = '"v1"'
    body, content = fetch(served.url("/f"))
    assert (body.start, body.total_bytes, body.validator) == (0, len(CONTENT), '"v1"')
    assert content == CONTENT


def test_the_rest_of_a_file(served: FileServer) -> None:
    body, content = fetch(served.url("/f"), start=50)
    assert (body.start, body.total_bytes, body.validator) == (50, len(CONTENT), None)
    assert content == CONTENT[50:]
    served.lies["/f"] += [Lie(says_range="bytes 50-199/*")]
    assert fetch(served.url("/f"), start=50)[0].total_bytes is None


def test_a_new_version_instead_of_the_rest(served: FileServer) -> None:
    served.etags["/f"] = '"v2"'
    body, content = fetch(served.url("/f"), start=50, validator='"v1"')
    assert (body.start, content) == (0, CONTENT)


def test_weak_validators_are_none(served: FileServer) -> None:
    served.etags["/f"] = 'W/"v1"'
    assert fetch(served.url("/f"))[0].validator is None


def test_nothing_after_the_end(served: FileServer) -> None:
    error = refused(served.url("/f"), start=len(CONTENT))
    assert isinstance(error, UnusableRangeError)
    assert error.reason == "localhost has nothing beyond the part that is here already"


# --- answers -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "said", "is_temporary"),
    [
        (404, "localhost answers HTTP 404 Not Found; the file is not there (any more)", False),
        (403, "localhost answers HTTP 403 Forbidden; it requires a login", False),
        (204, "localhost answers HTTP 204 No Content", False),
        (206, "localhost answers HTTP 206 Partial Content", False),
        (416, "localhost answers HTTP 416 ", False),
        (409, "localhost answers HTTP 409 Conflict", True),
        (429, "localhost answers HTTP 429 Too Many Requests; it has had too many", True),
        (500, "localhost answers HTTP 500 Internal Server Error", True),
        (503, "localhost answers HTTP 503 Service Unavailable", True),
    ],
)
def test_answers_that_are_no_file(
    served: FileServer, status: int, said: str, is_temporary: bool
) -> None:
    served.lies["/f"] += [Lie(status=status)]
    error = refused(served.url("/f"))
    assert error.reason.startswith(said)
    assert error.is_temporary is is_temporary
    assert str(error) == f"config error: download f: {error.reason}"


def test_an_encoding_that_was_not_asked_for(served: FileServer) -> None:
    served.lies["/f"] += [Lie(headers={"Content-Encoding": "gzip"})]
    reason = refused(served.url("/f")).reason
    assert "the reply is compressed (gzip), which koe did not ask for" in reason


def test_a_reset_has_a_reason(served: FileServer) -> None:
    """Libraries pass it on without words; the system has some."""
    served.lies["/f"] += [Lie(ends_after=1)]
    error = refused(served.url("/f"))
    assert error.is_temporary
    assert re.fullmatch(r"the connection to localhost:\d+ broke.*: .+", error.reason)


def test_no_http_at_all(served: FileServer) -> None:
    error = refused(served.url("/f").replace("https", "http"))
    assert error.is_temporary
    assert error.reason.startswith("the connection to localhost:")


# --- whom to ask ---------------------------------------------------------------------------


def test_certificates_are_checked(served: FileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    error = refused(served.url("/f"))
    assert not error.is_temporary
    assert error.reason.startswith("this computer does not trust the authority")


def test_so_are_their_names(authority: CertificateAuthority, trust: None) -> None:
    with FileServer(authority.certify("models.example")) as server:
        error = refused(server.url("/f"))
    assert "shows a certificate for another name: is the address in the manifest" in error.reason


def test_no_server_listens(served: FileServer) -> None:
    url = served.url("/f")
    with FileServer(None) as gone:
        url = gone.url("/f")
    error = refused(url)
    assert error.is_temporary
    assert " refuses connections: is the server running? (" in error.reason


def test_plain_http_on_this_machine(plain_server: FileServer) -> None:
    for host in ("localhost", "127.0.0.1"):
        assert fetch(plain_server.url("/f", host))[1] == CONTENT


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://models.example/f", "its address must begin with https://"),
        ("http://127.0.0.1.example/f", "its address must begin with https://"),
        ("http://10.0.0.1/f", "its address must begin with https://"),
        ("ftp://models.example/f", "its address must begin with https:// and name a server"),
        ("file:///etc/passwd", "its address must begin with https://"),
        ("/f", "its address must begin with https://"),
        ("", "its address must begin with https://"),
        ("https://exa mple:x/f", "its address must begin with https://"),
    ],
)
def test_addresses_that_are_not_asked(trust: None, url: str, said: str) -> None:
    error = refused(url)
    assert error.reason.startswith(said)
    assert not error.is_temporary


# --- redirects -----------------------------------------------------------------------------


def test_redirects_keep_the_range(served: FileServer) -> None:
    served.lies["/old"] += [Lie(location="/f")] * 2
    served.files["/old"] = b""
    assert fetch(served.url("/old"))[1] == CONTENT
    assert fetch(served.url("/old"), start=50)[1] == CONTENT[50:]
    assert served.ranges("/f") == [None, "bytes=50-"]


def test_redirects_to_another_server(served: FileServer, authority: CertificateAuthority) -> None:
    with FileServer(authority.certify("localhost")) as other:
        other.files["/g"] = CONTENT
        served.lies["/f"] += [Lie(location=other.url("/g?signature=secret"), status=307)]
        other.files["/g?signature=secret"] = CONTENT
        assert fetch(served.url("/f"))[1] == CONTENT
        (headers,) = other.requests["/g?signature=secret"]
        assert headers["Authorization"] is None


def test_signatures_stay_out_of_errors(served: FileServer) -> None:
    served.lies["/f"] += [Lie(location="/gone?signature=secret")]
    error = refused(served.url("/f"))
    assert "HTTP 404" in str(error)
    assert "secret" not in str(error)


def test_no_redirect_leaves_encryption(served: FileServer, plain_server: FileServer) -> None:
    served.lies["/f"] += [Lie(location=plain_server.url("/f"))]
    assert refused(served.url("/f")).reason.endswith(" leads to an address without encryption")
    assert not plain_server.requests["/f"]


@pytest.mark.parametrize("location", ["ftp://models.example/f", "https://exa mple:x/", "http://["])
def test_redirects_to_nowhere(served: FileServer, location: str) -> None:
    served.lies["/f"] += [Lie(location=location)]
    error = refused(served.url("/f"))
    assert re.match("redirect blocked: |localhost answers HTTP 302 Found", error.reason)
    assert not error.is_temporary


def test_redirects_in_a_circle(served: FileServer) -> None:
    served.lies["/f"] += [Lie(location="/f")] * 20
    assert refused(served.url("/f")).reason == f"too many redirects from {served.url('/f')}"
    assert len(served.requests["/f"]) == 11


# --- the environment -----------------------------------------------------------------------


def test_a_proxy_is_used_but_not_for_this_machine(
    plain_server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert fetch(plain_server.url("/f"))[1] == CONTENT
    assert refused("https://models.example/f").reason.startswith(
        "the proxy does not connect to models.example"
    )


def test_a_proxy_that_cannot_be_used(trust: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "nonsense://x")
    assert "the proxy in ALL_PROXY can't be read" in refused("https://models.example/f").reason


def test_certificates_that_are_not_there(
    trust: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    assert refused("https://localhost/f").reason == (
        "the file that SSL_CERT_FILE names cannot be read: No such file or directory; "
        "correct or unset the variable"
    )


# --- pages ---------------------------------------------------------------------------------


def fetch_page(url: str) -> tuple[bytes, str | None]:
    async def get() -> tuple[bytes, str | None]:
        async with Fetcher(QUICK) as fetcher:
            return await fetcher.fetch_page("list", url)

    return asyncio.run(get())


def test_pages(served: FileServer) -> None:
    served.lies["/f"] += [Lie(headers={"Link": '</f?cursor=2>; rel="next"'})]
    assert fetch_page(served.url("/f")) == (CONTENT, served.url("/f?cursor=2"))
    assert fetch_page(served.url("/f")) == (CONTENT, None)


def test_pages_are_small(served: FileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("koe.http.client.MAX_REPLY_BYTES", 10)
    with pytest.raises(DownloadError, match="the reply is longer than"):
        fetch_page(served.url("/f"))
