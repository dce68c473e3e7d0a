"""Sentences for the warnings and errors of a session. Pure."""

from __future__ import annotations

from koe.events import BYTES_PER_SECOND


def lost_audio(lost_bytes: int) -> str:
    """Describe audio that did not fit into the buffer; empty if all of it did."""
    if not lost_bytes:
        return ""
    seconds = lost_bytes / BYTES_PER_SECOND
    return f"{seconds:.1f} seconds of speech were lost because the audio buffer was full"


def unexpected_end(reason: str, is_answer: bool) -> str:
    """Describe an engine that ended without its own end mark.

    Args:
        reason: Why, if the engine gave a reason; else empty.
        is_answer: It ended after the end of the input, where an end is expected.
    """
    message = "ASR connection closed unexpectedly by server"
    if is_answer:
        message = "the speech service ended without saying that its text is complete"
    return f"{message}: {reason}" if reason.strip() else message
