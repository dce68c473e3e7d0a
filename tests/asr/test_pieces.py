"""Places in a chunk of loud and silent frames."""

from __future__ import annotations

from array import array
from itertools import pairwise

from koe.asr.chunk import Chunk
from koe.asr.pieces import Pieces

SECOND = 16_000


def chunk_of(*seconds: float) -> Chunk:
    """A chunk of speech and silence in turns."""
    chunk = Chunk()
    for number, length in enumerate(seconds):
        loud = [0.5, -0.5] if number % 2 == 0 else [0.0, 0.0]
        chunk.samples.extend(array("f", loud * round(length * SECOND / 2)))
    while chunk.has_frame():
        chunk.add_frame()
    return chunk


def test_a_pause_is_one_from_its_first_sample() -> None:
    pieces = Pieces(chunk_of(2.0, 0.4, 1.0, 0.3), SECOND, SECOND)
    for pause in (round(2.16 * SECOND), round(3.56 * SECOND)):
        assert pieces.is_pause(pause)
        assert not pieces.is_pause(pause - 320)


def test_a_mark_is_the_last_pause_or_comes_after_it() -> None:
    pieces = Pieces(chunk_of(2.0, 0.6, 3.0), SECOND, SECOND // 2)
    pause = round(2.16 * SECOND)
    assert pieces.mark(0, SECOND // 4) == 0
    assert pieces.mark(0, 2 * SECOND) == 2 * SECOND
    # There is no speech yet between the pause and the mark.
    assert pieces.mark(0, round(2.65 * SECOND)) == pause
    assert pieces.mark(0, round(2.7 * SECOND)) == pause + SECOND // 2
    assert pieces.mark(pause, round(2.7 * SECOND)) == pause + SECOND // 2


def test_marks_become_rarer() -> None:
    pieces = Pieces(chunk_of(12.0), SECOND, SECOND // 2)
    marks = sorted({pieces.mark(0, end) for end in range(0, 12 * SECOND, 320)} - {0})
    steps = [after - before for before, after in pairwise(marks)]
    assert steps == sorted(steps)
    assert steps[0] == SECOND // 2
    assert steps[-1] > SECOND


def test_without_an_interval_there_are_no_marks() -> None:
    pieces = Pieces(chunk_of(2.0, 0.6, 3.0), SECOND, 0)
    assert pieces.mark(0, 2 * SECOND) == 0
    assert pieces.mark(0, 5 * SECOND) == round(2.16 * SECOND)


def test_an_interval_shorter_than_a_frame() -> None:
    assert Pieces(chunk_of(1.0), SECOND, 1).mark(0, SECOND) == SECOND


def test_cuts_are_in_pauses_with_enough_speech_after_them() -> None:
    chunk = chunk_of(3.0, 0.4, 0.5, 0.4, 2.0, 0.4, 0.5)
    pieces = Pieces(chunk, 2 * SECOND, SECOND)
    assert pieces.cuts(2 * SECOND) == []
    assert pieces.cuts(round(3.8 * SECOND)) == []
    assert pieces.cuts(len(chunk.samples)) == [round(3.16 * SECOND)]
    assert Pieces(chunk, 10 * SECOND, SECOND).cuts(len(chunk.samples)) == []


def test_the_last_part_has_enough_speech_before_and_after_its_end() -> None:
    short, long = chunk_of(0.5, 0.4, 2.0), chunk_of(1.5, 0.4, 2.0)
    for chunk, ends in ((short, []), (long, [round(1.66 * SECOND)])):
        pieces = Pieces(chunk, 10 * SECOND, SECOND)
        assert pieces.parts(0, len(chunk.samples), has_marks=False) == [0, *ends]


def test_parts_are_few_however_many_pauses_there_are() -> None:
    chunk = chunk_of(*[0.1, 0.25] * 80)
    pieces, parts = Pieces(chunk, 2 * SECOND, SECOND), 0
    end = len(chunk.samples)
    while end > 0:
        parts += 1
        edges = pieces.parts(1, end, has_marks=False)
        assert edges[0] == 1
        end = edges[1] if len(edges) > 1 else 0
    assert 2 <= parts <= 9


def test_the_parts_of_a_whole_end_at_its_last_mark_or_pause() -> None:
    chunk = chunk_of(3.0, 0.4, 2.5, 0.4)
    pieces = Pieces(chunk, 2 * SECOND, SECOND // 2)
    head, pause = round(3.16 * SECOND), round(6.06 * SECOND)
    assert pieces.parts(0, pause, has_marks=False) == [0, head, pause]
    edges = pieces.parts(0, round(5.8 * SECOND), has_marks=True)
    assert edges[:2] == [0, head]
    assert 5.0 * SECOND < edges[2] <= 5.6 * SECOND
    assert pieces.parts(0, SECOND, has_marks=False) == [0]
