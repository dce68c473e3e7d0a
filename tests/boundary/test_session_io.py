"""A session as C sees it: the parts that C programs can't see. The rest is in tests/abi."""

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
import ctypes, sys, threading
from importlib.machinery import PathFinder

assert "typing" not in sys.modules
importers = {}

class Witness(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        importers[name] = threading.current_thread().name
        return super().find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Witness
library = ctypes.CDLL(sys.argv[1])
assert library.sp_core_create(None) == 0
library.sp_core_session_cancel()  # waits until the core is there
for name in sys.argv[2:]:
    print(name, importers[name])
library.sp_core_destroy()
"""


def test_who_imports_what(library: Path, tmp_path: Path) -> None:
    """What only sessions need, the shell's thread does not wait for.

    But ``typing`` is there before the second thread: dataclasses look into it without a lock.
    """
    importers = {
        "typing": "MainThread",
        "koe.boundary.sessions": "MainThread",
        "koe.config.store": "MainThread",
        "dataclasses": "koe-loop",
        "koe.events": "koe-loop",
        "koe.session": "koe-loop",
        "koe.core": "koe-loop",
    }
    result = run_host(HOST, library, tmp_path, *importers)
    assert result.stdout.splitlines() == [" ".join(pair) for pair in importers.items()], (
        result.stderr
    )
