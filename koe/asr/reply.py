"""Reads the reply of an upload service as it arrives: events, or one JSON document. Pure.

The meaning of the documents differs between services, and is given as a function. The format is the
same, but services do not follow it strictly: they send events without the content type of an event
stream, a document over many lines, or a last line without a line end. Bytes may be cut anywhere.

An answer is whole if the service says so: by a document with the whole text, or by a mark after the
last increment. An answer that ends without either may be incomplete.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from koe.errors import AsrProtocolError
from koe.events import InterimHeard
from koe.json_text import parse_json
from koe.masking import one_line, whole

# The longest answer. Four minutes of speech are some thousand tokens, with some 300 bytes of event
# for each.
LIMIT_BYTES = 4 * 1024 * 1024

# A line of an event stream that is no data.
_FIELD = re.compile(r"(?:event|id|retry)?:")

ReplyDocument = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error that the service reports.

    Attributes:
        message: The service's message.
        code: The service's code; empty if there is none.
    """

    message: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class HeardSoFar:
    """The text so far.

    Attributes:
        text: Everything, up to this document.
        is_whole: Whether no more text follows.
        stopped: Why the service stopped before the text was whole; empty: it did not.
    """

    text: str
    is_whole: bool = False
    stopped: str = ""


Interpretation = HeardSoFar | Refusal | None
"""What a document means; None: it is of an unknown kind."""


class UploadReply:
    """One reply, read as it arrives.

    Args:
        interpret: Interprets a document, given the text before it; returns the text after it.
        secret: A value that is masked when the answer is quoted.
    """

    def __init__(
        self, interpret: Callable[[ReplyDocument, str], Interpretation], secret: str = ""
    ) -> None:
        self._interpret = interpret
        self._secret = secret
        # The text so far, as sent; a surrogate may be unpaired.
        self._heard = ""
        # Received bytes that are no complete line yet.
        self._line = bytearray()
        # Complete lines, while none of them was understood: together they may be one document.
        self._lines: list[str] = []
        # One of them is neither JSON nor a field of an event, so a document over many lines has
        # begun; a line of it may look like a document of its own.
        self._is_long = False
        # A document was understood.
        self._understood = False
        # The number of received bytes.
        self._size = 0
        # The service failed, or is done: the rest is ignored.
        self.over = False
        # The error that the service reported, if any.
        self.refusal: Refusal | None = None
        # The service marked the text as whole.
        self.is_whole = False
        # Why the service stopped before the text was whole; empty: it did not say so.
        self.stopped = ""

    @property
    def text(self) -> str:
        """The whole text so far."""
        return whole(self._heard)

    def receive(self, data: bytes) -> list[InterimHeard]:
        """Take received bytes, cut at any place.

        Returns:
            InterimHeard with the whole text, for each document that changed it.

        Raises:
            AsrProtocolError: It is too long for an answer.
        """
        self._size += len(data)
        if self._size > LIMIT_BYTES:
            raise AsrProtocolError(f"the reply is longer than {LIMIT_BYTES // 1024**2} MiB")
        # Event streams use all three line ends; JSON text never contains them unescaped within
        # strings.
        self._line += data.replace(b"\r", b"\n")
        if b"\n" not in data and b"\r" not in data:
            return []
        *lines, self._line = self._line.split(b"\n")
        return [event for line in lines for event in self._read(line)]

    def end(self) -> list[InterimHeard]:
        """Take the end of the reply.

        Returns:
            See `receive`.

        Raises:
            AsrProtocolError: No document was understood.
        """
        events = self._read(self._line)
        if self._understood:
            return events
        text, lines = "\n".join(self._lines), self._lines
        events = self._take(_parse(text))
        if not self._understood:
            events = [event for line in lines for event in self._take_line(line)]
        if not self._understood:
            said = one_line(text, [self._secret]) or "nothing"
            raise AsrProtocolError(
                f"the service sent an unexpected reply ({said}); check the service's address"
            )
        return events

    def _read(self, line: bytes | bytearray) -> list[InterimHeard]:
        text = line.decode("utf-8-sig", "replace").strip().removeprefix("data:").strip()
        if self.over or not text:
            return []
        if not self._understood:
            self._lines.append(text)
            self._is_long = self._is_long or not (_is_complete(text) or _FIELD.match(text))
        return [] if self._is_long else self._take_line(text)

    def _take_line(self, text: str) -> list[InterimHeard]:
        if self.over:
            return []
        if text == "[DONE]":
            self._understood = self.over = True
            self.is_whole = not self.stopped
            return []
        return self._take(_parse(text))

    def _take(self, document: ReplyDocument | None) -> list[InterimHeard]:
        said = None if document is None else self._interpret(document, self._heard)
        if said is None:
            return []
        self._understood = True
        self._lines.clear()
        if isinstance(said, Refusal):
            self.over = True
            message = one_line(said.message, [self._secret]) or "Unknown error"
            self.refusal = Refusal(message, said.code)
            return []
        self.is_whole = (self.is_whole or said.is_whole) and not said.stopped
        self.stopped = self.stopped or one_line(said.stopped, [self._secret])
        changed = said.text != self._heard
        self._heard = said.text
        return [InterimHeard(self.text)] if changed and said.text else []


def refusal_in(document: ReplyDocument) -> Refusal | None:
    """The error of a document; None if it is null or missing (spec asr §2.4)."""
    error = document.get("error")
    if error is None:
        return None
    if not isinstance(error, dict):
        return Refusal(error if isinstance(error, str) else "")
    message, code = error.get("message"), error.get("code")
    return Refusal(
        message if isinstance(message, str) else "",
        str(code) if isinstance(code, str | int) and not isinstance(code, bool) else "",
    )


def refusal_code(body: bytes) -> str:
    """The service's code of the error if the whole body reports one; else empty."""
    document = _parse(body.decode("utf-8", "replace"))
    refusal = refusal_in(document) if document is not None else None
    return refusal.code if refusal is not None else ""


def _is_complete(line: str) -> bool:
    """Whether a line has a meaning without the next one."""
    try:
        parse_json(line)
    except ValueError:
        return line == "[DONE]"
    return True


def _parse(text: str) -> ReplyDocument | None:
    try:
        document = parse_json(text)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None
