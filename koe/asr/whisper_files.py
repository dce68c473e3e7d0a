"""The files of a Whisper model in CTranslate2's format, and their checks."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from koe.asr.model_files import missing, names_in
from koe.config.languages import AUTO
from koe.errors import AsrConnectionError
from koe.json_text import parse_json

# The folder of this engine's models, below the folder of all models.
_FOLDER = "whisper"

# The beginning of the weights: a version, and the name of the kind with its length.
_HEADER = struct.Struct("<IH")
_KIND = b"WhisperSpec\0"

_VOCABULARIES = ("vocabulary.json", "vocabulary.txt")

# Tokens that a model must have.
_NEEDED = ("<|startoftranscript|>", "<|transcribe|>", "<|notimestamps|>")


@dataclass(frozen=True, slots=True)
class WhisperFiles:
    """The files of one model."""

    folder: Path
    weights: Path
    config: Path
    vocabulary: Path

    @property
    def stamp(self) -> tuple[tuple[str, int, int], ...]:
        """The files with their dates and sizes; it changes when a file does."""
        stats = [(str(path), path.stat()) for path in (self.weights, self.config, self.vocabulary)]
        return tuple((name, it.st_mtime_ns, it.st_size) for name, it in stats)


def find_whisper_files(folder: Path) -> WhisperFiles:
    """Find the files of a model.

    Raises:
        AsrConnectionError: A file is missing.
    """
    names = names_in(folder, _remedy(folder))
    vocabulary = next((name for name in _VOCABULARIES if name in names), _VOCABULARIES[0])
    for name in ("model.bin", "config.json", vocabulary):
        if name not in names:
            raise missing(name, folder, _remedy(folder))
    return WhisperFiles(folder, folder / "model.bin", folder / "config.json", folder / vocabulary)


def examine_whisper(files: WhisperFiles, language: str) -> None:
    """Check that the library will accept the files, and that the model supports a language.

    Raises:
        AsrConnectionError: A file is not valid, or the model does not support the language.
    """
    size = _HEADER.size + len(_KIND)
    try:
        with files.weights.open("rb") as file:
            header = file.read(size)
    except OSError as exc:
        raise _unfit(files.weights, str(exc)) from exc
    if len(header) < size or _HEADER.unpack_from(header)[1] != len(_KIND) or _KIND not in header:
        raise _unfit(files.weights, "its header is not that of a Whisper model of CTranslate2")
    if not isinstance(_json(files.config), dict):
        raise _unfit(files.config, "it is not a JSON object")
    tokens = _tokens(files.vocabulary)
    for token in _NEEDED:
        if token not in tokens:
            raise _unfit(files.vocabulary, f"it has no token {token}")
    if language != AUTO and f"<|{language}|>" not in tokens:
        raise AsrConnectionError(
            f"the model in {files.folder} does not know the language '{language}'; set "
            f"asr.whisper.language to {AUTO}, or asr.whisper.model to a model that knows it"
        )


def _tokens(path: Path) -> set[str]:
    if path.suffix == ".txt":
        return set(_text(path).split("\n"))
    tokens = _json(path)
    if not isinstance(tokens, list):
        raise _unfit(path, "it is not a list of tokens")
    return {token for token in tokens if isinstance(token, str)}


def _json(path: Path) -> object:
    try:
        return parse_json(_text(path))
    except ValueError as exc:
        raise _unfit(path, f"it is not JSON: {exc}") from exc


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise _unfit(path, str(exc)) from exc


def _remedy(folder: Path) -> str:
    # Models that koe can fetch are in this folder.
    if folder.parent.name == _FOLDER:
        return f"run: koe model pull {_FOLDER}/{folder.name}"
    return (
        "put a Whisper model in CTranslate2's format there, or choose a model from koe model list, "
        "fetch it with koe model pull, and set asr.whisper.model to its name"
    )


def _unfit(path: Path, reason: str) -> AsrConnectionError:
    return AsrConnectionError(f"{path} is not part of a Whisper model: {reason}")
