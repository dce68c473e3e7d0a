"""GLM-ASR of Zhipu: one upload of a form, answered by server-sent events (spec asr §2.3).

Source: docs.z.ai, "audio transcriptions". Events carry increments, the last one all of the text;
other models of the vendor answer with one document.
"""

from __future__ import annotations

from uuid import uuid4

from koe.asr import Engine
from koe.asr.recording import RecordingEngine, Service
from koe.asr.reply import Document, Interpretation, refusal_in
from koe.asr.upload import Upload
from koe.config.engines import GlmConfig
from koe.config.schema import AsrConfig

LONGEST_SECONDS = 30.0  # of the vendor

# Where a text may be in a document, in order of preference; models differ.
_TEXT_MEMBERS = ("text", "delta", "transcript", "result_text", "content", "utterance")


def open_engine(config: AsrConfig, terms: tuple[str, ...]) -> Engine:
    """Make the engine. The dictionary is not sent.

    Raises:
        EngineUnavailableError: There is no key.
        AsrConnectionError: The key or the address can't be used.
    """
    glm = config.glm
    service = Service(
        name="glm",
        settings=glm,
        longest=LONGEST_SECONDS,
        build_upload=lambda wav: build_upload(glm, wav, uuid4().hex),
        interpret=interpret,
    )
    return RecordingEngine(service)


def build_upload(config: GlmConfig, wav: bytes, boundary: str) -> Upload:
    """Write the form.

    Args:
        config: Key, model and prompt.
        wav: The recording, as a file.
        boundary: What stands between the parts, and nowhere else.
    """
    parts = [
        _text_part("model", config.model or GlmConfig.model),
        _part('name="file"; filename="audio.wav"', "audio/wav", wav),
        _text_part("stream", "true"),
    ]
    if config.prompt:
        parts.append(_text_part("prompt", config.prompt))
    mark = b"--" + boundary.encode()
    key = config.api_key.strip()
    return Upload(
        headers={
            "Authorization": f"Bearer {key}",
            "Accept": "text/event-stream, application/json, text/plain",
            "Content-Type": f"multipart/form-data; boundary={boundary}",
        },
        body=b"".join(mark + part for part in parts) + mark + b"--\r\n",
        secret=key,
    )


def _text_part(name: str, text: str) -> bytes:
    return _part(f'name="{name}"', "text/plain", text.encode("utf-8", "replace"))


def _part(name: str, content_type: str, content: bytes) -> bytes:
    head = f"\r\nContent-Disposition: form-data; {name}\r\nContent-Type: {content_type}"
    return b"%b\r\n\r\n%b\r\n" % (head.encode(), content)


def interpret(document: Document, heard: str) -> Interpretation:
    """Say what a document means (spec asr §2.3.5)."""
    kind = document.get("type")
    if isinstance(kind, str) and kind.endswith(".delta"):
        delta = document.get("delta")
        return heard + delta if isinstance(delta, str) else None
    for name in _TEXT_MEMBERS:
        text = document.get(name)
        if isinstance(text, str) and text:
            return heard + text if name == "delta" else text
    if refusal := refusal_in(document):
        return refusal
    results = document.get("results")
    first = results[0] if isinstance(results, list) and results else None
    if isinstance(first, dict) and isinstance(text := first.get("text"), str):
        return text or heard
    is_done = isinstance(kind, str) and kind.endswith(".done")
    is_silence = any(document.get(name) == "" for name in _TEXT_MEMBERS)
    return heard if is_done or is_silence else None
