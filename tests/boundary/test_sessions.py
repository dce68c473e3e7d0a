"""The boundary from the other side: a host that is Python itself, and calls through ctypes.

The library joins the interpreter that is there. The host runs in a process of its own, because a
process has one koe library at the most. Everything else about the boundary is in tests/abi.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.abi import build
from tests.boundary.host import run_host

pytestmark = [
    pytest.mark.abi,
    pytest.mark.skipif(bool(build.SANITIZE), reason="a sanitizer must be loaded first"),
]

HOST = """
import ctypes, sys, threading

library = ctypes.CDLL(sys.argv[1])
done = threading.Event()
reported = []

TEXT = ctypes.CFUNCTYPE(None, ctypes.c_uint64, ctypes.c_char_p)
READY = ctypes.CFUNCTYPE(None, ctypes.c_uint64)
LOG = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p)
META = ctypes.CFUNCTYPE(None, ctypes.c_uint64, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_bool)

class Callbacks(ctypes.Structure):
    _fields_ = [("ready", READY), ("error", TEXT), ("warning", TEXT), ("final", TEXT),
                ("log", LOG), ("state", TEXT), ("interim", TEXT), ("heard", TEXT),
                ("rewrite", TEXT), ("meta", META)]

class Context(ctypes.Structure):
    _fields_ = [("mode", ctypes.c_int), ("id", ctypes.c_char_p), ("pid", ctypes.c_int),
                ("token", ctypes.c_uint64)]

def state(token, name):
    reported.append((token, name.decode()))
    if name in (b"idle", b"failed"):
        done.set()

callbacks = Callbacks(state=TEXT(state))
library.sp_core_register_callbacks(callbacks)
assert library.sp_core_create(None) == 0
for token in range(1, 4):
    done.clear()
    assert library.sp_core_session_begin(Context(1, b"app", 7, token)) == 0
    assert library.sp_core_push_audio(b"\\0" * 6400, 6400, 0) == 0
    assert library.sp_core_session_end() == 0
    assert done.wait(60)
library.sp_core_destroy()
for token, name in reported:
    print(token, name)
"""


LEAVING = """
import atexit, ctypes, sys, threading

@atexit.register
def look():  # after what is registered later
    print([thread.name for thread in threading.enumerate() if thread.name == "koe-loop"])

library = ctypes.CDLL(sys.argv[1])
assert library.sp_core_create(None) == 0
"""


EXPECTED = "".join(
    f"{token} {state}\n"
    for token in (1, 2, 3)
    for state in ("recording_toggle", "finalizing_asr", "idle")
)


def test_a_host_with_koe_installed(library: Path, tmp_path: Path) -> None:
    result = run_host(HOST, library, tmp_path)
    assert result.stdout == EXPECTED, result.stderr


def test_a_host_without_koe(library: Path, tmp_path: Path) -> None:
    """Its interpreter is of the same version, but has none of our packages."""
    result = run_host(HOST, library, tmp_path, python=sys._base_executable)  # type: ignore[attr-defined]
    assert result.stdout == EXPECTED, result.stderr


DAMAGED = """
import ctypes, sys
from importlib.machinery import PathFinder

class Damaged(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name == "koe.runner" else super().find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Damaged
library = ctypes.CDLL(sys.argv[1])
print(library.sp_core_create(None), library.sp_core_session_end())
"""


def test_an_installation_that_is_not_whole(library: Path, tmp_path: Path) -> None:
    """What is imported after the core was created is looked for before: no false success."""
    python = sys._base_executable  # type: ignore[attr-defined]
    result = build.run([python, "-c", DAMAGED, library], tmp_path / "home")
    assert result.stdout == "-1 0\n", result.stderr
    assert result.stderr == (
        "koe: the koe runtime is not running: missing: koe.runner; install koe again\n"
    )


def test_a_host_that_does_not_destroy(library: Path, tmp_path: Path) -> None:
    """Its core is stopped while the interpreter is still whole."""
    result = run_host(LEAVING, library, tmp_path)
    assert (result.returncode, result.stdout) == (0, "[]\n"), result.stderr
