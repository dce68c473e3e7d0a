"""sherpa-onnx: models of many kinds and languages, on the device (spec asr §3.1).

Source: the package ``sherpa-onnx``. All sessions of the process share a loaded model; each one has
its own stream and hotwords. This module runs streaming transducers; `koe.asr.sherpa_offline` runs
models for whole pieces of speech. If the user has a dictionary, transducers use beam search,
because greedy search ignores hotwords.
"""

from __future__ import annotations

import logging
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, cast

from koe.asr import Engine
from koe.asr.hotwords import Hotwords, prepare_hotwords
from koe.asr.loaded import Loaded
from koe.asr.local import LocalEngine, Recogniser
from koe.asr.model_files import ModelFiles, examine_model, find_model_files
from koe.asr.offline_files import ModelKind, OfflineFiles, examine_offline, find_offline_files
from koe.asr.passes import WholePasses
from koe.asr.samples import float_samples
from koe.asr.sherpa_offline import (
    BEAM_WIDTH,
    FAILURES,
    OfflineModel,
    OfflineRecogniser,
    check_language,
    make_recogniser,
)
from koe.asr.turn import taken_turn
from koe.config.engines import SherpaOnnxConfig
from koe.config.schema import AsrConfig
from koe.errors import AsrConnectionError, AsrProtocolError, EngineUnavailableError
from koe.events import SAMPLE_RATE_HZ, DefiniteHeard, Event, FinalHeard, InterimHeard
from koe.text import join_segments

if TYPE_CHECKING:
    from sherpa_onnx import OfflineRecognizer, OnlineRecognizer

_FRAMES_PER_SECOND = 100

# Two limits of the library (spec asr §3.1.3): the silence after which a segment ends even if
# nothing was said, which is the default, and the longest segment without a pause, which is so long
# that it hardly ever counts.
_SILENCE_BEFORE_SPEECH = 2.4
_LONGEST_SEGMENT = 300.0

# Silence after the last sample, so that the encoder processes that sample: half a second, or the
# window of the encoder and the width of its first filter together if that is longer.
_TAIL_SECONDS = 0.5
_FILTER_FRAMES = 10

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SherpaModel:
    """A loaded model.

    Attributes:
        recogniser: The library's recogniser.
        hotwords: The user's terms that the model can write.
        tail: The number of samples of silence to add after the audio.
    """

    recogniser: OnlineRecognizer
    hotwords: Hotwords
    tail: int


# The library's recogniser; Python frees it.
_loaded: Loaded[OnlineRecognizer | OfflineRecognizer] = Loaded(lambda recogniser: None)

# The lock that the session holds while it loads the model.
_loading = threading.Lock()


def open_engine(config: AsrConfig, terms: tuple[str, ...]) -> Engine:
    """Make the engine.

    Raises:
        EngineUnavailableError: The package is not installed.
        AsrConnectionError: The model does not exist.
    """
    if find_spec("sherpa_onnx") is None:
        raise EngineUnavailableError(
            "sherpa-onnx", "its package is not installed; run: pip install 'sherpa-onnx==2.0.1'"
        )
    settings = config.sherpa_onnx
    directory = Path(settings.model)
    offline = find_offline_files(directory)
    files = find_model_files(directory) if offline is None else None

    minutes = config.keep_loaded_minutes

    @contextmanager
    def opener(closed: Callable[[], bool]) -> Iterator[Recogniser]:
        recogniser: Recogniser
        with ExitStack() as kept:
            with taken_turn(_loading, closed):
                if files is not None:
                    model = kept.enter_context(used_model(settings, files, terms, minutes))
                    recogniser = SherpaRecogniser(model)
                else:
                    assert offline is not None
                    whole = kept.enter_context(used_offline(settings, offline, terms, minutes))
                    interval = whole.update_interval
                    recogniser = WholePasses(OfflineRecogniser(whole), update_interval=interval)
            yield recogniser

    return LocalEngine("sherpa-onnx", opener)


@contextmanager
def used_model(
    settings: SherpaOnnxConfig, files: ModelFiles, terms: tuple[str, ...], minutes: int | None
) -> Iterator[SherpaModel]:
    """Yield a model for the block, loaded unless the last session used it. Blocks.

    Args:
        settings: The settings of the engine.
        files: The files of the model.
        terms: The dictionary.
        minutes: How long the model is kept afterwards; None: without limit.

    Raises:
        AsrConnectionError: It can't be loaded.
    """
    facts = examine_model(files)
    hotwords = _hotwords(terms, facts.tokens, files.bpe_vocab)
    made_of = (files.stamp, _unit(hotwords), settings.replace(language="", use_itn=False))
    look_ahead = (facts.window + _FILTER_FRAMES) / _FRAMES_PER_SECOND
    tail = round(max(_TAIL_SECONDS, look_ahead) * SAMPLE_RATE_HZ)

    def load() -> OnlineRecognizer:
        return _make_recogniser(settings, files, facts.kind, hotwords)

    with _loaded.used(made_of, load, minutes) as recogniser:
        yield SherpaModel(cast("OnlineRecognizer", recogniser), hotwords, tail)


@contextmanager
def used_offline(
    settings: SherpaOnnxConfig, files: OfflineFiles, terms: tuple[str, ...], minutes: int | None
) -> Iterator[OfflineModel]:
    """Yield a model that recognises whole pieces; see `used_model`.

    Raises:
        AsrConnectionError: It can't be loaded.
    """
    facts = examine_offline(files)
    check_language(settings.language, facts)
    if files.kind is ModelKind.NEMO_TRANSDUCER:
        hotwords = _hotwords(terms, facts.tokens, files.bpe_vocab)
    else:
        hotwords = Hotwords(terms if files.kind is ModelKind.QWEN3_ASR else (), "", "")
    made_of = (files.stamp, _unit(hotwords), settings.replace(endpoint_silence=0.0))

    def load() -> OfflineRecognizer:
        return make_recogniser(settings, files, hotwords)

    with _loaded.used(made_of, load, minutes) as recogniser:
        library = cast("OfflineRecognizer", recogniser)
        yield OfflineModel(files.kind, library, hotwords, settings.language)


def _hotwords(terms: tuple[str, ...], tokens: dict[str, int], bpe_vocab: Path | None) -> Hotwords:
    hotwords = prepare_hotwords(terms, tokens, _read(bpe_vocab))
    if skipped := len(set(terms)) - len(hotwords.terms):
        log.info("the model has no tokens for %d of the dictionary's terms", skipped)
    return hotwords


def _unit(hotwords: Hotwords) -> object:
    """The settings of a recogniser that depend on the terms; each stream gets the terms."""
    return (hotwords.modeling_unit, hotwords.vocabulary) if hotwords.terms else None


def _make_recogniser(
    settings: SherpaOnnxConfig, files: ModelFiles, kind: str, hotwords: Hotwords
) -> OnlineRecognizer:
    # Imported here because the package loads 40 MB of libraries.
    try:
        from sherpa_onnx import OnlineRecognizer
    except ImportError as exc:
        raise EngineUnavailableError(
            "sherpa-onnx", f"its package is damaged ({exc}); install it again"
        ) from exc
    defaults = SherpaOnnxConfig()
    with tempfile.TemporaryDirectory(prefix="koe-") as folder:
        vocabulary = Path(folder, "bpe.vocab")
        vocabulary.write_text(hotwords.vocabulary, encoding="utf-8")
        try:
            return OnlineRecognizer.from_transducer(
                encoder=str(files.encoder),
                decoder=str(files.decoder),
                joiner=str(files.joiner),
                tokens=str(files.tokens),
                model_type=kind,
                num_threads=settings.num_threads,
                enable_endpoint_detection=True,
                rule1_min_trailing_silence=_SILENCE_BEFORE_SPEECH,
                rule2_min_trailing_silence=settings.endpoint_silence or defaults.endpoint_silence,
                rule3_min_utterance_length=_LONGEST_SEGMENT,
                decoding_method="modified_beam_search" if hotwords.terms else "greedy_search",
                max_active_paths=BEAM_WIDTH,
                hotwords_score=settings.hotwords_score or defaults.hotwords_score,
                modeling_unit=hotwords.modeling_unit,
                bpe_vocab=str(vocabulary) if hotwords.vocabulary else "",
            )
        except FAILURES as exc:
            raise AsrConnectionError(f"failed to create sherpa-onnx recognizer: {exc}") from exc


class SherpaRecogniser(Recogniser):
    """One stream of a model, which stays loaded for the next session.

    Raises:
        AsrProtocolError: The package failed.
    """

    def __init__(self, model: SherpaModel) -> None:
        self._recogniser = model.recogniser
        self._tail = bytes(2 * model.tail)
        # The text of all segments that have ended.
        self._ended = ""
        # The whole text at the last report.
        self._reported = ""
        # Number of samples that were fed.
        self._fed = 0
        with _mapped_errors():
            if model.hotwords.terms:
                self._stream = self._recogniser.create_stream(hotwords=model.hotwords.text)
            else:
                self._stream = self._recogniser.create_stream()

    def feed(self, pcm: bytes) -> list[Event]:
        """Recognise new audio."""
        self._fed += len(pcm) // 2
        with _mapped_errors():
            return self._advance(pcm)

    def finish(self) -> list[Event]:
        """Recognise the rest."""
        with _mapped_errors():
            events = self._advance(self._tail)
            self._stream.input_finished()
            events += self._advance(b"")
        return [*events, FinalHeard(self._text, self._fed)]

    def _advance(self, pcm: bytes) -> list[Event]:
        """Add audio, and take every step that it allows.

        It looks for a pause after each step, so that the sizes of the audio pieces have no effect.
        """
        recogniser, stream = self._recogniser, self._stream
        events: list[Event] = []
        if pcm:
            stream.accept_waveform(SAMPLE_RATE_HZ, float_samples(pcm))
        while recogniser.is_ready(stream):
            recogniser.decode_stream(stream)
            if recogniser.is_endpoint(stream):
                text = self._text
                recogniser.reset(stream)
                if text != self._ended:
                    self._ended = self._reported = text
                    events.append(DefiniteHeard(text, self._segment_start))
        text = self._text
        if text and text != self._reported:
            self._reported = text
            events.append(InterimHeard(self._reported))
        return events

    @property
    def _segment_start(self) -> int:
        """The sample at which the open segment begins; the added silence does not count."""
        seconds: float = self._recogniser.start_time(self._stream)
        return min(round(seconds * SAMPLE_RATE_HZ), self._fed)

    @property
    def _text(self) -> str:
        """The whole text. Some versions of the library put a space before a segment."""
        return join_segments([self._ended, self._recogniser.get_result(self._stream)])


@contextmanager
def _mapped_errors() -> Iterator[None]:
    """Turn the package's errors into errors of koe."""
    try:
        yield
    except FAILURES as exc:
        raise AsrProtocolError(f"sherpa-onnx failed: {exc}") from exc


def _read(path: Path | None) -> str:
    """Read an optional file; empty if it is missing or can't be read."""
    try:
        return "" if path is None else path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
