"""``koe convert``: a recording as the raw audio that shells hand over."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from koe.audio import AudioInput, open_recording
from koe.cli import Exit, writing
from koe.cli.usage import file_path
from koe.errors import AudioError

_EPILOG = """\
The result has no header: 16 000 samples per second, one channel, signed 16-bit integers with the
low byte first. Whatever is in OUT is replaced.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("file", metavar="IN.wav", type=file_path, help="a WAV file of any kind")
    parser.add_argument("out", metavar="OUT", type=file_path, help="where to write; - is stdout")
    parser.epilog = _EPILOG


def run(arguments: argparse.Namespace) -> int:
    """Convert; return the exit status."""
    # Opened first, so that a bad recording costs no good file.
    with open_recording(arguments.file) as recording:
        if str(arguments.out) == "-":
            _write_to_stdout(recording)
        else:
            _write_to_file(recording, arguments.file, arguments.out)
    return Exit.OK


def _write_to_stdout(recording: AudioInput) -> None:
    if sys.stdout.isatty():
        raise AudioError("raw audio is not for a terminal; name a file, or add: | PROGRAM")
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
        raise AudioError(f"{target} cannot be written: {exc.strerror or exc}") from exc
