"""The HTTP library, pyreqwest, loaded on a thread that never ends.

Its memory allocator (mimalloc) takes the thread that loads it for the first of the process. When
that one ends, a later thread may get its identity, and with it the memory of nobody: the process
crashes at the next allocation. A core's loop thread does end, with its core.
"""

from __future__ import annotations

import threading
from contextlib import suppress


def _load() -> None:
    loaded = threading.Event()

    def load() -> None:
        # What fails here fails below once more, where somebody hears it.
        with suppress(ImportError):
            import pyreqwest.client  # noqa: F401
        loaded.set()
        threading.Event().wait()

    threading.Thread(target=load, name="http-library", daemon=True).start()
    loaded.wait()


_load()

from pyreqwest.client import Client, ClientBuilder  # noqa: E402
from pyreqwest.exceptions import BuilderError, DecodeError, PyreqwestError  # noqa: E402
from pyreqwest.http import Url  # noqa: E402
from pyreqwest.proxy import ProxyBuilder  # noqa: E402
from pyreqwest.request import StreamRequest  # noqa: E402
from pyreqwest.response import Response  # noqa: E402

__all__ = [
    "BuilderError",
    "Client",
    "ClientBuilder",
    "DecodeError",
    "ProxyBuilder",
    "PyreqwestError",
    "Response",
    "StreamRequest",
    "Url",
]
