"""The sentences, because users read them (spec asr §1.2, abi §4.14)."""

import pytest

from koe.errors import (
    AsrConnectionError,
    AsrError,
    AsrProtocolError,
    AudioError,
    ConfigError,
    DownloadError,
    EngineUnavailableError,
    IntegrityError,
    KoeError,
    ManifestError,
    ModelError,
    ModelPathError,
    RuntimeStoppedError,
    StateError,
    UnusableRangeError,
)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (AsrConnectionError("timed out"), "ASR connection failed: timed out"),
        (AsrProtocolError("frame too short"), "ASR protocol error: frame too short"),
        (
            EngineUnavailableError("x", "install it"),
            "ASR connection failed: speech engine 'x' is not available: install it",
        ),
        (ConfigError("a.yaml", "line 3: no"), "config error: a.yaml: line 3: no"),
        (StateError("idle", "InputEnded"), "invalid state transition: InputEnded in idle"),
        (RuntimeStoppedError("gone"), "the koe runtime is not running: gone"),
        (AudioError("no microphone"), "no microphone"),
        (ModelPathError("it is a symlink"), "config error: it is a symlink"),
        (ManifestError("manifest not found in x"), "config error: manifest not found in x"),
        (DownloadError("a.bin", "gone"), "config error: download a.bin: gone"),
        (
            IntegrityError("size", "a.bin", 3, 4),
            "config error: size mismatch for a.bin: expected 3, got 4",
        ),
    ],
)
def test_sentences(error: KoeError, sentence: str) -> None:
    assert str(error) == sentence


def test_one_tree() -> None:
    assert issubclass(EngineUnavailableError, AsrConnectionError)
    assert issubclass(AsrError, KoeError)
    assert issubclass(UnusableRangeError, DownloadError)
    for error in (ModelPathError, ManifestError, DownloadError, IntegrityError):
        assert issubclass(error, ModelError)
