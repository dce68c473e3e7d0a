"""Writes a recording as a WAV file. All calls block."""

from __future__ import annotations

import errno
import os
import wave
from collections.abc import Iterable
from pathlib import Path

from koe.events import SAMPLE_RATE_HZ
from koe.files.regular import is_regular
from koe.files.whole import replacing


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
        raise OSError(errno.EISDIR, "it is not a regular file", str(path))
    with replacing(target, 0o600) as file, wave.open(file, "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(SAMPLE_RATE_HZ)
        for pcm in audio:
            wav.writeframesraw(pcm)
