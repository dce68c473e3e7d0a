"""Modules without sources: what runs is the same, and says where it came from in relative terms."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from koe.bundle.bytecode import compiled, place

SOURCE = b'''\
"""About the module."""

from __future__ import annotations

class Thing:
    """About the thing."""

def fail() -> None:
    """About nothing else."""

async def other():
    """About the other."""
    assert False, __file__
'''


def test_a_module(tmp_path: Path) -> None:
    (tmp_path / "source.py").write_bytes(SOURCE)
    [placed] = place([(tmp_path / "source.py", "part/thing.py")], tmp_path / "out")
    assert placed == tmp_path / "out" / "part" / "thing.pyc"
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import thing;"
        "print(thing.__doc__, thing.Thing.__doc__, thing.fail(), thing.other.__doc__);"
        "print(thing.fail.__code__.co_filename)\n"
        "try: thing.other().send(None)\n"
        "except AssertionError: print('asserts')"
    )
    command = [sys.executable, "-I", "-c", program, str(placed.parent)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "None None None None\npart/thing.py\nasserts\n"
    assert [path.name for path in placed.parent.iterdir()] == ["thing.pyc"]
    assert str(tmp_path).encode() not in placed.read_bytes()


def test_it_depends_on_the_source_alone() -> None:
    assert compiled(SOURCE, "a.py") == compiled(SOURCE, "a.py")
    assert compiled(SOURCE, "a.py") != compiled(SOURCE + b"x = 1\n", "a.py")


def test_other_files_stay_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "data.txt").write_bytes(b"data")
    [placed] = place([(tmp_path / "data.txt", "data.txt")], tmp_path / "out")
    assert placed.read_bytes() == b"data"
