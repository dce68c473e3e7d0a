"""Qwen's streaming service, as far as spec asr §2.2 describes it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable

from tests.servers.listener import Listener, Sentence
from tests.servers.service import Conversation, Message, Point, Service

_HEARD = "conversation.item.input_audio_transcription."
_MOOD = {"language": "zh", "emotion": "neutral"}


class Events:
    """Builds the service's events, each with the next number."""

    def __init__(self) -> None:
        self._count = 0

    def event(self, kind: str, **members: object) -> str:
        """An event."""
        self._count += 1
        document = {"event_id": f"event_{self._count}", "type": kind, **members}
        return json.dumps(document, ensure_ascii=False, separators=(",", ":"))

    def created(self, model: str) -> str:
        """The session exists."""
        return self.event(
            "session.created",
            session={
                "id": "sess_001",
                "object": "realtime.session",
                "model": model,
                "modalities": ["text"],
                "input_audio_format": "pcm16",
                "input_audio_transcription": None,
                "turn_detection": {
                    "type": "server_vad",
                    "threshold": 0.2,
                    "silence_duration_ms": 800,
                },
            },
        )

    def updated(self, model: str) -> str:
        """The session is as the client wants it."""
        return self.event(
            "session.updated",
            session={
                "id": "sess_001",
                "object": "realtime.session",
                "model": model,
                "modalities": ["text"],
            },
        )

    def started(self, item: str, start_ms: int) -> str:
        """Speech began."""
        return self.event(
            "input_audio_buffer.speech_started", audio_start_ms=start_ms, item_id=item
        )

    def revised(self, item: str, text: str, stash: str) -> str:
        """What was recognised so far: a part that is certain and one that is not."""
        return self.event(
            _HEARD + "text", item_id=item, content_index=0, **_MOOD, text=text, stash=stash
        )

    def stopped(self, item: str, previous: str, end_ms: int) -> list[str]:
        """Speech ended."""
        content = [{"type": "input_audio", "transcript": None}]
        return [
            self.event("input_audio_buffer.speech_stopped", audio_end_ms=end_ms, item_id=item),
            self.event("input_audio_buffer.committed", previous_item_id=previous, item_id=item),
            self.event(
                "conversation.item.created",
                previous_item_id=previous,
                item={
                    "id": item,
                    "object": "realtime.item",
                    "type": "message",
                    "status": "completed",
                    "role": "user",
                    "content": content,
                },
            ),
        ]

    def completed(self, item: str, text: str) -> str:
        """A sentence will not change any more."""
        return self.event(
            _HEARD + "completed", item_id=item, content_index=0, **_MOOD, transcript=text
        )

    def failed(self, item: str, code: str, message: str) -> str:
        """A sentence could not be recognised."""
        return self.event(
            _HEARD + "failed",
            item_id=item,
            content_index=0,
            error={"code": code, "message": message, "param": ""},
        )

    def error(self, message: str, *, by_service: bool = False) -> str:
        """Something is wrong: what the client wants, and the connection stays, or the service."""
        kind, code = ("invalid_request_error", "invalid_value")
        if by_service:
            kind, code = ("server_error", "InternalError")
        return self.event("error", error={"type": kind, "code": code, "message": message})


class QwenService(Service):
    """Recognises as `Listener`.

    Attributes:
        listen: Makes what hears a session.
        sessions: What the clients wanted.
    """

    path = "/api-ws/v1/realtime"

    listen: Callable[[], Listener] = Listener

    def __init__(self) -> None:
        super().__init__()
        self.sessions: list[dict[str, object]] = []

    @property
    def section(self) -> str:
        """The section of a configuration that makes it the engine."""
        return f"asr: {{provider: qwen, qwen: {{url: '{self.url}', api_key: sk-1}}}}"

    async def converse(self, conversation: Conversation) -> None:
        """Recognise what one client sends."""
        model = conversation.path.partition("?model=")[2]
        events = Events()
        await conversation.send(events.created(model))
        update = _read(await conversation.receive())
        if update is None or update.get("type") != "session.update":
            await conversation.send(events.error("session.update comes first"))
            return
        session = update["session"]
        assert isinstance(session, dict)
        self.sessions.append(session)
        await conversation.reach(Point.SET_UP)
        await conversation.send(events.updated(model))
        await _Turns(conversation, events, self.listen()).take()
        # The client closes.
        await conversation.connection.wait_closed()


class _Turns:
    """What a client says once its session is set up."""

    def __init__(self, conversation: Conversation, events: Events, listener: Listener) -> None:
        self._conversation = conversation
        self._events = events
        self._listener = listener
        # How many sentences were completed.
        self._completed = 0
        # What was last said of the open one.
        self._reported = ""

    async def take(self) -> None:
        """Answer until the client wants to end."""
        conversation = self._conversation
        while True:
            event = _read(await conversation.receive())
            match event:
                case {"type": "input_audio_buffer.append", "audio": bytes(pcm)}:
                    await self._hear(pcm)
                case {"type": "session.finish"}:
                    break
                case _:
                    await conversation.send(self._events.error("that is no event"))
        conversation.is_finished = True
        await conversation.reach(Point.FINISH)
        said = self._answers(self._listener.sentences(self._completed, ended=True))
        await conversation.send(*said, self._events.event("session.finished"))

    async def _hear(self, pcm: bytes) -> None:
        conversation = self._conversation
        if not conversation.heard_bytes:
            await conversation.reach(Point.AUDIO)
        conversation.heard_bytes += len(pcm)
        self._listener.hear(pcm)
        await conversation.send(*self._answers(self._listener.sentences(self._completed)))

    def _answers(self, sentences: list[Sentence]) -> list[Message]:
        said: list[Message] = []
        for sentence in sentences:
            item, previous = f"item_{self._completed + 1}", f"item_{self._completed}"
            if not self._reported:
                said.append(self._events.started(item, sentence.start_ms))
            if sentence.text != self._reported:
                certain = len(self._reported)
                self._reported = sentence.text
                text, stash = sentence.text[:certain], sentence.text[certain:]
                said.append(self._events.revised(item, text, stash))
            if sentence.is_complete:
                before = previous if self._completed else ""
                said += self._events.stopped(item, before, sentence.end_ms)
                said.append(self._events.completed(item, sentence.text))
                self._completed += 1
                self._reported = ""
        return said


def _read(message: Message) -> dict[str, object] | None:
    """A client's event, with its audio as PCM; None if it is none."""
    try:
        event = json.loads(message)
        if "audio" in event:
            event["audio"] = base64.b64decode(event["audio"], validate=True)
    except (ValueError, TypeError):
        return None
    return event if isinstance(event, dict) else None
