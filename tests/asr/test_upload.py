"""The door, against servers that stall, drop, redirect and lie."""

from __future__ import annotations

import asyncio
import gzip
import logging
import socket
from pathlib import Path

import pytest

from koe.asr.upload import Upload, open_uploader
from koe.endpoint import check_endpoint
from koe.errors import AsrConnectionError, AsrError, AsrProtocolError
from tests.asynchronous import stop_accepting
from tests.servers.speech import (
    API_KEY,
    PATIENCE,
    Drop,
    Handler,
    Received,
    Stall,
    Step,
    own_authority,
    response,
    speech_server,
    stream,
)

UPLOAD = Upload(
    (("Authorization", f"Bearer {API_KEY}"), ("api-key", API_KEY)),
    b"body" * 1000,
    frozenset({"1113"}),
)


async def upload(url: str, *, first: bool = False, connect_timeout: float = PATIENCE) -> bytes:
    """Send, and return what is answered: all of it, or the first piece."""
    answer = bytearray()

    def receive(data: bytes) -> bool:
        answer.extend(data)
        return not first

    uploader = await open_uploader(check_endpoint(url), connect_timeout)
    try:
        async with asyncio.timeout(PATIENCE):
            await uploader.send(UPLOAD, receive)
    finally:
        await uploader.close()
    return bytes(answer)


def answered(*steps: Step) -> Handler:
    return lambda received: list(steps)


def test_what_is_sent_and_received() -> None:
    with speech_server(answered(response(b"hello"))) as server:
        assert asyncio.run(upload(f"{server.url}/a/b?c=d")) == b"hello"
    (received,) = server.received
    assert received.target == "/a/b?c=d"
    assert received.body == UPLOAD.body
    assert received.headers["api-key"] == API_KEY
    assert received.headers["accept-encoding"] == "identity"


def test_one_connection_for_several_uploads() -> None:
    async def twice(url: str) -> None:
        uploader = await open_uploader(url, PATIENCE)
        await uploader.send(UPLOAD, lambda data: True)
        await uploader.send(UPLOAD, lambda data: True)
        await uploader.close()

    with speech_server(answered(response(b"a"))) as server:
        asyncio.run(twice(server.url))
        assert (len(server.received), server.connections) == (2, 1)


def test_pieces_come_as_they_are_sent() -> None:
    """The end of an answer that has said enough is not awaited."""
    with speech_server(answered(*stream(b"first", end=False), Stall())) as server:
        assert asyncio.run(upload(server.url, first=True)) == b"first"


def test_encrypted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tls, authority = own_authority()
    with speech_server(answered(response(b"hello")), tls) as server:
        with pytest.raises(AsrConnectionError, match=r"issued the certificate of 127"):
            asyncio.run(upload(server.url))
        assert server.received == []
        (tmp_path / "ca.pem").write_bytes(authority)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        assert asyncio.run(upload(server.url)) == b"hello"


# --- errors ----------------------------------------------------------------------------------


def failure(*steps: Step) -> AsrError:
    with (
        speech_server(answered(*steps)) as server,
        pytest.raises(AsrError) as caught,
    ):
        asyncio.run(upload(server.url))
    return caught.value


def test_no_server_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(AsrConnectionError) as caught:
            asyncio.run(upload(f"http://127.0.0.1:{port}/v1/audio"))
    assert str(caught.value).startswith(
        f"ASR connection failed: HTTP request failed: 127.0.0.1:{port} refuses connections: "
    )


def test_a_connection_that_is_never_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that takes the connection and never answers the handshake of encryption."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        with pytest.raises(AsrConnectionError, match=rf"connecting to 127.0.0.1:{port} timed out"):
            asyncio.run(upload(f"https://127.0.0.1:{port}/", connect_timeout=0.05))


def test_a_host_that_is_no_host_name() -> None:
    with pytest.raises(AsrConnectionError, match=r"HTTP request failed: .*a{64}.example"):
        asyncio.run(upload(f"https://{'a' * 64}.example/"))


@pytest.mark.parametrize(
    "steps",
    [[Drop()], [b"HTTP/1.1 200 OK\r\nContent-Le", Drop()]],
    ids=["dropped", "half a head"],
)
def test_no_answer(steps: list[Step]) -> None:
    error = failure(*steps)
    assert isinstance(error, AsrConnectionError)
    assert error.message.startswith("HTTP request failed: the connection to 127.0.0.1:")
    assert not error.is_permanent


@pytest.mark.parametrize(
    "steps",
    [
        [b"\0\xffgarbage\r\n\r\n", Drop()],
        [b"HTTP/1.1 200 OK\r\nX: " + b"x" * 2_000_000, Drop()],
    ],
    ids=["garbage", "endless head"],
)
def test_an_answer_that_is_not_http(steps: list[Step]) -> None:
    error = failure(*steps)
    assert isinstance(error, AsrProtocolError)
    assert "does not answer in HTTP" in error.message
    assert not error.is_permanent


@pytest.mark.parametrize(
    "steps",
    [
        [*stream(b"some", end=False), Drop()],
        [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nsome", Drop()],
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n", Drop()],
    ],
    ids=["chunks", "length", "nonsense"],
)
def test_an_answer_that_breaks_off(steps: list[Step]) -> None:
    error = failure(*steps)
    assert isinstance(error, AsrProtocolError)
    assert error.message.startswith("stream error: ")


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        ("401 Unauthorized", b'{"error": "no"}', 'HTTP 401 Unauthorized: {"error": "no"}'),
        ("500 Internal Server Error", b"", "HTTP 500 Internal Server Error"),
        ("429 Too Many Requests", b" slow\n down ", "HTTP 429 Too Many Requests: slow down"),
        ("499 ", b"odd", "HTTP 499: odd"),
        ("401 No key of ours", b"\x1b]0;t\x07", "HTTP 401 Unauthorized: ]0;t"),
        ("304 Not Modified", b"", "HTTP 304 Not Modified"),
        ("403 Forbidden", b"\xff" + API_KEY.encode(), "HTTP 403 Forbidden: \ufffd***"),
        ("400 Bad Request", b"x" * 100_000, f"HTTP 400 Bad Request: {'x' * 299}…"),
    ],
)
def test_refusals(status: str, body: bytes, sentence: str) -> None:
    error = failure(response(body, status))
    assert isinstance(error, AsrProtocolError)
    assert error.message == sentence
    assert error.is_permanent == (not status.startswith(("429", "499", "500")))


def test_a_refusal_that_says_more_than_its_status() -> None:
    """An account without money, with the status of a service that is busy."""
    body = b'{"error":{"code":"1113","message":"no"}}'
    error = failure(response(body, "429 Too Many Requests", "Retry-After: 30"))
    assert (error.is_permanent, error.retry_after) == (True, 30.0)
    other = failure(response(body.replace(b"1113", b"1302"), "429 Too Many Requests"))
    assert (other.is_permanent, other.retry_after) == (False, None)


def test_a_refusal_that_stalls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its status is known, and says more than a time limit that was exceeded."""
    monkeypatch.setattr("koe.http.client.ERROR_SECONDS", 0.05)
    head = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 99\r\n\r\nno"
    assert failure(head, Stall()).message == "HTTP 401 Unauthorized: no"


def test_an_endless_refusal() -> None:
    head = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 999999999\r\n\r\n"
    assert failure(head + b"x" * 8192, Stall()).message.endswith("x…")


def test_a_compressed_answer_is_not_opened() -> None:
    """It was not asked for, and could be a million times as large."""
    bomb = gzip.compress(bytes(10_000_000))
    error = failure(response(bomb, "200 OK", "Content-Encoding: gzip"))
    assert str(error) == (
        "ASR protocol error: the reply is compressed (gzip), which koe did not ask for"
    )


def test_a_compressed_refusal_is_not_opened() -> None:
    bomb = gzip.compress(bytes(10_000_000))
    error = failure(response(bomb, "502 Bad Gateway", "Content-Encoding: gzip"))
    assert error.message == "HTTP 502 Bad Gateway"


# --- redirects -------------------------------------------------------------------------------


def redirecting(status: str, location: str) -> Handler:
    """A server that sends on what comes to ``/``, and answers the rest with its path."""

    def handle(received: Received) -> list[Step]:
        if received.target == "/":
            return [response(b"", status, f"Location: {location}")]
        return [response(received.target.encode())]

    return handle


@pytest.mark.parametrize("status", ["307 Temporary Redirect", "308 Permanent Redirect"])
def test_a_redirect_on_the_same_origin_repeats_everything(status: str) -> None:
    with speech_server(redirecting(status, "/v2?a=b")) as server:
        assert asyncio.run(upload(f"{server.url}/")) == b"/v2?a=b"
    assert [(it.body, it.headers["api-key"]) for it in server.received] == [
        (UPLOAD.body, API_KEY),
        (UPLOAD.body, API_KEY),
    ]


@pytest.mark.parametrize("status", ["301 Moved Permanently", "302 Found", "303 See Other"])
def test_a_redirect_that_drops_the_body(status: str) -> None:
    with (
        speech_server(redirecting(status, "/v2")) as server,
        pytest.raises(AsrConnectionError, match=r"redirect that drops the recording \(30\d\)"),
    ):
        asyncio.run(upload(f"{server.url}/"))
    assert len(server.received) == 1


def test_a_redirect_to_another_origin_gets_nothing() -> None:
    with speech_server(answered(response(b"stolen"))) as thief:
        for location in (f"{thief.url}/", thief.url.replace("http:", "") + "/"):
            with (
                speech_server(redirecting("307 Temporary Redirect", location)) as server,
                pytest.raises(AsrConnectionError) as caught,
            ):
                asyncio.run(upload(f"{server.url}/"))
            assert "HTTP request failed: redirect blocked: " in str(caught.value)
            assert "is a different origin than" in str(caught.value)
        assert thief.connections == 0


def test_endless_redirects() -> None:
    with (
        speech_server(redirecting("307 Temporary Redirect", "/")) as server,
        pytest.raises(AsrConnectionError, match=r"HTTP request failed: too many redirects"),
    ):
        asyncio.run(upload(f"{server.url}/"))
    assert len(server.received) == 11


# --- secrets and proxies -----------------------------------------------------------------------


def test_nothing_is_logged_that_is_secret(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with speech_server(answered(response(b"hello"))) as server:
        asyncio.run(upload(server.url))
    assert caplog.records
    assert API_KEY not in caplog.text


def test_a_proxy_is_not_asked_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would see the key, because the way to it is not encrypted."""
    with speech_server(answered(response(b"seen"))) as proxy:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        with speech_server(answered(response(b"hello"))) as server:
            assert asyncio.run(upload(server.url)) == b"hello"
        assert proxy.connections == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [("ALL_PROXY", "gopher://127.0.0.1:70"), ("HTTPS_PROXY", "http://127.0.0.1:port")],
)
def test_nothing_goes_around_a_proxy_that_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(AsrConnectionError, match=f"the proxy in {name} can't be read") as caught:
        asyncio.run(upload("https://speech.invalid/"))
    assert caught.value.is_permanent


def test_exceptions_that_the_library_cannot_read(monkeypatch: pytest.MonkeyPatch) -> None:
    value = "localhost,::1,[::1],10.0.0.0/8,fd00::/8,fe80::1%eth0,*.example.com:8080"
    monkeypatch.setenv("NO_PROXY", value)
    with pytest.raises(AsrConnectionError, match=r"there is no server named speech.invalid"):
        asyncio.run(upload("https://speech.invalid/"))


def test_certificates_that_are_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/no/such/file.pem")
    with pytest.raises(AsrConnectionError, match=r"the file that SSL_CERT_FILE names"):
        asyncio.run(upload("https://speech.invalid/"))


def test_a_proxy_of_another_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """SOCKS, which many machines in China have in the environment."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("ALL_PROXY", f"socks5://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(AsrConnectionError, match=r"the proxy does not connect to speech"):
            asyncio.run(upload("https://speech.invalid/"))


def test_a_proxy_is_asked_for_other_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    """It gets the host and nothing else, because the rest goes through it encrypted."""
    seen: list[bytes] = []

    async def run() -> None:
        async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            seen.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")
            writer.close()

        server = await asyncio.start_server(proxy, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        with pytest.raises(AsrConnectionError, match=r"the proxy does not connect to speech"):
            await upload("https://speech.invalid/")
        await stop_accepting(server)
        await server.wait_closed()

    asyncio.run(run())
    assert seen[0].startswith(b"CONNECT speech.invalid:443 HTTP/1.1\r\n")
    assert API_KEY.encode() not in seen[0]
