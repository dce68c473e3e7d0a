"""A shell that brings engines along: the library finds their functions in its process."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.abi import build
from tests.asr.packages import SOURCE

pytestmark = [
    pytest.mark.abi,
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such packages"),
]


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example, with both packages linked into the program itself."""
    target = tmp_path_factory.mktemp("shell") / "dictate"
    example = build.PROJECT / "examples" / "c" / "dictate.c"
    return build.compile_program(3, example, target, str(SOURCE), "-rdynamic")


@pytest.mark.parametrize("abi", build.GENERATIONS)
@pytest.mark.parametrize("provider", ["apple-speech", "mlx"])
def test_packages_that_nothing_can_look_up(abi: int, provider: str, tmp_path: Path) -> None:
    """The shell's linker hides them, so it says where they are."""
    source, hidden = build.SOURCES / "registering.c", "-fvisibility=hidden"
    shell = build.compile_program(abi, source, tmp_path / "registering", str(SOURCE), hidden)
    home = configured(tmp_path / "home", provider)
    result = build.run([shell, "register"], home)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout == "16000 samples\n"
    result = build.run([shell], home)
    assert result.returncode == 1
    assert "the program that runs koe does not contain it" in result.stdout


def configured(home: Path, provider: str) -> Path:
    (home / ".koe").mkdir(parents=True)
    config = f"asr: {{provider: {provider}}}\nllm: {{enabled: false}}\n"
    (home / ".koe" / "config.yaml").write_text(config, encoding="utf-8")
    return home


@pytest.mark.parametrize("provider", ["apple-speech", "mlx"])
def test_a_package_of_the_shell(shell: Path, tmp_path: Path, provider: str) -> None:
    recording = tmp_path / "speech.raw"
    recording.write_bytes(b"\1\2" * 48_000)
    home = configured(tmp_path / "home", provider)
    result = build.run([shell, "--fast", recording], home)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "48000 samples" in result.stdout


def test_a_recording_without_speech(shell: Path, tmp_path: Path) -> None:
    """By the contract, silence is a state alone; the example says it in words."""
    recording = tmp_path / "silence.raw"
    recording.write_bytes(bytes(16_000))
    result = build.run([shell, "--fast", recording], configured(tmp_path / "home", "moonshine"))
    assert (result.returncode, result.stderr) == (3, "dictate: nothing was said\n")
    assert "..." not in result.stdout  # an empty partial text is nothing to show


def test_a_shell_without_packages(tmp_path: Path) -> None:
    example = build.PROJECT / "examples" / "c" / "dictate.c"
    shell = build.compile_program(3, example, tmp_path / "dictate")
    recording = tmp_path / "speech.raw"
    recording.write_bytes(b"\1\2" * 16_000)
    result = build.run([shell, "--fast", recording], configured(tmp_path / "home", "mlx"))
    assert result.returncode == 1
    assert "the program that runs koe does not contain it" in result.stderr
