"""Whisper: speech recognition of 99 languages on the device.

Source: the library ``ctranslate2``, with models of OpenAI in its form. A model hears a whole piece
of speech at once, so the text comes at pauses: see `koe.asr.passes`. The text is checked,
because such a model also writes something for music and noise, and may repeat itself without
end.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from koe.asr import Engine
from koe.asr.chinese import punctuated, simplified
from koe.asr.chunk import MAX_CHUNK
from koe.asr.language_parts import find_parts
from koe.asr.loaded import Loaded
from koe.asr.local import LocalEngine, Recogniser
from koe.asr.modulation import Modulation
from koe.asr.passes import WholePasses
from koe.asr.whisper_files import WhisperFiles, examine_whisper, find_whisper_files
from koe.asr.whisper_text import best_guess
from koe.asr.whole import WholeRecogniser
from koe.config.engines import WhisperConfig
from koe.config.languages import AUTO
from koe.config.schema import AsrConfig
from koe.errors import AsrPieceError, EngineUnavailableError
from koe.text import join_segments

if TYPE_CHECKING:
    from koe.asr.whisper_model import Encoded, WhisperModel

_PACKAGES = ("ctranslate2", "opencc")
_INSTALL = "run: pip install 'koe-core[whisper]'"

# The most threads; more of them wait for memory and for each other.
_MOST_THREADS = 4

# Languages whose variants of characters are converted.
_CHINESE = frozenset({"zh", "yue"})

# All sessions of the process share one model.
_loaded: Loaded[WhisperModel] = Loaded(lambda model: model.close())


def open_engine(config: AsrConfig, terms: tuple[str, ...]) -> Engine:
    """Make the engine. The dictionary has no effect.

    A model can get terms as the previous text, and then writes them more often. But with the
    smallest usable model, on seven recordings, 15 wrong characters became 21 to 36.

    Raises:
        EngineUnavailableError: A package is not installed.
        AsrConnectionError: The model does not exist, or does not know the language.
    """
    if not all(map(find_spec, _PACKAGES)):
        raise EngineUnavailableError("whisper", f"its packages are not installed; {_INSTALL}")
    settings = config.whisper
    files = find_whisper_files(Path(settings.model))
    examine_whisper(files, settings.language)

    minutes = config.keep_loaded_minutes

    @contextmanager
    def opener(closed: Callable[[], bool]) -> Iterator[Recogniser]:
        del closed  # there is no turn to wait for
        made_of = (files.stamp, settings.num_threads)
        with _loaded.used(made_of, lambda: load_model(settings, files), minutes) as model:
            yield WholePasses(WhisperRecogniser(model, settings.language), gate=Modulation())

    return LocalEngine("whisper", opener)


def load_model(settings: WhisperConfig, files: WhisperFiles) -> WhisperModel:
    """Load a model, which takes a second or more. Blocks.

    Raises:
        AsrConnectionError: It can't be loaded.
        EngineUnavailableError: A package is damaged.
    """
    # Imported here because the library brings numpy, and 150 MB of its own.
    try:
        from koe.asr.whisper_model import WhisperModel

        simplified("")
    except ImportError as exc:
        raise EngineUnavailableError(
            "whisper", f"one of its packages is damaged ({exc}); {_INSTALL}"
        ) from exc
    return WhisperModel(files, settings.num_threads or min(os.cpu_count() or 1, _MOST_THREADS))


class WhisperRecogniser(WholeRecogniser):
    """Recognises pieces of speech with a model.

    Args:
        model: The model.
        language: The spoken language; ``auto``: each part of a piece may have another one.
    """

    # Each piece is padded to 30 s, which takes most of the time.
    longest_whole = MAX_CHUNK

    def __init__(self, model: WhisperModel, language: str) -> None:
        self._model = model
        self._language = language

    def recognise(self, samples: array[float]) -> str:
        """Recognise each part in its language."""
        encoded = self._model.encode(samples)
        if self._language != AUTO:
            return self._write(samples, encoded, self._language)
        parts = find_parts(samples, partial(self._model.find_languages, encoded))
        if len(parts) == 1:
            return self._write(samples, encoded, parts[0].language)
        pieces = [(samples[part.start : part.end], part.language) for part in parts]
        return join_segments(
            self._write(piece, self._model.encode(piece), language) for piece, language in pieces
        )

    def _write(self, samples: array[float], encoded: Encoded, language: str) -> str:
        """Return the text of a part in one language; empty: there is no speech.

        Raises:
            AsrPieceError: There is speech, but the model found no text.
        """
        guesses = [self._model.write(encoded, language)]
        if guesses[0].is_doubtful:
            encoded = self._model.encode(samples, fully=True)
            guesses.append(self._model.write(encoded, language))
        if guesses[-1].is_loop:
            guesses.append(self._model.write(encoded, language, no_loops=True))
        guess = best_guess(guesses)
        if guess.is_loop:
            raise AsrPieceError(
                f"whisper only repeated itself for {encoded.seconds:.0f} seconds of speech; "
                "try a larger model, or another engine"
            )
        if language in _CHINESE:
            return punctuated(simplified(guess.text))
        return guess.text
