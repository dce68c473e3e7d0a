import subprocess
import sys

import pytest

from koe.asr import ENGINES, Engine, open_engine
from koe.config.engines import AsrConfig, DoubaoConfig, QwenConfig
from koe.errors import EngineUnavailableError

# Settings with which each engine opens.
USABLE = AsrConfig(doubao=DoubaoConfig(api_key="key"), qwen=QwenConfig(api_key="key"))


@pytest.mark.parametrize("name", ENGINES)
def test_every_engine_opens(name: str) -> None:
    assert isinstance(open_engine(USABLE.replace(provider=name)), Engine)


@pytest.mark.parametrize("name", ["doubao", "qwen"])
def test_an_engine_without_credentials(name: str) -> None:
    with pytest.raises(EngineUnavailableError, match=rf"no credentials.*set asr\.{name}\.api_key"):
        open_engine(AsrConfig(provider=name))


@pytest.mark.parametrize("name", ["doubao", "qwen"])
def test_an_engine_is_imported_when_it_is_opened(name: str) -> None:
    """Nobody pays for what they don't use: not for this engine, and not for its packages."""
    program = "import sys, koe.core; print(sorted(sys.modules))"
    modules = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "'koe.asr'" in modules.stdout
    assert f"'koe.asr.{name}'" not in modules.stdout
    assert "'websockets" not in modules.stdout


@pytest.mark.parametrize("name", ["nonsense", "", "os", "../moonshine", "Moonshine"])
def test_unknown_engine(name: str) -> None:
    with pytest.raises(EngineUnavailableError) as caught:
        open_engine(AsrConfig(provider=name))
    assert str(caught.value) == (
        f"ASR connection failed: speech engine '{name}' is not available: "
        "this version knows: moonshine, doubao, qwen; set asr.provider to one of these"
    )


@pytest.mark.parametrize("name", ["doubaoime", "wetype"])
def test_engine_that_will_never_be(name: str) -> None:
    with pytest.raises(EngineUnavailableError, match="private interface"):
        open_engine(AsrConfig(provider=name))
