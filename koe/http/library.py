"""Loads the HTTP library, pyreqwest, on a thread that never ends, and waits for it at the exit.

Its memory allocator (mimalloc) takes the thread that loads it for the main thread. When that thread
ends, a later one may get its ID, and with it freed memory: the process crashes at the next
allocation. A core's loop thread ends with its core. So the library is loaded on a thread that never
ends.

It passes results to the event loop on a thread of its own. If the program ends so soon after the
last result that this thread is still running Python code, the process crashes, too. So Python's end
waits for it.
"""

from __future__ import annotations

import atexit
import sys
import threading
import time
from contextlib import suppress
from importlib import import_module

# The longest time that Python's end waits; the thread needs microseconds.
_LONGEST_WAIT = 1.0


def _load() -> None:
    loaded = threading.Event()

    def load() -> None:
        # The import fails again below, where the error is handled.
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
