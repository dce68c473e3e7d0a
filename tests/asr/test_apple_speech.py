"""The engine with a package of the same contract (see ``packages.c``)."""

from __future__ import annotations

import asyncio
import ctypes
import sys
from pathlib import Path

import pytest

from koe.asr import Engine
from koe.asr.apple_speech import open_engine
from koe.config.engines import AppleSpeechConfig, AsrConfig
from koe.errors import AsrConnectionError, AsrTimeoutError, EngineUnavailableError
from koe.events import EngineClosed, EngineErred, EngineWorking, Event, FinalHeard
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


def engine(locale: str = "zh_CN", *terms: str) -> Engine:
    return open_engine(AsrConfig(apple_speech=AppleSpeechConfig(locale=locale)), terms)


def last_call(packages: ctypes.CDLL) -> str:
    packages.packages_last_call.restype = ctypes.c_char_p
    reported: bytes = packages.packages_last_call()
    return reported.decode()


def hear(locale: str) -> list[Event]:
    events = asyncio.run(dictate(engine(locale), [b"\1\2" * 100]))
    return [event for event in events if event != EngineWorking()]


class TestAppleSpeech(EngineContract):
    def open(self) -> Engine:
        return engine()

    @pytest.fixture
    def speech(self) -> bytes:
        return b"\1\2" * 40_000

    def is_right(self, text: str) -> bool:
        return text == "40000 samples"


@pytest.mark.parametrize(
    ("terms", "reported"),
    [((), "en_US NULL "), (("Koe", "语音"), "en_US terms Koe|语音"), (("a\0b",), "en_US NULL ")],
)
def test_what_the_package_gets(
    packages: ctypes.CDLL, terms: tuple[str, ...], reported: str
) -> None:
    asyncio.run(dictate(engine("en_US", *terms), []))
    assert last_call(packages) == reported


@pytest.mark.parametrize(
    ("locale", "message"),
    [
        ("refuse", "permission was denied"),
        ("mute", "failed to start Apple Speech session"),
        ("zh\0CN", "invalid locale string"),
    ],
)
def test_it_does_not_start(locale: str, message: str) -> None:
    async def run() -> None:
        refusing = engine(locale)
        with pytest.raises(AsrConnectionError) as caught:
            await refusing.connect()
        assert caught.value.message == message
        await refusing.close()

    asyncio.run(run())
    assert final_text(hear("zh_CN")) == "100 samples"


def test_an_error_is_the_last_word() -> None:
    """Also without a close after it."""
    assert hear("break") == [EngineErred("the analyzer broke"), EngineClosed(is_early=True)]


def test_a_close_without_a_text() -> None:
    """It came before the end of the audio, so it is not silence."""
    assert hear("leave") == [EngineClosed(is_early=True)]


def test_a_flood_does_not_drown_the_end() -> None:
    events = hear("flood")
    assert events[-2:] == [FinalHeard("100 samples"), EngineClosed()]
    assert len(events) < 10


def test_texts_that_are_not_unicode() -> None:
    assert final_text(hear("garbage")) == ""


def test_a_package_that_never_ends_can_be_closed() -> None:
    async def run() -> None:
        stuck = engine("stuck")
        await stuck.connect()
        await stuck.send_audio(b"\1\2")
        await stuck.finish_input()
        listening = asyncio.create_task(stuck.next_event())
        await asyncio.sleep(0)
        listening.cancel()
        await stuck.close()

    asyncio.run(run())
    assert final_text(hear("zh_CN")) == "100 samples"


def test_a_package_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("koe.asr.local.WORKING_INTERVAL", 0.05)
    monkeypatch.setattr("koe.asr.local.PATIENCE", 0.1)
    with pytest.raises(AsrTimeoutError, match="apple-speech hangs: 0 seconds were not enough"):
        hear("stuck")
    assert final_text(hear("zh_CN")) == "100 samples"


def test_an_old_macos(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PACKAGES_OLD_MACOS", "1")
    with pytest.raises(EngineUnavailableError, match="it needs macOS 26 or newer"):
        engine()


def test_a_shell_that_does_not_show_everything(
    packages: ctypes.CDLL, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Shell:
        def __getitem__(self, name: str) -> object:
            if name == "koe_apple_speech_is_available":
                raise AttributeError(name)
            return packages[name]

    monkeypatch.setattr("koe.asr.bridge.host", Shell)
    assert final_text(hear("zh_CN")) == "100 samples"


def test_a_process_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("koe.asr.bridge.host", lambda: ctypes.CDLL(None))
    with pytest.raises(EngineUnavailableError, match=r"does not contain it; use Koe\.app on macOS"):
        engine()
