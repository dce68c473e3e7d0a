"""What an upload service answers, piece by piece: server-sent events, or one JSON document. Pure.

Services differ in what their documents mean, which is a function that this is given; they are
alike in how they send them, and in that this can't be relied on: events without an event stream's
content type, a document over many lines, a last line without an end, bytes cut anywhere.

An answer is whole when the service has said so: by a document with all of the text, or by a mark
after the last increment. One that only stops may have lost its end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from koe.errors import AsrProtocolError
from koe.events import InterimHeard
from koe.json_text import parse_json
from koe.masking import one_line, whole

# Four minutes of speech are some thousand tokens, and an event for each takes some 300 bytes.
LIMIT_BYTES = 4 * 1024 * 1024

Document = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Refusal:
    """The service says that it failed.

    Attributes:
        message: Why, as it says.
        code: Its name for that; empty if there is none.
    """

    message: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class HeardSoFar:
    """What was heard.

    Attributes:
        text: Everything, up to this document.
        is_whole: There will be no more.
        stopped: Why there will be no more although it is not the whole text; empty: it is, or may
            be yet.
    """

    text: str
    is_whole: bool = False
    stopped: str = ""


Interpretation = HeardSoFar | Refusal | None
"""What a document means; None: nothing that is known."""


class UploadReply:
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
        # How the service failed, if it did.
        self.refusal: Refusal | None = None
        # The service said that the text is whole.
        self.is_whole = False
        # Why the service stopped before the text was whole; empty: it did not say so.
        self.stopped = ""

    @property
    def text(self) -> str:
        """Everything heard so far."""
        return whole(self._heard)

    def receive(self, data: bytes) -> list[InterimHeard]:
        """Take what arrived, however it is cut.

        Returns:
            InterimHeard with everything heard, for each document that changed it.

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

    def end(self) -> list[InterimHeard]:
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
            said = one_line(text, [self._secret]) or "nothing"
            raise AsrProtocolError(f"the reply is not what such a service says: {said}")
        return events

    def _read(self, line: bytes | bytearray) -> list[InterimHeard]:
        text = line.decode("utf-8-sig", "replace").strip().removeprefix("data:").strip()
        if self.over or not text:
            return []
        if text == "[DONE]":
            self._understood = self.over = True
            self.is_whole = not self.stopped
            return []
        if not self._understood:
            self._lines.append(text)
        return self._take(_parse(text))

    def _take(self, document: Document | None) -> list[InterimHeard]:
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


def refusal_in(document: Document) -> Refusal | None:
    """The error that a document reports; null is none (spec asr §2.4)."""
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
    """The service's name for the error that is a whole answer; empty if there is none."""
    document = _parse(body.decode("utf-8", "replace"))
    refusal = refusal_in(document) if document is not None else None
    return refusal.code if refusal is not None else ""


def _parse(text: str) -> Document | None:
    try:
        document = parse_json(text)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None
