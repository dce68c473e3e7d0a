"""MiMo-ASR of Xiaomi: a chat completion whose message is a recording (spec asr §2.4).

Source: platform.xiaomimimo.com, "Speech Recognition (MiMo-V2.5-ASR)". If asked to stream, the
service sends increments; otherwise, and from some gateways always, one document.
"""

from __future__ import annotations

import json
from base64 import b64encode

from koe.asr import Engine
from koe.asr.recording import RecordingEngine, Service
from koe.asr.reply import HeardSoFar, Interpretation, ReplyDocument, refusal_in
from koe.asr.upload import Upload
from koe.config.engines import MimoConfig
from koe.config.schema import AsrConfig
from koe.text import pasted, pasted_key

# The vendor accepts up to 10 MB of base64, which is 234 s.
LONGEST_SECONDS = 230.0


# Statuses of errors that another try would cause again (platform.xiaomimimo.com,
# "Error Codes"); within a stream, the error's code is the status.
_PERMANENT_ERRORS = frozenset({"400", "401", "402", "403", "404", "invalid_key"})

# The service's reason for a stop after a whole text.
_STOP = "stop"


def open_engine(config: AsrConfig, terms: tuple[str, ...]) -> Engine:
    """Make the engine. The dictionary is not sent.

    Raises:
        EngineUnavailableError: There is no key.
        AsrConnectionError: The key or the address can't be used.
    """
    mimo = config.mimo
    service = Service(
        name="mimo",
        settings=mimo,
        longest=LONGEST_SECONDS,
        build_upload=lambda wav: build_upload(mimo, wav),
        interpret=interpret,
    )
    return RecordingEngine(service)


def build_upload(config: MimoConfig, wav: bytes) -> Upload:
    """Build the request.

    Args:
        config: Key, model and language.
        wav: The recording, as a WAV file.
    """
    data = f"data:audio/wav;base64,{b64encode(wav).decode()}"
    recording = {"input_audio": {"data": data}, "type": "input_audio"}
    body = {
        "asr_options": {"language": config.language or MimoConfig.language},
        "messages": [{"content": [recording], "role": "user"}],
        "model": pasted(config.model) or MimoConfig.model,
        "stream": True,
    }
    key = pasted_key(config.api_key)
    return Upload(
        headers=(
            ("api-key", key),
            ("Accept", "text/event-stream, application/json, text/plain"),
            ("Content-Type", "application/json"),
        ),
        body=json.dumps(body, separators=(",", ":")).encode(),
        permanent_errors=_PERMANENT_ERRORS,
    )


def interpret(document: ReplyDocument, heard: str) -> Interpretation:
    """Interpret a document (spec asr §2.4)."""
    if refusal := refusal_in(document):
        return refusal
    choices = document.get("choices")
    if not isinstance(choices, list):
        return None
    first = choices[0] if choices else None
    if not isinstance(first, dict):
        return HeardSoFar(heard)  # the usage, at the end of a stream
    reason = first.get("finish_reason")
    stopped = reason if isinstance(reason, str) and reason != _STOP else ""
    if isinstance(delta := _content(first.get("delta")), str):
        return HeardSoFar(heard + delta, reason == _STOP, stopped)
    text = _content(first.get("message"))
    is_whole = reason == _STOP or (text is not None and not stopped)
    return HeardSoFar(text or heard, is_whole, stopped)


def _content(message: object) -> str | None:
    content = message.get("content") if isinstance(message, dict) else None
    return content if isinstance(content, str) else None
