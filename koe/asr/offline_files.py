"""Find and check the files of a model that recognises whole pieces of speech.

The kind is found from the files (spec asr §3.1.5). As with streaming models, the library ends the
whole process, or crashes, if something that it requires is missing or does not fit; so everything
is checked first.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from koe.asr.model_files import (
    count_of,
    find_onnx,
    missing,
    names_in,
    numbers_of,
    read_metadata,
    read_ports,
    read_symbols,
    unfit,
)
from koe.json_text import parse_json


class ModelKind(StrEnum):
    """The kinds of models for whole pieces that the library supports."""

    SENSE_VOICE = "SenseVoice"
    PARAFORMER = "Paraformer"
    NEMO_TRANSDUCER = "NeMo transducer"
    WHISPER = "whisper"
    QWEN3_ASR = "Qwen3-ASR"


@dataclass(frozen=True, slots=True)
class OfflineFiles:
    """The files of one model.

    Attributes:
        kind: The kind of model.
        paths: The files, by the library's names for them; ``tokenizer`` is a folder.
    """

    kind: ModelKind
    paths: Mapping[str, Path]

    @property
    def bpe_vocab(self) -> Path | None:
        """Scores of the pieces of words; None: the model has no such file."""
        path = self.paths["tokens"].with_name("bpe.vocab")
        return path if path.is_file() else None

    @property
    def stamp(self) -> tuple[tuple[str, int, int], ...]:
        """The files with their dates and sizes; it changes when a file does."""
        stats = [(str(path), path.stat()) for path in self.paths.values()]
        return tuple((name, it.st_mtime_ns, it.st_size) for name, it in stats)


@dataclass(frozen=True, slots=True)
class OfflineFacts:
    """Facts about a model that are needed before it is loaded.

    Attributes:
        tokens: Its tokens, with their numbers; empty if they are not needed.
        languages: The languages that it can be set to, as codes; empty: it can't be set.
    """

    tokens: dict[str, int]
    languages: tuple[str, ...]


SENSE_VOICE_LANGUAGES = ("zh", "en", "ja", "ko", "yue")

QWEN_LANGUAGES = {
    "zh": "Chinese", "en": "English", "yue": "Cantonese", "ar": "Arabic", "de": "German",
    "fr": "French", "es": "Spanish", "pt": "Portuguese", "id": "Indonesian", "it": "Italian",
    "ko": "Korean", "ru": "Russian", "th": "Thai", "vi": "Vietnamese", "ja": "Japanese",
    "tr": "Turkish", "hi": "Hindi", "ms": "Malay", "nl": "Dutch", "sv": "Swedish", "da": "Danish",
    "fi": "Finnish", "pl": "Polish", "cs": "Czech", "fil": "Filipino", "fa": "Persian",
    "el": "Greek", "hu": "Hungarian", "mk": "Macedonian", "ro": "Romanian",
}  # fmt: skip
"""The languages of Qwen3-ASR, with its names for them."""

# Features per frame of 10 ms. SenseVoice and Paraformer take a window of several frames at once.
_FEATURES = 80
_LONGEST_WINDOW = 100

_WHISPER_COUNTS = ("n_mels", "n_text_layer", "n_text_ctx", "n_text_state", "n_vocab")
_WHISPER_NUMBERS = (
    "sot", "eot", "blank_id", "translate", "transcribe", "is_multilingual", "no_timestamps",
    "no_speech", "sot_sequence",
)  # fmt: skip
_WHISPER_MELS = (80, 128)

# The tokens at the beginning of a text: start, language, task.
_WHISPER_BEGINNING = 3

_TOKENIZER = ("vocab.json", "merges.txt", "tokenizer_config.json")
_QWEN_TOKEN = "<asr_text>"
_LARGEST_JSON_BYTES = 64 << 20


def find_offline_files(directory: Path) -> OfflineFiles | None:
    """Find the files of a model; None if the folder has no such model.

    Raises:
        AsrConnectionError: The folder can't be read, or a file is missing or damaged.
    """
    names = names_in(directory)

    def has(part: str) -> bool:
        return any(part in name and name.endswith(".onnx") for name in names)

    def find(*parts: str) -> dict[str, Path]:
        return {part: find_onnx(directory, names, part) for part in parts}

    if has("conv_frontend"):
        paths = find("conv_frontend", "encoder", "decoder")
        return OfflineFiles(ModelKind.QWEN3_ASR, paths | {"tokenizer": _tokenizer(directory)})
    if has("encoder") and has("decoder"):
        metadata = read_metadata(find_onnx(directory, names, "encoder"))
        if has("joiner"):
            if "pred_hidden" not in metadata:
                return None
            kind, paths = ModelKind.NEMO_TRANSDUCER, find("encoder", "decoder", "joiner")
        elif metadata.get("model_type", "").startswith("whisper"):
            kind, paths = ModelKind.WHISPER, find("encoder", "decoder")
        else:
            return None
    elif has("model") and not has("encoder"):
        paths = find("model")
        kind = _kind_of_single(paths["model"])
    else:
        return None
    tokens = next((name for name in names if name.endswith("tokens.txt")), None)
    if tokens is None:
        raise missing("tokens.txt", directory)
    return OfflineFiles(kind, paths | {"tokens": directory / tokens})


def examine_offline(files: OfflineFiles) -> OfflineFacts:
    """Check that the library will accept the files.

    Raises:
        AsrConnectionError: The library would not.
    """
    examine = {
        ModelKind.SENSE_VOICE: _examine_sense_voice,
        ModelKind.PARAFORMER: _examine_paraformer,
        ModelKind.NEMO_TRANSDUCER: _examine_nemo,
        ModelKind.WHISPER: _examine_whisper,
        ModelKind.QWEN3_ASR: _examine_qwen,
    }[files.kind]
    return examine(files.paths)


def _kind_of_single(path: Path) -> ModelKind:
    metadata = read_metadata(path)
    if "lang_auto" in metadata:
        return ModelKind.SENSE_VOICE
    kind = metadata.get("model_type", "")
    if kind == "paraformer":
        return ModelKind.PARAFORMER
    raise unfit(path, f"its model_type is {kind or 'not given'}")


def _tokenizer(directory: Path) -> Path:
    """The folder of the tokenizer, which may be the folder of the model."""
    folder = directory / "tokenizer"
    if not folder.is_dir():
        folder = directory
    for name in _TOKENIZER:
        if not (folder / name).is_file():
            raise missing(f"tokenizer/{name}", directory)
    return folder


# --- the checks --------------------------------------------------------------------------


def _examine_sense_voice(paths: Mapping[str, Path]) -> OfflineFacts:
    path = paths["model"]
    _check_ports(path, inputs=4, outputs=1)
    metadata = read_metadata(path)
    _examine_window(path, metadata)
    languages = [f"lang_{code}" for code in ("auto", *SENSE_VOICE_LANGUAGES)]
    for key in ("normalize_samples", "with_itn", "without_itn", *languages):
        numbers_of(path, metadata, key)
    return OfflineFacts(_tokens(paths), SENSE_VOICE_LANGUAGES)


def _examine_paraformer(paths: Mapping[str, Path]) -> OfflineFacts:
    path = paths["model"]
    _check_ports(path, inputs=2, outputs=2)
    if read_ports(path).outputs == 3:  # with three, the library would read a fourth
        raise unfit(path, "it has 3 outputs")
    _examine_window(path, read_metadata(path))
    tokens = _tokens(paths)
    if "</s>" not in tokens:
        raise unfit(paths["tokens"], "it has no token </s>")
    return OfflineFacts(tokens, ())


def _examine_window(path: Path, metadata: dict[str, str]) -> None:
    """Check the normalisation of the features of a window, which the library does not check."""
    count_of(path, metadata, "vocab_size")
    count_of(path, metadata, "lfr_window_shift")
    window = count_of(path, metadata, "lfr_window_size")
    if window > _LONGEST_WINDOW:
        raise unfit(path, f"its lfr_window_size is {window}")
    for key in ("neg_mean", "inv_stddev"):
        try:
            numbers = [float(word) for word in metadata.get(key, "").split(",")]
        except ValueError:
            numbers = []
        if len(numbers) != window * _FEATURES or not all(map(math.isfinite, numbers)):
            raise unfit(path, f"its {key} is not {window * _FEATURES} numbers")


def _examine_nemo(paths: Mapping[str, Path]) -> OfflineFacts:
    path = paths["encoder"]
    _check_ports(path, inputs=2, outputs=2)
    metadata = read_metadata(path)
    for key in ("vocab_size", "subsampling_factor", "pred_rnn_layers", "pred_hidden"):
        count_of(path, metadata, key)
    if (normalisation := metadata.get("normalize_type", "")) not in ("", "NA", "per_feature"):
        raise unfit(path, f"its normalize_type is {normalisation}")
    _check_ports(paths["decoder"], inputs=4, outputs=4)
    _check_ports(paths["joiner"], inputs=2, outputs=1)
    blank = int(metadata["vocab_size"])
    symbols = read_symbols(paths["tokens"])
    tokens = dict(symbols)
    if tokens.get("<blk>") != blank or len({number for _, number in symbols}) != blank + 1:
        reason = f"it does not have {blank + 1} tokens, of which <blk> is the last"
        raise unfit(paths["tokens"], reason)
    return OfflineFacts(tokens, ())


def _examine_whisper(paths: Mapping[str, Path]) -> OfflineFacts:
    path = paths["encoder"]
    _check_ports(path, inputs=1, outputs=2)
    metadata = read_metadata(path)
    _check_ports(paths["decoder"], inputs=6, outputs=3)
    for key in _WHISPER_COUNTS:
        count_of(path, metadata, key)
    if int(metadata["n_mels"]) not in _WHISPER_MELS:
        raise unfit(path, f"its n_mels is {metadata['n_mels']}")
    for key in _WHISPER_NUMBERS:
        numbers_of(path, metadata, key)
    tokens = _tokens(paths)
    if metadata["is_multilingual"] == "0":
        return OfflineFacts(tokens, ("en",))
    numbers = numbers_of(path, metadata, "all_language_tokens")
    codes = tuple(metadata.get("all_language_codes", "").split(","))
    if len(codes) != len(numbers) or max(numbers) >= int(metadata["n_vocab"]):
        raise unfit(path, "its all_language_tokens do not fit its all_language_codes")
    if len(numbers_of(path, metadata, "sot_sequence")) != _WHISPER_BEGINNING:
        raise unfit(path, f"its sot_sequence is {metadata['sot_sequence']}")
    return OfflineFacts(tokens, codes)


def _examine_qwen(paths: Mapping[str, Path]) -> OfflineFacts:
    _check_ports(paths["conv_frontend"], inputs=1, outputs=1)
    _check_ports(paths["encoder"], inputs=2, outputs=1)
    decoder = read_ports(paths["decoder"])
    layers = (decoder.outputs - 1) // 2
    if layers < 1 or (decoder.inputs, decoder.outputs) != (4 + 2 * layers, 1 + 2 * layers):
        ports = f"{decoder.inputs} inputs and {decoder.outputs} outputs"
        raise unfit(paths["decoder"], f"it has {ports}")
    folder = paths["tokenizer"]
    vocabulary, configuration = (_json(folder / name) for name in (_TOKENIZER[0], _TOKENIZER[2]))
    added = configuration.get("added_tokens_decoder")
    entries = added.values() if isinstance(added, dict) else ()
    names = {entry.get("content") for entry in entries if isinstance(entry, dict)}
    if _QWEN_TOKEN not in vocabulary and _QWEN_TOKEN not in names:
        raise unfit(folder / _TOKENIZER[0], f"it has no token {_QWEN_TOKEN}")
    return OfflineFacts({}, tuple(QWEN_LANGUAGES))


def _check_ports(path: Path, *, inputs: int, outputs: int) -> None:
    """Check the numbers of input and output tensors, which the library does not check."""
    ports = read_ports(path)
    if ports.inputs != inputs or ports.outputs < outputs:
        raise unfit(path, f"it has {ports.inputs} inputs and {ports.outputs} outputs")


def _tokens(paths: Mapping[str, Path]) -> dict[str, int]:
    return dict(read_symbols(paths["tokens"]))


def _json(path: Path) -> dict[str, object]:
    try:
        if path.stat().st_size > _LARGEST_JSON_BYTES:
            raise ValueError("it is too large")
        content = parse_json(path.read_bytes().decode("utf-8"))
    except (OSError, ValueError) as exc:
        raise unfit(path, str(exc)) from exc
    if not isinstance(content, dict):
        raise unfit(path, "it is not a JSON object")
    return content
