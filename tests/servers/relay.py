"""A wire between a client and a server: it takes its time, and can go dead.

It could lie by what a wire can do: `cut` leaves connections open through which nothing comes any
more, as when a computer has changed its network.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Self

from tests.asynchronous import stop_accepting


class Relay:
    """Runs from ``async with`` to its end.

    On loopback a connection is there at once and everything arrives at once. With a round trip,
    the first byte of the client waits for as long as the handshake of TCP would have taken, and
    everything, in both directions, is half a round trip under way.

    Args:
        target: The server's port on 127.0.0.1.
        round_trip: Seconds.
    """

    def __init__(self, target: int, round_trip: float = 0.0) -> None:
        self.port = 0
        self._target = target
        self._round_trip = round_trip
        self._carrying: set[asyncio.Task[None]] = set()
        # Set for the connections of before a cut.
        self._dead = asyncio.Event()
        self._server: asyncio.Server | None = None

    def cut(self) -> None:
        """Carry nothing more for the connections that there are; new ones work."""
        self._dead.set()
        self._dead = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._server is not None
        await stop_accepting(self._server)
        for task in list(self._carrying):
            task.cancel()
        await asyncio.gather(*self._carrying, return_exceptions=True)
        await self._server.wait_closed()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._connect(reader, writer))
        self._carrying.add(task)
        task.add_done_callback(self._carrying.discard)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        dead = self._dead
        established = asyncio.get_running_loop().time() + self._round_trip
        try:
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.close()
            return
        try:
            there = self._carry(reader, server_writer, established, dead)
            back = self._carry(server_reader, writer, 0.0, dead)
            await asyncio.gather(there, back)
        finally:
            for end in (writer, server_writer):
                end.transport.abort()
                with suppress(OSError, asyncio.CancelledError):
                    await end.wait_closed()

    async def _carry(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        established: float,
        dead: asyncio.Event,
    ) -> None:
        """Carry one direction, until its end has arrived too."""
        loop = asyncio.get_running_loop()
        # What is under way: when it arrives, and what it is; nothing for the end.
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def deliver() -> None:
            while True:
                arrival, data = await under_way.get()
                await asyncio.sleep(arrival - loop.time())
                if dead.is_set():
                    continue
                if not data:
                    if writer.can_write_eof():
                        writer.write_eof()
                    return
                writer.write(data)
                await writer.drain()

        async def collect() -> None:
            data = b"more"
            while data:
                data = await reader.read(2**16)
                departure = max(loop.time(), established)
                under_way.put_nowait((departure + self._round_trip / 2, data))

        with suppress(OSError):
            await asyncio.gather(collect(), deliver())
