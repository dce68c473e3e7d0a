from __future__ import annotations

import random
import tracemalloc
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koe.events import Mode
from koe.journal.format import (
    HEAD_BYTES,
    LARGEST_PAYLOAD,
    End,
    Header,
    JournalRecord,
    JournalRecords,
    Kind,
    Mark,
    Marked,
)
from koe.journal.values import LONGEST_TEXT

RECORDS = st.lists(
    st.builds(
        JournalRecord,
        kind=st.integers(0, 255),
        nanoseconds=st.integers(0, 2**64 - 1),
        payload=st.binary(max_size=40),
    ),
    max_size=5,
)


def parsed(content: bytes) -> tuple[list[JournalRecord], JournalRecords]:
    records = JournalRecords(BytesIO(content).read)
    return list(records), records


def test_the_numbers_never_change() -> None:
    """Files of earlier releases have them."""
    assert {kind.name: chr(kind) for kind in Kind} == {
        "HEADER": "H", "AUDIO": "A", "EVENT": "E", "MARK": "M", "END": "Z",
    }  # fmt: skip
    assert [mark.name for mark in sorted(Mark)] == ["LEG_BEGAN", "LEG_ENDED", "INPUT_ENDED"]
    assert sorted(Mark) == [0, 1, 2]


def test_the_bytes_of_a_record() -> None:
    packed = JournalRecord(Kind.AUDIO, 0x0102030405060708, b"\1\0\2\0").packed()
    assert packed[:4] == b"\4\0\0\0"
    assert packed[8:] == b"A" + bytes(range(8, 0, -1)) + b"\1\0\2\0"
    assert packed[4:8].hex() == "5046d814"


@given(RECORDS)
def test_there_and_back(records: list[JournalRecord]) -> None:
    content = b"".join(record.packed() for record in records)
    found, parser = parsed(content)
    assert found == records
    assert (parser.size, parser.damage) == (len(content), "")


@given(RECORDS, st.binary(max_size=60))
def test_anything_may_follow(records: list[JournalRecord], garbage: bytes) -> None:
    content = b"".join(record.packed() for record in records)
    found, parser = parsed(content + garbage)
    assert found[: len(records)] == records
    assert len(found) > len(records) or not garbage or parser.damage
    assert b"".join(record.packed() for record in found) == (content + garbage)[: parser.size]


@given(st.binary(max_size=200))
def test_any_bytes(content: bytes) -> None:
    found, parser = parsed(content)
    assert b"".join(record.packed() for record in found) == content[: parser.size]
    assert bool(parser.damage) == (parser.size < len(content))


def test_what_ends_a_file() -> None:
    good = JournalRecord(Kind.MARK, 1, b"[0]").packed()
    assert parsed(good + good[:-1])[1].damage == "the record at byte 20 is incomplete"
    assert parsed(good + good[:5])[1].damage == "the record at byte 20 is incomplete"
    spoiled = good[:-1] + b"?"
    assert parsed(good + spoiled + good)[1].damage == "the record at byte 20 is damaged"


def test_zeros_are_no_records() -> None:
    """What a file system may leave after a power failure: the size without the content."""
    good = JournalRecord(Kind.AUDIO, 1, b"ab").packed()
    assert parsed(good + bytes(4096))[0] == [JournalRecord(Kind.AUDIO, 1, b"ab")]


@pytest.mark.parametrize("length", [LARGEST_PAYLOAD, LARGEST_PAYLOAD + 1, 2**32 - 1])
def test_lengths_that_lie_cost_no_memory(length: int) -> None:
    content = length.to_bytes(4, "little") + bytes(100)
    tracemalloc.start()
    try:
        assert parsed(content)[0] == []
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_it_stays_ended() -> None:
    records = JournalRecords(BytesIO(b"x" + JournalRecord(Kind.AUDIO, 1, b"ab").packed()).read)
    assert list(records) == []
    assert list(records) == []


def test_header_there_and_back() -> None:
    header = Header(1, "0.1.0", "moonshine", "mine", Mode.TOGGLE, "2026-07-14T09:30:00.123Z", 42)
    assert Header.of(header.payload()) == header
    assert Header.of(b'{"format":7,"new":1}').format == 7
    assert Header.of(b"{}") == Header()


def test_end_there_and_back() -> None:
    end = End("completed", "Text.", "text \ud800", "qwen", is_corrected=True, is_whole=False)
    assert End.of(end.payload()) == end
    assert End.of(b'{"text":"a","new":[]}') == End(text="a")


@pytest.mark.parametrize("payload", [b"", b"[]", b"\xff", b"{", b"3"])
def test_what_is_no_object(payload: bytes) -> None:
    with pytest.raises(ValueError):
        Header.of(payload)
    with pytest.raises(ValueError):
        End.of(payload)


def test_marks_there_and_back() -> None:
    marked = Marked(Mark.LEG_BEGAN, (3, 2**70), 5)
    assert Marked.of(marked.payload(), 5) == marked
    assert Marked.of(b"[2]", 5) == Marked(Mark.INPUT_ENDED, (), 5)
    assert Marked.of(b'[2,"x",4]', 5) == Marked(Mark.INPUT_ENDED, (4,), 5)


@pytest.mark.parametrize("payload", [b"", b"[]", b'["x"]', b"[255]", b"{}", b"[-1]"])
def test_marks_that_make_no_sense(payload: bytes) -> None:
    with pytest.raises(ValueError):
        Marked.of(payload, 5)


def test_the_longest_texts_fit_in_a_record() -> None:
    longest = "\0" * (LONGEST_TEXT + 1)
    end = End(longest, longest, longest, longest, reason=longest)
    assert len(end.payload()) <= LARGEST_PAYLOAD


def test_random_damage_in_a_long_file() -> None:
    chance = random.Random(1)
    records = [JournalRecord(Kind.AUDIO, n, chance.randbytes(640)) for n in range(200)]
    content = b"".join(record.packed() for record in records)
    size = HEAD_BYTES + 640
    for _ in range(200):
        at = chance.randrange(len(content))
        spoiled = bytearray(content)
        spoiled[at] ^= 1 << chance.randrange(8)
        assert parsed(bytes(spoiled))[0] == records[: at // size]
