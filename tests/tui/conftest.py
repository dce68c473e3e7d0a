"""The terminal interface is for Linux; elsewhere none of its tests runs."""

from __future__ import annotations

import sys

from tests.linux.conftest import runtime as runtime

if sys.platform != "linux":
    collect_ignore_glob = ["test_*.py"]
