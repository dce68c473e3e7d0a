"""How long a service may say nothing, by a clock of our own."""

from __future__ import annotations

import struct

import pytest

from koe.asr.stall import StallWatch

SPEECH = struct.pack("<2h", -1000, 1000) * 1600
QUIET = struct.pack("<2h", -900, 900) * 1600
PACKET = 0.2


def watch_after(*packets: bytes, interval: float = PACKET) -> StallWatch:
    watch = StallWatch(2.0)
    for index, packet in enumerate(packets):
        watch.send(packet, 100.0 + index * interval)
    return watch


@pytest.mark.parametrize(
    ("count", "is_in_doubt", "is_lost"),
    [(0, False, False), (10, False, False), (12, True, False), (25, True, False), (27, True, True)],
)
def test_speech_without_an_answer(count: int, is_in_doubt: bool, is_lost: bool) -> None:
    watch = watch_after(*[SPEECH] * count)
    assert (watch.is_in_doubt, watch.is_lost) == (is_in_doubt, is_lost)


def test_silence_never_counts() -> None:
    assert not watch_after(*[QUIET] * 1000).is_in_doubt
    assert not watch_after(*[QUIET] * 1000, *[SPEECH] * 9, *[QUIET] * 1000).is_in_doubt
    assert watch_after(*[SPEECH, QUIET] * 12).is_in_doubt


def test_an_answer_begins_anew() -> None:
    watch = watch_after(*[SPEECH] * 20)
    watch.answer()
    assert not watch.is_in_doubt


def test_audio_that_waited_needs_time_to_be_heard() -> None:
    """A minute of it, sent within three seconds."""
    watch = watch_after(*[SPEECH] * 300, interval=0.01)
    assert watch.is_in_doubt
    assert not watch.is_lost


def test_audio_that_pauses() -> None:
    """A recording that is read slowly does not make the service slow."""
    assert not watch_after(*[SPEECH] * 9, interval=60.0).is_in_doubt


def test_limits() -> None:
    watch = StallWatch(2.0)
    assert (watch.limit, watch.grace) == (5.0, 3.0)
