"""Models of sherpa-onnx that recognise whole pieces of speech, such as SenseVoice and Parakeet.

`koe.asr.passes` makes a streaming recogniser of such a model. Tags that models write beside the
text, such as the language and the mood, are removed.
"""

from __future__ import annotations

import re
import tempfile
from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from koe.asr.hotwords import Hotwords
from koe.asr.offline_files import QWEN_LANGUAGES, ModelKind, OfflineFacts, OfflineFiles
from koe.asr.whole import WholeRecogniser
from koe.config.engines import SherpaOnnxConfig
from koe.errors import AsrConnectionError, AsrProtocolError, EngineUnavailableError
from koe.events import SAMPLE_RATE_HZ
from koe.text import trim

if TYPE_CHECKING:
    from sherpa_onnx import OfflineRecognizer

FAILURES = (RuntimeError, ValueError, IndexError, AssertionError)
"""The Python exceptions of the library."""

BEAM_WIDTH = 4

# Seconds: a shorter piece gets silence at its end, because models need a whole window.
_SHORTEST = 1.0

# Kinds that write the whole text at once: their pass takes a small part of the length of the
# speech.
_QUICK = frozenset({ModelKind.SENSE_VOICE, ModelKind.PARAFORMER, ModelKind.NEMO_TRANSDUCER})
_UPDATE_INTERVAL = 1.0

# Tokens of Qwen3-ASR: of the text of the longest piece, and in total. Audio takes 13 tokens a
# second, and the terms take at most as many tokens as they have bytes.
_TEXT_TOKENS = 448
_ALL_TOKENS = 1152
_TERMS_BYTES = 256

# <|zh|><|NEUTRAL|><|Speech|><|withitn|>, <unk>, </s>; and what Qwen3-ASR writes before the text.
_TAGS = re.compile(r"<\|[^<>|]*\|>|</?(?:s|unk|blk|blank|sos|eos)>")
_PREFACE = re.compile(r"^.*?<asr_text>", re.DOTALL)
# The language that SenseVoice reports for noise and music.
_NO_SPEECH = "<|nospeech|>"

_SPACES = re.compile(r"\s+")

# A space between two characters of scripts without spaces: CJK and full-width forms.
_CJK = "[\u2e80-\u312f\u3190-\u9fff\uf900-\ufaff\uff00-\uff9f\U00020000-\U0003ffff]"
_SPACES_IN_CHINESE = re.compile(f"(?<={_CJK}) (?={_CJK})")


@dataclass(frozen=True, slots=True)
class OfflineModel:
    """A loaded model.

    Attributes:
        kind: The kind of the model.
        recogniser: The library's recogniser.
        hotwords: The user's terms, if the model can prefer them.
        language: The language in the settings.
    """

    kind: ModelKind
    recogniser: OfflineRecognizer
    hotwords: Hotwords
    language: str

    @property
    def update_interval(self) -> float | None:
        """Seconds of new audio between two live texts; None: live text at pauses only."""
        return _UPDATE_INTERVAL if self.kind in _QUICK else None


def check_language(language: str, facts: OfflineFacts) -> None:
    """Refuse a language that a model does not support: the library would end the process.

    Raises:
        AsrConnectionError: The model does not support it.
    """
    accepted = ("auto", *facts.languages)
    if facts.languages and language not in accepted:
        raise AsrConnectionError(
            f"asr.sherpa-onnx.language is {language!r}, which the model does not support; "
            f"set it to one of: {', '.join(accepted)}",
            is_permanent=True,
        )


def make_recogniser(
    settings: SherpaOnnxConfig, files: OfflineFiles, hotwords: Hotwords
) -> OfflineRecognizer:
    """Load a model that was checked. Blocks for seconds.

    Raises:
        EngineUnavailableError: The package is damaged.
        AsrConnectionError: The model can't be loaded.
    """
    # Imported here because the package loads 40 MB of libraries.
    try:
        from sherpa_onnx import OfflineRecognizer
    except ImportError as exc:
        raise EngineUnavailableError(
            "sherpa-onnx", f"its package is damaged ({exc}); install it again"
        ) from exc
    paths = {name: str(path) for name, path in files.paths.items()}
    threads = settings.num_threads
    language = "" if settings.language == "auto" else settings.language
    try:
        match files.kind:
            case ModelKind.SENSE_VOICE:
                return OfflineRecognizer.from_sense_voice(
                    **paths, num_threads=threads, language=language, use_itn=settings.use_itn
                )
            case ModelKind.PARAFORMER:
                paths["paraformer"] = paths.pop("model")
                return OfflineRecognizer.from_paraformer(**paths, num_threads=threads)
            case ModelKind.WHISPER:
                return OfflineRecognizer.from_whisper(
                    **paths, num_threads=threads, language=language
                )
            case ModelKind.QWEN3_ASR:
                return OfflineRecognizer.from_qwen3_asr(
                    **paths,
                    num_threads=threads,
                    max_total_len=_ALL_TOKENS,
                    max_new_tokens=_TEXT_TOKENS,
                )
            case ModelKind.NEMO_TRANSDUCER:
                return _make_transducer(OfflineRecognizer, settings, paths, hotwords)
    except FAILURES as exc:
        raise AsrConnectionError(f"failed to create sherpa-onnx recognizer: {exc}") from exc


def _make_transducer(
    library: type[OfflineRecognizer],
    settings: SherpaOnnxConfig,
    paths: dict[str, str],
    hotwords: Hotwords,
) -> OfflineRecognizer:
    with tempfile.TemporaryDirectory(prefix="koe-") as folder:
        vocabulary = Path(folder, "bpe.vocab")
        vocabulary.write_text(hotwords.vocabulary, encoding="utf-8")
        return library.from_transducer(
            **paths,
            model_type="nemo_transducer",
            num_threads=settings.num_threads,
            decoding_method="modified_beam_search" if hotwords.terms else "greedy_search",
            max_active_paths=BEAM_WIDTH,
            hotwords_score=settings.hotwords_score or SherpaOnnxConfig.hotwords_score,
            modeling_unit=hotwords.modeling_unit,
            bpe_vocab=str(vocabulary) if hotwords.vocabulary else "",
        )


class OfflineRecogniser(WholeRecogniser):
    """A recogniser of whole pieces, with a model that stays loaded for the next session."""

    def __init__(self, model: OfflineModel) -> None:
        self._model = model

    def recognise(self, samples: array[float]) -> str:
        """Recognise a piece.

        Raises:
            AsrProtocolError: The package failed.
        """
        missing = round(_SHORTEST * SAMPLE_RATE_HZ) - len(samples)
        if missing > 0:
            samples = samples + array("f", bytes(4 * missing))
        model = self._model
        try:
            if model.kind is ModelKind.NEMO_TRANSDUCER and model.hotwords.terms:
                stream = model.recogniser.create_stream(hotwords=model.hotwords.text)
            else:
                stream = model.recogniser.create_stream()
            if model.kind is ModelKind.QWEN3_ASR:
                if terms := terms_of_prompt(model.hotwords.terms):
                    stream.set_option("hotwords", terms)
                if model.language != "auto":
                    stream.set_option("language", QWEN_LANGUAGES[model.language])
            stream.accept_waveform(SAMPLE_RATE_HZ, samples)
            model.recogniser.decode_stream(stream)
            result = stream.result
            if result.lang == _NO_SPEECH:
                return ""
            by_character = model.kind in (ModelKind.SENSE_VOICE, ModelKind.PARAFORMER)
            return plain_text(result.text, by_character=by_character)
        except FAILURES as exc:
            raise AsrProtocolError(f"sherpa-onnx failed: {exc}") from exc


def terms_of_prompt(terms: tuple[str, ...]) -> str:
    """The first terms that fit into the prompt of Qwen3-ASR, separated by commas."""
    room = _TERMS_BYTES
    taken = []
    for term in terms:
        if "," in term or "<|" in term:  # a comma or a tag would end the term or the prompt
            continue
        room -= len(term.encode()) + 1
        if room < 0:
            break
        taken.append(term)
    return ",".join(taken)


def plain_text(written: str, *, by_character: bool = False) -> str:
    """Extract the text from a model's output: without tags, with the spaces of its script.

    Punctuation alone counts as no text.

    Args:
        written: The output of the model, with tags.
        by_character: The model may write spaces between the characters of Chinese and Japanese.
    """
    text = trim(_SPACES.sub(" ", _TAGS.sub("", _PREFACE.sub("", written))))
    if not any(map(str.isalnum, text)):
        return ""
    return _SPACES_IN_CHINESE.sub("", text) if by_character else text
