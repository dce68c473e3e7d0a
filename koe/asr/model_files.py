"""Find and check the files of a streaming transducer.

The library that runs it ends the whole process if a model is of another kind, or if its list of
tokens is broken. So everything that the library requires is checked here first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from koe.asr import onnx_file
from koe.asr.onnx_file import Ports
from koe.errors import AsrConnectionError

# The folder of this engine's models, below the folder of all models.
_FOLDER = "sherpa-onnx"

# The metadata that an encoder must have, by the kind of model.
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

_PARTS = ("encoder", "decoder", "joiner")

# The most digits of a number in metadata or in a list of tokens. The library does not check
# numbers, and crashes with wrong ones.
_MOST_DIGITS = 6

# The separators between a token and its number. Other blanks, such as U+3000, are tokens.
_BLANKS = " \t\r\f\v"


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """The files of one model.

    Attributes:
        bpe_vocab: Scores of the pieces of words; None: the model has no such file.
    """

    encoder: Path
    decoder: Path
    joiner: Path
    tokens: Path
    bpe_vocab: Path | None

    @property
    def stamp(self) -> tuple[tuple[str, int, int], ...]:
        """The files with their dates and sizes; it changes when a file does."""
        paths = (self.encoder, self.decoder, self.joiner, self.tokens)
        stats = [(str(path), path.stat()) for path in paths]
        return tuple((name, it.st_mtime_ns, it.st_size) for name, it in stats)


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """Facts about a model that are needed before it is loaded.

    Attributes:
        kind: The library's name for its kind.
        window: Frames of 10 ms that its encoder looks at together.
        tokens: Its tokens, with their numbers.
    """

    kind: str
    window: int
    tokens: dict[str, int]


def find_model_files(directory: Path) -> ModelFiles:
    """Find the files of a model; of several, the most compressed ones (spec asr §3.1.2).

    Raises:
        AsrConnectionError: A file is missing.
    """
    names = names_in(directory)
    encoder, decoder, joiner = (find_onnx(directory, names, part) for part in _PARTS)
    if "tokens.txt" not in names:
        raise missing("tokens.txt", directory)
    bpe_vocab = directory / "bpe.vocab" if "bpe.vocab" in names else None
    return ModelFiles(encoder, decoder, joiner, directory / "tokens.txt", bpe_vocab)


def names_in(directory: Path, remedy: str = "") -> list[str]:
    """List the names in the folder of a model.

    Args:
        directory: The folder.
        remedy: What to do if the folder does not exist, as a clause; empty: that of `remedy_for`.

    Raises:
        AsrConnectionError: It does not exist, or can't be read.
    """
    try:
        return sorted(path.name for path in directory.iterdir())
    except (FileNotFoundError, NotADirectoryError) as exc:
        remedy = remedy or remedy_for(directory)
        raise AsrConnectionError(f"model not found: {directory}; {remedy}") from exc
    except (OSError, ValueError) as exc:  # ValueError: the name is not valid for a folder
        raise AsrConnectionError(f"read model dir: {exc}") from exc


def find_onnx(directory: Path, names: list[str], part: str) -> Path:
    """Find the ONNX file of a part; of several, the most compressed one (spec asr §3.1.2).

    Raises:
        AsrConnectionError: There is none.
    """
    candidates = [name for name in names if part in name and name.endswith(".onnx")]
    for precision in (".int8.", ".fp16.", ""):
        for name in candidates:
            if precision in name:
                return directory / name
    raise missing(f"{part}*.onnx", directory)


def missing(name: str, directory: Path, remedy: str = "") -> AsrConnectionError:
    """The error about a missing file of a model; arguments as for `names_in`."""
    return AsrConnectionError(f"missing {name} in {directory}; {remedy or remedy_for(directory)}")


def examine_model(files: ModelFiles) -> ModelFacts:
    """Check that the library will accept the files as a streaming transducer.

    Raises:
        AsrConnectionError: The library would not.
    """
    encoder = read_metadata(files.encoder)
    kind = encoder.get("model_type", "")
    if kind not in _ENCODER_KEYS:
        raise unfit(files.encoder, f"its model_type is {kind or 'not given'}")
    window, _ = (count_of(files.encoder, encoder, key) for key in _EVERY_KIND)
    for key in _ENCODER_KEYS[kind]:
        numbers_of(files.encoder, encoder, key)
    decoder = read_metadata(files.decoder)
    for key in _DECODER_KEYS:
        count_of(files.decoder, decoder, key)
    read_metadata(files.joiner)
    return ModelFacts(kind, window, read_tokens(files.tokens))


def read_tokens(path: Path) -> dict[str, int]:
    """Read the tokens with their numbers; raises the errors of `read_symbols`."""
    return dict(read_symbols(path))


def read_symbols(path: Path) -> list[tuple[str, int]]:
    """Read ``tokens.txt``: each line has a token and its number, or only a number, for the space.

    Raises:
        AsrConnectionError: The file can't be read, or is not such a list.
    """
    try:
        lines = path.read_bytes().decode("utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as exc:
        raise unfit(path, str(exc)) from exc
    tokens: list[tuple[str, int]] = []
    for number, line in enumerate(lines, 1):
        line = line.strip(_BLANKS)
        if not line:
            continue
        words = re.split(f"[{_BLANKS}]+", line)
        if len(words) > 2 or not _is_number(words[-1]):
            raise unfit(path, f"line {number} is not a token and its number")
        tokens.append((words[0] if len(words) == 2 else " ", int(words[-1])))
    if not tokens:
        raise unfit(path, "it has no tokens")
    return tokens


def read_metadata(path: Path) -> dict[str, str]:
    """Read the metadata of an ONNX file, without its weights.

    Raises:
        AsrConnectionError: It can't be read, or is not a complete ONNX file.
    """
    with _mapped_errors(path):
        return onnx_file.read_metadata(path)


def read_ports(path: Path) -> Ports:
    """Count the input and output tensors of an ONNX file; raises the errors of `read_metadata`."""
    with _mapped_errors(path):
        return onnx_file.read_ports(path)


@contextmanager
def _mapped_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise unfit(path, str(exc)) from exc
    except ValueError as exc:
        raise unfit(path, f"it is damaged, or is not an ONNX file: {exc}") from exc


def remedy_for(directory: Path) -> str:
    """What to do when files are missing, as a clause."""
    # Models that koe can fetch are in this folder.
    if directory.parent.name == _FOLDER:
        return f"run: koe model pull {_FOLDER}/{directory.name}"
    return (
        "put a model for sherpa-onnx there, or choose a model from koe model list, fetch it with "
        "koe model pull, and set asr.sherpa-onnx.model to its name"
    )


def count_of(path: Path, metadata: dict[str, str], key: str) -> int:
    """One number, which is not 0: with 0 the library crashes, or does not end.

    Raises:
        AsrConnectionError: It is missing, or has another form.
    """
    numbers = numbers_of(path, metadata, key)
    if len(numbers) != 1 or numbers[0] == 0:
        raise unfit(path, f"its {key} is {metadata[key]}")
    return numbers[0]


def numbers_of(path: Path, metadata: dict[str, str], key: str) -> list[int]:
    """Numbers that are separated by commas, at least one.

    Raises:
        AsrConnectionError: They are missing, or have another form.
    """
    words = [word.strip() for word in metadata.get(key, "").split(",")]
    if not all(map(_is_number, words)):
        raise unfit(path, f"its {key} is missing or invalid")
    return [int(word) for word in words]


def _is_number(word: str) -> bool:
    return word.isascii() and word.isdigit() and len(word) <= _MOST_DIGITS


def unfit(path: Path, reason: str) -> AsrConnectionError:
    """The error about a file that can't be a part of a model."""
    return AsrConnectionError(f"{path} is not part of a model that sherpa-onnx can run: {reason}")
