from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koe.errors import JournalError
from koe.journal.replay import RecordedAudio
from tests.journal.making import AUDIO, records, write

ALL = b"".join(AUDIO)
SAMPLES = len(ALL) // 2


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("journal") / "a.koej", records())


@given(reads=st.lists(st.tuples(st.integers(0, SAMPLES + 9), st.integers(1, SAMPLES + 9))))
def test_any_reads(path: Path, reads: list[tuple[int, int]]) -> None:
    audio = RecordedAudio(path, SAMPLES)
    for start, count in reads:
        assert audio.read(start, count) == ALL[2 * start : 2 * (start + count)]


@pytest.mark.parametrize("count", [1, 7, 160, 500])
def test_from_one_end_to_the_other(path: Path, count: int) -> None:
    audio, heard = RecordedAudio(path, SAMPLES), b""
    while pcm := audio.read(len(heard) // 2, count):
        heard += pcm
    assert heard == ALL


def test_two_threads_at_once(path: Path) -> None:
    """A leg that was lost may still read when the next one begins."""
    audio = RecordedAudio(path, SAMPLES)
    starts = range(0, SAMPLES, 7)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(2) as threads:
            for start, pcm in zip(
                starts, threads.map(lambda it: audio.read(it, 99), starts), strict=True
            ):
                assert pcm == ALL[2 * start : 2 * (start + 99)]
    finally:
        sys.setswitchinterval(interval)


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=r"gone\.koej"):
        RecordedAudio(tmp_path / "gone.koej", 9).read(0, 9)
