"""The client of ``dashscope``, the vendor's own."""

from __future__ import annotations

import base64
import json
import sys
import threading
from pathlib import Path

from dashscope.audio.qwen_omni import MultiModality, OmniRealtimeCallback, OmniRealtimeConversation
from dashscope.audio.qwen_omni.omni_realtime import TranscriptionParams


class Listener(OmniRealtimeCallback):  # type: ignore[misc]  # not installed for mypy
    def __init__(self) -> None:
        self.heard: list[dict[str, object]] = []
        self.updated = threading.Event()
        self.closed = threading.Event()

    def on_event(self, message: dict[str, object]) -> None:
        self.heard.append(message)
        if message["type"] == "session.updated":
            self.updated.set()

    def on_close(self, close_status_code: object, close_msg: object) -> None:
        self.closed.set()


def main(url: str, pcm: bytes) -> list[dict[str, object]]:
    listener = Listener()
    conversation = OmniRealtimeConversation(
        model="qwen3-asr-flash-realtime", callback=listener, url=url, api_key="key"
    )
    conversation.connect()
    conversation.update_session(
        output_modalities=[MultiModality.TEXT],
        enable_input_audio_transcription=True,
        transcription_params=TranscriptionParams(language="zh", corpus_text="Koe"),
    )
    assert listener.updated.wait(30)
    for start in range(0, len(pcm), 6400):
        conversation.append_audio(base64.b64encode(pcm[start : start + 6400]).decode())
    conversation.end_session()
    conversation.close()
    assert listener.closed.wait(30)
    return listener.heard


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]).read_bytes())))
