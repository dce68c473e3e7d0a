"""The history from a shell's side: a program in C, in each generation (koe_extra.h)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.abi import build

pytestmark = pytest.mark.abi


@pytest.mark.parametrize("abi", build.GENERATIONS)
def test_a_recording_is_lost_and_found(abi: int, speech: Path, tmp_path: Path) -> None:
    source = build.SOURCES / "history_story.c"
    program = build.compile_program(abi, source, tmp_path / "history_story")
    result = build.run([program, speech], tmp_path / "home")
    reported = f"{result.stdout}\n{result.stderr}"
    assert result.returncode == 0, reported
    *checks, plan = result.stdout.splitlines()
    assert plan == f"1..{len(checks)}", reported
    assert all(check.startswith("ok ") for check in checks), reported
    assert "Traceback" not in result.stderr, reported
