"""Skips the tests on other systems: the terminal interface is for Linux."""

from __future__ import annotations

import sys

from tests.linux.conftest import runtime as runtime

if sys.platform != "linux":
    collect_ignore_glob = ["test_*.py"]
