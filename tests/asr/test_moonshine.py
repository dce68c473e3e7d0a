"""The real engine with its real model."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import wave
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from koe.asr import Engine
from koe.asr.loaded import Loaded
from koe.asr.moonshine import (
    MoonshineRecogniser,
    load_stream_model,
    open_engine,
    open_recogniser,
)
from koe.asr.moonshine_whole import VoiceDetector
from koe.config.schema import AsrConfig
from koe.errors import AsrConnectionError, AsrProtocolError
from koe.events import DefiniteHeard, FinalHeard, InterimHeard
from tests.asr.contract import PATIENCE, EngineContract, dictate, final_text, in_frames

if TYPE_CHECKING:
    from koe.asr.moonshine_package import Transcriber

pytestmark = pytest.mark.model

FIRST_PASS = AsrConfig(second_pass="off")


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
        return beckett[: 3 * 32_000]

    def is_right(self, text: str) -> bool:
        words = text.replace(",", "").replace(".", "").lower()
        return words == "ever tried ever failed"

    def test_the_text_grows_while_speech_is_sent(self, speech: bytes) -> None:
        """Live text is made of audio behind which no end waits."""

        async def listen() -> None:
            async with asyncio.timeout(PATIENCE):
                while not isinstance(await engine.next_event(), InterimHeard | DefiniteHeard):
                    pass

        async def send() -> None:
            await engine.connect()
            try:
                for frame in in_frames(speech, 6400):
                    await engine.send_audio(frame)
                await listen()
            finally:
                await engine.close()

        engine = self.open()
        asyncio.run(send())

    def test_what_only_the_whole_makes_clear(self, beckett: bytes) -> None:
        """The lines of the first pass end with "Fair again. Fale better."."""
        events = asyncio.run(dictate(self.open(), in_frames(beckett, 6400)))
        assert final_text(events) == (
            "Ever tried, ever failed, no matter, try again, fail again, fail better."
        )

    @pytest.mark.parametrize("cut", [1.7, 3.3, 4.49])
    def test_the_last_moment_is_heard(self, beckett: bytes, cut: float) -> None:
        """What came after the last update is recognised too, however short it is.

        The same audio with silence after it is heard in full by regular updates, so it shows
        what the end must not lack.
        """
        speech = beckett[: int(cut * 16_000) * 2]
        ended = final_text(asyncio.run(dictate(self.open(), [speech])))
        followed = final_text(asyncio.run(dictate(self.open(), [speech + bytes(32_000)])))
        assert len(ended.split()) >= len(followed.split()) > 0


class TestWithoutSecondPass(EngineContract):
    def open(self) -> Engine:
        return open_engine(FIRST_PASS, ())

    @pytest.fixture
    def speech(self, beckett: bytes) -> bytes:
        return beckett[: 3 * 32_000]

    def is_right(self, text: str) -> bool:
        return text == "Ever tried. Ever failed."

    def test_lines_are_joined_with_spaces(self, beckett: bytes) -> None:
        events = asyncio.run(dictate(self.open(), [beckett]))
        assert final_text(events).startswith("Ever tried. Ever failed. No matter. Try again.")


@pytest.fixture(scope="module")
def model() -> Iterator[Transcriber]:
    """The model for streams."""
    with closing(load_stream_model()) as model:
        yield model


def test_update_interval(beckett: bytes, model: Transcriber) -> None:
    """Shorter intervals give more partial texts, and the same final one."""
    speech = beckett[: 3 * 32_000]  # two lines

    def hear(update_interval: float) -> tuple[int, str]:
        recogniser = MoonshineRecogniser(model, update_interval)
        events = [e for frame in in_frames(speech, 3200) for e in recogniser.feed(frame)]
        final = final_text(recogniser.finish())
        recogniser.close()
        return sum(isinstance(event, InterimHeard) for event in events), final

    often, text = hear(0.2)
    seldom, same_text = hear(1.0)
    assert often > seldom
    assert text == same_text


def test_how_far_a_result_reaches(beckett: bytes, model: Transcriber) -> None:
    """What is heard of the audio from there on begins with the next word, whole."""

    def hear(pcm: bytes) -> list[DefiniteHeard | FinalHeard]:
        recogniser = MoonshineRecogniser(model, 1.0)
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
    All but the first and the last look for lines alone, which is a fifth of the work.
    """
    program = """
import sys
from koe.asr.moonshine import MoonshineRecogniser, load_stream_model
from koe.asr.moonshine_package import VOICE_THRESHOLD, add_audio, load_transcriber
from koe.asr.samples import float_samples

speech = open(sys.argv[1], "rb").read()

model = load_stream_model()
detector = load_transcriber({"vad_threshold": VOICE_THRESHOLD, "skip_transcription": "true"})

def hear(pcm, model=detector):
    recogniser = MoonshineRecogniser(model, 0.5)
    add_audio(model, recogniser._stream, float_samples(pcm))
    lines = recogniser._update().lines
    recogniser.close()
    return [(line.start_time, line.duration) for line in lines], [line.text for line in lines]

lines, texts = hear(speech, model)
assert len(lines) > 5
for before in (speech[:90000], speech[-70000:], bytes(64000), bytes(range(256)) * 250):
    hear(before)
    assert hear(speech)[0] == lines
assert hear(speech, model) == (lines, texts)
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
        open_recogniser(AsrConfig(), never),
        pytest.raises(AsrConnectionError, match="closed before its turn"),
        open_recogniser(AsrConfig(), closed),
    ):
        pass
    assert looked == [False, False, True]


@pytest.mark.parametrize("error", [AsrProtocolError("no stream"), OSError("no memory")])
@pytest.mark.parametrize(
    ("config", "culprit"),
    [
        (AsrConfig(), "load_model"),
        (AsrConfig(), "VoiceDetector"),
        (FIRST_PASS, "load_stream_model"),
        (FIRST_PASS, "forget_voice_detector"),
        (FIRST_PASS, "MoonshineRecogniser"),
    ],
)
def test_the_turn_is_passed_on_when_a_recogniser_cannot_be_made(
    config: AsrConfig, culprit: str, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> None:
        raise error

    with monkeypatch.context() as patched:
        if culprit.startswith("load"):
            for name in ("_stream_model", "_whole_model"):
                patched.setattr(f"koe.asr.moonshine.{name}", Loaded[object](lambda model: None))
        patched.setattr(f"koe.asr.moonshine.{culprit}", fail)
        with pytest.raises(type(error)), open_recogniser(config, never):
            pass
    with open_recogniser(config, never):
        pass


@pytest.mark.parametrize(
    ("config", "culprit"), [(AsrConfig(), VoiceDetector), (FIRST_PASS, MoonshineRecogniser)]
)
def test_the_turn_is_passed_on_when_the_stream_cannot_be_closed(
    config: AsrConfig, culprit: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(stream: object) -> None:
        raise OSError("it is stuck")

    with monkeypatch.context() as patched:
        patched.setattr(culprit, "close", fail)
        with pytest.raises(OSError, match="it is stuck"), open_recogniser(config, never):
            pass
    with open_recogniser(config, never):
        pass


def test_the_model_is_released_and_loaded_anew(beckett: bytes) -> None:
    """In the middle of it a session without second pass forgets the voice detector of all."""
    at_once = AsrConfig(keep_loaded_minutes=0)

    def hear(config: AsrConfig) -> str:
        return final_text(asyncio.run(dictate(open_engine(config, ()), [beckett[:96_000]])))

    texts = [hear(config) for config in (at_once, FIRST_PASS, AsrConfig(), at_once, AsrConfig())]
    first_pass = texts.pop(1)
    assert first_pass == "Ever tried. Ever failed."
    assert len(set(texts)) == 1
    assert texts[0].replace(",", "") == "Ever tried ever failed."


WITHOUT_FAREWELL = """
import asyncio, ctypes, sys, threading

# The last that the process does is to wait, long after its libraries were taken down: a thread
# that computes with them then has the time to fail.
libc = ctypes.CDLL(None)
wait = ctypes.cast(libc.usleep, ctypes.c_void_p)
libc.__cxa_atexit(wait, ctypes.c_void_p(300_000), None)

from koe.asr.moonshine import open_engine
from koe.config.schema import AsrConfig
from koe.asr.onnx_runtime import InferenceSession as Session

speech = sys.stdin.buffer.read()
computing = threading.Event()
run = Session.run

def run_and_signal(session, inputs, outputs):
    computing.set()
    return run(session, inputs, outputs)

Session.run = run_and_signal

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
