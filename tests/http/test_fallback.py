"""What is peculiar to the transport of httpx; what both do is tested with the client."""

from __future__ import annotations

import asyncio
import logging
import socket

import httpx
import pytest

from koe.http.fallback import FallbackTransport, _socket_options
from tests.asynchronous import on_loop, stop_accepting
from tests.http.asking import HEADERS, KEY, answer_ok, settings
from tests.servers.web import Server


async def ask(transport: FallbackTransport, url: str) -> httpx.Response:
    response = await transport.handle_async_request(
        httpx.Request("POST", url, headers=HEADERS, content=b"{}")
    )
    await response.aread()
    return response


@on_loop
async def test_no_key_in_a_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with Server(answer_ok) as server:
        transport = FallbackTransport(settings())
        assert (await ask(transport, server.url)).http_version == "HTTP/2"
        await transport.aclose()
    assert KEY not in caplog.text


@on_loop
async def test_a_proxy_of_a_kind_that_it_does_not_know() -> None:
    transport = FallbackTransport(settings(), "socks4://127.0.0.1:1080")
    with pytest.raises(httpx.ProxyError):
        await ask(transport, "https://api.example.com/")


@on_loop
async def test_nothing_is_left_of_a_handshake_that_is_cancelled() -> None:
    closed = asyncio.Event()
    begun = asyncio.Event()

    async def read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        begun.set()
        while await reader.read(1 << 16):
            pass
        closed.set()
        writer.close()

    server = await asyncio.start_server(read, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    transport = FallbackTransport(settings())
    asking = asyncio.create_task(ask(transport, f"https://127.0.0.1:{port}/"))
    await begun.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    async with asyncio.timeout(20):
        await closed.wait()
    await transport.aclose()
    await stop_accepting(server)


def test_connections_are_kept_alive() -> None:
    assert (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1) in _socket_options()
