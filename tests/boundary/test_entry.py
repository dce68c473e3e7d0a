"""What crosses between C and Python: texts, failures, the environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.abi import build
from tests.boundary.host import run_host

pytestmark = [
    pytest.mark.abi,
    pytest.mark.skipif(bool(build.SANITIZE), reason="a sanitizer must be loaded first"),
]

HOST = """
import ctypes, os, sys

library = ctypes.CDLL(sys.argv[1])
library.sp_config_get.restype = ctypes.c_void_p

def get(key):
    pointer = library.sp_config_get(key)
    text = ctypes.string_at(pointer)
    library.sp_core_free_string(ctypes.c_void_p(pointer))
    return text

%s
"""


def test_the_environment_is_that_of_the_process_now(library: Path, tmp_path: Path) -> None:
    """Not that of Python's start, and not what Python believes that it is."""
    program = (
        HOST
        % """
setenv = ctypes.CDLL(None).setenv
for name in ("one", "two"):
    os.mkdir(name)
    os.mkdir(f"{name}/.koe")
    setenv(b"HOME", os.path.abspath(name).encode(), 1)
    assert library.sp_config_set(b"name", name.encode()) == 0
    assert get(b"name") == name.encode()
    assert open(f"{name}/.koe/config.yaml").read() == f"name: {name}\\n"
print("same")
"""
    )
    assert run_host(program, library, tmp_path).stdout == "same\n"


def test_texts_are_utf8_and_with_a_nul_inside_empty(library: Path, tmp_path: Path) -> None:
    program = (
        HOST
        % """
os.mkdir(".koe")
open(".koe/config.yaml", "w", encoding="utf-8").write('a: "x\\\\0y"\\nb: 漢字😀')
print(get(b"a"), get(b"b").decode() == "漢字😀", get(b"\\xff"))
"""
    )
    assert run_host(program, library, tmp_path).stdout == "b'' True b''\n"


def test_the_same_trouble_is_not_reported_again_and_again(library: Path, tmp_path: Path) -> None:
    result = run_host(HOST % "[get(b'a') for _ in range(20)]", library, tmp_path)

    assert result.stderr.count("\n") == 1
    assert "the file does not exist" in result.stderr


def test_an_error_that_was_not_expected(library: Path, tmp_path: Path) -> None:
    """Its place is reported; its words may be what was said, and are for stderr alone."""
    program = (
        HOST
        % """
os.mkdir(".koe")
assert library.sp_config_set(b"a", b"1") == 0
import koe.boundary.settings

def break_down():
    raise RuntimeError("what was said")

koe.boundary.settings.open_store = break_down
assert library.sp_config_set(b"a", b"2") == -1
print(open(".koe/koe.log").read())
"""
    )
    result = run_host(program, library, tmp_path)
    assert "RuntimeError: what was said" in result.stderr
    assert " error: an error in koe itself: RuntimeError in " in result.stdout
    assert "what was said" not in result.stdout
