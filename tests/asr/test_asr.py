import pytest

from koe.asr import ENGINES, Engine, open_engine
from koe.config.schema import AsrConfig
from koe.errors import EngineUnavailableError


@pytest.mark.parametrize("name", ENGINES)
def test_every_engine_opens(name: str) -> None:
    assert isinstance(open_engine(AsrConfig(provider=name)), Engine)


@pytest.mark.parametrize("name", ["nonsense", "", "os", "../moonshine", "Moonshine"])
def test_unknown_engine(name: str) -> None:
    with pytest.raises(EngineUnavailableError) as caught:
        open_engine(AsrConfig(provider=name))
    assert str(caught.value) == (
        f"ASR connection failed: speech engine '{name}' is not available: "
        "this version knows: moonshine; set asr.provider to one of these"
    )


@pytest.mark.parametrize("name", ["doubaoime", "wetype"])
def test_engine_that_will_never_be(name: str) -> None:
    with pytest.raises(EngineUnavailableError, match="private interface"):
        open_engine(AsrConfig(provider=name))
