"""In a Python that a wheel is installed in: the library joins this Python, and lets go of it."""

from __future__ import annotations

import ctypes
import sys

from koe.library import library

core = ctypes.CDLL(str(library()))
started = core.sp_core_create(None)
core.sp_core_destroy()
sys.exit(f"{library()} did not join this Python" if started != 0 else 0)
