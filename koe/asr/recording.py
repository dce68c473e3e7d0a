"""Engines that get the whole recording at once, after its end, over HTTP.

Nothing leaves this machine before the input has ended, so a recording that is cancelled before its
end is never sent. Services limit the length of a recording; a longer one is cut where it is quiet.
Each piece is retried by itself, so that a failed piece does not cost the others.
"""

from __future__ import annotations

import asyncio
import logging
import struct
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from koe.asr import WORKING_INTERVAL, Engine
from koe.asr.reply import Interpretation, ReplyDocument, UploadReply
from koe.asr.upload import Upload, Uploader, open_uploader
from koe.config.engines import GlmConfig, MimoConfig
from koe.endpoint import check_endpoint, shown
from koe.errors import (
    AsrConnectionError,
    AsrError,
    AsrProtocolError,
    AsrTimeoutError,
    EndpointError,
    EngineUnavailableError,
)
from koe.events import (
    BYTES_PER_SECOND,
    DefiniteHeard,
    EngineClosed,
    EngineWorking,
    Event,
    FinalHeard,
    InterimHeard,
)
from koe.stitching import find_pause
from koe.text import join_segments, pasted_key

# Seconds for one exchange, from the first byte sent to the last received, unless the settings allow
# more; the length of the speech is added, for slow networks and services. The default of
# ``final_wait_timeout`` is too short here: it suits engines that have already heard the speech.
EXCHANGE_TIMEOUT = 30.0

# Seconds before each retry of a piece, unless the service asks for a longer pause.
RETRY_DELAYS = (0.0, 0.5, 1.0, 2.0)

# A piece whose text is too long for the service is cut in two, unless it is shorter than this.
_SHORTEST_PIECE = 10.0

# Reasons for a stop before the text is whole: it is too long, or was filtered.
_TOO_LONG = "length"
_WITHHELD = "content_filter"

# The range, in seconds before the longest length, in which a cut is made.
_CUT_RANGE = 10.0

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Service:
    """A service that recognises recordings, as one user has it configured.

    Attributes:
        name: The engine's name, as in the configuration.
        settings: Its address, the user's key, and the time limits.
        longest: The longest recording that it accepts, in seconds.
        build_upload: Makes the request for a WAV file.
        interpret: Interprets its documents; see `UploadReply`.
    """

    name: str
    settings: GlmConfig | MimoConfig
    longest: float
    build_upload: Callable[[bytes], Upload]
    interpret: Callable[[ReplyDocument, str], Interpretation]


class RecordingEngine(Engine):
    """Collects the recording, and uploads it when it is complete.

    Raises:
        EngineUnavailableError: There is no key.
        AsrConnectionError: The key or the address can't be used.
    """

    is_persistent = True

    def __init__(self, service: Service) -> None:
        settings = service.settings
        self._service = service
        # The user's key.
        self._key = _checked_key(service.name, settings.api_key)
        # Its address, checked.
        self._url = _checked_url(settings.url.strip() or type(settings).url)
        # The client, between connect and close.
        self._uploader: Uploader | None = None
        # The recording.
        self._pcm = bytearray()
        # Events that were not returned yet; an exception is the last.
        self._events: asyncio.Queue[Event | BaseException] = asyncio.Queue()
        # Uploads the recording; None before the end of the input.
        self._exchange: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        """Prepare the client; no server is contacted."""
        self._uploader = await open_uploader(self._url, self._service.settings.connect_timeout)

    async def send_audio(self, pcm: bytes) -> None:
        """Collect the audio."""
        if self._uploader is None:
            raise AsrConnectionError("not connected")
        if self._exchange is None:
            self._pcm += pcm

    async def finish_input(self) -> None:
        """Begin to upload the recording; `next_event` returns the result."""
        if self._uploader is None:
            raise AsrConnectionError("not connected")
        if self._exchange is None:
            self._exchange = asyncio.create_task(self._hand_over(self._uploader))
            self._exchange.add_done_callback(self._note_end)

    async def next_event(self) -> Event:
        """Wait for the next event; may be cancelled and called again."""
        said = await self._events.get()
        if isinstance(said, Event):
            return said
        raise said

    async def close(self) -> None:
        """Cancel the exchange, if one runs, and drop the recording."""
        if self._exchange is not None:
            self._exchange.cancel()
            await asyncio.wait([self._exchange])
        uploader, self._uploader = self._uploader, None
        if uploader is not None:
            await uploader.close()
        self._pcm.clear()
        self._events.put_nowait(EngineClosed())

    async def _hand_over(self, uploader: Uploader) -> None:
        pcm, self._pcm = bytes(self._pcm[: len(self._pcm) & ~1]), bytearray()
        pieces = deque(cut(pcm, self._service.longest))
        working = asyncio.create_task(self._tell_that_it_works())
        heard: list[str] = []
        done = 0
        try:
            while pieces:
                if done:
                    self._events.put_nowait(DefiniteHeard(join_segments(heard), done))
                piece = pieces.popleft()
                try:
                    heard.append(await self._transcribe(uploader, piece, heard))
                except _TextTooLongError:
                    if len(piece) < _SHORTEST_PIECE * BYTES_PER_SECOND:
                        raise
                    pieces.extendleft(reversed(cut(piece, len(piece) / BYTES_PER_SECOND / 2)))
                else:
                    done += len(piece) // 2
            self._events.put_nowait(FinalHeard(join_segments(heard), done))
            self._events.put_nowait(EngineClosed())
        finally:
            working.cancel()

    async def _transcribe(self, uploader: Uploader, pcm: bytes, heard: list[str]) -> str:
        """Upload one piece until there is a text, with retries.

        Raises:
            AsrError: The last try failed, or another one would fail in the same way or come too
                late.
        """
        limit = max(EXCHANGE_TIMEOUT, self._service.settings.final_wait_timeout)
        delays = iter(RETRY_DELAYS)
        clock = asyncio.get_running_loop().time
        seconds = limit + len(pcm) / BYTES_PER_SECOND
        end = clock() + seconds
        try:
            async with asyncio.timeout_at(end):
                while True:
                    try:
                        # The time limit of one try leaves time for a second one if the service
                        # stalls.
                        async with _time_limit(seconds / 2):
                            return await self._try(uploader, pcm, heard, clock() + seconds / 2)
                    except AsrError as exc:
                        delay = next(delays, None)
                        if exc.is_permanent or delay is None:
                            raise
                        delay = max(delay, exc.retry_after or 0.0)
                        if clock() + delay >= end:
                            raise
                        log.info("a piece is tried again after %s", type(exc).__name__)
                    await asyncio.sleep(delay)
        except TimeoutError as exc:
            raise AsrTimeoutError from exc

    async def _try(self, uploader: Uploader, pcm: bytes, heard: list[str], deadline: float) -> str:
        """Upload one piece, and return its text.

        Raises:
            AsrError: The service could not be reached, or its text is incomplete.
        """
        upload = self._service.build_upload(wav(pcm))
        reply = UploadReply(self._service.interpret, self._key)

        def tell(interims: list[InterimHeard]) -> None:
            for interim in interims:
                self._events.put_nowait(InterimHeard(join_segments([*heard, interim.text])))

        def receive(data: bytes) -> bool:
            tell(reply.receive(data))
            return not reply.over

        await uploader.send(upload, receive, deadline)
        tell(reply.end())
        if (refusal := reply.refusal) is not None:
            is_permanent = refusal.code in upload.permanent_errors
            raise AsrProtocolError(refusal.message, is_permanent=is_permanent)
        if reply.stopped:
            message = f"the service stopped before the text was whole ({reply.stopped})"
            if reply.stopped == _TOO_LONG:
                raise _TextTooLongError(message, is_permanent=True)
            raise AsrProtocolError(message, is_permanent=reply.stopped == _WITHHELD)
        if not reply.is_whole:
            raise AsrProtocolError("the reply ended before the text was whole")
        return reply.text

    async def _tell_that_it_works(self) -> None:
        while True:
            self._events.put_nowait(EngineWorking())
            await asyncio.sleep(WORKING_INTERVAL)

    def _note_end(self, exchange: asyncio.Task[None]) -> None:
        if not exchange.cancelled() and (exc := exchange.exception()) is not None:
            self._events.put_nowait(exc)


@asynccontextmanager
async def _time_limit(seconds: float) -> AsyncIterator[None]:
    """Raise AsrTimeoutError after a number of seconds."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as exc:
        raise AsrTimeoutError from exc


class _TextTooLongError(AsrProtocolError):
    """The text of a piece is too long for the service."""


def _checked_key(name: str, api_key: str) -> str:
    key, setting = pasted_key(api_key), f"asr.{name}.api_key"
    if not key:
        raise EngineUnavailableError(name, f"it has no key; set {setting}")
    if not (key.isascii() and key.isprintable()):
        refusal = f"{setting} contains a character that no key has; copy the key again"
        raise AsrConnectionError(refusal, is_permanent=True)
    return key


def _checked_url(url: str) -> str:
    try:
        checked = check_endpoint(url)
    except EndpointError as exc:
        raise AsrConnectionError(str(exc), is_permanent=True) from exc
    if not checked.startswith(("https:", "http:")):
        refusal = f"invalid URL: {shown(checked)} does not begin with https://"
        raise AsrConnectionError(refusal, is_permanent=True)
    return checked


def wav(pcm: bytes) -> bytes:
    """Put a WAV header before 16 kHz mono s16le (spec asr §2.3.2)."""
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", 36 + len(pcm), b"WAVE"),
        *(b"fmt ", 16, 1, 1, BYTES_PER_SECOND // 2, BYTES_PER_SECOND, 2, 16),
        *(b"data", len(pcm)),
    ) + pcm  # fmt: skip


def cut(pcm: bytes, longest: float) -> list[bytes]:
    """Cut whole samples into pieces of at most ``longest`` seconds, where it is quiet.

    Returns:
        The pieces, which together are the recording; no pieces for no samples.
    """
    limit = int(longest * BYTES_PER_SECOND) & ~1
    earliest = max(limit - int(_CUT_RANGE * BYTES_PER_SECOND), limit // 2) & ~1
    pieces: list[bytes] = []
    start = 0
    while len(pcm) - start > limit:
        tail = pcm[start + earliest : start + limit]
        end = start + earliest + 2 * find_pause(tail, len(tail) // 2)
        pieces.append(pcm[start:end])
        start = end
    return [*pieces, pcm[start:]] if len(pcm) > start else pieces
