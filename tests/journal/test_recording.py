from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import ParamSpec

import pytest

from koe.events import InterimHeard
from koe.journal.folder import new_id, path_of
from koe.journal.format import Mark, Marked
from koe.journal.reader import audio_of, is_being_written, read_session
from koe.journal.recording import PIECE_BYTES, Ended, Recording
from koe.journal.threads import Writer
from tests.journal.making import END, HEADER
from tests.journal.test_folder import MOMENT

P = ParamSpec("P")

# For what takes milliseconds.
PATIENCE = 60.0


class Made:
    """A recording with its thread."""

    def __init__(self, folder: Path) -> None:
        self.failures: list[OSError] = []
        self.ended: list[Ended] = []
        self.id = new_id(MOMENT)
        self.path = path_of(folder / "journal", self.id)
        self.writer = Writer(self.failures.append)
        self.recording = Recording(
            self.id,
            folder / "journal",
            HEADER,
            self.writer,
            self.failures.append,
            self.ended.append,
        )
        self.writer.start()

    def do(self, work: Callable[P, None], *arguments: P.args, **named: P.kwargs) -> None:
        """Have something done on the thread, and wait for it."""
        self.writer.put(partial(work, *arguments, **named))
        self.writer.flush(PATIENCE)


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    made = Made(tmp_path)
    yield made
    made.writer.stop(PATIENCE)


def test_a_session(made: Made) -> None:
    made.do(made.recording.open, 1)
    assert is_being_written(made.path)
    made.do(made.recording.audio, 2, b"ab" * 10)
    made.do(made.recording.event, 3, InterimHeard("one"))
    made.do(made.recording.mark, Marked(Mark.INPUT_ENDED, (10,), 4))
    made.do(made.recording.end, 5, END)
    assert not is_being_written(made.path)
    recorded = read_session(made.path)
    assert recorded.header == HEADER
    assert recorded.samples == 10
    assert recorded.events == (InterimHeard("one"),)
    assert recorded.marks == (Marked(Mark.INPUT_ENDED, (10,), 4),)
    assert recorded.end == END
    assert made.ended == [Ended(made.id, made.path, HEADER, END, 10)]
    assert made.failures == []


def test_much_audio_at_once_is_written_in_pieces(made: Made) -> None:
    made.do(made.recording.open, 1)
    audio = bytes(range(256)) * 1000
    made.do(made.recording.audio, 2, audio)
    pieces = list(audio_of(made.path))
    assert b"".join(pieces) == audio
    assert max(map(len, pieces)) == PIECE_BYTES


def test_no_file(made: Made) -> None:
    made.path.parent.parent.parent.mkdir(exist_ok=True)
    made.path.parent.parent.write_bytes(b"")  # where the journal's folder should be
    made.do(made.recording.open, 1)
    made.do(made.recording.audio, 2, b"ab")
    made.do(made.recording.event, 3, InterimHeard("one"))
    made.do(made.recording.end, 5, END)
    assert [failure.strerror for failure in made.failures] == [
        "it is no folder; move that file away"
    ]
    assert made.ended == [Ended(made.id, None, HEADER, END, 1)]


def test_a_file_without_a_header_is_removed(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("os.write", _refuse)
        made.do(made.recording.open, 1)
    made.do(made.recording.end, 5, END)
    assert [str(failure) for failure in made.failures] == ["[Errno 28] full"]
    assert not made.path.exists()
    assert made.ended == [Ended(made.id, None, HEADER, END, 0)]


def test_after_a_failure_only_the_end_is_written(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is missing between would change what the rest means."""
    made.do(made.recording.open, 1)
    made.do(made.recording.audio, 2, b"ab")
    with monkeypatch.context() as patch:
        patch.setattr("os.write", _refuse)
        made.do(made.recording.event, 3, InterimHeard("one"))
    made.do(made.recording.audio, 4, b"cd")
    made.do(made.recording.end, 5, END)
    assert [str(failure) for failure in made.failures] == ["[Errno 28] full"]
    recorded = read_session(made.path)
    assert (recorded.samples, recorded.events, recorded.end) == (1, (), END)
    assert made.ended[0].samples == 1


def _refuse(descriptor: int, content: bytes) -> int:
    raise OSError(28, "full")
