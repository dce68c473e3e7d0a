"""Chunks and passes, with a recogniser that says where its pieces begin and end."""

from __future__ import annotations

import math
from array import array

import pytest

from koe.asr.passes import MAX_CHUNK, WholePasses, WholeRecogniser
from koe.events import DefiniteHeard, Event, FinalHeard
from tests.asr.contract import final_text, in_frames


class Counter(WholeRecogniser):
    """Says how many samples of speech a piece has, in tenths of a second."""

    def __init__(self) -> None:
        self.pieces: list[float] = []

    def recognise(self, samples: array[float]) -> str:
        self.pieces.append(len(samples) / 16_000)
        loud = sum(abs(sample) > 0.01 for sample in samples)
        return f"{round(loud / 1600)}."


def speech(seconds: float) -> bytes:
    """A sound at full scale for so long, 16 kHz mono s16le."""
    samples = (round(12_000 + 2_000 * math.sin(at / 5)) for at in range(int(16_000 * seconds)))
    return array("h", samples).tobytes()


def pause(seconds: float) -> bytes:
    return bytes(2 * int(16_000 * seconds))


def hear(pcm: bytes, size: int, recogniser: WholeRecogniser | None = None) -> list[Event]:
    passes = WholePasses(recogniser or Counter())
    events = [event for frame in in_frames(pcm, size) for event in passes.feed(frame)]
    return events + passes.finish()


RECORDING = pause(0.5) + b"".join(
    speech(spoken) + pause(silent)
    for spoken, silent in [(1, 0.2), (2, 0.5), (9, 1.2), (3, 2.5), (60, 0.4), (2, 0.1)]
)


@pytest.mark.parametrize("size", [2, 640, 6_402, 10_000_000])
def test_the_text_does_not_depend_on_the_frames(size: int) -> None:
    assert final_text(hear(RECORDING, size)) == final_text(hear(RECORDING, 6_400))


def test_all_speech_is_in_some_chunk_and_no_piece_is_too_long() -> None:
    counter = Counter()
    text = final_text(hear(RECORDING, 6_400, counter))
    assert sum(map(float, text.split())) == pytest.approx(10 * (1 + 2 + 9 + 3 + 60 + 2), abs=6)
    assert max(counter.pieces) <= MAX_CHUNK


def test_a_pass_that_is_right_at_the_end_is_not_made_again() -> None:
    counter = Counter()
    passes = WholePasses(counter)
    passes.feed(speech(2.0) + pause(0.4))
    pieces = len(counter.pieces)
    assert final_text(passes.finish()) == "20."
    assert len(counter.pieces) == pieces == 1


def test_definite_text_ends_in_a_pause() -> None:
    events = hear(speech(3.0) + pause(3.0) + speech(2.0), 640)
    (definite,) = (event for event in events if isinstance(event, DefiniteHeard))
    assert definite.text == "30."
    assert 3.0 < (definite.upto or 0) / 16_000 < 4.5
    assert events[-1] == FinalHeard("30. 20.", 8 * 16_000)


def test_silence_is_not_recognised() -> None:
    counter = Counter()
    assert hear(pause(90.0), 6_400, counter) == [FinalHeard("", 90 * 16_000)]
    assert counter.pieces == []
