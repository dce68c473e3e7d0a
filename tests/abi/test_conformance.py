"""What docs/conformance.md says to people whose shell or library is another one."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.abi import build

pytestmark = pytest.mark.abi


@pytest.mark.skipif(bool(build.SANITIZE) or sys.platform != "linux", reason="as on one's own Linux")
def test_the_conformance_kit_runs_as_documented() -> None:
    page = (build.PROJECT / "docs" / "conformance.md").read_text(encoding="utf-8")
    script = "".join(re.findall(r"```sh\n(.*?)```", page, re.S))
    assert "tests.servers" in script
    reported = subprocess.run(
        ["sh", "-eu", "-c", script], cwd=build.PROJECT, capture_output=True, text=True, check=False
    )
    assert reported.returncode == 0, reported.stdout + reported.stderr
    assert "not ok" not in reported.stdout
    assert reported.stdout.count("\n1..") == 5
