"""The format of the journal's files. Pure.

A file is a sequence of records, all numbers little endian:

    u32 length      of the payload, in bytes
    u32 checksum    CRC-32 of the whole record, with zeros in the place of the checksum
    u8  kind        see `Kind`
    u64 time        monotonic clock of the writing process, in nanoseconds
    payload

The first record is the header. A file can end anywhere, because its writer can crash at any moment,
and a disk can damage any byte: a reader takes the records up to the first incomplete or damaged
one.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple, Self
from zlib import crc32

from koe.events import Mode
from koe.journal.values import build, dump, load, members_of

FORMAT = 1
"""The number of the format that this module writes, and the latest that it reads."""

LARGEST_PAYLOAD = 16 * 1024 * 1024
"""The most bytes of a payload. A greater length counts as damage, to limit a reader's memory."""

_HEAD = struct.Struct("<IIBQ")

HEAD_BYTES = _HEAD.size


class Kind(IntEnum):
    """The kinds of payloads. Append only: readers skip unknown kinds."""

    HEADER = ord("H")
    """A `Header`, as JSON."""
    AUDIO = ord("A")
    """16 kHz mono s16le."""
    EVENT = ord("E")
    """An event or a notice, as `koe.journal.events` writes it."""
    MARK = ord("M")
    """A list in JSON: a `Mark` and its numbers."""
    END = ord("Z")
    """An `End`, as JSON; the last record."""


class Mark(IntEnum):
    """Moments that are no events. Append only: readers skip unknown marks."""

    LEG_BEGAN = 0
    """An engine begins. Numbers: the leg, and the first sample that the engine gets."""
    LEG_ENDED = 1
    """An engine is closed. Number: the leg."""
    INPUT_ENDED = 2
    """The input ended. Number: how many samples the recording has."""


@dataclass(frozen=True, slots=True)
class _JsonPayload:
    """A payload whose fields are the members of a JSON object."""

    def payload(self) -> bytes:
        """Return it as JSON."""
        return dump(members_of(self))

    @classmethod
    def of(cls, payload: bytes) -> Self:
        """Read it from JSON.

        Raises:
            ValueError: It is not a JSON object.
        """
        return build(cls, _object(payload))


@dataclass(frozen=True, slots=True)
class Header(_JsonPayload):
    """The facts at the beginning of a session.

    Attributes:
        format: See `FORMAT`.
        koe: The version of koe.
        engine: Which engine is configured.
        profile: The ID of the profile that corrects; empty: none.
        mode: How the key is used.
        began: UTC, as ISO 8601 with milliseconds.
        pid: The ID of the process.
    """

    format: int = FORMAT
    koe: str = ""
    engine: str = ""
    profile: str = ""
    mode: Mode = Mode.HOLD
    began: str = ""
    pid: int = 0


@dataclass(frozen=True, slots=True)
class End(_JsonPayload):
    """The facts at the end of a session.

    Attributes:
        state: The last state, as shells get it.
        text: The delivered text; empty: there was none.
        heard: The recognised text.
        engine: Which engine recognised it.
        is_corrected: Whether ``text`` is a correction of ``heard``.
        is_whole: False: the end of what was said may be missing.
        reason: Why the session failed, or why the text did not arrive; empty: neither.
    """

    state: str = ""
    text: str = ""
    heard: str = ""
    engine: str = ""
    is_corrected: bool = False
    is_whole: bool = True
    reason: str = ""


class Marked(NamedTuple):
    """A mark in a record.

    Attributes:
        mark: The mark.
        numbers: See `Mark`.
        nanoseconds: The time, by the monotonic clock of the writing process.
    """

    mark: Mark
    numbers: tuple[int, ...]
    nanoseconds: int

    def payload(self) -> bytes:
        """Return it as JSON, without the time, which stands in the head of the record."""
        return dump([self.mark, *self.numbers])

    @classmethod
    def of(cls, payload: bytes, nanoseconds: int) -> Self:
        """Read it from JSON.

        Raises:
            ValueError: It is not a list of numbers, or a mark that is not known.
        """
        match load(payload):
            case [int(mark), *numbers]:
                return cls(Mark(mark), tuple(n for n in numbers if type(n) is int), nanoseconds)
            case _:
                raise ValueError("a mark must be a list of numbers")


class JournalRecord(NamedTuple):
    """One record.

    Attributes:
        kind: A `Kind`, or a number that a later release added.
        nanoseconds: The time, by the monotonic clock of the writing process.
        payload: The content; see `Kind`.
    """

    kind: int
    nanoseconds: int
    payload: bytes

    def packed(self) -> bytes:
        """Return the bytes of the record. The payload has `LARGEST_PAYLOAD` bytes at most."""
        length = len(self.payload)
        head = _HEAD.pack(length, 0, self.kind, self.nanoseconds)
        checksum = crc32(self.payload, crc32(head))
        return _HEAD.pack(length, checksum, self.kind, self.nanoseconds) + self.payload


class JournalRecords:
    """Iterates over the longest valid prefix of a file, with `LARGEST_PAYLOAD` of memory at most.

    Attributes:
        size: The size of the records so far, in bytes.
        damage: Why there are no more records, as a sentence; empty: the file ends after the last.

    Args:
        read: Returns the next bytes: the requested number, or fewer at the end of the file.
    """

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        self.size = 0
        self.damage = ""

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> JournalRecord:
        if self.damage:
            raise StopIteration
        head = self._read(HEAD_BYTES)
        if not head:
            raise StopIteration
        if len(head) < HEAD_BYTES:
            return self._stop("is incomplete")
        length, checksum, kind, nanoseconds = _HEAD.unpack(head)
        if length > LARGEST_PAYLOAD:
            return self._stop("is damaged")
        payload = self._read(length)
        if len(payload) < length:
            return self._stop("is incomplete")
        if crc32(payload, crc32(_HEAD.pack(length, 0, kind, nanoseconds))) != checksum:
            return self._stop("is damaged")
        self.size += HEAD_BYTES + length
        return JournalRecord(kind, nanoseconds, payload)

    def _stop(self, what: str) -> JournalRecord:
        self.damage = f"the record at byte {self.size} {what}"
        raise StopIteration


def _object(payload: bytes) -> dict[str, object]:
    members = load(payload)
    if not isinstance(members, dict):
        raise ValueError("it must be a JSON object")
    return members
