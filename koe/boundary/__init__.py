"""The functions that shells call: the only importers of the native module.

Here calls of C become calls of Python, notices become calls of the shell, and exceptions become
return codes. Shell threads come and go; every function may be called on any of them.
"""

import sys

from _koe_native import lib

# Importing them attaches their functions to the names of seam.h.
from koe.boundary import history, llm, models, sessions, settings
from koe.boundary.entry import find_registered, hear_report
from koe.diagnostics import set_listener
from koe.openssl import ignore_configuration
from koe.registered import set_lookup

__all__ = ["history", "llm", "models", "sessions", "settings"]

set_listener(hear_report)
set_lookup(find_registered)
if sys.flags.isolated:  # the Python of a library, not of a program that is Python itself
    ignore_configuration()
lib.koe_boundary_is_ready()
