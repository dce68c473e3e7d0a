"""Damages files of the journal, and sees whether a reader takes the longest valid prefix.

python -m tests.journal.damaging [ROUNDS [SEED]]
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections.abc import Callable
from io import BytesIO
from itertools import accumulate
from pathlib import Path

from koe.errors import JournalError
from koe.events import InterimHeard, ShowInterim
from koe.journal.events import Encoder
from koe.journal.format import End, Header, JournalRecord, JournalRecords, Kind, Mark, Marked
from koe.journal.reader import audio_of, events_of, read_session
from tests.journal.making import packed


def whole_before(made: list[JournalRecord], position: int) -> list[JournalRecord]:
    """The records that end at a byte, or before it."""
    ends = accumulate(len(record.packed()) for record in made)
    return [record for record, end in zip(made, ends, strict=True) if end <= position]


def check(path: Path, content: bytes, expected: list[JournalRecord]) -> None:
    """See that a file gives these records, by every way of reading."""
    path.write_bytes(content)
    found = JournalRecords(BytesIO(content).read)
    assert list(found) == expected
    assert bool(found.damage) == (found.size < len(content))
    if not expected:
        try:
            read_session(path)
        except JournalError:
            return
        raise AssertionError("a file without a header was read")
    recorded = read_session(path)
    audio = [record.payload for record in expected if record.kind == Kind.AUDIO]
    assert recorded.samples == sum(map(len, audio)) // 2
    assert list(audio_of(path)) == audio
    events = [record for record in expected if record.kind == Kind.EVENT]
    assert len(list(events_of(path))) == len(events)
    marks = [record for record in expected if record.kind == Kind.MARK]
    assert len(recorded.marks) == len(marks)
    assert (recorded.end is not None) == (expected[-1].kind == Kind.END)


def invent(chance: random.Random) -> list[JournalRecord]:
    """A session with pieces and texts of any length."""
    encoder = Encoder()
    made = [JournalRecord(Kind.HEADER, 0, Header(engine="scripted").payload())]
    text = ""
    for number in range(chance.randrange(1, 80)):
        pcm = chance.randbytes(2 * chance.choice((1, 320, 320, 3200, chance.randrange(9000))))
        made.append(JournalRecord(Kind.AUDIO, number, pcm or b"ab"))
        if chance.random() < 0.3:
            text = text[: chance.randrange(len(text) + 1)] + chance.choice(("word ", "部署", "é"))
            events = (InterimHeard(text), ShowInterim(text))
            made += [JournalRecord(Kind.EVENT, number, encoder.encode(event)) for event in events]
        if chance.random() < 0.05:
            mark = Marked(chance.choice(list(Mark)), (number,), number)
            made.append(JournalRecord(Kind.MARK, number, mark.payload()))
    return [*made, JournalRecord(Kind.END, 99, End("completed", text).payload())]


def damage_once(path: Path, chance: random.Random) -> None:
    """Invent a session, spoil it in one way, and check what is left."""
    made = invent(chance)
    content = packed(made)
    at = chance.randrange(len(content))
    length = chance.randrange(1, 5000)
    ways: list[Callable[[], bytes]] = [
        lambda: content[:at],
        lambda: _changed(content, at, bytes([content[at] ^ (1 << chance.randrange(8))])),
        lambda: _changed(content, at, chance.randbytes(length)),
        lambda: _changed(content, at, bytes(length)),
        lambda: content[:at] + bytes(length),
        lambda: content[:at] + content[at + length :],
        lambda: content[:at] + chance.randbytes(length) + content[at:],
    ]
    spoiled = chance.choice(ways)()
    same = next(
        (n for n, (a, b) in enumerate(zip(content, spoiled, strict=False)) if a != b),
        min(len(content), len(spoiled)),
    )
    expected = whole_before(made, same)
    if spoiled[same:].startswith(tuple(record.packed() for record in made)):
        return  # it happens to go on with a record: no damage that can be seen
    check(path, spoiled, expected)


def _changed(content: bytes, at: int, other: bytes) -> bytes:
    return (content[:at] + other + content[at + len(other) :])[: len(content)]


def main(rounds: int = 20_000, seed: int = 1) -> None:
    """Damage so many files."""
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds):
            try:
                damage_once(Path(folder, "a.koej"), random.Random(f"{seed} {number}"))
            except BaseException:
                print(f"round {number} of seed {seed}", file=sys.stderr)
                raise
    print(f"{rounds} damaged files: each gave its longest valid prefix")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
