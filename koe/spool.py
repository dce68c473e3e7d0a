"""The audio of one recording: kept whole, and read by position.

Each engine reads at its own pace, and a second engine can read the same audio again. Positions are
samples, counted from the first of the recording.

The last ten minutes stay in memory (19 MB). Older audio is read back from the store, if there is
one.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from koe.errors import JournalError
from koe.events import SAMPLE_RATE_HZ

BYTES_PER_SAMPLE = 2

# How much audio stays in memory if the rest can be read back; and by how much that may be exceeded
# before old audio is dropped.
_RECENT_SAMPLES = 10 * 60 * SAMPLE_RATE_HZ
_SLACK_SAMPLES = 30 * SAMPLE_RATE_HZ


class AudioStore(Protocol):
    """Where the audio is also stored."""

    @property
    def persisted(self) -> int:
        """How many samples, from the first, can be read back."""

    def read(self, start: int, count: int) -> bytes:
        """Read samples back; blocks. Fewer than ``count`` only at the end of what is stored.

        Raises:
            JournalError: They can't be read.
        """


class Spool:
    """A recording. Used on the loop's thread.

    Args:
        store: Where old audio can be read back; None: nowhere, so all of it stays in memory.
        stored: The number of samples of an existing, complete recording, which are all in the
            store; None: a new recording.
    """

    def __init__(self, store: AudioStore | None = None, stored: int | None = None) -> None:
        self._store = store
        # The newest audio, and the position of its first sample. An odd byte at the end is the
        # first half of the next sample.
        self._recent = bytearray()
        self._first = stored or 0
        # No audio follows.
        self.is_sealed = stored is not None
        # Set, and replaced, when audio is added or the recording is sealed.
        self._changed = asyncio.Event()

    @property
    def end(self) -> int:
        """The number of samples so far."""
        return self._first + len(self._recent) // BYTES_PER_SAMPLE

    def append(self, pcm: bytes) -> bytes:
        """Add audio of any length, also odd.

        Returns:
            The new whole samples, for the record.
        """
        before = len(self._recent) & ~1
        self._recent += pcm
        added = bytes(self._recent[before : len(self._recent) & ~1])
        self._forget()
        self._tell()
        return added

    def seal(self) -> None:
        """Note that no audio follows."""
        self.is_sealed = True
        self._tell()

    async def read(self, start: int, limit: int) -> bytes:
        """Return the samples from a position on, at most ``limit``; empty at the end.

        Raises:
            JournalError: They are in the store, and can't be read back.
        """
        if start < self._first:
            assert self._store is not None, "only what is stored is forgotten"
            count = min(limit, self._first - start)
            if not (pcm := await asyncio.to_thread(self._store.read, start, count)):
                raise JournalError("of this session", "a part of it is missing in its file")
            return pcm
        begin = (start - self._first) * BYTES_PER_SAMPLE
        stop = min(begin + limit * BYTES_PER_SAMPLE, len(self._recent) & ~1)
        return bytes(self._recent[begin:stop])

    async def wait_beyond(self, position: int) -> bool:
        """Wait until there is audio from that position on; False: there will be none."""
        while self.end <= position:
            if self.is_sealed:
                return False
            await self._changed.wait()
        return True

    def _tell(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def _forget(self) -> None:
        """Drop old audio that can be read back."""
        surplus = len(self._recent) // BYTES_PER_SAMPLE - _RECENT_SAMPLES
        if self._store is None or surplus < _SLACK_SAMPLES:
            return
        stored = self._store.persisted - self._first
        if (count := min(surplus, stored)) > 0:
            del self._recent[: count * BYTES_PER_SAMPLE]
            self._first += count


class AudioSource(Protocol):
    """Where a session's audio comes from: 16 kHz mono s16le."""

    def read(self) -> bytes:
        """Take all audio that is waiting, oldest first; empty if there is none. Never waits."""

    @property
    def lost_bytes(self) -> int:
        """Bytes of this session's audio that were dropped because the buffer was full."""

    def close(self) -> None:
        """Take no more audio, and drop what was not read. Later calls have no effect."""


class NoAudio:
    """The audio source of a session whose recording was made before."""

    lost_bytes = 0

    def read(self) -> bytes:
        """Return nothing: there is no audio to come."""
        return b""

    def close(self) -> None:
        """Do nothing: there is no audio to drop."""


NO_AUDIO = NoAudio()
