"""The history through ctypes: what a settings window gets to see. Sessions are in tests/abi."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from koe.diagnostics import report
from koe.journal.entries import Entry
from koe.journal.index import Index
from tests.abi import build
from tests.boundary.host import run_host

pytestmark = [
    pytest.mark.abi,
    pytest.mark.skipif(bool(build.SANITIZE), reason="a sanitizer must be loaded first"),
]

HOST = """
import ctypes, json, sys

library = ctypes.CDLL(sys.argv[1])
for function in (library.koe_history_json, library.koe_history_entry_json):
    function.restype = ctypes.c_void_p

def get(function, argument):
    pointer = function(argument)
    if pointer is None:
        return None
    text = ctypes.string_at(pointer).decode()
    library.koe_free(ctypes.c_void_p(pointer))
    return json.loads(text)

def retry(options):
    return library.koe_history_retry(b"20260101", options, ctypes.c_uint64(1))

%s
"""

FIRST = "20260101T120000.000Z-1-1"
SECOND = "20260102T120000.000Z-1-1"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with two entries, of which the host's home is ``home``."""
    directory = tmp_path / "home" / ("koe" if sys.platform == "win32" else ".koe")
    directory.mkdir(parents=True)
    Index(directory, report).put(
        [
            Entry(id=FIRST, began="2026-01-01T12:00:00.000Z", text="部署 \0 Good", heard="good"),
            Entry(id=SECOND, began="2026-01-02T12:00:00.000Z", text="Morning"),
        ]
    )
    return tmp_path


def test_what_there_is(library: Path, home: Path) -> None:
    program = (
        HOST
        % """
print(json.dumps([
    [entry["id"] for entry in get(library.koe_history_json, query)]
    for query in (None, b"", b"GOOD", "部署".encode(), b"evening")
]))
print(json.dumps(get(library.koe_history_entry_json, b"last")["text"]))
print(json.dumps(get(library.koe_history_entry_json, b"20260101")["heard"]))
print(json.dumps(get(library.koe_history_entry_json, b"2026")))
"""
    )
    result = run_host(program, library, home)
    found, *entries = map(json.loads, result.stdout.splitlines())
    assert found == [[SECOND, FIRST], [SECOND, FIRST], [FIRST], [FIRST], []], result.stderr
    assert entries == ["Morning", "good", None]
    assert result.stderr == "koe: several IDs begin with '2026'; write more characters\n"


def test_removing(library: Path, home: Path) -> None:
    program = (
        HOST
        % """
print(library.koe_history_remove(b"20260101"), library.koe_history_remove(b"20260101"))
print(library.koe_history_remove(None), library.koe_history_export(b"last", None))
print([entry["text"] for entry in get(library.koe_history_json, None)])
"""
    )
    result = run_host(program, library, home)
    assert result.stdout == "0 -1\n-1 -1\n['Morning']\n", result.stderr
    assert "Traceback" not in result.stderr


def test_a_session_that_can_t_begin(library: Path, home: Path) -> None:
    """It is reported in one line, whatever is wrong."""
    program = (
        HOST
        % """
assert library.sp_core_create(None) == 0
for options in (b"{}", b"[]", b"{", b'{"engine": null}', b'{"engine": "x", "more": ""}', b"\\xff"):
    assert retry(options) == -1
library.sp_core_destroy()
assert retry(None) == -1
"""
    )
    result = run_host(program, library, home)
    assert result.returncode == 0, result.stderr
    said = [line.removeprefix("koe: no session was begun: ") for line in result.stderr.splitlines()]
    assert said == [
        f"{FIRST} has no recording: it was removed, or never kept",
        "the options must be an object",
        "the options are not JSON: Expecting property name enclosed in double quotes: "
        "line 1 column 2 (char 1)",
        "the option 'engine' must be a text",
        "there is no option 'more', only: engine, profile",
        "an argument is NULL or not UTF-8",
    ]
