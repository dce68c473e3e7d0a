from __future__ import annotations

import os
import stat
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest

from koe.journal.wav import write_wav


def test_a_file_is_written_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "out.wav"
    for pcm in (b"\1\0" * 300, b"\2\0" * 100):
        write_wav(path, [pcm[:100], b"", pcm[100:]])
        with wave.open(str(path)) as wav:
            assert wav.getparams()[:4] == (1, 2, 16_000, len(pcm) // 2)
            assert wav.readframes(1000) == pcm
    assert list(tmp_path.iterdir()) == [path]
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_error_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "out.wav"
    path.write_bytes(b"old")

    def audio() -> Iterator[bytes]:
        yield b"\0\0"
        raise OSError("the disk is bad")

    with pytest.raises(OSError, match="the disk is bad"):
        write_wav(path, audio())
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="it is not a regular file"):
        write_wav(tmp_path, [])
    with pytest.raises(FileNotFoundError):
        write_wav(tmp_path / "missing" / "out.wav", [])


@pytest.mark.skipif(os.name != "posix", reason="links need rights on Windows")
def test_a_link_stays(tmp_path: Path) -> None:
    link, target = tmp_path / "link.wav", tmp_path / "out.wav"
    link.symlink_to(target)
    write_wav(link, [b"\0\0"])
    assert link.is_symlink()
    assert target.read_bytes()[:4] == b"RIFF"
