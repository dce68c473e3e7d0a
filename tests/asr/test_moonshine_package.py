"""The package as it is installed, and as it may be found."""

from __future__ import annotations

import sys
from ctypes import Array, c_wchar
from pathlib import Path

import pytest

from koe.asr.moonshine_package import (
    _for_its_library,
    _load_runtime_of_sherpa_onnx,
    check_package,
    load_transcriber,
)
from koe.errors import EngineUnavailableError


def test_on_windows_the_newer_runtime_is_loaded_first(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []
    monkeypatch.setattr("ctypes.CDLL", loaded.append)
    _load_runtime_of_sherpa_onnx("linux")
    assert loaded == []
    _load_runtime_of_sherpa_onnx("win32")
    (path,) = loaded
    assert Path(path).parts[-3:] == ("sherpa_onnx", "lib", "onnxruntime.dll")


def test_on_windows_a_path_that_is_not_ascii_has_a_short_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Kernel:
        """Knows one folder."""

        @staticmethod
        def GetShortPathNameW(path: str, short: Array[c_wchar], size: int) -> int:  # noqa: N802
            assert len(short) == size
            if not path.endswith("tiny-en"):
                return 0
            short.value = "K#1"
            return len(short.value)

    monkeypatch.setattr("ctypes.CDLL", lambda name: Kernel if name == "kernel32" else None)
    model, other = Path("Käse 听写") / "tiny-en", Path("Käse")
    assert _for_its_library(model, "linux") == model
    assert _for_its_library(Path("plain"), "win32") == Path("plain")
    assert _for_its_library(model, "win32") == Path("K#1")
    assert _for_its_library(other, "win32") == other  # where there are no short names


def test_package_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("koe.asr.moonshine_package.find_spec", lambda name: None)
    with pytest.raises(EngineUnavailableError, match=r"pip install 'moonshine-voice==0\.1\.0'"):
        check_package()


def test_package_without_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("koe.asr.moonshine_package._MODEL", "no such file")
    with pytest.raises(EngineUnavailableError, match="contains no model"):
        check_package()


def test_package_cannot_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "moonshine_voice.transcriber", None)
    with pytest.raises(EngineUnavailableError, match=r"pip install 'moonshine-voice==0\.1\.0'"):
        load_transcriber({})


def test_package_finds_no_model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from moonshine_voice import utils

    monkeypatch.setattr(utils, "get_model_path", lambda name: tmp_path)
    with pytest.raises(EngineUnavailableError, match="contains no model"):
        load_transcriber({})
