"""Qwen: the streaming recognition of Alibaba Cloud (DashScope), in JSON messages.

The service finds the ends of sentences, and each of its results covers one sentence only. Here they
are joined, so that results cover the whole session, as those of other engines: complete sentences
are definite, the whole text is the interim, and the final comes at the end.
Sources: spec asr §2.2; Model Studio's pages on Qwen-ASR-Realtime.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from koe.asr import Engine
from koe.asr.protocol import (
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
from koe.config.engines import QwenConfig
from koe.config.schema import AsrConfig
from koe.endpoint import add_query
from koe.errors import AsrConnectionError, AsrProtocolError, EngineUnavailableError
from koe.events import (
    SAMPLE_RATE_HZ,
    DefiniteHeard,
    EngineClosed,
    EngineErred,
    Event,
    FinalHeard,
    InterimHeard,
)
from koe.text import join_segments, pasted, pasted_key

# The end of a sentence (spec asr §2.2.3): earlier than by the vendor's defaults, for dictation.
_TURN_DETECTION = {
    "prefix_padding_ms": 100,
    "silence_duration_ms": 400,
    "threshold": 0.5,
    "type": "server_vad",
}

# The vendor accepts 10 000 tokens of context; a Chinese character is one or two tokens.
_CONTEXT_CHARACTERS = 5000

# The beginning of the types of events that have a sentence's text, partial or complete.
_HEARD = "conversation.item.input_audio_transcription."

# Events about a sentence that come in the order of speech; events with a text may come in another
# order.
_SPOKEN = frozenset(
    f"input_audio_buffer.{it}" for it in ("speech_started", "speech_stopped", "committed")
)

# Beginnings of the codes of errors that another try would cause again: the key, the account, the
# model, the content. Model Studio's page of error codes; its WebSocket services write them in lower
# case.
_PERMANENT_ERRORS = (
    "invalidapikey", "invalid_api_key", "arrearage", "prepaidbilloverdue", "postpaidbilloverdue",
    "commoditynotpurchased", "allocationquota.freetieronly", "accessdenied", "model.accessdenied",
    "workspace.accessdenied", "app.accessdenied", "access_denied", "modelnotfound",
    "model_not_found", "model_not_supported", "datainspectionfailed", "data_inspection_failed",
)  # fmt: skip

# Codes of errors about the settings of the session.
_PERMANENT_SETUP_ERRORS = (
    *_PERMANENT_ERRORS,
    "invalidparameter",
    "invalid_parameter",
    "invalid_value",
)

# The type of errors after which the service ends the connection.
_FATAL_TYPE = "server_error"

# The most sentences that are remembered while they are not recognised yet.
_ITEMS_LIMIT = 64

# The most characters of text: about a day of speech. A broken service must not fill the memory.
_TEXT_LIMIT = 1_000_000


def open_engine(config: AsrConfig, terms: tuple[str, ...]) -> Engine:
    """Make the engine; the dictionary is sent to the service as context.

    Raises:
        EngineUnavailableError: There is no key.
        AsrConnectionError: The address or the key can't be used.
    """
    protocol = QwenProtocol(config.qwen, terms)
    return StreamingEngine(protocol, config.qwen.connect_timeout, config.stall)


@dataclass(slots=True)
class _Sentence:
    """One sentence.

    Attributes:
        item: The service's ID for it; empty if the service sends none.
        number: Its place in the order of speech.
        text: The newest recognition.
        is_complete: Whether the text is final.
        has_failed: Whether the service could not recognise it: then all later sentences are not
            definite.
        upto: The sample that it ends with, if that is known.
    """

    item: str
    number: int
    text: str = ""
    is_complete: bool = False
    has_failed: bool = False
    upto: int | None = None


class QwenProtocol(Protocol):
    """One session.

    Args:
        config: The ``asr.qwen`` section.
        terms: The user's dictionary.
        new_id: Makes the ID of each message.

    Raises:
        EngineUnavailableError: There is no key.
        AsrConnectionError: The address or the key can't be used.
    """

    name = "qwen"

    def __init__(
        self,
        config: QwenConfig,
        terms: tuple[str, ...] = (),
        new_id: Callable[[], object] = uuid.uuid4,
    ) -> None:
        if not config.api_key and not config.headers:
            raise EngineUnavailableError(
                self.name, "it has no credentials: api_key is required; set asr.qwen.api_key"
            )
        self.handshake = _handshake(config)
        # The settings of the session, as the service expects them.
        self._session = session(config, terms)
        # Makes a unique identifier for a message.
        self._new_id = new_id
        # The service has made a session, and has got the settings.
        self._is_created = False
        # The service has accepted the settings.
        self.is_ready = False
        # The sentences, in the order of speech.
        self._sentences: list[_Sentence] = []
        # The last definite text, the sample up to which it reaches, and the last interim text.
        self._reported: tuple[str, int | None, str] = ("", None, "")
        # Counts the audio that was sent, and checks how far results reach in it.
        self._reach = Reach()
        # The order of sentences: a number for each ID, which grows.
        self._numbers: dict[str, int] = {}
        self._next_number = 0
        # The ends of sentences that are not complete yet, by ID.
        self._ends: dict[str, int | None] = {}
        # The service was informed that the audio has ended.
        self._is_finished = False

    @property
    def early_end(self) -> str:
        """The reason, as in spec asr §2.2.2."""
        if self._is_created:
            return "connection closed before session.updated"
        return super().early_end

    def begin(self) -> list[Message | Event]:
        """Send nothing: the service sends the first message."""
        return []

    def send(self, pcm: bytes) -> list[Message | Event]:
        """Append audio."""
        self._reach.send(pcm)
        audio = base64.b64encode(pcm).decode()
        return [self._message("input_audio_buffer.append", audio=audio)]

    def finish(self) -> list[Message | Event]:
        """Ask for the remaining results."""
        self._is_finished = True
        return [self._message("session.finish")]

    def receive(self, message: Message) -> list[Message | Event]:
        """Take one event of the service; binary messages are not part of the protocol."""
        if not self._is_created:
            return self._created(message)
        if isinstance(message, bytes):
            return []
        event = JsonObject.parse(message, "parse server event")
        kind = event.text("type")
        if not self.is_ready:
            if kind == "error":
                raise _failure(event, _PERMANENT_SETUP_ERRORS)
            if kind == "session.updated":
                self.is_ready = True
            return []
        if kind in _SPOKEN:
            self._number_of(event.text("item_id"))
        if kind == "input_audio_buffer.speech_stopped":
            self._note_end(event)
        if kind == _HEARD + "text":
            return self._revised(event)
        if kind == _HEARD + "completed":
            return self._completed(event)
        if kind == _HEARD + "failed":
            return self._failed(event)
        if kind == "error":
            failure = _failure(event, _PERMANENT_ERRORS)
            if failure.is_permanent or event.document("error").value("type") == _FATAL_TYPE:
                raise failure
            return [EngineErred(failure.message)]
        if kind == "session.finished":
            if not self._is_finished:
                # The text up to here was passed on already.
                return [EngineClosed("it ended the session early")]
            # Including a sentence that was never completed, because its words were spoken, too.
            return [FinalHeard(self._text(), self._reach.sent), EngineClosed()]
        return []

    def _created(self, message: Message) -> list[Message | Event]:
        """Take the first message (spec asr §2.2.2), and send the settings."""
        if isinstance(message, bytes):
            raise AsrConnectionError("expected text message from server")
        event = JsonObject.parse(message, "parse session.created")
        if event.text("type") != "session.created":
            if message := event.document("error").text("message"):
                is_permanent = _failure(event, _PERMANENT_SETUP_ERRORS).is_permanent
                raise AsrConnectionError(message, is_permanent=is_permanent)
            raise AsrConnectionError("expected session.created event")
        self._is_created = True
        return [self._message("session.update", session=self._session)]

    def _revised(self, event: JsonObject) -> list[Message | Event]:
        text = event.text("text") + event.text("stash")
        sentence = self._sentence(event.text("item_id"))
        if not text or sentence.is_complete:
            return []
        sentence.text = text
        return self._changes()

    def _completed(self, event: JsonObject) -> list[Message | Event]:
        text = event.text("transcript")
        if not text:
            contents = event.document("item").documents("content")
            text = contents[0].text("transcript") if contents else ""
        item = event.text("item_id")
        sentence = self._sentence(item)
        sentence.text, sentence.is_complete, sentence.has_failed = text, True, False
        sentence.upto = self._ends.pop(item, sentence.upto)
        return self._changes()

    def _failed(self, event: JsonObject) -> list[Message | Event]:
        """Keep the text of a sentence; no sentence from the first failed one on is definite."""
        if not any(sentence.has_failed for sentence in self._sentences):
            self._sentence(event.text("item_id")).has_failed = True
        return [EngineErred(_error_in(event))]

    def _note_end(self, event: JsonObject) -> None:
        """Remember the end of a sentence, which comes in a separate event."""
        if len(self._ends) == _ITEMS_LIMIT:
            del self._ends[next(iter(self._ends))]
        self._ends[event.text("item_id")] = self._reach.at(event.value("audio_end_ms"))

    def _number_of(self, item: str) -> int:
        """Return the place of a sentence in the order of speech; a new one is the last."""
        if item in self._numbers:
            return self._numbers[item]
        self._next_number += 1
        if item:
            if len(self._numbers) == _ITEMS_LIMIT:
                del self._numbers[next(iter(self._numbers))]
            self._numbers[item] = self._next_number
        return self._next_number

    def _sentence(self, item: str) -> _Sentence:
        """Find a sentence by its ID, or begin one. Without an ID, it is the open sentence."""
        for sentence in reversed(self._sentences):
            if sentence.item == item and (item or not sentence.is_complete):
                return sentence
        # Drop sentences without a text, unless they failed: a service may begin any number of them.
        self._sentences = [it for it in self._sentences if it.text or it.has_failed]
        sentence = _Sentence(item, self._number_of(item))
        self._sentences.append(sentence)
        self._sentences.sort(key=lambda it: it.number)
        return sentence

    def _changes(self) -> list[Message | Event]:
        """Return the events for changes; sentences before the first open one are definite."""
        settled = [it.is_complete and not it.has_failed for it in self._sentences]
        count = settled.index(False) if False in settled else len(settled)
        definite, upto = self._text(count), self._sentences[count - 1].upto if count else None
        interim = self._text()
        last_definite, last_upto, last_interim = self._reported
        if definite == last_definite and last_upto is not None:
            # A sentence without words was dropped, and ended later.
            upto = max(upto or 0, last_upto)
        self._reported = (definite, upto, interim)
        events: list[Message | Event] = []
        # The definite text is also reported when the hypothesis after it was withdrawn.
        is_new = (definite, upto) != (last_definite, last_upto)
        if is_new or definite == interim != last_interim:
            events.append(DefiniteHeard(definite, upto))
        if interim not in (last_interim, definite):
            events.append(InterimHeard(interim))
        return events

    def _text(self, count: int | None = None) -> str:
        text = join_segments(sentence.text for sentence in self._sentences[:count])
        if len(text) > _TEXT_LIMIT:
            raise AsrProtocolError(f"more than {_TEXT_LIMIT} characters were recognised")
        return text

    def _message(self, kind: str, **members: object) -> str:
        return encode({"event_id": f"event_{self._new_id()}", "type": kind, **members})


def session(config: QwenConfig, terms: tuple[str, ...]) -> dict[str, object]:
    """The settings of the session (spec asr §2.2.3)."""
    transcription: dict[str, object] = {}
    if context := _context(terms):
        transcription["corpus"] = {"text": context}
    if config.language:
        transcription["language"] = config.language
    transcription["model"] = pasted(config.model)
    return {
        "input_audio_format": "pcm",
        "input_audio_transcription": transcription,
        "modalities": ["text"],
        "sample_rate": SAMPLE_RATE_HZ,
        "turn_detection": _TURN_DETECTION,
    }


def _context(terms: tuple[str, ...]) -> str:
    """The first terms of the dictionary, as many as the service accepts."""
    text = ""
    for term in terms:
        if len(text) + len(term) >= _CONTEXT_CHARACTERS:
            break
        text += f"{term}\n"
    return text.removesuffix("\n")


def _handshake(config: QwenConfig) -> Handshake:
    url = add_query(service_url(config.url), "model", pasted(config.model))
    if config.headers:
        return Handshake(url, own_headers(config.headers), secrets_in(config.headers))
    key = header("Authorization", pasted_key(config.api_key), "invalid api_key")
    return Handshake(url, {"Authorization": f"Bearer {key}"}, (key,))


def _failure(event: JsonObject, permanent: tuple[str, ...]) -> AsrProtocolError:
    """The error of an event; ``permanent`` has the beginnings of lasting codes."""
    code = str(event.document("error").value("code")).lower()
    return AsrProtocolError(_error_in(event), is_permanent=code.startswith(permanent))


def _error_in(event: JsonObject) -> str:
    return event.document("error").text("message") or "Unknown error"
