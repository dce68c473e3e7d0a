"""A loaded Whisper model: the only module that imports CTranslate2.

Models were trained with audio that is padded to 30 s. Padding is used only if it is needed, because
for short audio it takes four times as much computing. Without it, a model may write a short text
twice.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from contextlib import contextmanager

import ctranslate2
import numpy

from koe.asr.spectrogram import FRAME_SAMPLES, Floats, log_mel
from koe.asr.whisper_files import WhisperFiles
from koe.asr.whisper_text import Guess, decode_tokens
from koe.errors import AsrConnectionError, AsrProtocolError
from koe.events import SAMPLE_RATE_HZ

# Columns of the spectrogram: those for silence after the speech, without which the last word may be
# written twice; the fewest that are encoded; and the most, which are 30 s.
_TAIL_COLUMNS = 200
_MIN_COLUMNS = 500
_MAX_COLUMNS = 3000

# The encoder makes one column of two columns of the spectrogram.
_SAMPLES_PER_COLUMN = 2 * FRAME_SAMPLES

_BEAM_WIDTH = 5

# Tokens: the most that the model can write, the most that are spoken in a second, and a few more.
_MAX_TOKENS = 448
_TOKENS_PER_SECOND = 25
_SPARE_TOKENS = 32

# Against loops, on a further try: tokens that were written get less likely, and no sequence of this
# many tokens is written twice.
_PENALTY = 1.2
_LONGEST_REPETITION = 4


class Encoded:
    """Encoded speech.

    Attributes:
        values: A row for each `_SAMPLES_PER_COLUMN` samples, in a batch of one.
        seconds: The length of the speech.
    """

    def __init__(self, values: Floats, seconds: float) -> None:
        self.values = values
        self.seconds = seconds


class WhisperModel:
    """A model that any number of sessions share. Its methods block.

    Args:
        files: Those of a Whisper model.
        num_threads: The number of processors that it uses.

    Raises:
        AsrConnectionError: It can't be loaded.
    """

    def __init__(self, files: WhisperFiles, num_threads: int) -> None:
        try:
            self._model = ctranslate2.models.Whisper(
                str(files.folder), compute_type="int8", intra_threads=num_threads
            )
        except _FAILURES as exc:
            raise AsrConnectionError(f"whisper could not load {files.folder}: {exc}") from exc

    def close(self) -> None:
        """Free the memory."""
        self._model.unload_model()

    def encode(self, samples: array[float], *, fully: bool = False) -> Encoded:
        """Encode up to 28 seconds of speech.

        Args:
            samples: 32-bit floats between -1 and 1, 16 kHz.
            fully: Whether to pad the speech to 30 s, as in the model's training.

        Raises:
            AsrProtocolError: The library failed.
        """
        columns = max(_MIN_COLUMNS, len(samples) // FRAME_SAMPLES + _TAIL_COLUMNS)
        columns = _MAX_COLUMNS if fully else min(columns, _MAX_COLUMNS) // 2 * 2
        with _mapped_errors():
            heard = log_mel(samples, self._model.n_mels, columns)[None]
            encoded = self._model.encode(ctranslate2.StorageView.from_array(heard), to_cpu=True)
            values = numpy.array(encoded, numpy.float32)
        return Encoded(values, len(samples) / SAMPLE_RATE_HZ)

    def find_languages(self, encoded: Encoded, start: int, end: int) -> dict[str, float]:
        """Return the probability of each language in a part.

        Args:
            encoded: The whole speech.
            start: The first sample of the part.
            end: The sample after its last.

        Raises:
            AsrProtocolError: The library failed.
        """
        if not self._model.is_multilingual:
            return {"en": 1.0}
        first = start // _SAMPLES_PER_COLUMN
        part = encoded.values[:, first : max(first + 1, end // _SAMPLES_PER_COLUMN)]
        with _mapped_errors():
            found, *_ = self._model.detect_language(_view(part))
        return {token.strip("<|>"): probability for token, probability in found}

    def write(self, encoded: Encoded, language: str, *, no_loops: bool = False) -> Guess:
        """Write the text of the speech.

        Args:
            encoded: The speech.
            language: The language of the text.
            no_loops: Avoid repetitions, even if they were spoken.

        Raises:
            AsrProtocolError: The library failed.
        """
        prompt = ["<|startoftranscript|>"]
        if self._model.is_multilingual:
            prompt += [f"<|{language}|>", "<|transcribe|>"]
        prompt.append("<|notimestamps|>")
        limit = _SPARE_TOKENS + round(_TOKENS_PER_SECOND * encoded.seconds)
        limit = min(limit + len(prompt), _MAX_TOKENS)
        with _mapped_errors():
            result, *_ = self._model.generate(
                _view(encoded.values),
                [prompt],
                beam_size=_BEAM_WIDTH,
                max_length=limit,
                repetition_penalty=_PENALTY if no_loops else 1,
                no_repeat_ngram_size=_LONGEST_REPETITION if no_loops else 0,
                return_scores=True,
                return_no_speech_prob=True,
            )
        tokens, score = result.sequences[0], result.scores[0]
        is_cut = len(tokens) + len(prompt) >= limit
        return Guess(decode_tokens(tokens), score, result.no_speech_prob, is_cut)


def _view(values: Floats) -> ctranslate2.StorageView:
    return ctranslate2.StorageView.from_array(numpy.ascontiguousarray(values))


# The Python exceptions of the library.
_FAILURES = (RuntimeError, ValueError, IndexError, MemoryError)


@contextmanager
def _mapped_errors() -> Iterator[None]:
    """Turn the library's errors into errors of koe."""
    try:
        yield
    except _FAILURES as exc:
        raise AsrProtocolError(f"whisper failed: {exc}") from exc
