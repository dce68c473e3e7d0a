"""What every engine must do, as tests; each engine's test class inherits them.

A subclass gives ``open`` and ``speech``. The events that an engine may say are those of
``koe.events``; their order, and what may be called when, is that of ``koe.asr.Engine``.
"""

from __future__ import annotations

import asyncio
import threading

import pytest

from koe.asr import Engine
from koe.events import (
    DefiniteHeard,
    EngineClosed,
    EngineErred,
    EngineWorking,
    Event,
    FinalHeard,
    InterimHeard,
)

# Nothing that an engine is asked for here takes a fraction of it; it only keeps a hang from
# lasting for ever.
PATIENCE = 60.0

SAID = (InterimHeard, DefiniteHeard, FinalHeard, EngineWorking, EngineErred, EngineClosed)


async def events_to_close(engine: Engine) -> list[Event]:
    """Everything that an engine says until it closes."""
    events: list[Event] = []
    async with asyncio.timeout(PATIENCE):
        while not events or not isinstance(events[-1], EngineClosed):
            events.append(await engine.next_event())
    return events


async def dictate(engine: Engine, frames: list[bytes]) -> list[Event]:
    """Connect, send the frames, finish, and return everything that was said."""
    await engine.connect()
    try:
        listening = asyncio.create_task(events_to_close(engine))
        for frame in frames:
            await engine.send_audio(frame)
            await asyncio.sleep(0)
        await engine.finish_input()
        return await listening
    finally:
        await engine.close()


def final_text(events: list[Event]) -> str:
    """The text of the last final."""
    return [event.text for event in events if isinstance(event, FinalHeard)][-1]


def in_frames(pcm: bytes, size: int) -> list[bytes]:
    """Cut audio into frames."""
    return [pcm[start : start + size] for start in range(0, len(pcm), size)]


class EngineContract:
    """Inherit, and implement the first three."""

    def open(self) -> Engine:
        raise NotImplementedError

    @pytest.fixture
    def speech(self) -> bytes:
        """Some seconds of speech, 16 kHz mono s16le."""
        raise NotImplementedError

    def is_right(self, text: str) -> bool:
        """Whether a text is what is said in ``speech``."""
        raise NotImplementedError

    def test_order_of_events(self, speech: bytes) -> None:
        events = asyncio.run(dictate(self.open(), in_frames(speech, 6400)))
        assert all(isinstance(event, SAID) for event in events)
        assert [type(event) for event in events].count(EngineClosed) == 1
        after_final = events[events.index(FinalHeard(final_text(events))) :]
        assert {type(event) for event in after_final} <= {FinalHeard, EngineClosed, EngineWorking}
        assert self.is_right(final_text(events))

    def test_the_text_grows_while_speech_is_sent(self, speech: bytes) -> None:
        events = asyncio.run(dictate(self.open(), in_frames(speech, 6400)))
        assert any(isinstance(event, InterimHeard | DefiniteHeard) for event in events)

    @pytest.mark.parametrize("size", [2, 641, 64_000])
    def test_frames_of_any_size_give_the_same_text(self, speech: bytes, size: int) -> None:
        start = speech[:64_000]
        whole = asyncio.run(dictate(self.open(), [start]))
        parts = asyncio.run(dictate(self.open(), in_frames(start, size)))
        assert final_text(parts) == final_text(whole)

    def test_no_audio(self) -> None:
        events = asyncio.run(dictate(self.open(), []))
        assert final_text(events) == ""

    def test_empty_and_odd_frames(self) -> None:
        events = asyncio.run(dictate(self.open(), [b"", b"\0", b"", b"\0\0", b"\0" * 6401]))
        assert final_text(events) == ""

    def test_finish_twice(self, speech: bytes) -> None:
        async def finish_twice() -> list[Event]:
            engine = self.open()
            await engine.connect()
            await engine.send_audio(speech)
            await engine.finish_input()
            await engine.finish_input()
            events = await events_to_close(engine)
            await engine.close()
            return events

        assert self.is_right(final_text(asyncio.run(finish_twice())))

    def test_close_at_every_point(self, speech: bytes) -> None:
        async def close_after(steps: int) -> None:
            engine = self.open()
            listening: asyncio.Task[list[Event]] | None = None
            if steps >= 1:
                await engine.connect()
                listening = asyncio.create_task(events_to_close(engine))
            if steps >= 2:
                await engine.send_audio(speech)
                await asyncio.sleep(0)
            if steps >= 3:
                await engine.finish_input()
            if listening is not None:
                listening.cancel()
            async with asyncio.timeout(PATIENCE):
                await engine.close()
                await engine.close()

        for steps in range(4):
            asyncio.run(close_after(steps))

    def test_abandon(self, speech: bytes) -> None:
        """From another thread, while the loop can do nothing; others are not kept waiting."""

        async def abandon_and_go_on() -> list[Event]:
            engine = self.open()
            await engine.connect()
            await engine.send_audio(speech)
            abandoning = threading.Thread(target=engine.abandon)
            abandoning.start()
            abandoning.join(PATIENCE)
            events = await dictate(self.open(), [speech])
            await engine.close()
            return events

        assert self.is_right(final_text(asyncio.run(abandon_and_go_on())))

    def test_two_at_once(self, speech: bytes) -> None:
        async def both() -> tuple[list[Event], list[Event]]:
            frames = in_frames(speech, 6400)
            return await asyncio.gather(dictate(self.open(), frames), dictate(self.open(), frames))

        first, second = asyncio.run(both())
        assert final_text(first) == final_text(second)
        assert self.is_right(final_text(first))
