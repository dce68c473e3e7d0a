"""The sentences, because users read them (spec asr §1.2, spec abi §4.14)."""

import pytest

from koe.errors import (
    AsrConnectionError,
    AsrError,
    AsrProtocolError,
    AsrTimeoutError,
    AudioError,
    ConfigError,
    DownloadError,
    EndpointError,
    EngineUnavailableError,
    InputError,
    IntegrityError,
    JournalError,
    KoeError,
    LlmConfigError,
    LlmConnectionError,
    LlmError,
    LlmProfileError,
    LlmReplyError,
    LlmStatusError,
    LlmTimeoutError,
    ManifestError,
    ModelError,
    ModelPathError,
    OutputError,
    ProxyError,
    RuntimeStoppedError,
    StateError,
    UnusableRangeError,
)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (AsrConnectionError("timed out"), "ASR connection failed: timed out"),
        (AsrProtocolError("frame too short"), "ASR protocol error: frame too short"),
        (AsrTimeoutError(), "ASR result timed out"),
        (ProxyError("the proxy is odd"), "the proxy is odd"),
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
        (InputError("no text"), "no text"),
        (LlmError("why"), "LLM correction failed: why"),
        (LlmConfigError("no model"), "LLM correction failed: no model"),
        (LlmProfileError("mine"), "config error: LLM profile not found: mine"),
        (LlmConnectionError("refused"), "LLM correction failed: refused"),
        (LlmTimeoutError(8.0), "LLM correction timed out"),
        (LlmReplyError("empty"), "LLM correction failed: empty"),
        (
            LlmStatusError(401, "wrong key"),
            "LLM correction failed: HTTP 401 Unauthorized: wrong key",
        ),
        (LlmStatusError(422, "no"), "LLM correction failed: HTTP 422 Unprocessable Entity: no"),
        (LlmStatusError(500, ""), "LLM correction failed: HTTP 500 Internal Server Error"),
        (LlmStatusError(529, "Overloaded"), "LLM correction failed: HTTP 529: Overloaded"),
        (LlmStatusError(0, ""), "LLM correction failed: HTTP 0"),
        (OutputError("full", unread=False), "the output cannot be written: full"),
        (JournalError("a.koej", "no such file"), "recording a.koej: no such file"),
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
    for model_error in (ModelPathError, ManifestError, DownloadError, IntegrityError):
        assert issubclass(model_error, ModelError)
    assert issubclass(LlmProfileError, LlmConfigError)
    for error in (
        LlmConfigError, LlmConnectionError, LlmTimeoutError, LlmStatusError, LlmReplyError,
    ):  # fmt: skip
        assert issubclass(error, LlmError)


def test_errors_carry_their_data() -> None:
    assert LlmTimeoutError(0.5).timeout_seconds == 0.5
    refused = LlmStatusError(429, "slow down")
    assert (refused.status, refused.message) == (429, "slow down")
    assert LlmProfileError("mine").profile == "mine"
