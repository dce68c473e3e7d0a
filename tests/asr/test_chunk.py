"""Where a chunk ends, and where it may be cut."""

from __future__ import annotations

import pytest

from koe.asr.chunk import MARGIN, MAX_CHUNK, PAUSE, Chunk
from koe.asr.samples import float_samples
from koe.loudness import FRAME
from tests.asr.test_passes import pause, speech

SECOND = 16_000


def chunk_of(pcm: bytes) -> tuple[Chunk, list[float]]:
    """A chunk that was given audio, and the seconds at which chunks ended."""
    chunk, ends = Chunk(), list[float]()
    chunk.samples.extend(float_samples(pcm))
    while chunk.has_frame():
        if cut := chunk.add_frame():
            chunk.drop(cut)
            ends.append(chunk.start / SECOND)
    return chunk, ends


def test_a_pause_of_two_seconds_ends_any_chunk() -> None:
    assert chunk_of(speech(1.0) + pause(1.9))[1] == []
    assert chunk_of(speech(1.0) + pause(2.0))[1] == [1.0 + MARGIN / 50]


def test_a_shorter_pause_ends_a_longer_chunk_when_speech_goes_on() -> None:
    for spoken, shortest in [(3.0, 1.6), (9.0, 0.8), (14.0, 0.2)]:
        assert chunk_of(speech(spoken) + pause(shortest - 0.04) + speech(1.0))[1] == []
        recording = speech(spoken) + pause(shortest)
        assert chunk_of(recording)[1] == []
        assert chunk_of(recording + speech(0.1))[1] == [spoken + MARGIN / 50]


def test_without_a_pause_it_ends_where_it_must() -> None:
    _, ends = chunk_of(speech(40.0))
    assert len(ends) == 1
    assert MAX_CHUNK / 2 <= ends[0] <= MAX_CHUNK


def test_what_it_knows_of_its_audio() -> None:
    chunk, _ = chunk_of(speech(2.0) + pause(0.4) + speech(1.0) + pause(0.2))
    assert chunk.loud * FRAME == 3.4 * SECOND
    assert chunk.quiet == PAUSE
    assert chunk.pause_end == (3 * SECOND + 0.4 * SECOND) + MARGIN * FRAME
    first, last = 2 * SECOND + MARGIN * FRAME, chunk.pause_end
    assert chunk.pauses(0, last) == [first, last]
    assert chunk.pauses(first, last) == [last]
    assert chunk.pauses(0, last - 1) == [first]
    assert chunk.speech(0, 3 * SECOND) == pytest.approx(2.6)
    assert chunk.are_loud(0, 4 * FRAME) == [True] * 4


def test_where_the_last_speech_ends() -> None:
    def end(silence: float) -> float:
        return chunk_of(speech(1.0) + pause(silence))[0].end / SECOND

    assert end(0.04) == 1.04
    assert end(0.06) == end(0.18) == 1.06
    assert end(0.2) == end(0.5) == 1.16
    assert chunk_of(pause(0.2))[0].end == len(pause(0.2)) / 2


def test_silence_is_no_pause() -> None:
    chunk, ends = chunk_of(pause(5.0))
    assert (chunk.loud, chunk.pause_end, ends) == (0, 0, [])
    assert chunk.pauses(0, 5 * SECOND) == []
