"""The engine with a package of the same contract (see ``packages.c``)."""

from __future__ import annotations

import asyncio
import ctypes
import sys

import pytest

from koe.asr import Engine
from koe.asr.mlx import open_engine
from koe.config.engines import AsrConfig, MlxConfig
from koe.errors import AsrConnectionError, EngineUnavailableError
from koe.events import DefiniteHeard, EngineClosed, EngineErred, FinalHeard
from tests.asr.contract import EngineContract, dictate, final_text
from tests.asr.packages import compile_packages

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such packages")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    return ctypes.CDLL(str(compile_packages(tmp_path_factory.mktemp("packages"))))


@pytest.fixture(autouse=True)
def packages(library: ctypes.CDLL, monkeypatch: pytest.MonkeyPatch) -> ctypes.CDLL:
    """This process brings the packages."""
    monkeypatch.setattr("koe.asr.bridge.host", lambda: library)
    return library


def engine(language: str = "auto", model: str = "/models/mlx/small") -> Engine:
    return open_engine(AsrConfig(mlx=MlxConfig(language=language, model=model)), ())


class TestMlx(EngineContract):
    def open(self) -> Engine:
        return engine()

    @pytest.fixture
    def speech(self) -> bytes:
        return b"\1\2" * 40_000

    def is_right(self, text: str) -> bool:
        return text == "40000 samples"

    def test_some_of_the_text_is_definite(self, speech: bytes) -> None:
        events = asyncio.run(dictate(self.open(), [speech]))
        assert DefiniteHeard("40000 samples") in events


def test_what_the_package_gets(packages: ctypes.CDLL) -> None:
    packages.packages_last_call.restype = ctypes.c_char_p
    config = MlxConfig(language="zh", delay_preset="agent")
    asyncio.run(dictate(open_engine(AsrConfig(mlx=config), ()), []))
    assert packages.packages_last_call() == b"zh agent"


@pytest.mark.parametrize(
    ("language", "model", "message"),
    [
        ("auto", "/missing", "failed to load MLX model (code -1): /missing"),
        ("auto", "/a\0b", "invalid model path"),
        ("mute", "/model", "failed to start MLX session"),
        ("refuse", "/model", "permission was denied"),
    ],
)
def test_it_does_not_start(language: str, model: str, message: str) -> None:
    async def run() -> None:
        refusing = engine(language, model)
        with pytest.raises(AsrConnectionError) as caught:
            await refusing.connect()
        assert caught.value.message == message
        await refusing.close()

    asyncio.run(run())
    assert final_text(asyncio.run(dictate(engine(), [b"\1\2"]))) == "1 samples"


def test_a_flood_does_not_drown_the_end() -> None:
    events = asyncio.run(dictate(engine("flood"), [b"\1\2" * 100]))
    assert events[-2:] == [FinalHeard("100 samples"), EngineClosed()]


def test_an_error_is_the_last_word() -> None:
    events = asyncio.run(dictate(engine("break"), [b"\1\2" * 100]))
    assert [event for event in events if isinstance(event, EngineErred | FinalHeard)] == [
        EngineErred("the analyzer broke")
    ]


def test_a_process_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("koe.asr.bridge.host", lambda: ctypes.CDLL(None))
    with pytest.raises(
        EngineUnavailableError, match=r"does not contain it; use Koe\.app built with MLX"
    ):
        engine()
