"""A web server on this machine, in the place of the services that take whole recordings.

What it answers is a list of steps, so that it can also lie: stall, drop the connection, send
garbage. `transcribe_glm` and `transcribe_mimo` answer as the vendors document it, and check what
they are sent with parsers that are not ours; other people's clients talk to them too.

What they hear is how many samples a recording has, unless all of them are 0, or what a test says.
"""

from __future__ import annotations

import asyncio
import io
import json
import re
import ssl
import threading
import wave
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser

import trustme

from tests.asynchronous import stop_accepting

API_KEY = "sk-4711-0815"

# Nothing here takes a fraction of it.
PATIENCE = 30.0


@dataclass(frozen=True)
class Received:
    """A request.

    Attributes:
        target: Path and query.
        headers: By name in lower case.
    """

    target: str
    headers: dict[str, str]
    body: bytes


class Stall:
    """A step: say nothing, until the server ends."""


class Drop:
    """A step: break the connection off."""


Step = bytes | Stall | Drop
Handler = Callable[[Received], list[Step]]


def response(body: bytes = b"", status: str = "200 OK", *headers: str) -> bytes:
    """A whole response."""
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(head).encode() + body


def stream(*chunks: bytes, end: bool = True) -> list[Step]:
    """A response in chunks, with or without its end."""
    headers = ["Content-Type: text/event-stream", "Transfer-Encoding: chunked"]
    head = "\r\n".join(["HTTP/1.1 200 OK", *headers, "", ""]).encode()
    parts = [b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks]
    return [head, *parts, *([b"0\r\n\r\n"] if end else [])]


def events(*documents: object) -> bytes:
    """Documents as server-sent events, with the end mark."""
    lines = [json.dumps(document, ensure_ascii=False) for document in documents]
    return "".join(f"data: {line}\n\n" for line in [*lines, "[DONE]"]).encode()


def error(status: str, code: str, message: str) -> list[Step]:
    """A refusal as both vendors write it."""
    body = json.dumps({"error": {"code": code, "message": message}}, ensure_ascii=False)
    return [response(body.encode(), status, "Content-Type: application/json")]


class SpeechServer:
    """The server; it runs on a thread of its own, so that any thread may ask it.

    Attributes:
        url: Its address, without a path.
        received: The requests, in order.
        connections: How many were opened.
        answered: Released once for every request whose steps were done, or are as far as a stall.
    """

    def __init__(self, handler: Handler, tls: ssl.SSLContext | None) -> None:
        self.handler = handler
        self.received: list[Received] = []
        self.connections = 0
        self.answered = threading.Semaphore(0)
        self.url = ""
        self._tls = tls
        self._loop = asyncio.new_event_loop()
        self._ending = asyncio.Event()

    async def serve(self, ready: threading.Event) -> None:
        server = await asyncio.start_server(self._converse, "127.0.0.1", 0, ssl=self._tls)
        host, port = server.sockets[0].getsockname()[:2]
        self.url = f"http{'s' if self._tls else ''}://{host}:{port}"
        async with server:
            ready.set()
            await self._ending.wait()
            await stop_accepting(server)

    def run(self, ready: threading.Event) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self.serve(ready))

    def end(self) -> None:
        self._loop.call_soon_threadsafe(self._ending.set)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while await self._answer(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client has gone, or the server ends
        finally:
            writer.transport.abort()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").splitlines()
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in head[1:] if line)
        }
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.received.append(Received(head[0].split()[1], headers, body))
        keep = True
        for step in self.handler(self.received[-1]):
            if isinstance(step, bytes):
                writer.write(step)
                await writer.drain()
                continue
            if isinstance(step, Stall):
                self.answered.release()
                await self._ending.wait()
            keep = False
        self.answered.release()
        return keep


@contextmanager
def speech_server(handler: Handler, tls: ssl.SSLContext | None = None) -> Iterator[SpeechServer]:
    """Run a server until the block ends."""
    server = SpeechServer(handler, tls)
    ready = threading.Event()
    thread = threading.Thread(target=server.run, args=[ready], name="speech-server")
    thread.start()
    try:
        assert ready.wait(PATIENCE)
        yield server
    finally:
        server.end()
        thread.join(PATIENCE)
        assert not thread.is_alive()


def own_authority() -> tuple[ssl.SSLContext, bytes]:
    """A certificate for this machine: for a server, and the authority to trust, as PEM."""
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    return tls, authority.cert_pem.bytes()


# --- the services ------------------------------------------------------------------------------


Understand = Callable[[bytes], str]


def count_samples(pcm: bytes) -> str:
    """What is heard unless something else is wanted."""
    return f"{len(pcm) // 2} samples" if any(pcm) else ""


def hear(recording: bytes, longest_seconds: float, understand: Understand) -> str | None:
    """What a service understands; None: too long. It must be a WAV file that it takes."""
    with wave.open(io.BytesIO(recording)) as file:
        assert file.getparams()[:3] == (1, 2, 16_000)
        count = file.getnframes()
        samples = file.readframes(count)
    assert len(samples) == 2 * count == len(recording) - 44
    if count > longest_seconds * 16_000:
        return None
    return understand(samples)


def form_parts(received: Received) -> list[Message]:
    """The parts of a form, as Python's e-mail package reads them."""
    head = f"Content-Type: {received.headers['content-type']}\r\n\r\n"
    form = BytesParser().parsebytes(head.encode() + received.body)
    parts = form.get_payload()
    assert isinstance(parts, list)
    return [part for part in parts if isinstance(part, Message)]


def transcribe_glm(received: Received, understand: Understand = count_samples) -> list[Step]:
    """Zhipu's service: a form in; increments, the whole text and an end mark out."""
    if received.headers.get("authorization") != f"Bearer {API_KEY}":
        return error("401 Unauthorized", "1002", "Authorization Token非法")
    fields: dict[str, bytes] = {}
    for part in form_parts(received):
        name = part.get_param("name", header="content-disposition")
        payload = part.get_payload(decode=True)
        assert isinstance(name, str) and isinstance(payload, bytes)
        fields[name] = payload
    if not fields.get("model", b"").startswith(b"glm-asr"):
        return error("400 Bad Request", "1211", "模型不存在，请检查模型代码。")
    text = hear(fields["file"], 30.0, understand)
    if text is None:
        return error("400 Bad Request", "1214", "音频时长超过30秒")
    about = {"id": "20251121", "created": 1763683200, "model": "glm-asr-2512"}
    if fields.get("stream") != b"true":
        body = {**about, "request_id": "r", "text": text}
        return [response(json.dumps(body).encode(), "200 OK", "Content-Type: application/json")]
    deltas = [
        {**about, "type": "transcript.text.delta", "delta": delta}
        for delta in re.findall(r"\S+\s*", text)
    ]
    return stream(events(*deltas, {**about, "type": "transcript.text.done", "text": text}))


def transcribe_mimo(received: Received, understand: Understand = count_samples) -> list[Step]:
    """Xiaomi's service: a chat in, a completion out; in chunks if they are asked for."""
    keys = {received.headers.get("api-key"), received.headers.get("authorization")}
    if not keys & {API_KEY, f"Bearer {API_KEY}"}:
        return error("401 Unauthorized", "invalid_key", "Invalid API Key")
    request = json.loads(received.body)
    assert request["asr_options"]["language"] in {"auto", "zh", "en"}
    ((part,),) = [message["content"] for message in request["messages"]]
    kind, _, recording = part["input_audio"]["data"].partition(",")
    assert (part["type"], kind) == ("input_audio", "data:audio/wav;base64")
    assert len(recording) <= 10_000_000
    text = hear(b64decode(recording, validate=True), 240.0, understand)
    if text is None:
        return error("400 Bad Request", "400", "the recording is too long")
    about = {"id": "x", "created": 1763683200, "model": request["model"]}
    if not request.get("stream"):
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        body = {**about, "object": "chat.completion", "choices": [choice]}
        return [response(json.dumps(body).encode(), "200 OK", "Content-Type: application/json")]
    head = {**about, "object": "chat.completion.chunk"}
    chunks = [
        {**head, "choices": [{"index": 0, "delta": {"content": content}, "finish_reason": None}]}
        for content in re.findall(r"\S+\s*", text)
    ]
    end = {"index": 0, "delta": {"content": ""}, "finish_reason": "stop"}
    return stream(events(*chunks, {**head, "choices": [end]}))
