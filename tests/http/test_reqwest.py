"""What is peculiar to the transport on pyreqwest; what both do is tested with the client."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from koe.http.reqwest import ReqwestTransport
from tests.asynchronous import on_loop, stop_accepting
from tests.http.asking import settings
from tests.servers.web import Exchange, Server


@on_loop
async def test_a_long_body_is_sent_no_further_when_it_is_cancelled() -> None:
    """A recording, say: what is not sent yet stays here."""
    received = 0
    begun, closed = asyncio.Event(), asyncio.Event()

    async def read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal received
        await reader.readuntil(b"\r\n\r\n")
        begun.set()
        await asking_is_over.wait()
        while data := await reader.read(1 << 16):
            received += len(data)
        closed.set()
        writer.close()

    asking_is_over = asyncio.Event()
    server = await asyncio.start_server(read, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    transport = ReqwestTransport(settings())
    body = bytes(50_000_000)
    asking = asyncio.create_task(
        transport.handle_async_request(httpx.Request("POST", url, content=body))
    )
    await begun.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    asking_is_over.set()
    async with asyncio.timeout(20):
        await closed.wait()
    assert received < len(body)
    await transport.aclose()
    await stop_accepting(server)


@on_loop
async def test_the_length_of_a_long_body_is_reported() -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(body=str(len(exchange.body)).encode())

    async with Server(answer, alpn=("http/1.1",)) as server:
        transport = ReqwestTransport(settings())
        request = httpx.Request("POST", server.url, content=bytes(200_000))
        response = await transport.handle_async_request(request)
        assert await response.aread() == b"200000"
        await transport.aclose()
    (exchange,) = server.exchanges
    assert exchange.headers["content-length"] == "200000"
    assert "transfer-encoding" not in exchange.headers
