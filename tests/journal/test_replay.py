from __future__ import annotations

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


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=r"gone\.koej"):
        RecordedAudio(tmp_path / "gone.koej", 9).read(0, 9)
