"""A language model as far as a client can tell: it thinks for so long, then answers.

    python -m bench.llm_server 0.1385 0.02

One server with TLS, which speaks HTTP/2 and HTTP/1.1, and a wire to it for each round trip in
seconds. It prints where they are, as one line of JSON, and ends when its standard input does. It is
a process of its own, so that it takes no time from the client.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from contextlib import AsyncExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from tests.servers.certificates import roots
from tests.servers.relay import Relay
from tests.servers.web import Exchange, Server

# Some 200 characters of corrected text, as a chat completion.
REPLY = json.dumps({"choices": [{"message": {"content": "We meet on Monday. " * 10}}]}).encode()


def path(service_s: float) -> str:
    """Where an answer takes so long to make."""
    return f"/v1/{service_s:.6f}"


async def _answer(exchange: Exchange) -> None:
    await asyncio.sleep(float(exchange.path.rpartition("/")[2]))
    await exchange.reply(body=REPLY, content_type="application/json")


async def _serve(round_trips: list[float]) -> None:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(Server(_answer))
        wires = [
            await stack.enter_async_context(Relay(server.port, round_trip))
            for round_trip in round_trips
        ]
        ports = [server.port, *(wire.port for wire in wires)]
        print(json.dumps({"ports": ports, "roots": roots().decode()}), flush=True)
        await asyncio.to_thread(sys.stdin.read)


@dataclass(frozen=True)
class Wire:
    """One way to the server."""

    round_trip_s: float
    url: str


class ServerProcess:
    """The server, from ``with`` to its end.

    Args:
        round_trips: Of its wires, in seconds.
    """

    def __init__(self, round_trips: list[float]) -> None:
        self._round_trips = round_trips
        self._process: subprocess.Popen[str] | None = None
        # The certificates to trust.
        self.roots = b""
        # The server itself, and the wires in order.
        self.direct = Wire(0.0, "")
        self.wires: list[Wire] = []

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "bench.llm_server", *map(str, self._round_trips)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        ready = json.loads(self._process.stdout.readline())
        urls = [f"https://127.0.0.1:{port}" for port in ready["ports"]]
        self.roots = ready["roots"].encode()
        self.direct = Wire(0.0, urls[0])
        self.wires = [
            Wire(round_trip, url)
            for round_trip, url in zip(self._round_trips, urls[1:], strict=True)
        ]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._process is not None
        self._process.communicate(timeout=30)  # closes its standard input


if __name__ == "__main__":
    asyncio.run(_serve([float(argument) for argument in sys.argv[1:]]))
