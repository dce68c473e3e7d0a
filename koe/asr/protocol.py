"""The messages of a streaming service: the part of a cloud engine without input and output.

A protocol object knows one service's messages; it does no I/O and reads no clock. It serves one
session. ``koe.asr.streaming`` runs it, over the sockets of ``koe.asr.transport``.
"""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field

from koe.endpoint import check_endpoint, shown
from koe.errors import AsrConnectionError, AsrProtocolError, EndpointError
from koe.events import Event
from koe.json_text import parse_json

Message = str | bytes
"""One WebSocket message: text or binary."""

# The longest message. One with all words of three hours of speech, with their times, is shorter; a
# longer one could take hundreds of megabytes once it is parsed.
MESSAGE_LIMIT_BYTES = 4 << 20

# The shortest key; shorter words, such as Bearer, are no keys.
_SHORTEST_SECRET = 8

# RFC 9110 §5.6.2
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Handshake:
    """The request that opens the connection.

    Attributes:
        url: Checked by `koe.endpoint.check_endpoint`; ``ws`` or ``wss``.
        headers: Headers that are added to those of the upgrade, or replace them.
        secrets: Values that must not be shown if the service repeats them.
        trace_header: The header of the answer with the service's name for this session.
    """

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    trace_header: str = ""


class Protocol(ABC):
    """One session with one service.

    Methods return messages to send and events to pass on, in order.

    Attributes:
        name: The engine's name, for messages.
        handshake: What opens the connection.
        is_ready: Whether audio may be sent.
        answers_speech: Whether the service answers within seconds of speech.
    """

    name: str
    handshake: Handshake
    is_ready: bool
    answers_speech: bool = True

    @property
    def early_end(self) -> str:
        """The message if the service ends the connection before it is ready."""
        return "connection closed unexpectedly"

    @abstractmethod
    def begin(self) -> list[Message | Event]:
        """Start the session; called once the connection is open."""

    @abstractmethod
    def send(self, pcm: bytes) -> list[Message | Event]:
        """Send audio: whole samples, at least one, at most `koe.asr.streaming.PACKET_BYTES`."""

    @abstractmethod
    def finish(self) -> list[Message | Event]:
        """End the input: no audio follows. Called once."""

    @abstractmethod
    def receive(self, message: Message) -> list[Message | Event]:
        """Take a message of the service. It is not called again after EngineClosed.

        Raises:
            AsrError: The service broke the protocol, or gave up; the session is lost.
        """


def service_url(url: str) -> str:
    """Return the address of a streaming service in its normal form.

    Raises:
        AsrConnectionError: It is no address, or speech must not be sent there.
    """
    try:
        checked = check_endpoint(url)
    except EndpointError as exc:
        raise AsrConnectionError(str(exc), is_permanent=True) from exc
    if not checked.startswith(("wss:", "ws:")):
        refusal = f"invalid URL: {shown(checked)} does not begin with wss://"
        raise AsrConnectionError(refusal, is_permanent=True)
    if "#" in checked:
        refusal = f"invalid URL: {shown(checked)} has a fragment (#…); remove it"
        raise AsrConnectionError(refusal, is_permanent=True)
    return checked


def header(name: str, value: str, refusal: str) -> str:
    """Return a header's value without the blanks around it.

    Raises:
        AsrConnectionError: No header can have this value; ``refusal`` is the sentence.
    """
    if not _TOKEN.fullmatch(name) or _CONTROL.search(value):
        raise AsrConnectionError(refusal, is_permanent=True)
    return value.strip(" \t")


def own_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The user's own headers; of names that differ only in case, the last one counts.

    Raises:
        AsrConnectionError: A name or value is not valid in a header.
    """
    named: dict[str, tuple[str, str]] = {}
    for name, value in headers.items():
        header(name, "", f"invalid header name: {name}")
        named[name.lower()] = (name, header(name, value, f"invalid header value for {name}"))
    return dict(named.values())


def secrets_in(headers: Mapping[str, str]) -> tuple[str, ...]:
    """The values of the user's own headers that may be keys."""
    words = [word for value in headers.values() for word in value.split()]
    return tuple(word for word in words if len(word) >= _SHORTEST_SECRET)


def encode(document: object) -> str:
    """Write compact JSON without escapes for non-ASCII characters; surrogates become U+FFFD."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return _SURROGATE.sub("\ufffd", text)


class JsonObject:
    """A JSON object of a server, which may have any content. Missing and null members are empty.

    Args:
        members: The object.
        refusal: The beginning of the sentence about a wrong member.
    """

    def __init__(self, members: Mapping[object, object], refusal: str) -> None:
        self._members = members
        self._refusal = refusal

    @classmethod
    def parse(cls, text: str | bytes, refusal: str) -> JsonObject:
        """Read JSON.

        Raises:
            AsrProtocolError: It is not a JSON object.
        """
        try:
            document = parse_json(text if isinstance(text, str) else text.decode())
        except ValueError as exc:
            raise AsrProtocolError(f"{refusal}: {exc}") from exc
        if not isinstance(document, dict):
            raise AsrProtocolError(f"{refusal}: it is not an object")
        return cls(document, refusal)

    def text(self, name: str) -> str:
        """A text member; empty if it is missing."""
        value = self._members.get(name)
        if value is None:
            return ""
        if isinstance(value, str):
            return _SURROGATE.sub("\ufffd", value)
        raise self._wrong(name, "a text")

    def document(self, name: str) -> JsonObject:
        """An object member; empty if it is missing."""
        value = self._members.get(name)
        if value is None or isinstance(value, dict):
            return JsonObject(value or {}, self._refusal)
        raise self._wrong(name, "an object")

    def documents(self, name: str) -> list[JsonObject]:
        """A list of objects; empty if it is missing."""
        value = self._members.get(name)
        if value is None:
            return []
        if isinstance(value, list) and all(isinstance(item, dict) for item in value):
            return [JsonObject(item, self._refusal) for item in value]
        raise self._wrong(name, "a list of objects")

    def value(self, name: str) -> object:
        """A member of any type; None if it is missing."""
        return self._members.get(name)

    def is_true(self, name: str) -> bool:
        """Whether a flag is set; False if it is missing."""
        return self._members.get(name) is True

    def _wrong(self, name: str, kind: str) -> AsrProtocolError:
        return AsrProtocolError(f"{self._refusal}: '{name}' is not {kind}")
