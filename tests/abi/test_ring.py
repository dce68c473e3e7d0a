from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.abi import build

pytestmark = pytest.mark.abi

NATIVE = build.PROJECT / "koe" / "native"


@pytest.fixture(scope="module")
def stress(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("ring") / "ring_stress"
    sources = [build.SOURCES / "ring_stress.c", NATIVE / "ring.c"]
    command = [*build.FLAGS, f"-I{NATIVE}", *map(str, sources), "-lpthread", "-o", str(target)]
    subprocess.run(command, check=True)
    return target


@pytest.mark.parametrize("producers", [1, 2, 8])
def test_producers_and_a_reader(stress: Path, producers: int, tmp_path: Path) -> None:
    frames = 24_000 // producers // (8 if "thread" in build.SANITIZE else 1)
    result = build.run([stress, str(producers), str(frames)], tmp_path / "home")
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.count("ok ") == 4


@pytest.mark.skipif(bool(build.SANITIZE), reason="a sanitizer calls functions of its own")
def test_pushing_can_make_no_system_call_and_no_allocation(tmp_path: Path) -> None:
    """What the object file asks of others is all that a push could call."""
    target = tmp_path / "ring.o"
    subprocess.run(
        [*build.FLAGS, "-O2", "-c", str(NATIVE / "ring.c"), "-o", str(target)], check=True
    )
    undefined = subprocess.run(
        ["nm", "--undefined-only", str(target)], check=True, capture_output=True, text=True
    ).stdout
    names = {line.split()[-1] for line in undefined.splitlines()}
    assert names <= {"memcpy", "memset", "_GLOBAL_OFFSET_TABLE_", "__stack_chk_fail"}
