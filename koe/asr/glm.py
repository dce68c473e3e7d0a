"""GLM-ASR of Zhipu: one upload of a form, answered by server-sent events (spec asr §2.3).

Source: docs.z.ai, "audio transcriptions". Events carry increments, and the last one the whole text;
other models of the vendor answer with one document.
"""

from __future__ import annotations

from uuid import uuid4

from koe.asr import Engine
from koe.asr.recording import RecordingEngine, Service
from koe.asr.reply import HeardSoFar, Interpretation, ReplyDocument, refusal_in
from koe.asr.upload import Upload
from koe.config.engines import GlmConfig
from koe.config.schema import AsrConfig
from koe.text import pasted, pasted_key

LONGEST_SECONDS = 30.0  # the vendor's limit

# Errors that another try would cause again, though some have status 429: the key, the account, the
# request, the content, the daily quota (docs.bigmodel.cn, "error codes"). Not those of a service
# that is busy: 1302, 1303, 1305, 1312.
_PERMANENT_ERRORS = frozenset(
    map(
        str,
        (1000, 1001, 1002, 1003, 1004, 1005, 1110, 1111, 1112, 1113, 1121, 1210, 1211, 1212, 1213,
         1214, 1215, 1220, 1221, 1222, 1261, 1300, 1301, 1304, 1308, 1309, 1310, 1311),
    )
)  # fmt: skip

# The keys of a document that may have the text, in order of preference; models differ.
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
    """Build the multipart form.

    Args:
        config: Key, model and prompt.
        wav: The recording, as a file.
        boundary: The separator of the parts, which occurs nowhere else.
    """
    parts = [
        _text_part("model", pasted(config.model) or GlmConfig.model),
        _part('name="file"; filename="audio.wav"', "audio/wav", wav),
        _text_part("stream", "true"),
    ]
    if config.prompt:
        parts.append(_text_part("prompt", config.prompt))
    mark = b"--" + boundary.encode()
    key = pasted_key(config.api_key)
    return Upload(
        headers=(
            ("Authorization", f"Bearer {key}"),
            ("Accept", "text/event-stream, application/json, text/plain"),
            ("Content-Type", f"multipart/form-data; boundary={boundary}"),
        ),
        body=b"".join(mark + part for part in parts) + mark + b"--\r\n",
        permanent_errors=_PERMANENT_ERRORS,
    )


def _text_part(name: str, text: str) -> bytes:
    return _part(f'name="{name}"', "text/plain", text.encode("utf-8", "replace"))


def _part(name: str, content_type: str, content: bytes) -> bytes:
    head = f"\r\nContent-Disposition: form-data; {name}\r\nContent-Type: {content_type}"
    return b"%b\r\n\r\n%b\r\n" % (head.encode(), content)


def interpret(document: ReplyDocument, heard: str) -> Interpretation:
    """Interpret a document (spec asr §2.3.5).

    Increments are never the whole text: a final document or the end mark of the stream follows.
    """
    kind = document.get("type")
    if isinstance(kind, str) and kind.endswith(".delta"):
        delta = document.get("delta")
        return HeardSoFar(heard + delta) if isinstance(delta, str) else None
    for name in _TEXT_MEMBERS:
        text = document.get(name)
        if isinstance(text, str) and text:
            return HeardSoFar(heard + text) if name == "delta" else HeardSoFar(text, is_whole=True)
    if refusal := refusal_in(document):
        return refusal
    results = document.get("results")
    first = results[0] if isinstance(results, list) and results else None
    if isinstance(first, dict) and isinstance(text := first.get("text"), str):
        return HeardSoFar(text or heard, is_whole=True)
    is_done = isinstance(kind, str) and kind.endswith(".done")
    is_silence = any(document.get(name) == "" for name in _TEXT_MEMBERS)
    return HeardSoFar(heard, is_whole=True) if is_done or is_silence else None
