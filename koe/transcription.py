"""A whole recording as text, in one call."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from koe import daemon_threads
from koe.audio import AudioInput, open_recording
from koe.dictation import open_core
from koe.errors import AudioError, KoeError
from koe.events import Deliver, Notice, ReportError, Warn
from koe.intake import checked_array

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from koe.intake import Audio

__all__ = ["Transcription", "transcribe"]

# How many samples of an array are converted at once.
_BLOCK = 65_536


class DictationError(KoeError):
    """A dictation failed, so that there is no text; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Transcription:
    """What was said in a recording.

    Attributes:
        text: The text; empty if there is no speech in it.
        heard: The text before a language model corrected it.
        engine: The engine that recognised it; empty if there is no speech.
        corrected: Whether the text is a correction of what was heard.
        is_whole: False: something that was said is missing, as a warning says.
        warnings: Problems in spite of which there is a text, among them why it was not corrected.
    """

    text: str
    heard: str
    engine: str
    corrected: bool
    is_whole: bool
    warnings: tuple[str, ...]


def transcribe(
    source: str | os.PathLike[str] | NDArray[Any],
    *,
    rate: int | None = None,
    engine: str = "",
    directory: str | os.PathLike[str] | None = None,
) -> Transcription:
    """Recognise a recording, and wait for its text.

    It runs an event loop. Where one runs already, await ``asyncio.to_thread(transcribe, …)``.

    Args:
        source: The path of a recording of any kind that libsndfile reads. Or a numpy array of the
            shape (samples,) or (samples, channels): floats between -1 and 1, or int16.
        rate: Samples per second of an array; None for a file, which contains its rate.
        engine: Which engine recognises it; empty: as the settings say.
        directory: The configuration's folder, made if it is missing; None: the user's own.

    Raises:
        AudioError: The recording can't be used.
        DictationError: There is no text, although there may be speech.
        ConfigError: The settings can't be read.
    """
    _refuse_loop()
    if isinstance(source, bytes | bytearray | memoryview):
        raise AudioError("the format of bytes is unknown; pass a path, or a numpy array")
    if not isinstance(source, str | os.PathLike):
        blocks = _blocks(checked_array(source), rate)
        return daemon_threads.run(_transcribe(blocks, rate, engine, directory))
    if rate is not None:
        path = os.fspath(source)
        raise AudioError(f"{path} contains its sample rate; pass rate only with an array")
    with open_recording(Path(source)) as recording:
        return daemon_threads.run(_transcribe(recording, None, engine, directory))


def _refuse_loop() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise DictationError(
        "koe.transcribe would block the event loop of this thread; use: "
        "await asyncio.to_thread(koe.transcribe, …)"
    )


def _blocks(array: NDArray[Any], rate: int | None) -> Iterator[NDArray[Any]]:
    if rate is None:
        raise AudioError("the sample rate of the array is missing; give it, as in rate=48000")
    if not array.size:
        raise AudioError("the array is empty; pass one with samples")
    return (array[start : start + _BLOCK] for start in range(0, len(array), _BLOCK))


async def _transcribe(
    blocks: Iterable[Audio],
    rate: int | None,
    engine: str,
    directory: str | os.PathLike[str] | None,
) -> Transcription:
    async with open_core(directory, engine=engine) as core:
        session = core.begin(rate=rate, is_file=True)
        for block in blocks:
            await session.feed(block)
        session.end(blocks.flaw if isinstance(blocks, AudioInput) else "")
        return _result([notice async for notice in session])


def _result(notices: list[Notice]) -> Transcription:
    delivered = Deliver("", "", "", corrected=False)
    warnings = []
    for notice in notices:
        match notice:
            case Deliver():
                delivered = notice
            case Warn(message):
                warnings.append(message)
            case ReportError(message):
                raise DictationError(message)
    if delivered.remark:
        warnings.append(f"not corrected: {delivered.remark}")
    return Transcription(
        text=delivered.text,
        heard=delivered.heard,
        engine=delivered.engine,
        corrected=delivered.corrected,
        is_whole=delivered.is_whole,
        warnings=tuple(warnings),
    )
