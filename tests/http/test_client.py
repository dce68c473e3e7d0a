"""The client against real servers: what counts is what they saw."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from koe.http.client import MAX_ERROR_BYTES, MAX_REPLY_BYTES, Client
from koe.http.errors import (
    HttpConfigError,
    HttpConnectionError,
    HttpError,
    HttpReplyError,
    HttpTimeoutError,
)
from koe.http.request import Request
from tests.asynchronous import on_loop
from tests.http.asking import (
    HEADERS,
    KEY,
    answer_never,
    answer_ok,
    both,
    client_of,
    get,
    post,
    pyreqwest_only,
    request,
    settings,
)
from tests.servers.certificates import Kind
from tests.servers.plain import PlainServer
from tests.servers.web import (
    Connection,
    Exchange,
    Handler,
    Http1Connection,
    Http2Connection,
    Server,
    Version,
)

pytestmark = pytest.mark.usefixtures("library")


async def until_taken_back(connection: Connection, library: str) -> None:
    """Wait until a stream of HTTP/2 is taken back; httpx only forgets it."""
    if library == "pyreqwest":
        async with connection.changed:
            await connection.changed.wait_for(lambda: bool(connection.resets))


# --- connections ---------------------------------------------------------------------------


@both
@on_loop
async def test_ten_requests_one_connection(version: Version) -> None:
    async with Server(answer_ok, alpn=(version,)) as server, client_of() as client:
        for number in range(10):
            reply = await post(client, f"{server.url}/v1/{number}", HEADERS, b"{}")
            spoken = "HTTP/2" if version == "h2" else "HTTP/1.1"
            assert (reply.status_code, reply.content) == (200, b'{"ok": true}')
            assert reply.http_version == spoken
        (connection,) = server.used
        assert connection.alpn == version
        assert [exchange.path for exchange in connection.exchanges] == [
            f"/v1/{number}" for number in range(10)
        ]


@on_loop
async def test_no_secrets_of_a_connection_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the environment says: what is said would be readable with them."""
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "secrets"))
    async with Server(answer_ok) as server, client_of() as client:
        assert (await get(client, server.url, {})).status_code == 200
    assert not (tmp_path / "secrets").exists()


@both
@on_loop
async def test_ten_requests_to_an_ordinary_server(version: Version) -> None:
    async with PlainServer((version,)) as server, client_of() as client:
        for size in range(10):
            assert (await post(client, server.url, HEADERS, b"x" * size)).content == b"{}"
    assert [seen.size_bytes for seen in server.seen] == list(range(10))
    assert {seen.http_version for seen in server.seen} == {"2" if version == "h2" else "1.1"}
    assert len({seen.client_port for seen in server.seen}) == 1


@on_loop
async def test_the_server_chooses_the_version() -> None:
    async with Server(answer_ok) as server, client_of() as client:
        assert (await get(client, server.url, {})).http_version == "HTTP/2"
        assert server.connections[0].alpn == "h2"
    async with Server(answer_ok, alpn=("http/1.1", "h2")) as server, client_of() as client:
        assert (await get(client, server.url, {})).http_version == "HTTP/1.1"
    async with Server(answer_ok, alpn=()) as server, client_of() as client:
        assert (await get(client, server.url, {})).http_version == "HTTP/1.1"
        assert server.connections[0].alpn is None


@on_loop
async def test_without_tls_there_is_no_http2() -> None:
    async with Server(answer_ok, certificate=None) as server, client_of() as client:
        for _ in range(3):
            assert (await post(client, server.url, HEADERS, b"{}")).http_version == "HTTP/1.1"
        assert len(server.used) == 1
        assert "upgrade" not in server.exchanges[0].headers


@on_loop
async def test_http2_need_not_be_offered() -> None:
    async with Server(answer_ok) as server, client_of(settings(http2=False)) as client:
        assert (await get(client, server.url, {})).http_version == "HTTP/1.1"


@on_loop
async def test_requests_at_once_share_an_http2_connection() -> None:
    async with Server(answer_ok) as server, client_of() as client:
        await get(client, server.url, {})
        await asyncio.gather(*(post(client, server.url, HEADERS, b"{}") for _ in range(20)))
        assert len(server.used) == 1


@on_loop
async def test_two_idle_connections_per_server_are_kept() -> None:
    meeting = asyncio.Barrier(4)

    async def answer_together(exchange: Exchange) -> None:
        await meeting.wait()
        await exchange.reply()

    async with Server(answer_together, alpn=("http/1.1",)) as server, client_of() as client:
        await asyncio.gather(*(get(client, server.url, {}) for _ in range(4)))
        await server.until(lambda: sum(one.closed.is_set() for one in server.connections) == 2)
        assert len(server.used) == 4


@pyreqwest_only
@both
@on_loop
async def test_an_idle_connection_is_given_up(version: Version) -> None:
    given = settings(pool_idle=0.2)
    async with Server(answer_ok, alpn=(version,)) as server, client_of(given) as client:
        await get(client, server.url, {})
        await server.until(lambda: server.connections[0].closed.is_set())
        await get(client, server.url, {})
        assert len(server.used) == 2


@both
@on_loop
async def test_what_is_sent(version: Version) -> None:
    body = '{"a": "语"}'.encode()
    async with Server(answer_ok, alpn=(version,)) as server, client_of() as client:
        await post(client, f"{server.url}/v1/chat?api-version=1", HEADERS, body)
        await get(client, f"{server.url}/v1/models/a%2Fb", {"x-api-key": "schlüssel"})
    sent, asked = server.exchanges
    assert (sent.method, sent.path, bytes(sent.body)) == (
        "POST", "/v1/chat?api-version=1", body,
    )  # fmt: skip
    assert sent.headers["authorization"] == f"Bearer {KEY}"
    assert sent.headers["content-type"] == "application/json"
    assert sent.headers["accept"] == "*/*"
    assert sent.headers["user-agent"].startswith("koe/")
    assert (asked.method, asked.path, bytes(asked.body)) == ("GET", "/v1/models/a%2Fb", b"")
    for exchange in (sent, asked):
        assert {"cookie", "referer"}.isdisjoint(exchange.headers)
        assert exchange.headers["accept-encoding"] == "identity"
    assert "authorization" not in asked.headers


@on_loop
async def test_a_key_beats_the_user_in_the_address() -> None:
    async with Server(answer_ok) as server, client_of() as client:
        url = server.url.replace("//", "//user:word@")
        await get(client, url, {})
        await get(client, url, {"authorization": f"Bearer {KEY}"})
    first, second = server.exchanges
    assert first.headers["authorization"] == "Basic dXNlcjp3b3Jk"
    assert second.headers["authorization"] == f"Bearer {KEY}"


# --- connections that end ------------------------------------------------------------------


@on_loop
async def test_a_goaway_between_two_requests() -> None:
    async with Server(answer_ok) as server, client_of() as client:
        await get(client, server.url, {})
        (connection,) = server.used
        assert isinstance(connection, Http2Connection)
        await connection.go_away()
        await connection.closed.wait()
        await get(client, server.url, {})
        assert [len(one.exchanges) for one in server.used] == [1, 1]


@on_loop
async def test_a_goaway_instead_of_an_answer() -> None:
    async def leave_once(exchange: Exchange) -> None:
        if exchange.path == "/leave" and len(server.used) == 1:
            assert isinstance(exchange.connection, Http2Connection)
            await exchange.connection.go_away(last_stream=exchange.stream - 2)
        else:
            await exchange.reply(body=bytes(exchange.body))

    async with Server(leave_once) as server, client_of() as client:
        await get(client, server.url, {})
        assert (await post(client, f"{server.url}/leave", HEADERS, b"again")).content == b"again"
        assert len(server.used) == 2


@pyreqwest_only
@on_loop
async def test_a_stream_that_is_refused() -> None:
    async def refuse_once(exchange: Exchange) -> None:
        if len(server.exchanges) == 1:
            assert isinstance(exchange.connection, Http2Connection)
            await exchange.connection.refuse(exchange)
        else:
            await exchange.reply(body=bytes(exchange.body))

    async with Server(refuse_once) as server, client_of() as client:
        assert (await post(client, server.url, HEADERS, b"again")).content == b"again"
        assert len(server.exchanges) == 2


@both
@on_loop
async def test_a_server_that_closes_instead_of_answering(version: Version) -> None:
    """It closed the idle connection just when we asked: not one word is lost."""

    async def close_once(exchange: Exchange) -> None:
        if len(server.exchanges) == 2:
            exchange.connection.close()
        else:
            await exchange.reply(body=bytes(exchange.body))

    async with Server(close_once, alpn=(version,)) as server, client_of() as client:
        await get(client, server.url, {})
        assert (await post(client, server.url, HEADERS, b"again")).content == b"again"
        assert len(server.used) == 2


@both
@on_loop
async def test_a_server_that_always_closes_is_asked_twice_at_most(version: Version) -> None:
    async def close(exchange: Exchange) -> None:
        if exchange.path == "/well":
            await exchange.reply()
        else:
            exchange.connection.close()

    async with Server(close, alpn=(version,)) as server, client_of() as client:
        with pytest.raises(HttpConnectionError, match=r"the connection to 127\.0\.0\.1:\d+ broke"):
            await post(client, server.url, HEADERS, b"{}")
        assert len(server.exchanges) == 1, "a connection that was never good is not asked again"
        await get(client, f"{server.url}/well", {})
        with pytest.raises(HttpConnectionError):
            await post(client, server.url, HEADERS, b"{}")
        assert len(server.exchanges) == 4


@pyreqwest_only
@on_loop
async def test_idle_connections_are_pinged() -> None:
    given = settings(ping_interval=0.05, ping_timeout=20.0)
    async with Server(answer_ok) as server, client_of(given) as client:
        await get(client, server.url, {})
        (connection,) = server.used
        await server.until(lambda: connection.pings >= 3)
        await get(client, server.url, {})
        assert len(server.used) == 1


@pyreqwest_only
@on_loop
async def test_a_server_that_stops_answering_pings() -> None:
    given = settings(ping_interval=0.05, ping_timeout=1.0)
    async with Server(answer_ok) as server, client_of(given) as client:
        await get(client, server.url, {})
        (connection,) = server.used
        assert isinstance(connection, Http2Connection)
        connection.mute = True
        await server.until(connection.closed.is_set)
        assert connection.pings >= 1
        await get(client, server.url, {})
        assert len(server.used) == 2


@on_loop
async def test_a_server_that_stops_answering_anything_under_a_request() -> None:
    """The ping finds out, long before the time limit, and the request is made again."""

    async def fall_silent(exchange: Exchange) -> None:
        if exchange.path == "/silent" and len(server.used) == 1:
            assert isinstance(exchange.connection, Http2Connection)
            exchange.connection.mute = True
        else:
            await exchange.reply(body=bytes(exchange.body))

    given = settings(ping_interval=0.05, ping_timeout=1.0)
    async with Server(fall_silent) as server, client_of(given) as client:
        await get(client, server.url, {})
        assert (await post(client, f"{server.url}/silent", HEADERS, b"again")).content == b"again"
        assert len(server.used) == 2


# --- bodies --------------------------------------------------------------------------------


@both
@on_loop
async def test_a_large_request(version: Version, library: str) -> None:
    size = 50_000_000 if library == "pyreqwest" else 5_000_000
    given = settings(timeout=120.0)
    async with PlainServer((version,)) as server, client_of(given) as client:
        await post(client, server.url, HEADERS, bytes(size))
    assert server.seen[0].size_bytes == size


@both
@on_loop
async def test_a_reply_of_50_megabytes(version: Version, library: str) -> None:
    async def answer_long(exchange: Exchange) -> None:
        await exchange.reply(body=bytes(50_000_000 if exchange.path == "/long" else 10))

    async with Server(answer_long, alpn=(version,)) as server, client_of() as client:
        with pytest.raises(HttpReplyError, match="the reply is longer than 8 MiB"):
            await post(client, f"{server.url}/long", HEADERS, b"{}")
        assert len((await get(client, server.url, {})).content) == 10
        # Only pyreqwest makes a server stop sending what is too long.
        is_kept = version == "h2" and library == "pyreqwest"
        assert len(server.used) == (1 if is_kept else 2)


@both
@on_loop
async def test_the_longest_reply(version: Version) -> None:
    async def answer_long(exchange: Exchange) -> None:
        await exchange.reply(body=b"x" * MAX_REPLY_BYTES)

    async with Server(answer_long, alpn=(version,)) as server, client_of() as client:
        assert (await get(client, server.url, {})).content == b"x" * MAX_REPLY_BYTES


@both
@on_loop
async def test_a_reply_without_a_body(version: Version) -> None:
    async def answer_empty(exchange: Exchange) -> None:
        await exchange.reply(body=b"")

    async with Server(answer_empty, alpn=(version,)) as server, client_of() as client:
        assert (await get(client, server.url, {})).content == b""


@both
@on_loop
async def test_a_reply_that_breaks_off(version: Version) -> None:
    async def break_off(exchange: Exchange) -> None:
        if exchange.path == "/well":
            await exchange.reply()
        else:
            await exchange.begin(200, {"content-length": "100"})
            await exchange.send(b"half")
            exchange.connection.abort()

    async with Server(break_off, alpn=(version,)) as server, client_of() as client:
        with pytest.raises(HttpConnectionError, match=r"127\.0\.0\.1:\d+ broke in the middle"):
            await post(client, server.url, HEADERS, b"{}")
        await get(client, f"{server.url}/well", {})
        assert len(server.used) == 2
        assert len(server.exchanges) == 2, "what had begun to answer is not asked again"


@both
@on_loop
async def test_a_reply_that_ends_early(version: Version) -> None:
    async def end_early(exchange: Exchange) -> None:
        await exchange.begin(200, {"content-length": "100"})
        await exchange.send(b"half")
        exchange.connection.close()

    async with Server(end_early, alpn=(version,)) as server, client_of() as client:
        with pytest.raises(HttpConnectionError, match="in the middle of the reply"):
            await post(client, server.url, HEADERS, b"{}")


@on_loop
async def test_a_reply_that_is_compressed() -> None:
    async def answer_compressed(exchange: Exchange) -> None:
        await exchange.reply(body=b"\x1f\x8b", content_encoding="gzip")

    async with Server(answer_compressed) as server, client_of() as client:
        with pytest.raises(HttpReplyError, match=r"compressed \(gzip\)"):
            await get(client, server.url, {})


@pytest.mark.parametrize("coding", ["identity", "Identity"])
@on_loop
async def test_a_reply_that_says_it_is_not_compressed(coding: str) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(content_encoding=coding)

    async with Server(answer) as server, client_of() as client:
        assert (await get(client, server.url, {})).content == b"ok"


@on_loop
async def test_a_reply_that_is_not_http() -> None:
    async def chat(exchange: Exchange) -> None:
        assert isinstance(exchange.connection, Http1Connection)
        await exchange.connection.write(b"220 mail.example ESMTP\r\n\r\n")
        exchange.connection.close()

    async with Server(chat, certificate=None) as server, client_of() as client:
        with pytest.raises(HttpReplyError, match=r"127\.0\.0\.1:\d+ does not answer in HTTP"):
            await get(client, server.url, {})


# --- hostile servers -----------------------------------------------------------------------


def raw(data: bytes) -> Handler:
    """A server that writes bytes which need not be HTTP, and closes."""

    async def write(exchange: Exchange) -> None:
        assert isinstance(exchange.connection, Http1Connection)
        await exchange.connection.write(data)
        exchange.connection.close()

    return write


@pytest.mark.parametrize(
    "head",
    [
        b"X: " + b"x" * 2_000_000,
        b"".join(b"X-%d: x\r\n" % number for number in range(100_000)),
        b"X: a\0b\r\n\r\n",
        b"Content-Length: -1\r\n\r\n",
        b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
    ],
    ids=["long", "many", "nul", "negative", "two lengths", "huge chunk"],
)
@on_loop
async def test_heads_that_are_no_http(head: bytes) -> None:
    async with (
        Server(raw(b"HTTP/1.1 200 OK\r\n" + head), certificate=None) as server,
        client_of() as client,
    ):
        with pytest.raises(HttpError) as refusal:
            await get(client, server.url, {})
        assert len(str(refusal.value)) < 500


@both
@on_loop
async def test_a_refusal_that_stalls(version: Version, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its status is known, and says more than a time limit that was exceeded."""

    async def stall(exchange: Exchange) -> None:
        await exchange.begin(401, {"content-length": "99"})
        await exchange.send(b"no")
        await answer_never(exchange)

    monkeypatch.setattr("koe.http.client.ERROR_SECONDS", 0.5)
    async with Server(stall, alpn=(version,)) as server, client_of() as client:
        refusal = await get(client, server.url, {})
    assert (refusal.status_code, refusal.content) == (401, b"no")


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd", "x-unknown"])
@on_loop
async def test_a_refusal_that_is_compressed(coding: str) -> None:
    async def refuse(exchange: Exchange) -> None:
        await exchange.reply(502, body=b"\x1f\x8b", content_encoding=coding)

    async with Server(refuse) as server, client_of() as client:
        refusal = await get(client, server.url, {})
    assert (refusal.status_code, refusal.content) == (502, b"")


@on_loop
async def test_keys_that_a_server_repeats_are_masked() -> None:
    async def repeat(exchange: Exchange) -> None:
        if exchange.path == "/redirect":
            await exchange.reply(307, location=f"https://evil.example/{KEY}?{KEY}#{KEY}")
        else:
            await exchange.reply(content_encoding=KEY)

    async with Server(repeat) as server, client_of() as client:
        for path in ("/redirect", "/coding"):
            with pytest.raises(HttpReplyError) as refusal:
                await post(client, f"{server.url}{path}", HEADERS, b"{}")
            assert KEY[3:9] not in str(refusal.value)


# --- time ----------------------------------------------------------------------------------


@both
@on_loop
async def test_a_reply_that_never_begins(version: Version, library: str) -> None:
    given = settings(timeout=3.0)
    async with Server(answer_never, alpn=(version,)) as server, client_of(given) as client:
        with pytest.raises(HttpTimeoutError) as timed_out:
            await post(client, server.url, HEADERS, b"{}")
        assert timed_out.value.timeout_seconds == 3.0
        (connection,) = server.used
        if version == "h2":
            await until_taken_back(connection, library)
            assert not connection.closed.is_set()
        else:
            await server.until(connection.closed.is_set)


@both
@on_loop
async def test_a_reply_byte_by_byte(version: Version, library: str) -> None:
    """Something comes all the time, but the limit is for the whole reply."""

    async def drip(exchange: Exchange) -> None:
        await exchange.begin(200, {"content-length": "1000"})
        for _ in range(1000):
            await exchange.send(b".")
            await asyncio.sleep(0.05)

    given = settings(timeout=3.0)
    async with Server(drip, alpn=(version,)) as server, client_of(given) as client:
        with pytest.raises(HttpTimeoutError):
            await post(client, server.url, HEADERS, b"{}")
        (connection,) = server.used
        if version == "h2":
            await until_taken_back(connection, library)
        else:
            await server.until(connection.closed.is_set)


@both
@on_loop
async def test_a_loop_that_is_busy_until_the_time_is_up(version: Version) -> None:
    """The library has given up by then, but the report is the same."""
    given = settings(timeout=3.0)
    async with Server(answer_never, alpn=(version,)) as server, client_of(given) as client:
        asking = asyncio.create_task(post(client, server.url, HEADERS, b"{}"))
        await server.until(lambda: bool(server.exchanges))
        time.sleep(1.3)  # noqa: ASYNC251 - as a callback of a shell may
        with pytest.raises(HttpTimeoutError):
            await asking


@on_loop
async def test_no_time_at_all() -> None:
    async with Server(answer_ok) as server, client_of(settings(timeout=0)) as client:
        with pytest.raises(HttpTimeoutError):
            await get(client, server.url, {})
        assert not server.connections


@on_loop
async def test_the_time_limit_covers_redirects() -> None:
    """One for each of them would outlast the number that is allowed."""

    async def slowly_in_circles(exchange: Exchange) -> None:
        await asyncio.sleep(0.1)
        await exchange.reply(302, location=exchange.path + "x")

    async with Server(slowly_in_circles) as server, client_of(settings(timeout=0.4)) as client:
        with pytest.raises(HttpTimeoutError):
            await get(client, server.url, {})


@both
@on_loop
async def test_a_request_that_is_cancelled_before_the_reply(version: Version, library: str) -> None:
    """The library does not take it back at once, but when its time is up."""
    given = settings(timeout=3.0)
    async with Server(answer_never, alpn=(version,)) as server, client_of(given) as client:
        asking = asyncio.create_task(post(client, server.url, HEADERS, b"{}"))
        await server.until(lambda: bool(server.exchanges))
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        (connection,) = server.used
        if version == "h2":
            await until_taken_back(connection, library)
        else:
            await server.until(connection.closed.is_set)


@both
@on_loop
async def test_a_request_that_is_cancelled(version: Version, library: str) -> None:
    """The next one does not suffer. What had begun to answer is taken back, or is left alone."""

    async def answer_half(exchange: Exchange) -> None:
        if exchange.path == "/half":
            await exchange.begin()
            await exchange.send(b"half")
            await answer_never(exchange)
        await exchange.reply()

    arrived = asyncio.Event()

    async def read(client: Client, url: str) -> None:
        async with client.stream(Request(url)) as response:
            async for _ in response.aiter_raw():
                arrived.set()

    async with Server(answer_half, alpn=(version,)) as server, client_of() as client:
        asking = asyncio.create_task(read(client, f"{server.url}/half"))
        await arrived.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await get(client, server.url, {})
        is_kept = version == "h2" and library == "pyreqwest"
        assert len(server.used) == (1 if is_kept else 2)


@both
@on_loop
async def test_a_request_after_one_that_was_cancelled_before_the_reply(version: Version) -> None:
    async def answer(exchange: Exchange) -> None:
        if exchange.path == "/never":
            await answer_never(exchange)
        await exchange.reply()

    async with Server(answer, alpn=(version,)) as server, client_of() as client:
        asking = asyncio.create_task(post(client, f"{server.url}/never", HEADERS, b"{}"))
        await server.until(lambda: bool(server.exchanges))
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert (await get(client, server.url, {})).status_code == 200


@both
@on_loop
async def test_a_request_beside_one_that_is_cancelled_before_the_reply(version: Version) -> None:
    """The first request has opened the connection that both use over HTTP/2."""
    go_on = asyncio.Event()

    async def answer(exchange: Exchange) -> None:
        if exchange.path == "/never":
            await answer_never(exchange)
        await go_on.wait()
        await exchange.reply()

    async with Server(answer, alpn=(version,)) as server, client_of() as client:
        asking = asyncio.create_task(post(client, f"{server.url}/never", HEADERS, b"{}"))
        await server.until(lambda: len(server.exchanges) == 1)
        beside = asyncio.create_task(post(client, f"{server.url}/late", HEADERS, b"{}"))
        await server.until(lambda: len(server.exchanges) == 2)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        go_on.set()
        assert (await beside).status_code == 200


@both
@on_loop
async def test_a_request_that_is_cancelled_while_pieces_of_the_reply_come(version: Version) -> None:
    async def answer_long(exchange: Exchange) -> None:
        await exchange.reply(body=bytes(300_000))

    async def read(client: Client, url: str) -> None:
        task = asyncio.current_task()
        assert task is not None
        async with client.stream(Request(url)) as response:
            async for _ in response.aiter_raw():
                if not task.cancelling():
                    task.cancel()

    async with Server(answer_long, alpn=(version,)) as server, client_of() as client:
        for _ in range(20):
            with pytest.raises(asyncio.CancelledError):
                await asyncio.create_task(read(client, server.url))


# --- errors --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "status", [400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 529]
)
@on_loop
async def test_statuses(status: int) -> None:
    async def refuse(exchange: Exchange) -> None:
        await exchange.reply(status, body=b' {"error": {"message": "no"}}\n')

    async with Server(refuse) as server, client_of() as client:
        for _ in range(2):
            refusal = await post(client, server.url, HEADERS, b"{}")
        assert refusal.status_code == status
        assert refusal.content.strip() == b'{"error": {"message": "no"}}'
        assert len(server.exchanges) == 2, "a refusal is not asked for again"
        assert len(server.used) == 1


@both
@on_loop
async def test_every_status_from_400_to_529(version: Version) -> None:
    """All over one connection."""

    async def refuse(exchange: Exchange) -> None:
        await exchange.reply(int(exchange.path[1:]), body=b'{"error": {"message": "no"}}')

    async with Server(refuse, alpn=(version,)) as server, client_of() as client:
        for status in range(400, 530):
            refusal = await post(client, f"{server.url}/{status}", HEADERS, b"{}")
            assert refusal.status_code == status
            assert refusal.content == b'{"error": {"message": "no"}}'
        assert len(server.exchanges) == 130
        assert len(server.used) == 1


@pytest.mark.parametrize("status", [200, 201, 204])
@on_loop
async def test_good_statuses(status: int) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.begin(status)
        await exchange.end()

    async with Server(answer) as server, client_of() as client:
        assert (await get(client, server.url, {})).status_code == status


@on_loop
async def test_an_error_is_cut_short() -> None:
    async def refuse(exchange: Exchange) -> None:
        await exchange.reply(500, body="语".encode() * 1_000_000)

    async with Server(refuse) as server, client_of() as client:
        refusal = await get(client, server.url, {})
    assert refusal.content == ("语" * MAX_ERROR_BYTES).encode()[:MAX_ERROR_BYTES]


@on_loop
async def test_no_log_line_has_the_key(caplog: pytest.LogCaptureFixture) -> None:
    async with Server(answer_ok) as server, client_of() as client:
        with caplog.at_level("DEBUG"):
            await post(client, server.url, HEADERS, b"a secret text")
            url = server.url.replace("//", f"//user:{KEY}@")
            assert client.warm_up(request(f"{url}/x", HEADERS)) is None
        with pytest.raises(HttpConfigError):
            await post(client, server.url, {"x-api-key": f"{KEY}\n"}, b"{}")
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("koe")]
    assert ours
    assert KEY not in "".join(ours)
    assert "a secret text" not in "".join(ours)


@pytest.mark.parametrize("key", [f"{KEY}\n", f"{KEY}\0", f"\r{KEY}"])
@on_loop
async def test_a_key_that_cannot_be_sent(key: str) -> None:
    async with Server(answer_ok) as server, client_of() as client:
        with pytest.raises(HttpConfigError, match="the header x-api-key can't be sent") as refusal:
            await post(client, server.url, {"x-api-key": key}, b"{}")
        assert KEY not in str(refusal.value)
        assert not server.connections


@pytest.mark.parametrize("url", ["http://example.com/v1", "ftp://x", "wss://x", "", "http://"])
@on_loop
async def test_addresses_that_are_not_asked(url: str) -> None:
    async with client_of() as client:
        for asked in (post(client, url, HEADERS, b"{}"), get(client, url, HEADERS)):
            with pytest.raises(HttpConfigError):
                await asked
        assert client.warm_up(request(url, HEADERS)) is None


@on_loop
async def test_a_server_that_is_not_there() -> None:
    async with Server(answer_ok) as server:
        url = server.url
    async with client_of() as client:
        with pytest.raises(HttpConnectionError, match=r"127\.0\.0\.1:\d+ refuses connections"):
            await post(client, url, HEADERS, b"{}")


@pytest.mark.parametrize(
    ("certificate", "sentence"),
    [
        ("expired", "has expired, or this computer's clock is wrong"),
        ("not yet valid", "is not valid yet: is this computer's clock right?"),
        ("wrong host", "shows a certificate for another name: is base_url right?"),
        ("self-signed", "does not trust the authority"),
        ("unknown issuer", "does not trust the authority"),
    ],
)
@on_loop
async def test_bad_certificates(certificate: Kind, sentence: str) -> None:
    async with Server(answer_ok, certificate=certificate) as server, client_of() as client:
        with pytest.raises(HttpConnectionError) as refusal:
            await post(client, server.url, HEADERS, b"{}")
        assert sentence in str(refusal.value)
        assert f"127.0.0.1:{server.port}" in str(refusal.value)
        assert not server.exchanges


@on_loop
async def test_tls_where_there_is_none() -> None:
    async with Server(answer_ok, certificate=None) as server, client_of() as client:
        with pytest.raises(HttpConnectionError):
            await post(client, server.url.replace("http:", "https:"), HEADERS, b"{}")


# --- redirects -----------------------------------------------------------------------------


@both
@pytest.mark.parametrize(
    ("status", "method"), [(301, "GET"), (302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")]
)
@on_loop
async def test_redirects_within_the_origin(version: Version, status: int, method: str) -> None:
    async def redirect(exchange: Exchange) -> None:
        if exchange.path == "/v1/old?a=b":
            await exchange.reply(status, location="../v2/new?c=d")
        else:
            await exchange.reply()

    async with Server(redirect, alpn=(version,)) as server, client_of() as client:
        await post(client, f"{server.url}/v1/old?a=b", HEADERS, b"{}")
        assert len(server.used) == 1
    followed = server.exchanges[1]
    assert (followed.method, followed.path) == (method, "/v2/new?c=d")
    assert bytes(followed.body) == (b"{}" if method == "POST" else b"")
    assert ("content-type" in followed.headers) == (method == "POST")
    assert followed.headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@on_loop
async def test_redirects_to_another_origin(status: int) -> None:
    async def send_away(exchange: Exchange) -> None:
        await exchange.reply(status, location=f"{other.url}/v1")

    async with (
        Server(answer_ok) as other,
        Server(send_away) as server,
        client_of() as client,
    ):
        for headers in (HEADERS, {"x-api-key": KEY}):
            with pytest.raises(HttpReplyError, match=r"redirect blocked: .* different origin"):
                await post(client, server.url, headers, b"{}")
        assert not other.connections


@on_loop
async def test_redirects_that_never_end() -> None:
    async def in_circles(exchange: Exchange) -> None:
        await exchange.reply(307, location="/")

    async with Server(in_circles) as server, client_of() as client:
        with pytest.raises(HttpReplyError, match="too many redirects"):
            await post(client, server.url, HEADERS, b"{}")
        assert len(server.exchanges) == 11


@on_loop
async def test_ten_redirects() -> None:
    async def count_down(exchange: Exchange) -> None:
        left = int(exchange.path[1:])
        if left:
            await exchange.reply(307, location=f"/{left - 1}")
        else:
            await exchange.reply(body=b"there")

    async with Server(count_down) as server, client_of() as client:
        assert (await post(client, f"{server.url}/10", HEADERS, b"{}")).content == b"there"
        with pytest.raises(HttpReplyError):
            await post(client, f"{server.url}/11", HEADERS, b"{}")


@pytest.mark.parametrize(
    ("status", "location"),
    [
        (302, ""),
        (302, "https://[bad"),
        (200, "/x"),
        (300, "/x"),
        (304, "/x"),
        (305, "/"),
        (404, "/x"),
    ],
)
@on_loop
async def test_redirects_that_lead_nowhere(status: int, location: str) -> None:
    async def redirect(exchange: Exchange) -> None:
        await exchange.begin(status, {"location": location} if location else {})
        await exchange.end()

    async with Server(redirect) as server, client_of() as client:
        refusal = await post(client, server.url, HEADERS, b"{}")
    assert refusal.status_code == status


@pytest.mark.parametrize(("status", "name"), [(302, "Location"), (200, "Content-Encoding")])
@on_loop
async def test_a_header_that_is_no_text(status: int, name: str) -> None:
    """As if it were not there: nothing can be made of it."""

    async def answer_bytes(exchange: Exchange) -> None:
        assert isinstance(exchange.connection, Http1Connection)
        head = f"HTTP/1.1 {status} Odd\r\n{name}: /caf\xe9\r\nContent-Length: 2\r\n\r\n"
        await exchange.connection.write(f"{head}{{}}".encode("latin-1"))

    async with Server(answer_bytes, certificate=None) as server, client_of() as client:
        assert (await get(client, server.url, {})).status_code == status


# --- the end -------------------------------------------------------------------------------


@both
@on_loop
async def test_a_retired_client_finishes(version: Version) -> None:
    may_answer = asyncio.Event()

    async def answer_later(exchange: Exchange) -> None:
        await may_answer.wait()
        await exchange.reply()

    async with Server(answer_later, alpn=(version,)) as server, client_of() as client:
        asking = asyncio.create_task(post(client, server.url, HEADERS, b"{}"))
        await server.until(lambda: bool(server.exchanges))
        client.retire()
        may_answer.set()
        assert (await asking).status_code == 200
        await server.until(server.connections[0].closed.is_set)
        # A caller kept it: it still works, and closes again.
        assert (await post(client, server.url, HEADERS, b"{}")).status_code == 200
        await server.until(server.connections[1].closed.is_set)


@both
@on_loop
async def test_a_closed_client(version: Version) -> None:
    async with Server(answer_never, alpn=(version,)) as server, client_of() as client:
        asking = asyncio.create_task(post(client, server.url, HEADERS, b"{}"))
        await server.until(lambda: bool(server.exchanges))
        await client.aclose()
        with pytest.raises(HttpConnectionError):
            await asking
        with pytest.raises(HttpConnectionError, match="the client is closed"):
            await post(client, server.url, HEADERS, b"{}")
        await client.aclose()


@on_loop
async def test_closing_closes_idle_connections() -> None:
    async with Server(answer_ok) as server:
        async with client_of() as client:
            await get(client, server.url, {})
        await server.until(server.connections[0].closed.is_set)
