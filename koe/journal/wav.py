"""Writes a recording as a WAV file. All calls block."""

from __future__ import annotations

import errno
import os
import wave
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from koe.events import SAMPLE_RATE_HZ
from koe.files.regular import NO_SURPRISES, is_regular


def write_wav(path: Path, audio: Iterable[bytes]) -> None:
    """Write a WAV file that only this user can read; an existing file is replaced.

    Args:
        path: The file. If it is a link, the file that it leads to is replaced.
        audio: 16 kHz mono s16le.

    Raises:
        OSError: It can't be written. An existing file is unchanged, and no temporary file is left.
    """
    target = Path(os.path.realpath(path))
    if os.path.lexists(target) and not is_regular(target.lstat()):
        raise OSError(errno.EISDIR, "it is no file", str(path))
    temporary = target.with_name(f".{target.name}.{os.urandom(8).hex()}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | NO_SURPRISES
    try:
        descriptor = os.open(temporary, flags, 0o600)
        with os.fdopen(descriptor, "wb") as file, wave.open(file, "wb") as wav:
            wav.setnchannels(1)
            wav.setsampwidth(2)
            wav.setframerate(SAMPLE_RATE_HZ)
            for pcm in audio:
                wav.writeframesraw(pcm)
        temporary.replace(target)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
