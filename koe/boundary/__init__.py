"""The functions that shells call. Only the modules of this package import the native module.

They turn calls from C into calls of Python, notices into callbacks of the shell, and exceptions
into return codes. Every function may be called on any thread of the shell.
"""

import sys

from _koe_native import lib

# Importing these modules attaches their functions to the names of seam.h.
from koe.boundary import history, llm, models, sessions, settings
from koe.boundary.entry import find_registered, hear_report
from koe.diagnostics import set_listener
from koe.openssl import ignore_configuration
from koe.registered import set_lookup

__all__ = ["history", "llm", "models", "sessions", "settings"]

set_listener(hear_report)
set_lookup(find_registered)
if sys.flags.isolated:  # the interpreter of the C library, not of a Python program
    ignore_configuration()
lib.koe_boundary_is_ready()
