"""The sentences, because users read them (spec asr §1.2, abi §4.14)."""

import pytest

from koe.errors import (
    AsrConnectionError,
    AsrError,
    AsrProtocolError,
    AsrTimeoutError,
    AudioError,
    ConfigError,
    EndpointError,
    EngineUnavailableError,
    KoeError,
    OutputError,
    RedirectError,
    RuntimeStoppedError,
    StateError,
)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (AsrConnectionError("timed out"), "ASR connection failed: timed out"),
        (AsrProtocolError("frame too short"), "ASR protocol error: frame too short"),
        (AsrTimeoutError(), "ASR result timed out"),
        (RedirectError("its target is no URL"), "redirect blocked: its target is no URL"),
        (
            EndpointError("ftp://x"),
            "insecure endpoint ftp://x: use https:// or wss:// "
            "(plain http/ws is only allowed for localhost)",
        ),
        (
            EngineUnavailableError("x", "install it"),
            "ASR connection failed: speech engine 'x' is not available: install it",
        ),
        (ConfigError("a.yaml", "line 3: no"), "config error: a.yaml: line 3: no"),
        (StateError("idle", "InputEnded"), "invalid state transition: InputEnded in idle"),
        (RuntimeStoppedError("gone"), "the koe runtime is not running: gone"),
        (AudioError("no microphone"), "no microphone"),
        (OutputError("full", unread=False), "the output cannot be written: full"),
    ],
)
def test_sentences(error: KoeError, sentence: str) -> None:
    assert str(error) == sentence


def test_one_tree() -> None:
    assert issubclass(EngineUnavailableError, AsrConnectionError)
    assert issubclass(AsrError, KoeError)
