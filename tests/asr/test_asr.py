from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from koe.asr import ENGINES, Engine, fault_of, open_engine
from koe.config.engines import (
    AsrConfig,
    DoubaoConfig,
    GlmConfig,
    MimoConfig,
    QwenConfig,
    SherpaOnnxConfig,
    WhisperConfig,
)
from koe.errors import EngineUnavailableError
from tests.asr.test_whisper_files import write_model


def brought(*arguments: object) -> int:
    """Any function of a package that the host brings along."""
    return 1


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsrConfig:
    """Every engine has what it needs to be opened."""
    for name in ("encoder.onnx", "decoder.onnx", "joiner.onnx", "tokens.txt"):
        (tmp_path / name).touch()
    for module in ("apple_speech", "mlx"):
        monkeypatch.setattr(
            f"koe.asr.{module}.find_functions",
            lambda engine, signatures, remedy: dict.fromkeys(signatures, brought),
        )
    return AsrConfig(
        doubao=DoubaoConfig(api_key="key"),
        qwen=QwenConfig(api_key="key"),
        glm=GlmConfig(api_key="key"),
        mimo=MimoConfig(api_key="key"),
        sherpa_onnx=SherpaOnnxConfig(model=str(tmp_path)),
        whisper=WhisperConfig(model=str(write_model(tmp_path))),
    )


@pytest.mark.parametrize("name", ENGINES)
def test_every_engine_opens(config: AsrConfig, name: str) -> None:
    assert isinstance(open_engine(config.replace(provider=name)), Engine)
    assert fault_of(name, config) is None


@pytest.mark.parametrize("name", ["doubao", "qwen"])
def test_an_engine_without_credentials(name: str) -> None:
    with pytest.raises(EngineUnavailableError, match=rf"no credentials.*set asr\.{name}\.api_key"):
        open_engine(AsrConfig(provider=name))


@pytest.mark.parametrize("name", ["doubao", "qwen", "glm", "mimo"])
def test_an_engine_is_imported_when_it_is_opened(name: str) -> None:
    """An engine that is not used costs nothing, and its packages don't either."""
    program = "import sys, koe.core; print(sorted(sys.modules))"
    modules = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "'koe.asr'" in modules.stdout
    assert f"'koe.asr.{name}'" not in modules.stdout
    assert "'websockets" not in modules.stdout
    assert "'httpx" not in modules.stdout


@pytest.mark.parametrize("name", ["nonsense", "", "os", "../moonshine", "Moonshine"])
def test_unknown_engine(name: str) -> None:
    with pytest.raises(EngineUnavailableError) as caught:
        open_engine(AsrConfig(provider=name))
    assert str(caught.value) == (
        f"ASR connection failed: speech engine '{name}' is not available: "
        f"this version knows: {', '.join(ENGINES)}; set asr.provider to one of these"
    )


@pytest.mark.parametrize("name", ["doubaoime", "wetype"])
def test_engine_that_will_never_be(name: str) -> None:
    with pytest.raises(EngineUnavailableError, match="private interface"):
        open_engine(AsrConfig(provider=name))


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("glm", "it has no key; set asr.glm.api_key"),
        ("sherpa-onnx", "model not found: sherpa-onnx/bilingual-zh-en"),
        ("whisper", "model not found: whisper/base; run: koe model pull whisper/base"),
    ],
)
def test_faults(name: str, fault: str) -> None:
    assert (fault_of(name, AsrConfig()) or "").startswith(fault)
