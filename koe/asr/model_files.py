"""A streaming transducer on disk: which files are the model's, and whether they can be one.

The library that runs it ends the whole process when a model is of another kind, or when its list
of tokens is broken. So everything that it insists on is looked at here first.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from koe.errors import AsrConnectionError

# Where models of this engine are put, below the folder of all models.
_FOLDER = "sherpa-onnx"

# What an encoder must say about itself, by the kind of model.
_EVERY_KIND = ("T", "decode_chunk_len")
_ENCODER_KEYS = {
    "conformer": ("num_encoder_layers", "left_context", "encoder_dim", "pad_length",
                  "cnn_module_kernel"),
    "ebranchformer": ("num_hidden_layers", "hidden_size", "intermediate_size", "csgu_kernel_size",
                      "merge_conv_kernel", "left_context_len", "num_heads", "head_dim"),
    "lstm": ("num_encoder_layers", "rnn_hidden_size", "d_model"),
    "zipformer": ("encoder_dims", "attention_dims", "num_encoder_layers", "cnn_module_kernels",
                  "left_context_len"),
    "zipformer2": ("encoder_dims", "query_head_dims", "value_head_dims", "num_heads",
                   "num_encoder_layers", "cnn_module_kernels", "left_context_len"),
}  # fmt: skip
_DECODER_KEYS = ("vocab_size", "context_size")

# Of no model anything is a million; the library would believe it, and crash.
_MOST_DIGITS = 6

# What separates a token from its number. Wider blanks, such as the one of Chinese, are tokens.
_BLANKS = " \t\r\f\v"

# Protocol Buffers, of which an ONNX file is a message: field numbers and wire types.
_METADATA_FIELD, _KEY_FIELD, _VALUE_FIELD = 14, 1, 2
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5

# A pair of metadata; the longest are lists of a few numbers.
_LONGEST_PAIR_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """The files of one model.

    Attributes:
        bpe_vocab: How likely its pieces of words are; None: the model came without.
    """

    encoder: Path
    decoder: Path
    joiner: Path
    tokens: Path
    bpe_vocab: Path | None

    @property
    def stamp(self) -> tuple[tuple[str, int, int], ...]:
        """Changes when a file does."""
        paths = (self.encoder, self.decoder, self.joiner, self.tokens)
        stats = [(str(path), path.stat()) for path in paths]
        return tuple((name, it.st_mtime_ns, it.st_size) for name, it in stats)


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What is to know about a model before it is loaded.

    Attributes:
        kind: The library's name for its kind.
        window: Frames of 10 ms that its encoder looks at together.
        tokens: What it writes, with the numbers.
    """

    kind: str
    window: int
    tokens: dict[str, int]


def find_model_files(directory: Path) -> ModelFiles:
    """Find the files of a model, the smaller ones where there are several (spec asr §3.1.2).

    Raises:
        AsrConnectionError: Something is missing.
    """
    try:
        names = sorted(path.name for path in directory.iterdir())
    except (FileNotFoundError, NotADirectoryError) as exc:
        raise AsrConnectionError(f"model not found: {directory}; {_remedy(directory)}") from exc
    except (OSError, ValueError) as exc:  # ValueError: no folder can have such a name
        raise AsrConnectionError(f"read model dir: {exc}") from exc

    def find(part: str) -> Path:
        candidates = [name for name in names if part in name and name.endswith(".onnx")]
        for precision in (".int8.", ".fp16.", ""):
            for name in candidates:
                if precision in name:
                    return directory / name
        raise AsrConnectionError(f"missing {part}*.onnx in {directory}; {_remedy(directory)}")

    encoder, decoder, joiner = map(find, ("encoder", "decoder", "joiner"))
    if "tokens.txt" not in names:
        raise AsrConnectionError(f"missing tokens.txt in {directory}; {_remedy(directory)}")
    bpe_vocab = directory / "bpe.vocab" if "bpe.vocab" in names else None
    return ModelFiles(encoder, decoder, joiner, directory / "tokens.txt", bpe_vocab)


def examine_model(files: ModelFiles) -> ModelFacts:
    """Check that the library will take the files for a streaming transducer.

    Raises:
        AsrConnectionError: It will not.
    """
    encoder = read_metadata(files.encoder)
    kind = encoder.get("model_type", "")
    if kind not in _ENCODER_KEYS:
        raise _unfit(files.encoder, f"its model_type is {kind or 'not given'}")
    window, _ = (_count(files.encoder, encoder, key) for key in _EVERY_KIND)
    for key in _ENCODER_KEYS[kind]:
        _numbers(files.encoder, encoder, key)
    decoder = read_metadata(files.decoder)
    for key in _DECODER_KEYS:
        _count(files.decoder, decoder, key)
    read_metadata(files.joiner)
    return ModelFacts(kind, window, read_tokens(files.tokens))


def read_tokens(path: Path) -> dict[str, int]:
    """Read ``tokens.txt``: on each line a token and its number, or a number for the space.

    Raises:
        AsrConnectionError: It can't be read, or is something else.
    """
    try:
        lines = path.read_bytes().decode("utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as exc:
        raise _unfit(path, str(exc)) from exc
    tokens: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        line = line.strip(_BLANKS)
        if not line:
            continue
        words = re.split(f"[{_BLANKS}]+", line)
        if len(words) > 2 or not _is_number(words[-1]):
            raise _unfit(path, f"line {number} is no token with its number")
        tokens[words[0] if len(words) == 2 else " "] = int(words[-1])
    if not tokens:
        raise _unfit(path, "it has no tokens")
    return tokens


def read_metadata(path: Path) -> dict[str, str]:
    """Read what an ONNX file says about itself, without its weights.

    Raises:
        AsrConnectionError: It can't be read, is no ONNX file, or not all of one.
    """
    try:
        with path.open("rb") as file:
            fields = _fields(file, path.stat().st_size)
            pairs = [content for field, content in fields if field == _METADATA_FIELD]
        return dict(map(_pair, pairs))
    except OSError as exc:
        raise _unfit(path, str(exc)) from exc
    except ValueError as exc:
        raise _unfit(path, f"it is damaged, or no ONNX file: {exc}") from exc


def _remedy(directory: Path) -> str:
    # As the models that koe knows lie, and those whose layout is known from their repository.
    if directory.parent.name == _FOLDER:
        return f"run: koe model pull {_FOLDER}/{directory.name}"
    return (
        "put a streaming transducer there, or set asr.sherpa-onnx.model to one that koe model list "
        "shows and koe model pull fetches"
    )


def _count(path: Path, metadata: dict[str, str], key: str) -> int:
    """One number, and not 0: of that the library would crash, or never come to an end."""
    numbers = _numbers(path, metadata, key)
    if len(numbers) != 1 or numbers[0] == 0:
        raise _unfit(path, f"its {key} is {metadata[key]}")
    return numbers[0]


def _numbers(path: Path, metadata: dict[str, str], key: str) -> list[int]:
    words = [word.strip() for word in metadata.get(key, "").split(",")]
    if not all(map(_is_number, words)):
        raise _unfit(path, f"its {key} is not given")
    return [int(word) for word in words]


def _is_number(word: str) -> bool:
    return word.isascii() and word.isdigit() and len(word) <= _MOST_DIGITS


def _unfit(path: Path, reason: str) -> AsrConnectionError:
    return AsrConnectionError(f"{path} is not part of a streaming transducer: {reason}")


def _fields(file: BinaryIO, size: int) -> Iterator[tuple[int, bytes]]:
    """Yield the fields of a message: number, and content of those that are short bytes."""
    while file.tell() < size:
        tag = _varint(file)
        field, wire_type = tag >> 3, tag & 7
        content = b""
        if wire_type == _VARINT:
            _varint(file)
        elif wire_type == _BYTES:
            length = _varint(file)
            if length <= min(_LONGEST_PAIR_BYTES, size - file.tell()):
                content = file.read(length)
            else:
                file.seek(length, os.SEEK_CUR)
        elif wire_type in (_FIXED64, _FIXED32):
            file.seek(8 if wire_type == _FIXED64 else 4, os.SEEK_CUR)
        else:
            raise ValueError(f"wire type {wire_type}")
        yield field, content
    if file.tell() != size:
        raise ValueError("it ends too early")


def _varint(file: BinaryIO) -> int:
    value = shift = 0
    while shift < 64:
        byte = file.read(1)
        if not byte:
            raise ValueError("it ends too early")
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return value
        shift += 7
    raise ValueError("a number is too large")


def _pair(content: bytes) -> tuple[str, str]:
    texts = {field: text.decode() for field, text in _fields(BytesIO(content), len(content))}
    return texts.get(_KEY_FIELD, ""), texts.get(_VALUE_FIELD, "")
