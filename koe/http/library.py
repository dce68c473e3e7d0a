"""Loads the HTTP library, pyreqwest, in such a way that the end of a thread can't crash koe.

Its memory allocator (mimalloc) treats the thread that loads it as the first one of the process.
When that thread ends, a later thread may get its identity, and with it memory that is already
freed: the process crashes at the next allocation. The loop thread of a core ends with the core. So
the library is loaded on a thread that never ends.

The library passes results to the event loop on a thread of its own. If Python ends while that
thread still runs Python code, the process crashes, too. So the end of Python waits for it.
"""

from __future__ import annotations

import atexit
import sys
import threading
import time
from contextlib import suppress
from importlib import import_module

# The most seconds that the end of Python waits; the thread needs microseconds of a processor.
_LONGEST_WAIT = 1.0


def _load() -> None:
    loaded = threading.Event()

    def load() -> None:
        # An import that fails here fails again below, where the error is handled.
        with suppress(ImportError):
            import_module("pyreqwest.client")
        loaded.set()
        threading.Event().wait()

    threading.Thread(target=load, name="http-library", daemon=True).start()
    loaded.wait()


def _wait_until_left() -> None:
    """Wait until the library's thread runs no Python code."""
    deadline = time.monotonic() + _LONGEST_WAIT
    known = {thread.ident for thread in threading.enumerate()}
    while sys._current_frames().keys() - known and time.monotonic() < deadline:
        time.sleep(0.001)


_load()
atexit.register(_wait_until_left)

from pyreqwest import exceptions
from pyreqwest.client import Client, ClientBuilder
from pyreqwest.proxy import ProxyBuilder
from pyreqwest.request import StreamRequest
from pyreqwest.response import Response

__all__ = [
    "Client",
    "ClientBuilder",
    "ProxyBuilder",
    "Response",
    "StreamRequest",
    "exceptions",
]
