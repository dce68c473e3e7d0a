"""What the tests of the client share."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from koe.llm.client import Client
from koe.llm.transport import Transport
from tests.servers.certificates import roots
from tests.servers.web import Exchange

KEY = "sk-0123456789abcdef"
HEADERS = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}

both = pytest.mark.parametrize("version", ["h2", "http/1.1"])


class Clock:
    """A wall clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def transport(
    timeout: float = 20.0,
    *,
    pool_idle: float = 90.0,
    ping_interval: float = 30.0,
    ping_timeout: float = 30.0,
    http2: bool = True,
) -> Transport:
    """Settings that trust the servers of the tests."""
    return Transport(
        timeout,
        pool_idle=pool_idle,
        ping_interval=ping_interval,
        ping_timeout=ping_timeout,
        http2=http2,
        roots=roots(),
    )


@asynccontextmanager
async def client_of(
    settings: Transport | None = None, clock: Callable[[], float] = time.time
) -> AsyncIterator[Client]:
    """A client, closed in the end."""
    client = Client(settings or transport(), clock)
    try:
        yield client
    finally:
        await client.aclose()


async def answer_ok(exchange: Exchange) -> None:
    await exchange.reply(body=b'{"ok": true}')


async def answer_never(exchange: Exchange) -> None:
    await asyncio.Event().wait()
