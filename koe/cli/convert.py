"""``koe convert``: convert a recording to the raw audio that shells pass to the core."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from koe.audio import AudioInput, open_recording
from koe.cli import Exit, writing
from koe.cli.usage import file_path
from koe.errors import AudioError, OutputError

_EPILOG = """\
OUT has no header. It contains 16 000 samples per second of one channel, as signed 16-bit integers,
low byte first. An existing OUT is replaced.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "file",
        metavar="IN.wav",
        type=file_path,
        help="a recording: WAV, or another format that libsndfile reads",
    )
    parser.add_argument(
        "out", metavar="OUT", type=file_path, help="the file to write; - for stdout"
    )
    parser.epilog = _EPILOG


def run(arguments: argparse.Namespace) -> int:
    """Convert; return the exit status."""
    # Opened first, so that a bad recording does not replace an existing file.
    with open_recording(arguments.file) as recording:
        if str(arguments.out) == "-":
            _write_to_stdout(recording)
        else:
            _write_to_file(recording, arguments.file, arguments.out)
    return Exit.OK


def _write_to_stdout(recording: AudioInput) -> None:
    if sys.stdout is None:
        raise OutputError("stdout is closed", unread=False)
    if sys.stdout.isatty():
        raise AudioError("raw audio is not for a terminal; name a file, or append: | PROGRAM")
    with writing():
        for pcm in recording:
            sys.stdout.buffer.write(pcm)
        sys.stdout.buffer.flush()


def _write_to_file(recording: AudioInput, source: Path, target: Path) -> None:
    try:
        if target.exists() and target.samefile(source):
            raise AudioError(f"{target} is the recording itself; name another file")
        with target.open("wb") as file:
            for pcm in recording:
                file.write(pcm)
    except OSError as exc:
        reason = exc.strerror or exc
        raise AudioError(f"{target} can't be written: {reason}; name another file") from exc
