from __future__ import annotations

import json
from pathlib import Path

import pytest

from koe.asr.whisper_files import examine_whisper, find_whisper_files
from koe.errors import AsrConnectionError

TOKENS = ["a", "<|startoftranscript|>", "<|zh|>", "<|transcribe|>", "<|notimestamps|>"]
WEIGHTS = b"\x06\0\0\0\x0c\0WhisperSpec\0rest"


def write_model(folder: Path) -> Path:
    (folder / "model.bin").write_bytes(WEIGHTS)
    (folder / "config.json").write_text("{}")
    (folder / "vocabulary.json").write_text(json.dumps(TOKENS))
    return folder


def examine(folder: Path, language: str = "auto") -> None:
    examine_whisper(find_whisper_files(folder), language)


def test_a_model(tmp_path: Path) -> None:
    examine(write_model(tmp_path), "zh")


def test_both_forms_of_a_vocabulary(tmp_path: Path) -> None:
    folder = write_model(tmp_path)
    (folder / "vocabulary.json").unlink()
    (folder / "vocabulary.txt").write_text("\n".join(TOKENS) + "\n")
    examine(folder, "zh")


@pytest.mark.parametrize("name", ["model.bin", "config.json", "vocabulary.json"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "whisper" / "base"
    folder.mkdir(parents=True)
    (write_model(folder) / name).unlink()
    with pytest.raises(
        AsrConnectionError, match=rf"missing {name} in .*; run: koe model pull whisper/base$"
    ):
        examine(folder)


def test_a_missing_model(tmp_path: Path) -> None:
    with pytest.raises(AsrConnectionError, match=r"model not found: .*mine; put a Whisper model"):
        examine(tmp_path / "mine")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(AsrConnectionError, match=r"model not found: "):
        examine(tmp_path / "file")


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("model.bin", b"", "its header is not that of a Whisper model"),
        (
            "model.bin",
            b"\x06\0\0\0\x0c\0WhisperSpe",
            "its header is not that of a Whisper model",
        ),
        (
            "model.bin",
            b"\x06\0\0\0\x10\0TransformerSpec\0",
            "its header is not that of a Whisper model",
        ),
        ("config.json", b"[]", "it is not a JSON object"),
        ("config.json", b"{", "it is not JSON: "),
        ("config.json", b"\xff", "'utf-8' codec can't decode"),
        ("vocabulary.json", b"{}", "it is not a list of tokens"),
        ("vocabulary.json", b'["a"]', r"it has no token <\|startoftranscript\|>"),
    ],
)
def test_a_file_that_is_no_part_of_a_model(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    (write_model(tmp_path) / name).write_bytes(content)
    with pytest.raises(
        AsrConnectionError, match=f"{name} is not part of a Whisper model: {reason}"
    ):
        examine(tmp_path)


def test_a_language_that_is_not_in_the_vocabulary(tmp_path: Path) -> None:
    with pytest.raises(AsrConnectionError, match="does not know the language 'yue'"):
        examine(write_model(tmp_path), "yue")


def test_the_stamp_changes_with_a_file(tmp_path: Path) -> None:
    files = find_whisper_files(write_model(tmp_path))
    before = files.stamp
    files.config.write_text("{ }")
    assert files.stamp != before
