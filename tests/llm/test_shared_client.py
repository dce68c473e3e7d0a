"""The client that all questions share is replaced as a whole, and no request is disturbed."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from koe.errors import LlmConfigError
from koe.http.client import Client
from koe.http.errors import HttpConfigError, HttpConnectionError, HttpTimeoutError
from koe.llm.service import LlmService
from tests.asynchronous import on_loop
from tests.http.asking import (
    HEADERS,
    answer_never,
    answer_ok,
    both,
    get,
    post,
    request,
    settings,
)
from tests.servers.web import Exchange, Server, Version


@on_loop
async def test_all_get_the_same() -> None:
    service = LlmService(settings())
    assert service.client() is service.client()
    await service.aclose()


@pytest.mark.parametrize(
    ("limit", "always", "connections"), [(20.0, False, 1), (20.0, True, 2), (21.0, False, 2)]
)
@on_loop
async def test_a_rebuild(limit: float, always: bool, connections: int) -> None:
    service = LlmService(settings(timeout=20.0))
    async with Server(answer_ok) as server:
        await post(service.client(), server.url, HEADERS, b"{}")
        service.rebuild(settings(timeout=limit), always=always)
        for _ in range(3):
            await post(service.client(), server.url, HEADERS, b"{}")
        assert len(server.connections) == connections
        if connections == 2:
            await server.until(server.connections[0].closed.is_set)
        await service.aclose()


@both
@on_loop
async def test_a_request_under_way_is_not_disturbed(version: Version) -> None:
    may_answer = asyncio.Event()

    async def answer_later(exchange: Exchange) -> None:
        if exchange.path == "/later":
            await may_answer.wait()
        await exchange.reply()

    service = LlmService(settings())
    async with Server(answer_later, alpn=(version,)) as server:
        asking = asyncio.create_task(post(service.client(), f"{server.url}/later", HEADERS, b"{}"))
        await server.until(lambda: bool(server.exchanges))
        service.rebuild(settings(), always=True)
        await post(service.client(), server.url, HEADERS, b"{}")
        old, new = server.used
        assert not old.closed.is_set()
        may_answer.set()
        assert (await asking).status_code == 200
        await server.until(old.closed.is_set)
        assert not new.closed.is_set()
        await service.aclose()
        await server.until(new.closed.is_set)


@on_loop
async def test_a_rebuild_by_another_thread() -> None:
    """A shell reloads on its own thread, and takes the answer home."""
    service = LlmService(settings())
    async with Server(answer_ok) as server:
        client = await asyncio.to_thread(service.client)
        await post(client, server.url, HEADERS, b"{}")
        await asyncio.to_thread(service.rebuild, settings(), always=True)
        await server.until(server.connections[0].closed.is_set)
        assert service.client() is not client
        await service.aclose()


def test_a_client_whose_loop_has_ended() -> None:
    service = LlmService(settings())

    async def ask() -> None:
        async with Server(answer_ok) as server:
            await get(service.client(), server.url, {})

    asyncio.run(ask())
    service.rebuild(settings(), always=True)


@on_loop
async def test_a_rebuild_makes_the_warm_up_due() -> None:
    service = LlmService(settings())
    async with Server(answer_ok) as server:
        for connections in (1, 2):
            task = service.client().warm_up(request(server.url, {}))
            assert task is not None
            await task
            assert len(server.connections) == connections
            service.rebuild(settings(), always=True)
        await service.aclose()


@on_loop
async def test_a_rebuild_of_nothing() -> None:
    """Who corrects nothing pays for nothing, and the settings are known when it is needed."""
    service = LlmService(settings())
    service.rebuild(settings(timeout=0.2), always=True)
    assert service._client is None
    async with Server(answer_never) as server:
        with pytest.raises(HttpTimeoutError):
            await get(service.client(), server.url, {})
    await service.aclose()


@on_loop
async def test_a_rebuild_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    class Unbuildable(Client):
        def open(self) -> None:
            raise HttpConfigError("no certificates")

    service = LlmService(settings(timeout=20.0))
    before = service.client()
    with monkeypatch.context() as patch:
        patch.setattr("koe.http.client.Client", Unbuildable)
        with pytest.raises(LlmConfigError, match="no certificates"):
            service.rebuild(settings(timeout=21.0))
    assert service.client() is before
    # The difference is still known, so the change is not lost.
    service.rebuild(settings(timeout=21.0))
    assert service.client() is not before
    await service.aclose()


def test_an_installation_without_the_http_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says so; what else there is to do is done (a missing wheel, say)."""
    monkeypatch.setitem(sys.modules, "koe.http.client", None)
    with pytest.raises(LlmConfigError, match=r"the HTTP library can't be loaded \(.*client"):
        LlmService(settings()).client()


@on_loop
async def test_a_closed_one() -> None:
    service = LlmService(settings())
    await service.aclose()
    client = service.client()
    await service.aclose()
    async with Server(answer_ok) as server:
        with pytest.raises(HttpConnectionError, match="closed"):
            await get(client, server.url, {})
        assert (await get(service.client(), server.url, {})).status_code == 200
    await service.aclose()


def test_the_http_library_is_imported_when_it_is_needed() -> None:
    """The thread of the shell does not wait for it."""
    program = (
        "import sys; from koe.llm.service import LlmService\n"
        "from koe.http.request import HttpSettings; LlmService(HttpSettings(8.0))\n"
        "print({'pyreqwest', 'httpx'} & set(sys.modules))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, check=True
    )
    assert shown.stdout == "set()\n"
