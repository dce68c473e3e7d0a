"""A detector of voices, where one is installed. The only module that knows webrtcvad."""

from __future__ import annotations

from collections.abc import Callable

from koe.events import SAMPLE_RATE_HZ

# 0 to 3: from the most sensitive detector to the least. Whispers must be kept, and noise is
# excluded by its loudness already.
_STRICTNESS = 1


def voice_detector() -> Callable[[bytes], bool] | None:
    """Return a function that says whether 20 ms of 16 kHz mono s16le contain a voice.

    None: webrtcvad is not installed.
    """
    try:
        import webrtcvad
    except ImportError:
        return None
    detector = webrtcvad.Vad(_STRICTNESS)
    return lambda frame: bool(detector.is_speech(frame, SAMPLE_RATE_HZ))
