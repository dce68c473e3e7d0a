"""Dictate from a Python program.

    async with open_core() as core:
        session = core.begin()
        await session.feed(pcm)  # 16 kHz mono s16le; call it for each piece of audio
        session.end()
        async for notice in session:
            print(notice)

``begin(rate=48_000)`` takes numpy arrays of that rate. Everything is used on one event loop. The
notices are those of ``koe.events``: states, interim texts, warnings, and one ``Deliver`` with the
text, or a ``ReportError``. For a whole recording, ``koe.transcribe`` is simpler.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from koe.config.settings import Settings
from koe.config.store import Store, config_directory
from koe.core import Core
from koe.events import BYTES_PER_SECOND, SAMPLE_RATE_HZ, Mode, Notice
from koe.intake import Intake
from koe.runner import Runner
from koe.session_rules import SessionRules

if TYPE_CHECKING:
    from koe.intake import Audio

__all__ = ["Dictation", "OpenCore", "open_core"]

# `feed` waits while at least this many bytes of audio are unread.
BUFFER_LIMIT_BYTES = 30 * BYTES_PER_SECOND

# The default rules. A superseded session still delivers its text, because a program has an iterator
# for each session.
RULES = SessionRules(finish_superseded=True)


class AudioBuffer:
    """Audio on its way from a program to its session; nothing is dropped."""

    lost_bytes = 0

    def __init__(self) -> None:
        # Audio that was fed and not read yet.
        self._audio = bytearray()
        # No more audio is taken.
        self.is_closed = False
        # Set while there is room for more.
        self._has_room = asyncio.Event()
        self._has_room.set()

    async def write(self, pcm: bytes) -> None:
        """Add audio, once there is room for some."""
        await self._has_room.wait()
        self.append(pcm)

    def append(self, pcm: bytes) -> None:
        """Add audio, even if there is no room for it."""
        if self.is_closed:
            return
        self._audio += pcm
        if len(self._audio) >= BUFFER_LIMIT_BYTES:
            self._has_room.clear()

    def read(self) -> bytes:
        """Take all audio that is waiting."""
        audio = bytes(self._audio)
        self._audio.clear()
        self._has_room.set()
        return audio

    def close(self) -> None:
        """Accept no more audio, and drop the waiting audio."""
        self.is_closed = True
        self.read()


class Dictation:
    """One session: feed it audio, end it, and iterate over its notices.

    Iterating may begin at once or after everything was fed; no notice is lost. If several loops
    iterate, each notice goes to one of them; after the last notice all of them end.
    """

    def __init__(
        self,
        begin: Callable[[AudioBuffer, Callable[[Notice], None]], Runner],
        rate: int | None = None,
    ) -> None:
        # Converts what is fed.
        self._intake = Intake(rate)
        # Where fed audio waits.
        self._audio = AudioBuffer()
        # Notices that no iteration has taken yet; None marks the end.
        self._notices: asyncio.Queue[Notice | None] = asyncio.Queue()
        # Runs the session.
        self._runner = begin(self._audio, self._notices.put_nowait)
        # Ends the iteration when the session is over.
        self._watcher = asyncio.create_task(self._watch())

    @property
    def recognised(self) -> float:
        """Seconds of the recording whose text is certain; 0 for engines that do not report it."""
        return self._runner.recognised_samples / SAMPLE_RATE_HZ

    @property
    def not_kept(self) -> str:
        """Why the session is not recorded, as a sentence; empty if it is, or need not be."""
        return self._runner.not_kept

    async def feed(self, audio: Audio) -> None:
        """Add audio of any length; wait while 30 seconds of audio or more are unread.

        It has no effect after the end of the input or of the session.

        Args:
            audio: Bytes of 16 kHz mono s16le, whole samples. Or a numpy array of the rate that
                `OpenCore.begin` was given, of the shape (samples,) or (samples, channels):
                floats between -1 and 1, or int16.

        Raises:
            AudioError: The audio is none of these; the session goes on.
        """
        if not self._audio.is_closed:
            await self._audio.write(self._intake.add(audio))

    def expect_end(self) -> None:
        """Announce that `end` will be called soon, most likely after nothing but silence.

        The text may then come sooner; the text itself does not change.
        """
        self._runner.expect_end()

    def end(self, flaw: str = "") -> None:
        """End the input; the text comes as a notice.

        Args:
            flaw: Why a part of the audio is missing, as a sentence: the text does not count as
                whole then, and a warning says why. Empty: the audio is whole.
        """
        if not self._audio.is_closed:
            self._audio.append(self._intake.finish())
        self._runner.end_input(flaw)

    def cancel(self) -> None:
        """End the session without text."""
        self._runner.cancel()

    def confirm(self, failure: str = "") -> None:
        """Report whether the text was inserted, if `SessionRules.confirms_delivery` is set.

        Args:
            failure: Why the text was not inserted, as a clause; empty: it was.
        """
        self._runner.confirm(failure)

    def __aiter__(self) -> AsyncIterator[Notice]:
        return self._iterate()

    async def _iterate(self) -> AsyncIterator[Notice]:
        while (notice := await self._notices.get()) is not None:
            yield notice
        self._notices.put_nowait(None)  # for the next iteration

    async def _watch(self) -> None:
        await self._runner.over.wait()
        self._notices.put_nowait(None)


class OpenCore:
    """A core that belongs to this event loop; ``open_core`` makes it."""

    def __init__(self, core: Core) -> None:
        self._core = core

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self._core.settings

    def begin(
        self,
        mode: Mode = Mode.HOLD,
        *,
        rate: int | None = None,
        is_file: bool = False,
        profile: str = "",
    ) -> Dictation:
        """Begin a session; one that still records is ended, and delivers its text first.

        Args:
            mode: How the recording is ended; it only selects which state is shown.
            rate: Samples per second of the arrays that are fed; None: only bytes are fed.
            is_file: The audio is an existing recording: its length is added to the final wait.
            profile: The profile that corrects the text; empty: as the settings say.

        Raises:
            AudioError: The rate is not possible for audio.
            LlmProfileError: There is no such profile.
        """
        return Dictation(
            lambda audio, notify: self._core.begin(
                mode, audio, notify, is_file=is_file, profile=profile
            ),
            rate,
        )

    def retry(self, entry_id: str, *, engine: str = "", profile: str = "") -> Dictation:
        """Recognise a recording of the history once more; its text takes the place of the old one.

        Args:
            entry_id: Its ID, the beginning of it, or ``last``.
            engine: Which engine recognises it; empty: as the settings say.
            profile: The profile that corrects it; empty: as the settings say.

        Raises:
            HistoryError: There is no such recording.
            JournalError: The recording can't be read.
            LlmProfileError: There is no such profile.
        """
        return Dictation(lambda audio, notify: self._core.retry(entry_id, notify, engine, profile))

    def newest_recording(self) -> str:
        """Return the ID of the newest recording of the history.

        Raises:
            HistoryError: No recording is kept, or the newest dictation is not over.
        """
        return self._core.records.newest_recording()

    def recorrect(self, entry_id: str, *, profile: str = "") -> Dictation:
        """Correct the recognised text of an entry of the history again; arguments as for `retry`.

        Raises:
            HistoryError: There is no such entry, or nothing was heard.
            LlmProfileError: There is no such profile.
        """
        return Dictation(lambda audio, notify: self._core.recorrect(entry_id, notify, profile))


@asynccontextmanager
async def open_core(
    directory: str | os.PathLike[str] | None = None, rules: SessionRules = RULES, engine: str = ""
) -> AsyncIterator[OpenCore]:
    """Open a core on the running event loop; leaving the block ends its sessions.

    Args:
        directory: The configuration's folder, made if it is missing; None: the user's own.
        rules: What the program expects of a session.
        engine: The engine to use; empty: as the configuration says.
    """
    folder = config_directory(os.environ) if directory is None else Path(directory)
    store = Store(folder, os.environ)
    core = Core(Settings(store, engine), rules, asyncio.get_running_loop())
    try:
        yield OpenCore(core)
    finally:
        await core.close()
