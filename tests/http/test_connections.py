"""Connections that died without a word, and those that only seem to."""

from __future__ import annotations

import asyncio

import pytest

from koe.http.errors import HttpTimeoutError
from tests.asynchronous import on_loop
from tests.http.asking import (
    HEADERS,
    Clock,
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
from tests.servers.relay import Relay
from tests.servers.web import Exchange, Server, Version

pytestmark = pytest.mark.usefixtures("library")

# Long enough ago for a connection to be doubted, and too short for it to be given up.
A_WHILE = 60.0


async def answer_body(exchange: Exchange) -> None:
    await exchange.reply(body=bytes(exchange.body))


@pytest.mark.parametrize(
    ("version", "passed"), [("h2", 0.0), ("h2", A_WHILE), ("http/1.1", A_WHILE)]
)
@on_loop
async def test_a_connection_that_died_in_silence(version: Version, passed: float) -> None:
    clock = Clock()
    async with (
        Server(answer_body, alpn=(version,)) as server,
        Relay(server.port) as relay,
        client_of(settings(timeout=6.0), clock) as client,
    ):
        url = f"https://127.0.0.1:{relay.port}/"
        await post(client, url, HEADERS, b"first")
        relay.cut()
        clock.now += passed
        assert (await post(client, url, HEADERS, b"second")).content == b"second"
        assert (await post(client, url, HEADERS, b"third")).content == b"third"
        assert len(server.used) == 2
        bodies = [bytes(exchange.body) for exchange in server.exchanges]
        assert bodies == [b"first", b"second", b"third"]


@on_loop
async def test_two_requests_at_once_on_a_dead_connection() -> None:
    clock = Clock()
    async with (
        Server(answer_body) as server,
        Relay(server.port) as relay,
        client_of(settings(timeout=6.0), clock) as client,
    ):
        url = f"https://127.0.0.1:{relay.port}/"
        await get(client, url, {})
        relay.cut()
        clock.now += A_WHILE
        replies = await asyncio.gather(
            *(post(client, url, HEADERS, body) for body in (b"one", b"two"))
        )
        assert [reply.content for reply in replies] == [b"one", b"two"]
        assert len(server.used) == 2, "the second one joins the first one's new connection"


@both
@on_loop
async def test_a_computer_that_slept(version: Version) -> None:
    """Only the clock on the wall knows; the old connection is not even tried."""
    clock = Clock()
    async with (
        Server(answer_body, alpn=(version,)) as server,
        Relay(server.port) as relay,
        # Silence alone would be noticed after five seconds at the earliest.
        client_of(settings(timeout=20.0), clock) as client,
    ):
        url = f"https://127.0.0.1:{relay.port}/"
        await post(client, url, HEADERS, b"first")
        relay.cut()
        clock.now += 8 * 3600
        async with asyncio.timeout(4):
            assert (await post(client, url, HEADERS, b"second")).content == b"second"
        assert len(server.used) == 2


@on_loop
async def test_a_clock_that_is_corrected() -> None:
    """By a time service, between two requests: that costs no connection."""
    clock = Clock()
    async with Server(answer_ok) as server, client_of(clock=clock) as client:
        for _ in range(3):
            await get(client, server.url, {})
            clock.now -= 1.0
        assert len(server.used) == 1


@pytest.mark.parametrize("passed", [91.0, -60.0])
@on_loop
async def test_a_clock_that_jumps(passed: float) -> None:
    clock = Clock()
    async with Server(answer_ok) as server, client_of(clock=clock) as client:
        await get(client, server.url, {})
        clock.now += passed
        await get(client, server.url, {})
        await get(client, server.url, {})
        assert len(server.used) == 2
        await server.until(server.connections[0].closed.is_set)


@on_loop
async def test_another_server_was_heard_just_now() -> None:
    """So the computer did not sleep, however long ago the first one was."""
    clock = Clock()
    async with Server(answer_ok) as old, Server(answer_ok) as new, client_of(clock=clock) as client:
        for server in (old, new, new):
            await get(client, server.url, {})
            clock.now += 50.0
        assert len(new.used) == 1


@on_loop
async def test_a_slow_server_that_lives_is_asked_once() -> None:
    asked_for_life = asyncio.Event()

    async def answer_slowly(exchange: Exchange) -> None:
        if exchange.method == "HEAD":
            await exchange.reply(404, body=b"")
            asked_for_life.set()
            return
        if exchange.path == "/slow":
            await asked_for_life.wait()
            await asyncio.sleep(1.2)  # long past the wait for a sign
        await exchange.reply()

    clock = Clock()
    given = settings(timeout=4.0)
    async with Server(answer_slowly) as server, client_of(given, clock) as client:
        url = server.url.replace("//", "//user:password@")
        await post(client, url, HEADERS, b"{}")
        clock.now += A_WHILE
        await post(client, f"{url}/slow", HEADERS, b"{}")
        methods = [exchange.method for exchange in server.exchanges]
        assert methods == ["POST", "POST", "HEAD"]
        (question,) = (one for one in server.exchanges if one.method == "HEAD")
        assert question.path == "/"
        assert "authorization" not in question.headers
        assert len(server.used) == 1


@on_loop
async def test_a_slow_server_that_gives_no_sign() -> None:
    """It is asked a second time, and its first reply counts."""
    asked = asyncio.Event()

    async def answer_slowly(exchange: Exchange) -> None:
        if exchange.path == "/slow":
            if len(server.used) == 2:
                asked.set()
                await answer_never(exchange)
            await asked.wait()
        elif exchange.method == "HEAD":
            await answer_never(exchange)
        await exchange.reply(body=str(len(server.connections)).encode())

    clock = Clock()
    given = settings(timeout=6.0)
    async with Server(answer_slowly) as server, client_of(given, clock) as client:
        await get(client, server.url, {})
        clock.now += A_WHILE
        assert (await post(client, f"{server.url}/slow", HEADERS, b"{}")).status_code == 200
        # The old connection is used no more, and its reply says nothing about the new one.
        task = client.warm_up(request(f"{server.url}/models/m", {}))
        assert task is not None
        await task


@on_loop
async def test_a_connection_that_was_just_heard_is_not_doubted() -> None:
    """Where it can't be asked for a sign of life meanwhile."""

    async def answer_slowly(exchange: Exchange) -> None:
        if exchange.path == "/slow":
            await asyncio.sleep(1.8)
        await exchange.reply()

    clock = Clock()
    given = settings(timeout=3.0)
    async with (
        Server(answer_slowly, alpn=("http/1.1",)) as server,
        client_of(given, clock) as client,
    ):
        await get(client, server.url, {})
        clock.now += 10.0
        await get(client, f"{server.url}/slow", {})
        assert len(server.exchanges) == 2


@on_loop
async def test_this_computer_is_not_doubted() -> None:
    """A local model may take its time, and must not be given the same work twice."""

    async def answer_slowly(exchange: Exchange) -> None:
        if exchange.path == "/slow":
            await asyncio.sleep(1.8)
        await exchange.reply()

    clock = Clock()
    given = settings(timeout=3.0)
    async with (
        Server(answer_slowly, certificate=None) as server,
        client_of(given, clock) as client,
    ):
        await get(client, server.url, {})
        clock.now += A_WHILE
        await get(client, f"{server.url}/slow", {})
        assert len(server.exchanges) == 2


@both
@on_loop
async def test_the_time_limit_holds_for_both_attempts(version: Version) -> None:
    async def answer_once(exchange: Exchange) -> None:
        await (answer_ok if len(server.exchanges) == 1 else answer_never)(exchange)

    clock = Clock()
    given = settings(timeout=6.0)
    async with (
        Server(answer_once, alpn=(version,)) as server,
        client_of(given, clock) as client,
    ):
        await get(client, server.url, {})
        clock.now += A_WHILE
        with pytest.raises(HttpTimeoutError):
            await post(client, server.url, HEADERS, b"{}")
        posts = [exchange for exchange in server.exchanges if exchange.method == "POST"]
        assert len(posts) == 2
        assert len(server.used) == 2


@pyreqwest_only
@on_loop
async def test_a_reply_that_comes_second_is_taken_back() -> None:
    """Both attempts are answered at once, and without an end."""
    asked = asyncio.Event()

    async def answer_at_once(exchange: Exchange) -> None:
        if exchange.method == "HEAD":
            await answer_never(exchange)
        if exchange.path != "/slow":
            await exchange.reply()
            return
        if len(server.used) == 2:
            asked.set()
        await asked.wait()
        await exchange.begin()
        await exchange.send(b"half")
        await asyncio.Event().wait()

    clock = Clock()
    given = settings(timeout=4.0)
    async with Server(answer_at_once) as server, client_of(given, clock) as client:
        await get(client, server.url, {})
        clock.now += A_WHILE
        with pytest.raises(HttpTimeoutError):
            await post(client, f"{server.url}/slow", HEADERS, b"{}")
        assert len(server.used) == 2
        await server.until(lambda: all(one.resets for one in server.connections))


@on_loop
async def test_a_doubted_connection_that_breaks_meanwhile() -> None:
    async def break_once(exchange: Exchange) -> None:
        if exchange.method == "HEAD":
            exchange.connection.abort()
        elif exchange.path == "/slow" and len(server.used) == 1:
            await answer_never(exchange)
        else:
            await exchange.reply(body=b"well")

    clock = Clock()
    given = settings(timeout=6.0)
    async with Server(break_once) as server, client_of(given, clock) as client:
        await get(client, server.url, {})
        clock.now += A_WHILE
        assert (await post(client, f"{server.url}/slow", HEADERS, b"{}")).content == b"well"
        assert len(server.used) == 2
