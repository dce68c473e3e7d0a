"""Sockets that do what no good server does: on the wire, byte by byte."""

from __future__ import annotations

import asyncio
import gc
import re
import socket
import ssl
import struct
import sys
import tracemalloc
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
import trustme
from websockets.asyncio.server import ServerConnection, serve
from websockets.utils import accept_key

from koe.asr import transport
from koe.asr.protocol import Handshake, Message
from koe.asr.transport import WebSocket, open_websocket
from koe.errors import AsrConnectionError, AsrProtocolError
from koe.events import EngineClosed
from tests.asynchronous import stop_accepting

PATIENCE = 30.0
MOMENT = 0.05

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(script: Script) -> AsyncIterator[str]:
    """A server that does with each connection what the script says; gives its address."""

    tasks: set[asyncio.Task[None]] = set()

    async def run(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError):
                await script(reader, writer)
        finally:
            writer.transport.abort()
            with suppress(OSError):
                await writer.wait_closed()

    def start(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.create_task(run(reader, writer)))

    server = await asyncio.start_server(start, "127.0.0.1", 0)
    async with server:
        try:
            yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/path?query"
        finally:
            await stop_accepting(server)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def consent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
    """Take part in the handshake; return the request."""
    request = (await reader.readuntil(b"\r\n\r\n")).decode()
    key = re.search(r"Sec-WebSocket-Key: (\S+)", request)
    assert key is not None
    writer.write(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept_key(key[1]).encode() + b"\r\nX-Tt-Logid: log\r\n\r\n"
    )
    return request


def says(data: bytes, *, at_once: bool = True) -> Script:
    """Consent, and then write some bytes, together or one by one; wait for the client's end."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await consent(reader, writer)
        for piece in [data] if at_once else [data[i : i + 1] for i in range(len(data))]:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        await reader.read()

    return script


def frame(opcode: int, payload: bytes, *, fin: bool = True) -> bytes:
    """A frame of a server, which masks nothing."""
    size = len(payload)
    short = bytes([size]) if size < 126 else b"\x7e" + struct.pack(">H", size)
    return bytes([(0x80 if fin else 0) | opcode]) + short + payload


TEXT, BINARY, CONT, CLOSE, PING, PONG = 1, 2, 0, 8, 9, 10


def plain(url: str, **headers: str) -> Handshake:
    return Handshake(url, headers, ())


async def receive_all(connection: WebSocket) -> list[Message | EngineClosed]:
    received: list[Message | EngineClosed] = []
    async with asyncio.timeout(PATIENCE):
        while not received or not isinstance(received[-1], EngineClosed):
            received.append(await connection.receive())
    return received


def received_from(script: Script) -> list[Message | EngineClosed]:
    """All that a server says, until it ends."""

    async def run() -> list[Message | EngineClosed]:
        async with listening(script) as url:
            connection = await open_websocket(plain(url), PATIENCE)
            try:
                return await receive_all(connection)
            finally:
                await connection.close()

    return asyncio.run(run())


def refusal_of(script: Script, connect_timeout: float = PATIENCE) -> str:
    """The sentence about a server to which no connection can be opened."""

    async def run() -> str:
        async with listening(script) as url:
            with pytest.raises(AsrConnectionError) as caught:
                await open_websocket(plain(url), connect_timeout)
            return str(caught.value)

    return asyncio.run(run())


def test_the_request() -> None:
    """Nothing of ours is in it but what was wanted; the user's headers go before those needed."""
    requests: list[str] = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await consent(reader, writer))
        await reader.read()

    async def run() -> None:
        async with listening(script) as url:
            headers = {"X-Api-Key": "key", "host": "elsewhere", "X-Name": "语音"}
            connection = await open_websocket(plain(url, **headers), PATIENCE)
            assert connection.response_header("x-tt-logid") == "log"
            assert connection.response_header("X-Other") == ""
            await connection.close()

    asyncio.run(run())
    lines = requests[0].split("\r\n")
    assert lines[0] == "GET /path?query HTTP/1.1"
    assert re.sub(r"(Socket-Key:) \S+", r"\1", "\n".join(sorted(lines[1:]))).strip() == (
        "Connection: Upgrade\nSec-WebSocket-Key:\nSec-WebSocket-Version: 13\nUpgrade: websocket\n"
        "X-Api-Key: key\nX-Name: 语音\nhost: elsewhere"
    )


def test_one_byte_at_a_time() -> None:
    data = b"".join(
        [
            frame(TEXT, "你".encode()[:1], fin=False),
            frame(PING, b"are you there"),
            frame(CONT, "你".encode()[1:2], fin=False),
            frame(CONT, b"", fin=False),
            frame(CONT, "你".encode()[2:] + b"!"),
            frame(BINARY, b"x" * 200),
            frame(BINARY, b""),
            frame(CLOSE, struct.pack(">H", 1008) + '够"了"'.encode()),
        ]
    )
    expected = ["你!", b"x" * 200, b"", EngineClosed('code=1008, reason="够\\"了\\""')]
    assert received_from(says(data, at_once=False)) == expected
    assert received_from(says(data)) == expected


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (frame(CLOSE, b""), ""),
        (frame(CLOSE, struct.pack(">H", 1000)), 'code=1000, reason=""'),
        (frame(CLOSE, struct.pack(">H", 4999) + b"bye"), 'code=4999, reason="bye"'),
        (frame(TEXT, b"half", fin=False) + frame(CLOSE, b"\x03\xe9"), 'code=1001, reason=""'),
    ],
)
def test_close_frames(data: bytes, reason: str) -> None:
    """The end is reported at once, whether or not the server then ends the connection."""
    assert received_from(says(data)) == [EngineClosed(reason)]


def test_an_end_without_a_close_frame() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await consent(reader, writer)
        writer.write(frame(TEXT, b"last words") + frame(TEXT, b"cut short")[:5])
        writer.write_eof()
        await reader.read()

    assert received_from(script) == ["last words", EngineClosed("WebSocket stream ended")]


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        (b"\x83\x00", "an invalid frame: invalid opcode"),
        (b"\xf1\x00", "an invalid frame: reserved bits must be 0"),
        (b"\x81\x80abcd", "an invalid frame: incorrect masking"),
        (frame(CONT, b"x"), "an invalid frame: unexpected continuation frame"),
        (frame(CLOSE, b"\x03"), "an invalid frame: close frame too short"),
        (
            frame(CLOSE, b"\x03\xe8\xff"),
            "an invalid frame: 'utf-8' codec can't decode",
        ),
        (
            frame(TEXT, b"\xff"),
            "a text that is not UTF-8: 'utf-8' codec can't decode byte 0xff",
        ),
        (
            frame(TEXT, "你".encode()[:2]),
            "a text that is not UTF-8: 'utf-8' codec can't decode bytes",
        ),
    ],
)
def test_what_is_no_message(data: bytes, refusal: str) -> None:
    with pytest.raises(AsrProtocolError) as caught:
        received_from(says(data))
    assert caught.value.message.startswith(f"the server sent {refusal}")


def test_a_message_of_a_hundred_megabytes() -> None:
    """It is refused when its size is announced, and none of it is kept."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await consent(reader, writer)
        writer.write(b"\x82\x7f" + struct.pack(">Q", 100 << 20))
        zeros = bytes(1 << 16)
        for _ in range((100 << 20) // len(zeros)):
            writer.write(zeros)
            await writer.drain()

    tracemalloc.start()
    with pytest.raises(AsrProtocolError, match="a message of more than 4 MiB"):
        received_from(script)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 << 20


def test_a_flood_of_pings() -> None:
    """From a server that does not read the answers: they don't pile up, it has to stop."""
    sent: list[None] = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await consent(reader, writer)
        pings = frame(PING, b"?" * 125) * 1000
        for _ in range((256 << 20) // len(pings)):
            writer.write(pings)
            await writer.drain()
        sent.append(None)

    async def run() -> int:
        async with listening(script) as url:
            connection = await open_websocket(plain(url), PATIENCE)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(20 * MOMENT):
                    await connection.receive()
            size = connection._writer.transport.get_write_buffer_size()
            await connection.close()
            return size

    assert asyncio.run(run()) < 1 << 20
    assert not sent


def test_a_sign_of_life() -> None:
    """It is asked for once, and no pong of before counts."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await consent(reader, writer)
        writer.write(frame(PONG, b"uncalled-for"))
        asked.append(await reader.readexactly(6))
        writer.write(frame(TEXT, b"before") + frame(PONG, b""))
        await reader.read()

    async def run() -> Message | EngineClosed:
        async with listening(script) as url, asyncio.timeout(PATIENCE):
            connection = await open_websocket(plain(url), PATIENCE)
            receiving = asyncio.create_task(connection.receive())
            await connection.ping()
            received = await receiving
            await connection.close()
            return received

    asked: list[bytes] = []
    assert asyncio.run(run()) == "before"
    assert [ping[:2] for ping in asked] == [bytes([0x80 | PING, 0x80])]


def test_no_sign_of_life_after_the_end() -> None:
    async def run() -> None:
        async with listening(says(frame(CLOSE, b""))) as url:
            connection = await open_websocket(plain(url), PATIENCE)
            assert isinstance(await connection.receive(), EngineClosed)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(MOMENT):
                    await connection.ping()
            await connection.close()

    asyncio.run(run())


@pytest.mark.skipif(sys.platform != "linux", reason="an option that is read back")
def test_a_half_open_connection_is_noticed() -> None:
    async def run() -> int:
        async with listening(says(b"")) as url:
            connection = await open_websocket(plain(url), PATIENCE, 7.5)
            sock = connection._writer.get_extra_info("socket")
            limit: int = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
            await connection.close()
            return limit

    assert asyncio.run(run()) == 7500


@pytest.mark.parametrize("platform", ["darwin", "win32", "sunos5"])
def test_a_system_that_takes_no_such_option(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It notices later."""
    monkeypatch.setitem(transport._DEATH_OPTIONS, "linux", transport._DEATH_OPTIONS.get(platform))
    assert received_from(says(frame(TEXT, b"hello") + frame(CLOSE, b"")))[0] == "hello"


def test_a_lost_connection() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await consent(reader, writer)
        await reader.read(1)
        linger = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    async def run() -> None:
        async with listening(script) as url:
            connection = await open_websocket(plain(url), PATIENCE)
            await connection.send("something")
            with pytest.raises(AsrProtocolError, match="the connection was lost: "):
                await connection.receive()
            await connection.send("too late")
            await connection.close()

    asyncio.run(run())


def test_what_is_sent_after_the_end_is_lost() -> None:
    async def run() -> None:
        async with listening(says(frame(CLOSE, b""))) as url:
            connection = await open_websocket(plain(url), PATIENCE)
            assert await connection.receive() == EngineClosed()
            await connection.send("too late")
            await connection.close()

    asyncio.run(run())


def test_a_polite_end() -> None:
    """What was sent arrives, then a close frame without a code."""
    received: list[str | bytes] = []
    codes: list[int | None] = []

    async def handle(connection: ServerConnection) -> None:
        received.extend([message async for message in connection])
        assert connection.protocol.close_rcvd is not None
        codes.append(connection.protocol.close_rcvd.code)

    async def run() -> None:
        async with serve(handle, "127.0.0.1", 0) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            connection = await open_websocket(plain(f"ws://127.0.0.1:{port}"), PATIENCE)
            await connection.send("text")
            await connection.send(b"binary")
            await connection.close()
            await connection.close()

    asyncio.run(run())
    assert received == ["text", b"binary"]
    assert codes == [1005]


def test_a_cancel_at_any_step_leaves_no_socket(recwarn: pytest.WarningsRecorder) -> None:
    warnings.simplefilter("always")

    async def consenting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            await consent(reader, writer)
            await reader.read()

    async def run() -> None:
        async with listening(consenting) as url:
            for steps in range(40):
                opening = asyncio.create_task(open_websocket(Handshake(url, {}, ()), PATIENCE))
                for _ in range(steps):
                    await asyncio.sleep(0)
                if not opening.cancel():
                    opening.result().abort()
                await asyncio.wait([opening])

    asyncio.run(run())
    gc.collect()
    assert not [str(it.message) for it in recwarn if "raddr" in str(it.message)]


@pytest.mark.parametrize("abandoned", [True, False])
def test_what_could_not_be_sent_never_is(abandoned: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that takes nothing, and reads on when the client has given up.

    It gets what the system had already taken, and then an error: not the rest, and no good-bye.
    """
    monkeypatch.setattr(transport, "SEND_TIMEOUT", MOMENT)
    size = 64 << 20
    read: list[int] = []

    async def run() -> None:
        given_up, over = asyncio.Event(), asyncio.Event()

        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await consent(reader, writer)
            # What asyncio reads for itself.
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            await given_up.wait()
            writer.transport.resume_reading()  # type: ignore[attr-defined]
            read.append(0)
            with suppress(ConnectionResetError):
                while data := await reader.read(1 << 16):
                    read[0] += len(data)
            over.set()

        async with listening(script) as url:
            connection = await open_websocket(plain(url), PATIENCE)
            sending = asyncio.create_task(connection.send(bytes(size)))
            if abandoned:
                await asyncio.sleep(MOMENT)
                sending.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await sending
            else:
                with pytest.raises(AsrProtocolError, match="sending timed out"):
                    await sending
            async with asyncio.timeout(PATIENCE):
                await connection.close()
                given_up.set()
                await over.wait()

    asyncio.run(run())
    assert read[0] < size


def test_close_does_not_wait_for_a_server_that_does_not_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(transport, "CLOSE_TIMEOUT", MOMENT)

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await consent(reader, writer)
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.Event().wait()

    async def run() -> None:
        async with listening(script) as url:
            connection = await open_websocket(plain(url), PATIENCE)
            connection._writer.write(bytes(64 << 20))  # this is not awaited
            async with asyncio.timeout(PATIENCE):
                await connection.close()

    asyncio.run(run())


# --- no connection -----------------------------------------------------------------------


def answers(data: bytes) -> Script:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(data)
        await writer.drain()
        writer.write_eof()
        await reader.read()

    return script


@pytest.mark.parametrize(
    ("answer", "refusal"),
    [
        (b"", "the server ended the connection without an answer"),
        (b"HTTP/1.1 200 OK\r\na: b", "the server ended the connection without an answer"),
        (b"SSH-2.0-x\r\n", "the server does not speak WebSocket: did not receive a valid"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "HTTP error: 200 OK: hi"),
        (b"HTTP/1.1 200 OK\r\n\r\nhi", "HTTP error: 200 OK: hi"),
        (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "HTTP error: 403 Forbidden"),
        (
            b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: x\r\n\r\n",
            "the server does not speak WebSocket: invalid Sec-WebSocket-Accept header: x",
        ),
        (b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 1000, "the server does not speak WebSocket: "),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (2 << 20), "the server does not speak WebSocket: "),
    ],
)
def test_servers_that_do_not_consent(answer: bytes, refusal: str) -> None:
    assert refusal_of(answers(answer)).startswith(f"ASR connection failed: {refusal}")


def test_a_server_without_an_answer() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    assert refusal_of(script, MOMENT) == "ASR connection failed: connection timed out"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_no_server() -> None:
    with pytest.raises(AsrConnectionError) as caught:
        asyncio.run(open_websocket(plain(f"ws://127.0.0.1:{free_port()}/"), PATIENCE))
    assert str(caught.value).startswith("ASR connection failed: 127.0.0.1: ")
    assert "refused" in str(caught.value)


def test_a_host_without_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*arguments: object, **named: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", fail)
    with pytest.raises(AsrConnectionError) as caught:
        asyncio.run(open_websocket(plain("wss://nowhere.example/"), PATIENCE))
    assert caught.value.message == "nowhere.example: Name or service not known"
    # A machine without a network says the same.
    assert not caught.value.is_permanent


@pytest.mark.parametrize(
    ("url", "refusal"),
    [
        (f"wss://{'a' * 70}.example/", f"{'a' * 70}.example: "),
        ("wss://user@example.com/", "invalid URL: username provided without password"),
    ],
)
def test_addresses_that_are_none(url: str, refusal: str) -> None:
    with pytest.raises(AsrConnectionError) as caught:
        asyncio.run(open_websocket(plain(url), PATIENCE))
    assert caught.value.is_permanent
    assert caught.value.message.startswith(refusal)


def test_proxies_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("all_proxy", "http_proxy", "https_proxy", "ws_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    assert received_from(says(frame(CLOSE, b""))) == [EngineClosed()]


# --- TLS ---------------------------------------------------------------------------------


@pytest.fixture
def authority(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> trustme.CA:
    """An authority that this process trusts, and no other one."""
    authority = trustme.CA()
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(path)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    return authority


async def _echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


def talk_securely(authority: trustme.CA, *names: str) -> list[Message | EngineClosed]:
    """Talk to a server with a certificate for some names, as localhost."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)

    async def run() -> list[Message | EngineClosed]:
        async with serve(_echo, "127.0.0.1", 0, ssl=context) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            connection = await open_websocket(plain(f"wss://localhost:{port}/"), PATIENCE)
            message = "x" * 100_000
            await connection.send(message)
            assert await connection.receive() == message
            await connection.close()
            return [message]

    return asyncio.run(run())


def test_tls(authority: trustme.CA) -> None:
    assert talk_securely(authority, "localhost")


def test_tls_to_a_server_that_only_listens(authority: trustme.CA) -> None:
    """Sending does not wait for an answer."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)

    async def run() -> None:
        heard: asyncio.Queue[str | bytes] = asyncio.Queue()

        async def listen(connection: ServerConnection) -> None:
            async for message in connection:
                heard.put_nowait(message)

        async with serve(listen, "127.0.0.1", 0, ssl=context) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            connection = await open_websocket(plain(f"wss://localhost:{port}/"), PATIENCE)
            async with asyncio.timeout(PATIENCE):
                for size in (1, 6400, 100_000, 1):
                    await connection.send(b"x" * size)
                    assert await heard.get() == b"x" * size
            await connection.close()

    asyncio.run(run())


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_certificate_of_no_authority() -> None:
    with pytest.raises(AsrConnectionError) as caught:
        talk_securely(trustme.CA(), "localhost")
    assert caught.value.message.startswith("no secure connection to localhost: ")
    assert "certificate verify failed" in caught.value.message


def test_a_certificate_of_another_host(authority: trustme.CA) -> None:
    with pytest.raises(AsrConnectionError) as caught:
        talk_securely(authority, "example.com")
    assert "certificate is not valid for 'localhost'" in caught.value.message


def test_a_server_without_tls() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await reader.read()

    async def run() -> None:
        async with listening(script) as url:
            secure = url.replace("ws://127.0.0.1", "wss://localhost")
            with pytest.raises(AsrConnectionError, match="no secure connection to localhost: "):
                await open_websocket(plain(secure), PATIENCE)

    asyncio.run(run())


def test_a_server_that_hangs_up_on_tls() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1 << 16)

    async def run() -> None:
        async with listening(script) as url:
            secure = url.replace("ws://127.0.0.1", "wss://localhost")
            with pytest.raises(AsrConnectionError) as caught:
                await open_websocket(plain(secure), PATIENCE)
            assert caught.value.message == "localhost: the server ended the connection"

    asyncio.run(run())


def test_a_tls_handshake_without_an_answer() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async def run() -> None:
        async with listening(script) as url:
            secure = url.replace("ws://127.0.0.1", "wss://localhost")
            with pytest.raises(AsrConnectionError, match="connection timed out"):
                await open_websocket(plain(secure), MOMENT)

    asyncio.run(run())


def test_a_tls_connection_that_is_cut_off(authority: trustme.CA) -> None:
    """Close is as quick where it would have to wait for the other side's good-bye."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)

    async def silent(connection: ServerConnection) -> None:
        connection.transport.pause_reading()
        await asyncio.Event().wait()

    async def run() -> None:
        server = await serve(silent, "127.0.0.1", 0, ssl=context)
        port = next(iter(server.sockets)).getsockname()[1]
        connection = await open_websocket(plain(f"wss://localhost:{port}/"), PATIENCE)
        sending = asyncio.create_task(connection.send(bytes(64 << 20)))
        await asyncio.sleep(MOMENT)
        sending.cancel()
        async with asyncio.timeout(PATIENCE):
            await connection.close()
        for other in server.connections:
            other.transport.abort()
        server.close()

    asyncio.run(run())
