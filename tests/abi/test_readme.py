"""The sample in README: it compiles as C and as C++, and it ends in all cases."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.abi import build

pytestmark = [
    pytest.mark.abi,
    pytest.mark.skipif(sys.platform == "win32", reason="the sample sleeps by usleep"),
]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample, in a file."""
    page = (build.PROJECT / "README.md").read_text(encoding="utf-8")
    samples = re.findall(r"```c\n(.*?)```", page, re.S)
    assert len(samples) == 1
    path = tmp_path_factory.mktemp("sample") / "hello.c"
    path.write_text(samples[0], encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def sample(source: Path) -> Path:
    """The program."""
    return build.compile_program(3, source, source.with_suffix(""))


def test_it_is_cpp_too(source: Path) -> None:
    include = build.library(3).parent / "include"
    cpp = [
        *shlex.split("c++ -x c++ -std=c++17 -Wall -Wextra -Werror -fsyntax-only"),
        f"-I{include}",
    ]
    subprocess.run([*cpp, source], check=True)


def test_speech(sample: Path, speech: Path, tmp_path: Path) -> None:
    done = build.run([sample, speech], tmp_path / "home")
    assert done.returncode == 0
    assert done.stdout.lower().startswith("ever tried"), done.stderr


def test_silence(sample: Path, tmp_path: Path) -> None:
    recording = tmp_path / "silence.pcm"
    recording.write_bytes(bytes(16_000))
    done = build.run([sample, recording], tmp_path / "home")
    assert (done.returncode, done.stdout) == (0, "")


def test_an_engine_that_is_not_there(sample: Path, tmp_path: Path) -> None:
    folder = tmp_path / "home" / ".koe"
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text("asr: {provider: glm}\n", encoding="utf-8")
    recording = tmp_path / "speech.pcm"
    recording.write_bytes(b"\1\2" * 16_000)
    done = build.run([sample, recording], tmp_path / "home")
    assert (done.returncode, done.stdout) == (0, "")
    assert "asr.glm.api_key" in done.stderr


def test_no_recording(sample: Path, tmp_path: Path) -> None:
    assert build.run([sample], tmp_path / "home").returncode == 1
