"""The warm-up: when it happens, and what it is good for."""

from __future__ import annotations

import asyncio

import pytest

from tests.asynchronous import on_loop
from tests.http.asking import (
    HEADERS,
    KEY,
    Clock,
    answer_never,
    answer_ok,
    both,
    client_of,
    get,
    post,
    request,
    settings,
)
from tests.servers.web import Exchange, Server, Version

pytestmark = pytest.mark.usefixtures("library")


@both
@on_loop
async def test_the_correction_finds_a_connection(version: Version) -> None:
    async with Server(answer_ok, alpn=(version,)) as server, client_of() as client:
        task = client.warm_up(request(f"{server.url}/v1/models/org%2Fm%3A7b", HEADERS))
        assert task is not None
        await task
        await post(client, f"{server.url}/v1/chat/completions", HEADERS, b"{}")
        (connection,) = server.used
    warm_up, correction = connection.exchanges
    assert (warm_up.method, warm_up.path) == ("GET", "/v1/models/org%2Fm%3A7b")
    assert warm_up.headers["authorization"] == f"Bearer {KEY}"
    assert not warm_up.body
    assert correction.method == "POST"


@on_loop
async def test_it_is_not_repeated_while_the_connection_is_warm() -> None:
    clock = Clock()
    async with Server(answer_ok) as server, client_of(clock=clock) as client:
        task = client.warm_up(request(server.url, {}))
        assert task is not None
        await task
        clock.now += 69.9
        assert client.warm_up(request(server.url, {})) is None
        clock.now += 0.1  # exactly the 90 s of the pool less 20
        task = client.warm_up(request(server.url, {}))
        assert task is not None
        await task
        assert len(server.exchanges) == 2


@on_loop
async def test_a_clock_that_was_set_back_proves_nothing() -> None:
    clock = Clock()
    async with Server(answer_ok) as server, client_of(clock=clock) as client:
        await get(client, server.url, {})
        clock.now -= 3600
        task = client.warm_up(request(server.url, {}))
        assert task is not None
        await task


@on_loop
async def test_any_reply_keeps_warm() -> None:
    clock = Clock()

    async def refuse(exchange: Exchange) -> None:
        await exchange.reply(401, body=b"wrong key")

    async with Server(refuse) as server, client_of(clock=clock) as client:
        task = client.warm_up(request(server.url, {}))
        assert task is not None
        await task
        clock.now += 60
        assert client.warm_up(request(server.url, {})) is None
        await post(client, server.url, HEADERS, b"{}")
        clock.now += 60
        assert client.warm_up(request(server.url, {})) is None


@on_loop
async def test_there_is_one_at_a_time() -> None:
    async with Server(answer_never) as server, client_of() as client:
        assert client.warm_up(request(server.url, {})) is not None
        assert client.warm_up(request(f"{server.url}/other", {})) is None
        await server.until(lambda: bool(server.exchanges))
        assert len(server.exchanges) == 1


@on_loop
async def test_another_server_is_another_matter() -> None:
    """A profile switch: that one connection is warm says nothing about the other."""
    async with Server(answer_ok) as one, Server(answer_ok) as other, client_of() as client:
        for server in (one, other):
            task = client.warm_up(request(server.url, {}))
            assert task is not None
            await task
        assert [len(server.connections) for server in (one, other)] == [1, 1]


@both
@on_loop
async def test_a_reply_that_breaks_off_warms_nothing(version: Version) -> None:
    async def break_off(exchange: Exchange) -> None:
        await exchange.begin(200, {"content-length": "100"})
        await exchange.send(b"half")
        exchange.connection.abort()

    async with Server(break_off, alpn=(version,)) as server, client_of() as client:
        for _ in range(2):
            task = client.warm_up(request(server.url, {}))
            assert task is not None
            await task
        assert len(server.used) == 2


@on_loop
async def test_it_fails_in_silence() -> None:
    async with Server(answer_ok) as server:
        url = server.url
    async with client_of() as client:
        for address in (url, "http://example.com/", "nonsense"):
            task = client.warm_up(request(address, {}))
            if task is not None:
                await task
        async with Server(answer_never) as server:
            assert client.warm_up(request(server.url, {"x-api-key": "\n"})) is None
    async with Server(answer_never) as server, client_of(settings(timeout=0.2)) as client:
        task = client.warm_up(request(server.url, {}))
        assert task is not None
        await task


@on_loop
async def test_a_request_does_not_wait_for_it() -> None:
    async def answer_all_but_warm_ups(exchange: Exchange) -> None:
        await (answer_never if exchange.method == "GET" else answer_ok)(exchange)

    async with Server(answer_all_but_warm_ups) as server, client_of() as client:
        task = client.warm_up(request(server.url, {}))
        assert (await post(client, server.url, HEADERS, b"{}")).status_code == 200
        assert task is not None
        assert not task.done()


@on_loop
async def test_it_does_not_outlive_the_client() -> None:
    async with Server(answer_never) as server:
        async with client_of() as client:
            task = client.warm_up(request(server.url, {}))
            await server.until(lambda: bool(server.exchanges))
        assert task is not None
        await asyncio.wait({task})


@on_loop
async def test_a_retired_client_ends_its_warm_up_first() -> None:
    may_answer = asyncio.Event()

    async def answer_later(exchange: Exchange) -> None:
        await may_answer.wait()
        await exchange.reply()

    async with Server(answer_later) as server, client_of() as client:
        task = client.warm_up(request(server.url, {}))
        await server.until(lambda: bool(server.exchanges))
        client.retire()
        may_answer.set()
        assert task is not None
        await task
        await server.until(server.connections[0].closed.is_set)
