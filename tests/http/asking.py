"""What the tests of the client share."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import pytest

from koe.http.client import Client, Response
from koe.http.request import HttpSettings, Request
from tests.servers.certificates import roots
from tests.servers.web import Exchange

KEY = "sk-0123456789abcdef"
HEADERS = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}

both = pytest.mark.parametrize("version", ["h2", "http/1.1"])

# What httpx itself can't do, as the documentation says.
pyreqwest_only = pytest.mark.parametrize("library", ["pyreqwest"], indirect=True)


class Clock:
    """A wall clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def settings(
    timeout: float = 20.0,
    *,
    pool_idle: float = 90.0,
    ping_interval: float = 30.0,
    ping_timeout: float = 30.0,
    http2: bool = True,
    leaves_origin: bool = False,
    keeps_body: bool = False,
) -> HttpSettings:
    """HttpSettings that trust the servers of the tests."""
    return HttpSettings(
        timeout,
        pool_idle=pool_idle,
        ping_interval=ping_interval,
        ping_timeout=ping_timeout,
        http2=http2,
        leaves_origin=leaves_origin,
        keeps_body=keeps_body,
        roots=roots(),
    )


@asynccontextmanager
async def client_of(
    given: HttpSettings | None = None, clock: Callable[[], float] = time.time
) -> AsyncIterator[Client]:
    """A client, closed in the end."""
    client = Client(given or settings(), clock)
    try:
        yield client
    finally:
        await client.aclose()


def request(url: str, headers: Mapping[str, str], body: bytes = b"") -> Request:
    return Request(url, tuple(headers.items()), body)


async def post(client: Client, url: str, headers: Mapping[str, str], body: bytes) -> Response:
    return await client.send(request(url, headers, body))


async def get(client: Client, url: str, headers: Mapping[str, str]) -> Response:
    return await client.send(request(url, headers))


async def answer_ok(exchange: Exchange) -> None:
    await exchange.reply(body=b'{"ok": true}')


async def answer_never(exchange: Exchange) -> None:
    await asyncio.Event().wait()
