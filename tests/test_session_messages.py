from __future__ import annotations

from koe.events import BYTES_PER_SECOND
from koe.session_messages import lost_audio, unexpected_end


def test_lost_audio() -> None:
    assert lost_audio(0) == ""
    said = "2.5 seconds of speech were lost because the audio buffer was full"
    assert lost_audio(5 * BYTES_PER_SECOND // 2) == said


def test_an_unexpected_end() -> None:
    closed = "ASR connection closed unexpectedly by server"
    assert unexpected_end("", is_answer=False) == closed
    assert unexpected_end(" ", is_answer=False) == closed
    assert unexpected_end("busy", is_answer=False) == f"{closed}: busy"
    assert "without saying that its text is complete" in unexpected_end("", is_answer=True)
