"""What an upload service answers, piece by piece: server-sent events, or one JSON document. Pure.

Services differ in what their documents mean, which is a function that this is given; they are
alike in how they send them, and in that this can't be relied on: events without an event stream's
content type, a document over many lines, a last line without an end, bytes cut anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from koe.asr.excerpt import excerpt, whole
from koe.errors import AsrProtocolError
from koe.events import EngineErred, Event, InterimHeard
from koe.json_text import parse_json

# Four minutes of speech are some thousand tokens, and an event for each takes some 300 bytes.
LIMIT_BYTES = 4 * 1024 * 1024

Document = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Refusal:
    """The service says that it failed."""

    message: str


Interpretation = str | Refusal | None
"""Everything heard, or that it failed, or that the document says nothing that is known."""


class Reply:
    """One answer, read as it arrives.

    Args:
        interpret: What a document means: the document and everything heard before it in,
            everything heard after it out.
        secret: What must not be repeated when the answer is quoted.
    """

    def __init__(
        self, interpret: Callable[[Document, str], Interpretation], secret: str = ""
    ) -> None:
        self._interpret = interpret
        self._secret = secret
        # Everything heard, as sent: half a character may be missing.
        self._heard = ""
        # What was received and is no whole line yet.
        self._line = bytearray()
        # Whole lines, while none of them was understood: they may be one document.
        self._lines: list[str] = []
        # Something was understood.
        self._understood = False
        # How much was received, in bytes.
        self._size = 0
        # The service failed, or said that it is done: what follows does not count.
        self.over = False
        # The service failed.
        self.failed = False

    @property
    def text(self) -> str:
        """Everything heard so far."""
        return whole(self._heard)

    def receive(self, data: bytes) -> list[Event]:
        """Take what arrived, however it is cut.

        Returns:
            InterimHeard with everything heard, for each document that changed it; EngineErred.

        Raises:
            AsrProtocolError: It is too long to be what it should be.
        """
        self._size += len(data)
        if self._size > LIMIT_BYTES:
            raise AsrProtocolError(f"the reply is longer than {LIMIT_BYTES // 1024**2} MiB")
        # All three line ends of event streams; in JSON text neither character occurs bare.
        self._line += data.replace(b"\r", b"\n")
        if b"\n" not in data and b"\r" not in data:
            return []
        *lines, self._line = self._line.split(b"\n")
        return [event for line in lines for event in self._read(line)]

    def end(self) -> list[Event]:
        """Take the end of the answer.

        Returns:
            As `receive`.

        Raises:
            AsrProtocolError: Nothing in it was understood.
        """
        events = self._read(self._line)
        if self._understood:
            return events
        text = "\n".join(self._lines)
        events = self._take(_parse(text))
        if not self._understood:
            said = excerpt(text, [self._secret]) or "nothing"
            raise AsrProtocolError(f"the reply is not what such a service says: {said}")
        return events

    def _read(self, line: bytes | bytearray) -> list[Event]:
        text = line.decode("utf-8-sig", "replace").strip().removeprefix("data:").strip()
        if self.over or not text:
            return []
        if text == "[DONE]":
            self._understood = self.over = True
            return []
        if not self._understood:
            self._lines.append(text)
        return self._take(_parse(text))

    def _take(self, document: Document | None) -> list[Event]:
        said = None if document is None else self._interpret(document, self._heard)
        if said is None:
            return []
        self._understood = True
        self._lines.clear()
        if isinstance(said, Refusal):
            self.over = self.failed = True
            return [EngineErred(excerpt(said.message, [self._secret]) or "Unknown error")]
        changed = said != self._heard
        self._heard = said
        return [InterimHeard(self.text)] if changed and said else []


def refusal_in(document: Document) -> Refusal | None:
    """The error that a document reports; None is none (spec asr §10, 17)."""
    error = document.get("error")
    if error is None:
        return None
    message = error.get("message") if isinstance(error, dict) else error
    return Refusal(message if isinstance(message, str) else "")


def _parse(text: str) -> Document | None:
    try:
        document = parse_json(text)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None
