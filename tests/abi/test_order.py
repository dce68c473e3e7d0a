"""Calls from many threads: the two sides of the seam must see them in one order."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.abi import build

pytestmark = pytest.mark.abi

NATIVE = build.PROJECT / "koe" / "native"
PARTS = ("shim", "settings", "ring", "thread")


@pytest.mark.parametrize("abi", build.GENERATIONS)
def test_everything_at_once(abi: int, tmp_path: Path) -> None:
    """Without Python, whose lock would order most of it."""
    sources = [build.SOURCES / "order_stress.c", *(NATIVE / f"{name}.c" for name in PARTS)]
    include = build.library(abi).parent / "include"
    program = tmp_path / "order_stress"
    flags = [*build.FLAGS, f"-DKOE_ABI={abi}", f"-I{include}", f"-I{NATIVE}"]
    subprocess.run([*flags, *map(str, sources), "-lpthread", "-o", str(program)], check=True)
    result = build.run([program, "200"], tmp_path / "home")
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.startswith("ok 200 rounds")
