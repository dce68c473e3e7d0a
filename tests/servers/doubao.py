"""Doubao's streaming service, as far as spec asr §2.1 describes it."""

from __future__ import annotations

import asyncio
import gzip
import json
import struct
from collections.abc import Callable
from dataclasses import dataclass

from koe.text import join_segments
from tests.servers.listener import Listener, Sentence
from tests.servers.service import Conversation, Message, Point, Service

LOG_ID = "20261101120000ABCDEF"

# What this client sends, and no other one has to.
STRICT_HEADERS = {0b0001: "11101100", 0b0010: "11200100"}
STRICT_LAST_HEADER = "11220100"

INVALID = 45000001
EMPTY_AUDIO = 45000002
PACKET_TIMEOUT = 45000081


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame of the client.

    Attributes:
        head: The first four bytes.
        kind: The message type.
        is_last: It is the end of the audio.
        payload: Unpacked.
    """

    head: bytes
    kind: int
    is_last: bool
    payload: bytes


class RefusedError(Exception):
    """The client broke the protocol; a code and a sentence."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message


def read(message: Message) -> Frame:
    """Take a frame of a client apart, with or without a sequence number, packed or not."""
    if isinstance(message, str):
        raise RefusedError(INVALID, "a text message")
    if len(message) < 8:
        raise RefusedError(INVALID, "no frame")
    flags = message[1] & 0xF
    start = (message[0] & 0xF) * 4 + (4 if flags & 1 else 0)
    (size,) = struct.unpack_from(">I", message, start)
    payload = message[start + 4 :]
    if len(payload) != size:
        raise RefusedError(INVALID, f"{size} bytes were announced and {len(payload)} came")
    if message[2] & 0xF:
        try:
            payload = gzip.decompress(payload)
        except (OSError, EOFError) as exc:
            raise RefusedError(INVALID, "no gzip") from exc
    return Frame(message[:4], message[1] >> 4, bool(flags & 2), payload)


def response(
    sequence: int | None, document: object, *, last: bool = False, packed: bool = False
) -> bytes:
    """Build a response; with a sequence number unless it is None."""
    flags = (0 if sequence is None else 1) | (2 if last else 0)
    payload = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    if packed:
        payload = gzip.compress(payload, mtime=0)
    head = bytes([0x11, 0x90 | flags, 0x11 if packed else 0x10, 0])
    number = b"" if sequence is None else struct.pack(">i", sequence)
    return head + number + struct.pack(">I", len(payload)) + payload


def error(code: int, message: str) -> bytes:
    """Build an error frame."""
    payload = json.dumps({"error": message}, separators=(",", ":")).encode()
    return bytes.fromhex("11f01000") + struct.pack(">II", code, len(payload)) + payload


class DoubaoService(Service):
    """Recognises as `Listener`.

    Attributes:
        is_strict: Takes nothing but what this project's client sends.
        packed: Packs its results.
        listen: Makes what hears a session.
        patience: Seconds that a client may let pass between two packets; None: for ever.
        requests: The JSON of the first messages.
    """

    path = "/api/v3/sauc/bigmodel_async"

    is_strict = False
    packed = True
    listen: Callable[[], Listener] = Listener
    patience: float | None = None

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[dict[str, dict[str, object]]] = []

    def handshake_headers(self) -> dict[str, str]:
        """The vendor's name for the session."""
        return {"X-Tt-Logid": LOG_ID}

    async def converse(self, conversation: Conversation) -> None:
        """Recognise what one client sends."""
        try:
            await self._recognise(conversation)
        except RefusedError as exc:
            await conversation.send(error(exc.code, exc.message))

    async def _recognise(self, conversation: Conversation) -> None:
        request = await self._request(conversation)
        await conversation.reach(Point.SET_UP)
        await conversation.send(response(1, {"result": {"text": ""}}))
        listener, reported, sequence = self.listen(), "", 2
        sentences: list[Sentence] = []
        while True:
            frame = await self._frame(conversation)
            if frame.kind != 0b0010:
                raise RefusedError(INVALID, "no audio")
            if frame.payload and not conversation.heard_bytes:
                await conversation.reach(Point.AUDIO)
            conversation.heard_bytes += len(frame.payload)
            listener.hear(frame.payload)
            if frame.is_last:
                break
            sentences, before = listener.sentences(), sentences
            if sentences == before:
                continue
            document = _result(sentences, definite=bool(request["enable_nonstream"]))
            if document["result"]["text"] != reported:
                reported = str(document["result"]["text"])
                await conversation.send(response(sequence, document, packed=self.packed))
                sequence += 1
        conversation.is_finished = True
        await conversation.reach(Point.FINISH)
        if not conversation.heard_bytes:
            raise RefusedError(EMPTY_AUDIO, "there is no audio")
        document = _result(listener.sentences(ended=True), definite=True)
        await conversation.send(response(-sequence, document, last=True, packed=self.packed))

    async def _request(self, conversation: Conversation) -> dict[str, object]:
        frame = await self._frame(conversation)
        if frame.kind != 0b0001:
            raise RefusedError(INVALID, "the request comes first")
        try:
            document = json.loads(frame.payload)
            request: dict[str, object] = document["request"]
        except (ValueError, KeyError, TypeError) as exc:
            raise RefusedError(INVALID, "the request is not understood") from exc
        self.requests.append(document)
        return request

    async def _frame(self, conversation: Conversation) -> Frame:
        try:
            async with asyncio.timeout(self.patience):
                frame = read(await conversation.receive())
        except TimeoutError as exc:
            raise RefusedError(PACKET_TIMEOUT, "no packet came") from exc
        wanted = STRICT_LAST_HEADER if frame.is_last else STRICT_HEADERS.get(frame.kind)
        if self.is_strict and frame.head.hex() != wanted:
            raise RefusedError(INVALID, f"{frame.head.hex()} is not {wanted}")
        return frame


def _result(sentences: list[Sentence], *, definite: bool) -> dict[str, dict[str, object]]:
    return {
        "result": {
            "text": join_segments(sentence.text for sentence in sentences),
            "utterances": [
                {
                    "definite": definite and sentence.is_complete,
                    "end_time": sentence.end_ms,
                    "start_time": sentence.start_ms,
                    "text": sentence.text,
                }
                for sentence in sentences
            ],
        }
    }
