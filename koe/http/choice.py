"""Which HTTP library sends: decided once, when this is imported."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version

import httpx

from koe.http.settings import HttpSettings

open_transport: Callable[[HttpSettings, str], httpx.AsyncBaseTransport]
"""Makes a transport of settings and the address of a proxy, empty for none."""

try:
    from koe.http.reqwest import ReqwestTransport
except ImportError:
    from koe.http.fallback import FallbackTransport

    open_transport = FallbackTransport
    LIBRARY = f"httpx {version('httpx')}; it does not ping idle connections, pyreqwest would"
else:
    open_transport = ReqwestTransport
    LIBRARY = f"pyreqwest {version('pyreqwest')}"
