"""``koe dictate``: turn recordings, or speech from the microphone, into text."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from koe import daemon_threads
from koe.asr import ENGINES
from koe.audio import AudioInput, open_pipe, open_recording
from koe.cli import Exit, print_error
from koe.cli.reading import Reading
from koe.cli.report import (
    DictationProgress,
    JsonReport,
    Report,
    TextReport,
    reported,
    reporting_interrupts,
    run_session,
)
from koe.cli.usage import add_config_option, file_path
from koe.dictation import Dictation, open_core
from koe.errors import AudioError
from koe.events import BYTES_PER_SECOND, Mode
from koe.microphone import Microphone

# Seconds of audio in each chunk: live, or read from a file at the speed of speech.
_SPOKEN_CHUNK = 0.2
# Seconds of audio in each chunk that is read from a file as fast as possible.
_FILE_CHUNK = 1.0

_STDIN = "-"

_EPILOG = """\
The text is written to stdout. During recognition, a terminal shows the text so far, and for a long
recording how much of it is recognised. With several files, each text follows the name of its file.

FILE may have any format that libsndfile reads: WAV, FLAC, Ogg, MP3, AIFF, CAF and more. A WAV file
from a pipe is recognised while it arrives. Ctrl-C stops at once and prints the text so far.

exit status:
  0    the whole text was printed
  1    an error, described on stderr; an incomplete text is still printed, and so are the texts of
       the other files
  2    wrong usage
  3    there was no speech
  130  interrupted with Ctrl-C

with --json, one object per line, in UTF-8; with files, each also has "file": NAME:
  {"event": "state", "state": NAME}       the state of the session: recording_hold,
                                          finalizing_asr, ...
  {"event": "ready"}                      speak now
  {"event": "interim", "text": TEXT}      the whole text so far; it replaces the previous one
  {"event": "warning", "message": TEXT}   a problem that did not end the session
  {"event": "error", "message": TEXT}     why there will be no text
  {"event": "heard", "text": TEXT}        the recognised text, before correction
  {"event": "interrupted", "text": TEXT}  Ctrl-C was pressed; the text so far
  {"event": "final", "text": TEXT, "heard": TEXT, "engine": NAME, "corrected": BOOLEAN,
   "remark": TEXT, "whole": BOOLEAN, "audio_seconds": NUMBER, "seconds": NUMBER}
                                          the text; remark: why a correction was not used; whole:
                                          whether all of the recording was recognised;
                                          audio_seconds: the length of the recording; seconds: how
                                          long the dictation took
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "files", metavar="FILE", nargs="*", type=file_path, default=[],
        help="recordings of any format; - reads one from stdin",
    )  # fmt: skip
    source.add_argument(
        "--mic",
        action="store_true",
        help="use the microphone; Enter ends the recording, Ctrl-C stops at once",
    )
    parser.add_argument("--json", action="store_true", help="print all events as JSON")
    parser.add_argument(
        "--realtime", action="store_true", help="read the file at the speed of speech"
    )
    parser.add_argument(
        "--engine", metavar="NAME", choices=ENGINES, default="",
        help="recognise with this engine, instead of the configured one; koe engines lists them",
    )  # fmt: skip
    add_config_option(parser)
    parser.epilog = _EPILOG


def run(arguments: argparse.Namespace) -> int:
    """Dictate; return the exit status."""
    kind: type[Report] = JsonReport if arguments.json else TextReport
    if arguments.mic:
        report = kind(DictationProgress())
        return run_session(report, _dictate_speech(report, arguments))
    has_name = arguments.json or len(arguments.files) > 1
    names = [_name(file) if has_name else "" for file in arguments.files]
    reports = [kind(DictationProgress(), name) for name in names]
    try:
        daemon_threads.run(_dictate_files(reports, arguments))
    except KeyboardInterrupt:
        if all(report.status is not Exit.INTERRUPTED for report in reports):
            raise
    statuses = {report.status for report in reports}
    worst_first = (Exit.INTERRUPTED, Exit.ERROR, Exit.NO_SPEECH, Exit.OK)
    return next(status for status in worst_first if status in statuses)


def _name(file: Path) -> str:
    return "stdin" if str(file) == _STDIN else str(file)


async def _dictate_files(reports: list[Report], arguments: argparse.Namespace) -> None:
    for file, report in zip(arguments.files, reports, strict=True):
        await reported(report, _dictate_file(file, report, arguments))


async def _dictate_file(file: Path, report: Report, arguments: argparse.Namespace) -> None:
    report.progress.began = time.monotonic()
    seconds = _SPOKEN_CHUNK if arguments.realtime else _FILE_CHUNK
    reading = Reading(partial(_open, file, seconds))
    async with reading as recording:
        report.progress.duration = recording.duration
        chunks = _at_speaking_speed(reading) if arguments.realtime else aiter(reading)
        async with open_core(arguments.config, engine=arguments.engine) as core:
            await dictate(core.begin(is_file=True), _checked(chunks, recording), report)


def _open(file: Path, seconds_per_chunk: float) -> AudioInput:
    if str(file) != _STDIN:
        return open_recording(file, seconds_per_chunk)
    if sys.stdin is None or sys.stdin.isatty():
        raise AudioError(
            "stdin is not a recording; redirect one to it, as in: koe dictate - < talk.wav"
        )
    return open_pipe(os.dup(sys.stdin.fileno()), _name(file), _SPOKEN_CHUNK)


async def _dictate_speech(report: Report, arguments: argparse.Namespace) -> None:
    core_opened = open_core(arguments.config, engine=arguments.engine)
    async with core_opened as core, Microphone() as microphone:
        _when_enter_is_pressed(microphone.stop)
        print_error("speak now; press Enter to end")
        await dictate(core.begin(Mode.TOGGLE), listen(microphone), report)


async def dictate(session: Dictation, chunks: AsyncIterator[bytes], report: Report) -> None:
    """Feed the audio to a session, and report its notices until it is over."""
    feeder = asyncio.create_task(_feed(session, chunks, report))
    try:
        with reporting_interrupts(report):
            async for notice in session:
                report.progress.recognised = session.recognised
                report.show(notice)
    finally:
        feeder.cancel()
        with suppress(asyncio.CancelledError):
            await feeder


async def _feed(session: Dictation, chunks: AsyncIterator[bytes], report: Report) -> None:
    flaw = ""
    try:
        async for pcm in chunks:
            await session.feed(pcm)
            report.advance(len(pcm) / BYTES_PER_SECOND)
    except AudioError as exc:  # the audio before the error is still recognised
        flaw = str(exc)
    finally:
        session.end(flaw)


async def listen(microphone: Microphone) -> AsyncIterator[bytes]:
    """Yield the audio of a microphone.

    Raises:
        AudioError: At the end, if audio was lost.
    """
    async for pcm in microphone:
        yield pcm
    if microphone.overflows:
        times = f"{microphone.overflows} time{'s' if microphone.overflows > 1 else ''}"
        raise AudioError(
            f"audio was lost {times} because this computer was busy; close other programs"
        )


async def _checked(chunks: AsyncIterator[bytes], recording: AudioInput) -> AsyncIterator[bytes]:
    """Yield the chunks of a recording.

    Raises:
        AudioError: At the end, if the recording is damaged.
    """
    async for pcm in chunks:
        yield pcm
    if recording.flaw:
        raise AudioError(recording.flaw)


async def _at_speaking_speed(reading: Reading) -> AsyncIterator[bytes]:
    """Yield each chunk at the time when a speaker would have finished it."""
    clock = asyncio.get_running_loop().time
    spoken_at = clock()
    async for pcm in reading:
        spoken_at += len(pcm) / BYTES_PER_SECOND
        await asyncio.sleep(spoken_at - clock())
        yield pcm


def _when_enter_is_pressed(action: Callable[[], None]) -> None:
    """Call ``action`` once, on the loop, when stdin has a complete line or ends.

    A thread waits for it, because event loops on Windows can't watch a console. The thread reads
    the file descriptor: a thread in ``sys.stdin`` would hold a lock that Python takes at exit.
    """
    loop = asyncio.get_running_loop()
    if sys.stdin is None:
        loop.call_soon(action)
        return
    descriptor = sys.stdin.fileno()

    def wait() -> None:
        with suppress(OSError):  # the terminal was closed
            while (typed := os.read(descriptor, 1024)) and b"\n" not in typed:
                pass
        with suppress(RuntimeError):  # the loop has already ended
            loop.call_soon_threadsafe(action)

    threading.Thread(target=wait, name="enter-key", daemon=True).start()
