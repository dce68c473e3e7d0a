"""The boundary from the other side: a host that is Python itself, and calls through ctypes.

The library joins the interpreter that is there. The host runs in a process of its own, because a
process has one koe library at the most. Everything else about the boundary is in tests/abi.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.abi import build

pytestmark = [
    pytest.mark.abi,
    pytest.mark.skipif(bool(build.SANITIZE), reason="a sanitizer must be loaded first"),
]

HOST = """
import ctypes, sys, threading

library = ctypes.CDLL(sys.argv[1])
done = threading.Event()
told = []

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
    told.append((token, name.decode()))
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
for token, name in told:
    print(token, name)
"""


TEXTS = """
import ctypes, sys

library = ctypes.CDLL(sys.argv[1])
library.sp_core_free_string.argtypes = [ctypes.c_void_p]
library.sp_core_create(None)
from koe.boundary import _text_for_shell, ffi
for text in ("", "caf\\u00e9 \\u53e3", "half \\ud83d", "in\\0side", "x" * 1_000_000):
    copy = _text_for_shell(text)
    told = ffi.string(copy).decode()
    print(ascii(told) if len(told) < 100 else len(told))
    library.sp_core_free_string(int(ffi.cast("uintptr_t", copy)))
library.sp_core_destroy()
"""

LEAVING = """
import atexit, ctypes, sys, threading

@atexit.register
def look():  # after what is registered later
    print([thread.name for thread in threading.enumerate() if thread.name == "koe-loop"])

library = ctypes.CDLL(sys.argv[1])
assert library.sp_core_create(None) == 0
"""


def run_host(python: str, library: Path, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    return build.run([python, "-c", HOST, library], tmp_path / "home")


EXPECTED = "".join(
    f"{token} {state}\n"
    for token in (1, 2, 3)
    for state in ("recording_toggle", "finalizing_asr", "idle")
)


@pytest.fixture(scope="module")
def library() -> Path:
    build.build_libraries()
    [path] = build.library(3).glob("libkoe_core.*")
    return path


def test_a_host_with_koe_installed(library: Path, tmp_path: Path) -> None:
    result = run_host(sys.executable, library, tmp_path)
    assert result.stdout == EXPECTED, result.stderr


def test_a_host_without_koe(library: Path, tmp_path: Path) -> None:
    """Its interpreter is of the same version, but has none of our packages."""
    result = run_host(sys._base_executable, library, tmp_path)  # type: ignore[attr-defined]
    assert result.stdout == EXPECTED, result.stderr


def test_a_host_that_does_not_destroy(library: Path, tmp_path: Path) -> None:
    """Its core is stopped while the interpreter is still whole."""
    result = build.run([sys.executable, "-c", LEAVING, library], tmp_path / "home")
    assert (result.returncode, result.stdout) == (0, "[]\n"), result.stderr


def test_texts_for_the_shell(library: Path, tmp_path: Path) -> None:
    """They are the shell's, and valid UTF-8."""
    result = build.run([sys.executable, "-c", TEXTS, library], tmp_path / "home")
    told = ["''", "'caf\\xe9 \\u53e3'", "'half ?'", "''", "1000000"]
    assert result.stdout.splitlines() == told, result.stderr
