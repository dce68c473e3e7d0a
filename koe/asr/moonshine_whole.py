"""Moonshine without its streams: the model for whole pieces of speech, and the voice detector.

One transcriber has the model and detects no voices; another one detects voices and has no model, so
that both together take the memory of one.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING

from koe.asr.moonshine_package import (
    HOP,
    VOICE_THRESHOLD,
    forget_voice_detector,
    load_transcriber,
    mapped_errors,
    update,
)
from koe.asr.passes import SpeechGate, WholeRecogniser
from koe.events import SAMPLE_RATE_HZ
from koe.text import join_segments

if TYPE_CHECKING:
    from koe.asr.moonshine_package import Transcriber

# Silence after a piece. Without it, words that are cut off at the end are repeated many times.
_TAIL = SAMPLE_RATE_HZ // 4

# The tokens per second after which the package stops. By default it is 6.5, which fast speech
# exceeds.
_MAX_TOKENS_PER_SECOND = 10


@dataclass(frozen=True)
class WholeModel:
    """The parts that all sessions share.

    Attributes:
        transcriber: Recognises a piece as one line.
        detector: Finds the lines in which there is speech, without their texts.
    """

    transcriber: Transcriber
    detector: Transcriber

    def close(self) -> None:
        """Free the memory."""
        self.transcriber.close()
        self.detector.close()


def load_model() -> WholeModel:
    """Load both. Blocks; raises the errors of `load_transcriber`."""
    return WholeModel(
        load_transcriber({"vad_threshold": 0, "max_tokens_per_second": _MAX_TOKENS_PER_SECOND}),
        load_transcriber({"vad_threshold": VOICE_THRESHOLD, "skip_transcription": "true"}),
    )


class WholeMoonshine(WholeRecogniser):
    """A recogniser of whole pieces, with the shared model."""

    def __init__(self, model: WholeModel) -> None:
        self._transcriber = model.transcriber

    def recognise(self, samples: array[float]) -> str:
        """Recognise a piece as one line."""
        if not samples:
            return ""
        padded = samples.tolist() + [0.0] * (_TAIL + -(len(samples) + _TAIL) % HOP)
        with mapped_errors():
            transcript = self._transcriber.transcribe_without_streaming(padded, SAMPLE_RATE_HZ)
        return join_segments(line.text for line in transcript.lines)


class VoiceDetector(SpeechGate):
    """Finds out whether there is speech; there may be one at a time.

    Raises:
        AsrProtocolError: From all methods: the package failed.
    """

    def __init__(self, model: WholeModel) -> None:
        forget_voice_detector(model.detector)
        with mapped_errors():
            # With this interval the stream never updates by itself.
            self._stream = model.detector.create_stream(update_interval=float("inf"))
            self._stream.start()
        self._detector = model.detector
        # The lines found so far, and whether there is audio that was not searched.
        self._lines: list[tuple[float, float]] = []
        self._is_stale = False

    def feed(self, samples: array[float]) -> None:
        """Take the next audio."""
        if samples:
            with mapped_errors():
                self._stream.add_audio(samples.tolist(), SAMPLE_RATE_HZ)
            self._is_stale = True

    def has_speech(self, begin: int, end: int) -> bool:
        """Whether a line overlaps the samples."""
        if self._is_stale:
            with mapped_errors():
                lines = update(self._detector, self._stream).lines
            self._lines = [(line.start_time, line.start_time + line.duration) for line in lines]
            self._is_stale = False
        first, last = begin / SAMPLE_RATE_HZ, end / SAMPLE_RATE_HZ
        return any(start < last and stop > first for start, stop in self._lines)

    def close(self) -> None:
        """Free the stream."""
        self._stream.close()
