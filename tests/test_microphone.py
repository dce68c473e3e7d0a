from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from array import array
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from koe.errors import AudioError
from koe.microphone import BLOCK_SAMPLES, Microphone, describe_microphone
from tests.wav import tone

FAKES = Path(__file__).parent / "fakes"
BLOCK_BYTES = 2 * BLOCK_SAMPLES
PATIENCE = 30.0


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The fake, as the only `sounddevice`."""
    monkeypatch.syspath_prepend(str(FAKES))
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    yield import_module("sounddevice")
    sys.modules.pop("sounddevice")


@pytest.fixture
def speech(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """What the fake hears: five blocks and a half."""
    speech = os.urandom(BLOCK_BYTES * 5 + BLOCK_SAMPLES)
    (tmp_path / "speech").write_bytes(speech)
    monkeypatch.setenv("KOE_FAKE_MICROPHONE", str(tmp_path / "speech"))
    return speech


async def hear(size: int, microphone: Microphone) -> bytes:
    """Take audio until there is so much of it, and stop."""
    heard = b""
    async with asyncio.timeout(PATIENCE):
        async for pcm in microphone:
            heard += pcm
            if len(heard) >= size:
                microphone.stop()
    return heard


def refusal() -> str:
    async def record() -> None:
        async with Microphone():
            pass

    with pytest.raises(AudioError) as caught:
        asyncio.run(record())
    return str(caught.value)


def test_what_is_said_is_heard_in_order(device: ModuleType, speech: bytes) -> None:
    async def record() -> bytes:
        async with Microphone() as microphone:
            return await hear(len(speech), microphone)

    heard = asyncio.run(record())
    assert heard[: len(speech)] == speech
    assert not heard[len(speech) :].strip(b"\0")
    stream = device.RawInputStream.last
    assert stream.format == (16_000, 1, "int16")
    assert stream.closed


def test_what_was_said_before_the_stop_is_still_heard(device: ModuleType, speech: bytes) -> None:
    async def record() -> bytes:
        async with Microphone() as microphone:
            await asyncio.sleep(0.3)  # the fake has heard all of it by then
            microphone.stop()
            microphone.stop()
            return await hear(sys.maxsize, microphone)

    assert asyncio.run(record()).startswith(speech)


def test_leaving_early_closes_the_device(device: ModuleType) -> None:
    async def record() -> None:
        async with Microphone():
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(record())
    assert device.RawInputStream.last.closed


def test_overflows_are_counted(device: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KOE_FAKE_OVERFLOWS", "3")

    async def record() -> int:
        async with Microphone() as microphone:
            await hear(BLOCK_BYTES * 6, microphone)
            return microphone.overflows

    assert asyncio.run(record()) == 3


def test_an_unplugged_microphone_is_reported_after_what_it_heard(
    device: ModuleType, speech: bytes
) -> None:
    heard = b""

    async def record() -> None:
        nonlocal heard
        async with Microphone() as microphone, asyncio.timeout(PATIENCE):
            async for pcm in microphone:
                heard += pcm
                if len(heard) == BLOCK_BYTES * 6:
                    device.RawInputStream.last.unplug()

    with pytest.raises(AudioError, match="stopped recording: was it unplugged"):
        asyncio.run(record())
    assert heard.startswith(speech)


def test_a_microphone_that_gives_nothing_has_gone(
    device: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("koe.microphone._STALLED", 0.01)
    monkeypatch.setattr(device.RawInputStream, "start", lambda stream: None)

    async def record() -> None:
        async with Microphone() as microphone:
            await hear(1, microphone)

    with pytest.raises(AudioError, match="stopped recording"):
        asyncio.run(record())


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    assert refusal().endswith("run: pip install sounddevice")


@pytest.mark.parametrize(
    ("platform", "remedy"),
    [
        ("linux", "apt install libportaudio2"),
        ("darwin", "brew install portaudio"),
        ("win32", "pip install"),
    ],
)
def test_without_portaudio(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str, remedy: str
) -> None:
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    with monkeypatch.context() as patched:
        patched.setattr("koe.microphone.sys.platform", platform)
        with pytest.raises(AudioError) as caught:
            describe_microphone()
        sentence = str(caught.value)
    assert "PortAudio library not found" in sentence
    assert remedy in sentence


def test_no_microphone(device: ModuleType) -> None:
    device.__dict__["DEFAULT_INPUT"] = None
    assert refusal().startswith("no microphone was found; connect one")
    assert "python -m sounddevice" in refusal()


@pytest.mark.parametrize("rate_hz", [44_100, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_microphone_of_another_rate(
    device: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rate_hz: int, channels: int
) -> None:
    device.__dict__.update(DEFAULT_RATE=rate_hz, RATES={rate_hz}, CHANNELS=channels)
    spoken = array("h", (round(20_000 * it) for it in tone(0.5, rate_hz)))
    (tmp_path / "speech").write_bytes(spoken.tobytes())
    monkeypatch.setenv("KOE_FAKE_MICROPHONE", str(tmp_path / "speech"))

    async def record() -> bytes:
        async with Microphone() as microphone:
            heard = await hear(16_000, microphone)
            microphone.stop()
            return heard

    heard = [it / 20_000 for it in array("h", asyncio.run(record()))]
    wanted = tone(0.5)
    if channels == 2 and heard[2_010] * wanted[2_010] < 0:  # the channel that is upside down
        heard = [-it for it in heard]
    assert heard[2_000:6_000] == pytest.approx(wanted[2_000:6_000], abs=0.01)
    assert device.RawInputStream.last.format == (rate_hz, channels, "int16")


def test_the_end_of_another_rate_is_heard(
    device: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the resampler holds back comes, also where the microphone has gone."""
    device.__dict__.update(RATES={48_000})
    monkeypatch.setattr(device.RawInputStream, "start", lambda stream: None)
    heard = b""

    async def record(last: Callable[[Microphone], None]) -> None:
        nonlocal heard
        async with Microphone() as microphone:
            stream = device.RawInputStream.last
            stream._callback(memoryview(bytes(1920)), 960, None, device.CallbackFlags())
            last(microphone)
            async for pcm in microphone:
                heard += pcm

    asyncio.run(record(Microphone.stop))
    with pytest.raises(AudioError, match="stopped recording"):
        asyncio.run(record(lambda _: device.RawInputStream.last._finished()))
    assert len(heard) == 2 * BLOCK_BYTES


def test_a_microphone_without_any_usual_rate(device: ModuleType) -> None:
    device.__dict__["RATES"] = set()
    sentence = "'Fake Microphone' records neither at 16000 Hz nor at the rate that it reports"
    assert sentence in refusal()


def test_a_microphone_that_cannot_be_opened(device: ModuleType) -> None:
    device.__dict__["OPEN_ERROR"] = device.PortAudioError("Device unavailable", -9985)
    assert "'Fake Microphone' cannot be opened" in refusal()
    assert "Device unavailable" in refusal()


def test_a_microphone_that_was_plugged_in_later(device: ModuleType, speech: bytes) -> None:
    device.__dict__.update(DEFAULT_INPUT=None, PLUGGED_IN="Another Microphone")

    async def record() -> bytes:
        async with Microphone() as microphone:
            return await hear(len(speech), microphone)

    assert asyncio.run(record()).startswith(speech)


def test_devices_are_not_looked_for_anew_while_one_records(device: ModuleType) -> None:
    async def record() -> None:
        async with Microphone():
            device.__dict__.update(DEFAULT_INPUT=None, PLUGGED_IN="Another Microphone")
            async with Microphone():
                pass

    with pytest.raises(AudioError, match="no microphone was found"):
        asyncio.run(record())


def test_several_channels(device: ModuleType, speech: bytes) -> None:
    device.__dict__["CHANNELS"] = 2

    async def record() -> bytes:
        async with Microphone() as microphone:
            heard = await hear(len(speech), microphone)
            assert not microphone.is_out_of_phase  # five blocks are too few
            return heard

    first, *_ = array("h", asyncio.run(record()))
    assert abs(first) == abs(array("h", speech)[0])
    assert device.RawInputStream.last.format == (16_000, 2, "int16")


def test_a_sound_server_is_not_asked_for_all_that_it_offers(device: ModuleType) -> None:
    device.__dict__["CHANNELS"] = 32

    async def record() -> None:
        async with Microphone():
            pass

    asyncio.run(record())
    assert device.RawInputStream.last.format == (16_000, 2, "int16")


def test_describe(device: ModuleType) -> None:
    described = describe_microphone()
    assert (described.device, described.portaudio) == ("Fake Microphone", "PortAudio Fake")


def test_importing_costs_nothing() -> None:
    code = "import sys, koe.microphone; sys.exit('sounddevice' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
