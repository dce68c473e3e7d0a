"""That make does what it is asked to, also the second time: its Python is a stub that says so."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent

pytestmark = pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")

# Makes an environment whose Python writes down who made it, what is asked, and the compiler.
STUB = """\
#!/bin/sh
[ "$1" = -m ] || exit 0
rm -rf .venv && mkdir -p .venv/bin
cat > .venv/bin/python << end
#!/bin/sh
[ "\\$1" = -m ] && shift
echo "$(basename "$0"): \\$1 \\$CC" >> log
end
chmod +x .venv/bin/python
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    shutil.copy(PROJECT / "Makefile", tmp_path)
    for name in ("pyproject.toml", "requirements.lock", "build_ffi.py", "include/koe_core.h"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    for name in ("one", "other"):
        (tmp_path / name).write_text(STUB)
        (tmp_path / name).chmod(0o755)
    return tmp_path


def make(checkout: Path, *choices: str) -> list[str]:
    """Run `make lib`; returns what the environment's Python was asked to do."""
    log = checkout / "log"
    log.write_text("")
    environment = {"PATH": os.environ["PATH"]}
    subprocess.run(["make", "lib", *choices], cwd=checkout, env=environment, check=True)
    return [line.strip() for line in log.read_text().splitlines()]


def test_a_choice_holds_until_there_is_another(checkout: Path) -> None:
    environment = ["install_packages.py", "pip"]
    assert make(checkout, "PYTHON=./one") == says("one", *environment, "build_ffi.py cc")
    assert make(checkout) == []
    assert make(checkout, "CC=gcc -m64") == says("one", "build_ffi.py gcc -m64")
    assert make(checkout) == []
    other = says("other", *environment, "build_ffi.py gcc -m64")
    assert make(checkout, "PYTHON=./other") == other
    assert make(checkout, "CC=cc") == says("other", "build_ffi.py cc")
    assert make(checkout) == []


def says(python: str, *requests: str) -> list[str]:
    """The lines of a log."""
    return [f"{python}: {request}" for request in requests]


def test_a_recording_may_have_any_name(checkout: Path) -> None:
    """It is a file's name all the way, and nothing that a shell would understand."""
    (checkout / "examples" / "c").mkdir(parents=True)
    (checkout / "examples" / "c" / "dictate.c").touch()
    (checkout / "cc").write_text('#!/bin/sh\n[ -e build/dictate ] || cp "$0" build/dictate\n')
    (checkout / "cc").chmod(0o755)
    make(checkout, "PYTHON=./one", "CC=./cc")
    (checkout / ".venv" / "bin" / "koe").write_text('#!/bin/sh\necho "$2" > log\n')
    (checkout / ".venv" / "bin" / "koe").chmod(0o755)
    name = 'Bob\'s "talk" `id`.wav'
    environment = {"PATH": os.environ["PATH"]}
    subprocess.run(["make", "run", f"WAV={name}"], cwd=checkout, env=environment, check=True)
    assert (checkout / "log").read_text() == f"{name}\n"


def test_a_python_that_will_not_do_is_not_kept(checkout: Path) -> None:
    make(checkout, "PYTHON=./one")
    with pytest.raises(subprocess.CalledProcessError):
        make(checkout, "PYTHON=false")
    assert make(checkout) == []
