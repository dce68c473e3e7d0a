"""Doubao: the streaming recognition of Volcengine ("sauc", version 3), in its own frames.

Every WebSocket message is one frame: four bytes of header, four of size, and a payload that is
mostly JSON in gzip. A result contains the text of the whole session and the list of its utterances,
so it replaces the previous result. Sources: spec asr §2.1; Volcengine document 6561/1354869.
"""

from __future__ import annotations

import struct
import uuid
import zlib
from contextlib import suppress
from itertools import takewhile
from typing import NamedTuple
from urllib.parse import urlsplit

from koe.asr import Engine
from koe.asr.protocol import (
    MESSAGE_LIMIT_BYTES,
    Handshake,
    JsonObject,
    Message,
    Protocol,
    encode,
    header,
    own_headers,
    secrets_in,
    service_url,
)
from koe.asr.reach import Reach
from koe.asr.streaming import StreamingEngine
from koe.config.engines import DoubaoConfig
from koe.config.schema import AsrConfig
from koe.errors import AsrProtocolError, EngineUnavailableError
from koe.events import SAMPLE_RATE_HZ, DefiniteHeard, EngineClosed, Event, FinalHeard, InterimHeard
from koe.text import pasted_key

# The headers of frames that are sent, by bytes: version 1 and one word of header; type and flags;
# serialisation and compression; reserved.
_REQUEST = bytes.fromhex("11101100")
_AUDIO = bytes.fromhex("11200100")
_LAST_AUDIO = bytes.fromhex("11220100")

# The types of frames that are received.
_RESPONSE = 0b1001
_ERROR = 0b1111

_HAS_SEQUENCE = 0b0001
_IS_LAST = 0b0010
_JSON = 1
_GZIP = 1

# Errors that the same request would cause again (spec asr §2.1.5): wrong parameters, no audio, a
# wrong audio format. All others are temporary: a late packet, a busy service.
_PERMANENT_ERRORS = frozenset({45000001, 45000002, 45000151})

# The ending of the address of the vendor's service that answers only every 15 seconds, or at the
# end.
_LATE = "_nostream"

# A gzip header without name, time and operating system, so that it is the same on every machine.
_GZIP_HEADER = bytes.fromhex("1f8b08000000000000ff")


def open_engine(config: AsrConfig, terms: tuple[str, ...]) -> Engine:
    """Make the engine; the dictionary is sent as hotwords.

    Raises:
        EngineUnavailableError: There is no key.
        AsrConnectionError: The address or a key can't be used.
    """
    protocol = DoubaoProtocol(config.doubao, terms, str(uuid.uuid4()))
    return StreamingEngine(protocol, config.doubao.connect_timeout, config.stall)


class DoubaoProtocol(Protocol):
    """One session.

    Args:
        config: The ``asr.doubao`` section.
        terms: The user's dictionary.
        session_id: A new UUID, with hyphens.

    Raises:
        EngineUnavailableError: There is no key.
        AsrConnectionError: The address or a key can't be used.
    """

    name = "doubao"
    is_ready = True

    def __init__(self, config: DoubaoConfig, terms: tuple[str, ...], session_id: str) -> None:
        if not config.has_credentials:
            raise EngineUnavailableError(
                self.name,
                "it has no credentials; set asr.doubao.api_key, or both asr.doubao.app_key and "
                "asr.doubao.access_key",
            )
        self.handshake = _handshake(config, session_id)
        self.answers_speech = not urlsplit(self.handshake.url).path.endswith(_LATE)
        # The first message.
        self._request = frame(_REQUEST, encode(request(config, terms)).encode())
        # Counts the audio that was sent, and checks how far results reach in it.
        self._reach = Reach()
        # The last definite text, and the sample up to which it reaches.
        self._reported: tuple[str, int | None] = ("", None)
        # The service was informed that the audio has ended.
        self._is_finished = False

    def begin(self) -> list[Message | Event]:
        """Send the request; audio may follow before the service answers."""
        return [self._request]

    def send(self, pcm: bytes) -> list[Message | Event]:
        """Send a packet; the vendor advises 100 to 200 ms."""
        self._reach.send(pcm)
        return [frame(_AUDIO, pcm)]

    def finish(self) -> list[Message | Event]:
        """Send the last packet; without any audio, end here: the service would report an error."""
        self._is_finished = True
        if not self._reach.sent:
            return [FinalHeard("", 0), EngineClosed()]
        return [frame(_LAST_AUDIO, b"")]

    def receive(self, message: Message) -> list[Message | Event]:
        """Take one frame; text messages are not part of the protocol, and are ignored."""
        if isinstance(message, str):
            return []
        response = parse(message)
        result = response.document.document("result")
        text = result.text("text")
        utterances = result.documents("utterances")
        if not response.is_last:
            return self._heard(text, utterances)
        if self._is_finished:
            return [FinalHeard(text, self._reach.sent), EngineClosed()]
        upto = self._reach.at(utterances[-1].value("end_time")) if utterances else None
        return [FinalHeard(text, upto), EngineClosed("it ended the session early")]

    def _heard(self, text: str, utterances: list[JsonObject]) -> list[Message | Event]:
        """Report the definite text if it changed, and the whole text if it is longer."""
        definite = list(takewhile(lambda it: it.is_true("definite"), utterances))
        if not definite:
            return [InterimHeard(text)]
        stable = _prefix(text, definite)
        if stable is None:
            # The utterances don't make up the whole text, so its end time is not known.
            self._reported = (text, None)
            return [DefiniteHeard(text)]
        upto = self._reach.at(definite[-1].value("end_time"))
        is_news, self._reported = (stable, upto) != self._reported, (stable, upto)
        events: list[Message | Event] = []
        if is_news or stable == text:
            events.append(DefiniteHeard(stable, upto))
        if stable != text:
            events.append(InterimHeard(text))
        return events


def _prefix(text: str, utterances: list[JsonObject]) -> str | None:
    """The beginning of a text that these utterances make up; None if they do not match it."""
    end = 0
    for utterance in utterances:
        said = utterance.text("text").strip()
        start = text.find(said, end)
        if start < 0 or text[end:start].strip():
            return None
        end = start + len(said)
    return text[:end] or None


def request(config: DoubaoConfig, terms: tuple[str, ...]) -> dict[str, object]:
    """The first message, with the settings of the session (spec asr §2.1.3)."""
    wanted: dict[str, object] = {}
    if terms:
        hotwords = {"hotwords": [{"word": term} for term in terms]}
        # The service requires a JSON document as a text within the JSON document.
        wanted["corpus"] = {"context": encode(hotwords)}
    wanted |= {
        "enable_ddc": config.enable_ddc,
        "enable_itn": config.enable_itn,
        "enable_nonstream": config.enable_nonstream,
        "enable_punc": config.enable_punc,
        "model_name": "bigmodel",
        "result_type": "full",
        "show_utterances": True,
    }
    optional = {
        "output_zh_variant": config.output_zh_variant,
        "end_window_size": config.end_window_size,
        "force_to_speech_time": config.force_to_speech_time,
        "vad_segment_duration": config.vad_segment_duration,
    }
    if config.enable_accelerate_text:
        optional |= {"enable_accelerate_text": True, "accelerate_score": config.accelerate_score}
    wanted |= {name: value for name, value in optional.items() if value is not None}
    audio: dict[str, object] = {
        "bits": 16,
        "channel": 1,
        "codec": "raw",
        "format": "pcm",
        "rate": SAMPLE_RATE_HZ,
    }
    if config.language:
        audio["language"] = config.language
    return {"audio": audio, "request": wanted, "user": {"uid": "koe-asr"}}


def frame(head: bytes, payload: bytes) -> bytes:
    """Build a frame to send: the payload is always compressed, even if it is empty."""
    # 31: with the header and trailer of gzip.
    packed = _GZIP_HEADER + zlib.compress(payload, 6, wbits=31)[len(_GZIP_HEADER) :]
    return head + struct.pack(">I", len(packed)) + packed


class ServerResponse(NamedTuple):
    """A message of the service.

    Attributes:
        document: The JSON; empty if the payload is not JSON.
        is_last: No response follows.
    """

    document: JsonObject
    is_last: bool


def parse(message: bytes) -> ServerResponse:
    """Decode a frame of the service (spec asr §2.1.5).

    Raises:
        AsrProtocolError: It is not a valid frame, or reports an error.
    """
    if len(message) < 4:
        raise AsrProtocolError("frame too short")
    kind, flags = message[1] >> 4, message[1] & 0xF
    serialisation, compression = message[2] >> 4, message[2] & 0xF
    # A header can't be shorter than the part that was read already.
    body = message[max((message[0] & 0xF) * 4, 4) :]
    if kind == _ERROR:
        raise _server_error(body, compression)
    if kind != _RESPONSE:
        raise AsrProtocolError(f"unknown message type: 0b{kind:04b}")
    if flags & _HAS_SEQUENCE:
        if len(body) < 4:
            raise AsrProtocolError("missing sequence")
        body = body[4:]
    if len(body) < 4:
        raise AsrProtocolError("missing payload size")
    size = int.from_bytes(body[:4], "big")
    payload = body[4 : 4 + size]
    if len(payload) < size:
        raise AsrProtocolError("incomplete payload")
    if compression == _GZIP:
        payload = _unpack(payload)
    is_last = bool(flags & _IS_LAST)
    if serialisation != _JSON:
        return ServerResponse(JsonObject({}, ""), is_last)
    return ServerResponse(JsonObject.parse(payload, "parse JSON"), is_last)


def _server_error(body: bytes, compression: int) -> AsrProtocolError:
    """The message of an error frame, also of an incomplete one."""
    code = int.from_bytes(body[:4], "big") if len(body) >= 4 else 0
    size = int.from_bytes(body[4:8], "big")
    text = body[8 : 8 + size] if len(body) >= 8 + size else b""
    if compression == _GZIP:
        # The vendor's documents don't mention compression here, but its clients handle it.
        with suppress(AsrProtocolError):
            text = _unpack(text)
    message = f"server error {code}: {text.decode(errors='replace')}"
    return AsrProtocolError(message, is_permanent=code in _PERMANENT_ERRORS)


def _unpack(payload: bytes) -> bytes:
    """Decompress up to a limit: a kilobyte can become a megabyte, or more."""
    unpacker = zlib.decompressobj(wbits=31)
    try:
        unpacked = unpacker.decompress(payload, MESSAGE_LIMIT_BYTES)
    except zlib.error as exc:
        raise AsrProtocolError(f"gzip decompress: {exc}") from exc
    if unpacker.unconsumed_tail:
        raise AsrProtocolError(f"gzip decompress: more than {MESSAGE_LIMIT_BYTES >> 20} MiB")
    if not unpacker.eof:
        raise AsrProtocolError("gzip decompress: it ends too early")
    return unpacked


def _handshake(config: DoubaoConfig, session_id: str) -> Handshake:
    """The headers (spec asr §2.1.1); the user's own replace all others."""
    url = service_url(config.url)
    if config.headers:
        headers, secrets = own_headers(config.headers), secrets_in(config.headers)
    else:
        headers, secrets = _headers(config, session_id)
    return Handshake(url, headers, secrets, trace_header="X-Tt-Logid")


def _headers(config: DoubaoConfig, session_id: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """The headers, and the secrets in them."""
    if config.api_key:
        keys = {"X-Api-Key": header("X-Api-Key", pasted_key(config.api_key), "invalid api_key")}
    else:
        app_key, access_key = pasted_key(config.app_key), pasted_key(config.access_key)
        keys = {
            "X-Api-App-Key": header("X-Api-App-Key", app_key, "invalid app_key"),
            "X-Api-Access-Key": header("X-Api-Access-Key", access_key, "invalid access_key"),
        }
    resource_id = header("X-Api-Resource-Id", config.resource_id, "invalid resource_id")
    return {
        **keys,
        "X-Api-Resource-Id": resource_id,
        "X-Api-Connect-Id": session_id,
        "X-Api-Request-Id": session_id,
        "X-Api-Sequence": "-1",
    }, tuple(filter(None, keys.values()))
