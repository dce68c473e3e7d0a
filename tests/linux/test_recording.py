from __future__ import annotations

import asyncio
import math
from array import array
from collections.abc import Callable
from itertools import pairwise

import pytest

import koe.linux.recording
from koe.errors import AudioError
from koe.linux.recording import TakeRecording
from koe.linux.status import MicrophoneLevel
from tests.asynchronous import on_loop
from tests.linux.making import PATIENCE, QUIET, Recorder

TONE = array("h", (round(9000 * math.sin(at / 5)) for at in range(3200))).tobytes()
"""0.2 s."""

GONE = AudioError("the microphone has gone")


class Desk:
    """A recording, and what is around it."""

    def __init__(self, *recorders: Recorder) -> None:
        self.pcm = b""
        self.warnings: list[str] = []
        self.recorders = list(recorders)
        waiting = iter(recorders)
        self.levels: list[MicrophoneLevel] = []
        self.recording = TakeRecording(
            lambda: next(waiting), self._feed, self._warn, self.levels.append
        )
        self._changed = asyncio.Event()

    async def _feed(self, pcm: bytes) -> None:
        self.pcm += pcm
        self._changed.set()

    def _warn(self, message: str) -> None:
        self.warnings.append(message)
        self._changed.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def run(self) -> None:
        async with asyncio.timeout(PATIENCE):
            await self.recording.run()


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(koe.linux.recording, "_AGAIN", 0.01)
    monkeypatch.setattr(koe.linux.recording, "voice_detector", lambda: None)


@on_loop
async def test_what_is_said_at_the_release_is_recorded() -> None:
    recorder = Recorder(TONE)
    desk = Desk(recorder)
    running = asyncio.create_task(desk.run())
    await recorder.heard.wait()
    desk.recording.end()
    desk.recording.end()
    assert desk.recording.is_ended
    assert not recorder.stopped.is_set()
    await running
    # 120 ms without sound.
    assert len(desk.pcm) - len(TONE) == pytest.approx(6 * len(QUIET), abs=2 * len(QUIET))
    assert desk.warnings == []


@on_loop
async def test_a_release_after_the_last_word_ends_at_once() -> None:
    recorder = Recorder(TONE)
    desk = Desk(recorder)
    running = asyncio.create_task(desk.run())
    await desk.until(lambda: desk.recording.level.quiet >= 0.12)
    desk.recording.end()
    assert recorder.stopped.is_set()
    await running


@on_loop
async def test_a_tail_of_a_microphone_that_gives_nothing_ends() -> None:
    recorder = Recorder(TONE, room=b"")
    desk = Desk(recorder)
    running = asyncio.create_task(desk.run())
    await recorder.heard.wait()
    desk.recording.end()
    await running
    assert desk.pcm == TONE


@on_loop
async def test_an_end_before_the_microphone_is_open() -> None:
    desk = Desk(Recorder(TONE))
    desk.recording.end()
    await desk.run()


@on_loop
async def test_a_recording_ends_by_itself_when_no_key_is_held() -> None:
    recorder = Recorder(TONE)
    desk = Desk(recorder)
    desk.recording.auto_stop = 1.0
    desk.recording.is_held = True
    running = asyncio.create_task(desk.run())
    await desk.until(lambda: desk.recording.level.unspoken > 1.2)
    assert not desk.recording.is_ended
    desk.recording.is_held = False
    await running
    assert desk.recording.is_ended


@on_loop
async def test_a_dead_microphone_is_reported_at_once_and_once() -> None:
    desk = Desk(Recorder(room=bytes(len(QUIET))))
    running = asyncio.create_task(desk.run())
    await desk.until(lambda: bool(desk.warnings))
    assert desk.recording.level.seconds == pytest.approx(1.5, abs=0.03)
    assert "nothing but silence" in desk.warnings[0]
    await desk.until(lambda: desk.recording.level.seconds > 1.6)
    desk.recording.stop()
    await running
    assert len(desk.warnings) == 1


@on_loop
async def test_a_microphone_that_comes_back() -> None:
    desk = Desk(Recorder(TONE, gone=GONE), Recorder(error=GONE), Recorder(TONE[::-1]))
    running = asyncio.create_task(desk.run())
    await desk.recorders[2].heard.wait()
    desk.recording.stop()
    await running
    assert desk.pcm.startswith(TONE + TONE[::-1])
    assert desk.warnings == [
        "the microphone has gone; the recording continues when it is connected again",
        "the microphone is connected again; continue to speak",
    ]


@on_loop
async def test_a_release_while_the_microphone_is_away() -> None:
    desk = Desk(Recorder(TONE, gone=GONE), *[Recorder(error=GONE) for _ in range(1000)])
    running = asyncio.create_task(desk.run())
    await desk.until(lambda: bool(desk.warnings))
    desk.recording.end()
    await running
    assert desk.pcm == TONE
    assert "was not connected when the recording ended" in desk.warnings[-1]


@on_loop
async def test_a_microphone_that_stays_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(koe.linux.recording, "_AWAY", 0.05)
    desk = Desk(Recorder(TONE, gone=GONE), *[Recorder(error=GONE) for _ in range(1000)])
    await desk.run()
    assert desk.recording.is_ended
    assert desk.warnings[-1] == "the microphone has gone"


@on_loop
async def test_the_level_is_shown_ten_times_a_second() -> None:
    desk = Desk(Recorder(TONE))
    running = asyncio.create_task(desk.run())
    await desk.until(lambda: desk.recording.level.seconds >= 1.0)
    desk.recording.stop()
    await running
    levels = [it.loudness for it in desk.levels]
    seconds = [it.seconds for it in desk.levels]
    assert levels[0] > 0.1 > 0.001 > levels[1] > 0  # the loudest since the last one
    assert 0.2 <= seconds[0] < 0.3
    assert all(0.099 < later - sooner < 0.13 for sooner, later in pairwise(seconds))


@on_loop
async def test_no_microphone() -> None:
    desk = Desk(Recorder(error=GONE))
    await desk.run()
    assert desk.warnings == ["the microphone has gone"]


@on_loop
async def test_what_the_recorder_noted_is_reported() -> None:
    recorder = Recorder(TONE)
    recorder.overflows, recorder.is_out_of_phase = 3, True
    desk = Desk(recorder)
    running = asyncio.create_task(desk.run())
    await recorder.heard.wait()
    desk.recording.stop()
    await running
    assert "speech was lost 3×" in desk.recording.flaw
    assert "cancel each other out" in desk.warnings[0]
