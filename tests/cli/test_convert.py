from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from koe.cli import Exit, main
from tests.cli.command import command, environment, run_koe
from tests.wav import as_integers, tone, wav


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "speech.wav"
    path.write_bytes(wav(b"\1\0\2\0\3\n"))
    return path


def test_into_a_file(recording: Path, tmp_path: Path) -> None:
    assert main(["convert", str(recording), str(tmp_path / "out.pcm")]) == Exit.OK
    assert (tmp_path / "out.pcm").read_bytes() == b"\1\0\2\0\3\n"


def test_into_a_pipe(recording: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        command("convert", recording, "-"),
        env=environment(tmp_path),
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (Exit.OK, b"\1\0\2\0\3\n", b"")


def test_other_rates_are_resampled(tmp_path: Path) -> None:
    source, target = tmp_path / "cd.wav", tmp_path / "out.pcm"
    source.write_bytes(wav(as_integers(tone(1.0, 44_100), 16), rate_hz=44_100))
    assert main(["convert", str(source), str(target)]) == Exit.OK
    assert target.stat().st_size == pytest.approx(32_000, abs=4)


def test_a_bad_recording_costs_no_good_file(tmp_path: Path) -> None:
    target = tmp_path / "out.pcm"
    target.write_bytes(b"precious")
    done = run_koe("convert", tmp_path / "none.wav", target, home=tmp_path)
    assert done.returncode == Exit.ERROR
    assert (
        done.stderr == f"koe: {tmp_path / 'none.wav'} does not exist; give an existing recording\n"
    )
    assert target.read_bytes() == b"precious"


def test_not_onto_itself(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = recording.read_bytes()
    assert main(["convert", str(recording), str(recording)]) == Exit.ERROR
    assert "is the recording itself; name another file" in capsys.readouterr().err
    assert recording.read_bytes() == content


def test_a_target_that_cannot_be_written(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "no such folder" / "out.pcm"
    assert main(["convert", str(recording), str(target)]) == Exit.ERROR
    assert capsys.readouterr().err.startswith(f"koe: {target} can't be written: ")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo terminals of this kind")
def test_not_onto_a_terminal(recording: Path, tmp_path: Path) -> None:
    import pty

    controller, terminal = pty.openpty()
    done = subprocess.run(
        command("convert", recording, "-"),
        env=environment(tmp_path),
        stdout=terminal,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(terminal)
    os.close(controller)
    assert done.returncode == Exit.ERROR
    assert done.stderr.startswith(b"koe: raw audio is not for a terminal; name a file")
