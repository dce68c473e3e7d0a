from __future__ import annotations

import asyncio

import pytest

import koe.linux.standby
from koe.errors import AudioError
from koe.linux.recording import OpenRecorder
from koe.linux.standby import standing_by
from tests.asynchronous import on_loop
from tests.linux.making import PATIENCE, QUIET, Recorder

SPEECH = b"spoken before " * 500


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(koe.linux.standby, "_AGAIN", 0.01)


async def hear(opened: OpenRecorder, size: int) -> bytes:
    """Record until there is so much."""
    heard = b""
    async with asyncio.timeout(PATIENCE), opened() as recorder:
        async for pcm in recorder:
            heard += pcm
            if len(heard) >= size:
                recorder.stop()
    return heard


async def until_open(opened: OpenRecorder) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                async with opened():
                    return
            except AudioError:
                await asyncio.sleep(0.001)


@on_loop
async def test_what_was_said_before_the_press_is_recorded() -> None:
    recorder = Recorder(SPEECH, room=QUIET)
    async with standing_by(lambda: recorder, 2.0) as opened:
        await recorder.heard.wait()
        for _ in range(2):
            assert (await hear(opened, 10_000)).startswith(SPEECH + QUIET)
    assert recorder.stopped.is_set()


@on_loop
async def test_only_the_newest_is_kept() -> None:
    recorder = Recorder(SPEECH, room=b"")
    async with standing_by(lambda: recorder, 0.1) as opened:
        await recorder.heard.wait()
        async with opened() as listener:
            async for pcm in listener:
                assert pcm == SPEECH[-3200:]
                break


@on_loop
async def test_without_preroll_the_microphone_is_off() -> None:
    recorder = Recorder(SPEECH)
    async with standing_by(lambda: recorder, 0.0) as opened:
        assert opened() is recorder
        assert not recorder.heard.is_set()


@on_loop
async def test_a_microphone_that_goes_away_and_comes_back() -> None:
    gone = AudioError("it has gone")
    recorders = iter([Recorder(error=gone), Recorder(SPEECH, gone=gone), Recorder(QUIET)])
    opened_once = asyncio.Event()

    def open_recorder() -> Recorder:
        recorder = next(recorders)
        opened_once.set()
        return recorder

    async with standing_by(open_recorder, 1.0) as opened:
        with pytest.raises(AudioError, match="not open yet"):
            await hear(opened, 1)
        await opened_once.wait()
        await asyncio.sleep(0)
        with pytest.raises(AudioError, match="it has gone"):
            await hear(opened, 1)
        await until_open(opened)
        assert (await hear(opened, 2 * len(QUIET))).startswith(QUIET)
