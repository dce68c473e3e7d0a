"""Moonshine without its streams: the model for whole pieces of speech, and the voice detector.

The detector is a transcriber of the package that has no model. koe runs the model itself, because
the functions of the package do not take the texts of parts.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from koe.asr.chunk import MAX_CHUNK
from koe.asr.moonshine_model import MoonshineModel
from koe.asr.moonshine_package import (
    VOICE_THRESHOLD,
    add_audio,
    forget_voice_detector,
    load_transcriber,
    mapped_errors,
    model_folder,
    runtime_library,
    update,
)
from koe.asr.whole import SpeechGate, WholeRecogniser
from koe.errors import AsrConnectionError, AsrProtocolError
from koe.events import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from koe.asr.moonshine_package import Stream, Transcriber

# Silence after a piece. Without it, words that are cut off at the end are repeated many times.
_TAIL = SAMPLE_RATE_HZ // 4
_TAIL_BYTES = 4 * _TAIL

# The number of texts whose tokens are kept: more than a chunk has.
_REMEMBERED = 200


@dataclass(frozen=True)
class WholeModel:
    """The parts that all sessions share.

    Attributes:
        model: Recognises a piece.
        detector: Finds the lines in which there is speech, without their texts.
    """

    model: MoonshineModel
    detector: Transcriber

    def close(self) -> None:
        """Free the memory."""
        self.model.close()
        self.detector.close()


def load_model() -> WholeModel:
    """Load the model and the detector. Blocks; raises the errors of `load_transcriber`."""
    detector = load_transcriber({"vad_threshold": VOICE_THRESHOLD, "skip_transcription": "true"})
    try:
        model = MoonshineModel(runtime_library(detector), model_folder())
    except (AsrProtocolError, OSError) as exc:
        detector.close()
        reason = exc.message if isinstance(exc, AsrProtocolError) else str(exc)
        raise AsrConnectionError(f"moonshine could not load its model: {reason}") from exc
    return WholeModel(model, detector)


class WholeMoonshine(WholeRecogniser):
    """A recogniser of whole pieces, with the shared model."""

    reuses_parts = True
    longest_whole = MAX_CHUNK

    def __init__(self, model: WholeModel) -> None:
        self._model = model.model
        # The tokens of the latest texts.
        self._tokens: dict[str, list[int]] = {}

    def recognise(self, samples: array[float]) -> str:
        """Recognise a piece as one line."""
        return self.recognise_whole(samples, ())

    def recognise_whole(self, samples: array[float], parts: Sequence[str]) -> str:
        """Recognise a piece as one line, with the tokens of its parts as the draft."""
        if not samples:
            return ""
        draft = [token for part in parts for token in self._tokens.get(part, ())]
        tokens = self._model.recognise(samples + array("f", bytes(_TAIL_BYTES)), draft)
        text = self._model.text(tokens)
        self._tokens.pop(text, None)  # so that it becomes the latest
        self._tokens[text] = tokens
        if len(self._tokens) > _REMEMBERED:
            del self._tokens[next(iter(self._tokens))]
        return text


class VoiceDetector(SpeechGate):
    """Finds out whether there is speech; only one detector may exist at a time.

    Raises:
        AsrProtocolError: From all methods: the package failed.
    """

    def __init__(self, model: WholeModel) -> None:
        self._detector = model.detector
        # The stream is made on a thread while the first audio is prepared; each takes 40 ms.
        self._thread = model.model.thread
        self._stream = self._thread.submit(_new_stream, model.detector)
        # The lines found so far, and whether there is audio that was not searched.
        self._lines: list[tuple[float, float]] = []
        self._is_stale = False

    def feed(self, samples: array[float]) -> None:
        """Take the next audio."""
        if samples:
            with mapped_errors():
                add_audio(self._detector, self._stream.result(), samples)
            self._is_stale = True

    def has_speech(self, begin: int, end: int) -> bool:
        """Whether a line overlaps the samples."""
        if self._is_stale:
            with mapped_errors():
                stream = self._stream.result()
                lines = self._thread.run(update, self._detector, stream).lines
            self._lines = [(line.start_time, line.start_time + line.duration) for line in lines]
            self._is_stale = False
        first, last = begin / SAMPLE_RATE_HZ, end / SAMPLE_RATE_HZ
        return any(start < last and stop > first for start, stop in self._lines)

    def close(self) -> None:
        """Free the stream, if it could be made."""
        if self._stream.exception() is None:
            self._stream.result().close()


def _new_stream(detector: Transcriber) -> Stream:
    """Start a stream that never updates by itself, with a new voice detector."""
    forget_voice_detector(detector)
    with mapped_errors():
        stream = detector.create_stream(update_interval=float("inf"))
        stream.start()
    return stream
