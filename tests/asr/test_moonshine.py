"""The real engine with its real model."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import wave
from pathlib import Path

import pytest

from koe.asr import Engine
from koe.asr.moonshine import (
    MoonshineRecogniser,
    _load_runtime_of_sherpa_onnx,
    load_model,
    open_engine,
    open_recogniser,
)
from koe.config.schema import AsrConfig
from koe.errors import AsrConnectionError, AsrProtocolError, EngineUnavailableError
from koe.events import DefiniteHeard, FinalHeard, InterimHeard
from tests.asr.contract import PATIENCE, EngineContract, dictate, final_text, in_frames

pytestmark = pytest.mark.model


@pytest.fixture
def beckett(recordings: Path) -> bytes:
    """Ten seconds in six lines, with pauses: "Ever tried. Ever failed. No matter. …"."""
    with wave.open(str(recordings / "beckett.wav")) as recording:
        assert recording.getframerate() == 16_000
        return bytes(recording.readframes(recording.getnframes()))


class TestMoonshine(EngineContract):
    def open(self) -> Engine:
        return open_engine(AsrConfig(), ())

    @pytest.fixture
    def speech(self, beckett: bytes) -> bytes:
        return beckett[: 5 * 32_000]

    def is_right(self, text: str) -> bool:
        return text.startswith("Ever tried. Ever failed. No matter.")

    def test_lines_are_joined_with_spaces(self, beckett: bytes) -> None:
        events = asyncio.run(dictate(self.open(), [beckett]))
        assert final_text(events).startswith("Ever tried. Ever failed. No matter. Try again.")

    @pytest.mark.parametrize("cut", [1.7, 3.3, 4.49])
    def test_the_last_moment_is_heard(self, beckett: bytes, cut: float) -> None:
        """What came after the last update is recognised too, however short it is.

        The same audio with silence after it is heard in full by regular updates, so it tells
        what the end must not lack.
        """
        speech = beckett[: int(cut * 16_000) * 2]
        ended = final_text(asyncio.run(dictate(self.open(), [speech])))
        followed = final_text(asyncio.run(dictate(self.open(), [speech + bytes(32_000)])))
        assert len(ended.split()) >= len(followed.split()) > 0


def test_update_interval(beckett: bytes) -> None:
    """Shorter intervals give more partial texts, and the same final one."""
    speech = beckett[: 5 * 32_000]  # three lines

    def hear(update_interval: float) -> tuple[int, str]:
        recogniser = MoonshineRecogniser(load_model(), update_interval)
        events = [e for frame in in_frames(speech, 3200) for e in recogniser.feed(frame)]
        final = final_text(recogniser.finish())
        recogniser.close()
        return sum(isinstance(event, InterimHeard) for event in events), final

    often, text = hear(0.1)
    seldom, same_text = hear(1.0)
    assert often > seldom
    assert text == same_text


def test_how_far_a_result_reaches(beckett: bytes) -> None:
    """What is heard of the audio from there on begins with the next word, whole."""

    def hear(pcm: bytes) -> list[DefiniteHeard | FinalHeard]:
        recogniser = MoonshineRecogniser(load_model(), 0.5)
        events = [e for frame in in_frames(pcm, 6400) for e in recogniser.feed(frame)]
        events += recogniser.finish()
        recogniser.close()
        return [event for event in events if isinstance(event, DefiniteHeard | FinalHeard)]

    *definite, final = hear(beckett)
    ends = [event.upto or 0 for event in definite]
    assert ends == sorted(set(ends))
    assert ends[0] > 0
    assert ends[-1] <= len(beckett) // 2
    assert final.upto == len(beckett) // 2
    for event, sentence in zip(definite, ("Ever failed.", "No matter."), strict=False):
        rest = beckett[2 * (event.upto or 0) :][: 3 * 32_000]  # the sentence, and some of the next
        assert hear(rest)[-1].text.startswith(sentence)


@pytest.mark.skipif(sys.platform == "win32", reason="the detector can't be reached there")
def test_the_text_does_not_depend_on_what_was_heard_before(
    recordings: Path, beckett: bytes
) -> None:
    """Lines begin and end at the same samples, the first session of the process included.

    In a process of its own, because only the first one has a new voice detector without our help.
    """
    program = """
import sys
from koe.asr.moonshine import MoonshineRecogniser, load_model
from koe.asr.samples import float_samples

speech = open(sys.argv[1], "rb").read()

def hear(pcm):
    recogniser = MoonshineRecogniser(load_model(), 0.5)
    recogniser._stream.add_audio(float_samples(pcm).tolist(), 16000)
    lines = recogniser._update().lines
    recogniser.close()
    return [(line.text, line.start_time, line.duration) for line in lines]

first = hear(speech)
for before in (speech[:90000], speech[-70000:], bytes(64000), bytes(range(256)) * 250):
    hear(before)
    assert hear(speech) == first
"""
    with wave.open(str(recordings / "two_cities.wav")) as recording:
        # 48 kHz heard as 16 kHz: slow and deep, but as full of pauses and doubt.
        slow = recording.readframes(15 * 16_000)
    subprocess.run([sys.executable, "-c", program, "/dev/stdin"], input=slow + beckett, check=True)


def never() -> bool:
    return False


def test_who_is_not_wanted_any_more_does_not_wait_for_its_turn() -> None:
    looked: list[bool] = []

    def closed() -> bool:
        looked.append(len(looked) == 2)
        return looked[-1]

    with (
        open_recogniser(0.5, never),
        pytest.raises(AsrConnectionError, match="closed before its turn"),
        open_recogniser(0.5, closed),
    ):
        pass
    assert looked == [False, False, True]


@pytest.mark.parametrize("error", [AsrProtocolError("no stream"), OSError("no memory")])
@pytest.mark.parametrize("culprit", ["_forget_voice_detector", "_load", "MoonshineRecogniser"])
def test_the_turn_is_passed_on_when_a_recogniser_cannot_be_made(
    culprit: str, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr("koe.asr.moonshine._transcriber", None)
        patched.setattr(f"koe.asr.moonshine.{culprit}", fail)
        with pytest.raises(type(error)), open_recogniser(0.5, never):
            pass
    with open_recogniser(0.5, never):
        pass


def test_the_turn_is_passed_on_when_the_stream_cannot_be_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(recogniser: MoonshineRecogniser) -> None:
        raise OSError("it is stuck")

    with monkeypatch.context() as patched:
        patched.setattr(MoonshineRecogniser, "close", fail)
        with pytest.raises(OSError, match="it is stuck"), open_recogniser(0.5, never):
            pass
    with open_recogniser(0.5, never):
        pass


WITHOUT_FAREWELL = """
import asyncio, ctypes, sys, threading

# The last that the process does is to wait, long after its libraries were taken down: whoever
# computes with them then has the time to fail.
libc = ctypes.CDLL(None)
wait = ctypes.cast(libc.usleep, ctypes.c_void_p)
libc.__cxa_atexit(wait, ctypes.c_void_p(300_000), None)

from koe.asr.moonshine import open_engine
from koe.config.schema import AsrConfig
from moonshine_voice.transcriber import Stream

speech = sys.stdin.buffer.read()
computing = threading.Event()
update = Stream.update_transcription

def update_and_tell(stream, flags):
    computing.set()
    return update(stream, flags)

Stream.update_transcription = update_and_tell

async def recognise():
    engine = open_engine(AsrConfig(), ())
    await engine.connect()
    await engine.send_audio(speech)
    while True:
        await engine.next_event()

threading.Thread(target=lambda: asyncio.run(recognise()), daemon=True).start()
computing.wait()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the C library has other names there")
def test_a_process_that_ends_while_it_recognises_does_not_crash(beckett: bytes) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", WITHOUT_FAREWELL],
        input=beckett,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_one_model_for_all_sessions() -> None:
    assert load_model() is load_model()


def test_on_windows_the_newer_runtime_is_loaded_first(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []
    monkeypatch.setattr("ctypes.CDLL", loaded.append)
    _load_runtime_of_sherpa_onnx("linux")
    assert loaded == []
    _load_runtime_of_sherpa_onnx("win32")
    (path,) = loaded
    assert Path(path).parts[-3:] == ("sherpa_onnx", "lib", "onnxruntime.dll")


def test_package_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("koe.asr.moonshine.find_spec", lambda name: None)
    with pytest.raises(EngineUnavailableError, match=r"pip install 'moonshine-voice==0\.1\.0'"):
        open_engine(AsrConfig(), ())


def test_package_without_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("koe.asr.moonshine._MODEL", "no such file")
    with pytest.raises(EngineUnavailableError, match="carries no model"):
        open_engine(AsrConfig(), ())


def test_package_cannot_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("koe.asr.moonshine._transcriber", None)
    monkeypatch.setitem(sys.modules, "moonshine_voice.transcriber", None)
    with pytest.raises(EngineUnavailableError, match=r"pip install 'moonshine-voice==0\.1\.0'"):
        load_model()


def test_package_finds_no_model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from moonshine_voice import utils

    monkeypatch.setattr("koe.asr.moonshine._transcriber", None)
    monkeypatch.setattr(utils, "get_model_path", lambda name: tmp_path)
    with pytest.raises(EngineUnavailableError, match="carries no model"):
        load_model()
