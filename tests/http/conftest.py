"""What every test of the door needs: no proxy of this computer, and both libraries."""

from __future__ import annotations

import anyio._backends._asyncio  # noqa: F401 - httpx loads these when it connects first,
import h2.connection  # noqa: F401 - which takes longer than some time limits of tests
import pytest

from koe.http import routes
from koe.http.fallback import FallbackTransport
from koe.http.reqwest import ReqwestTransport

PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUEST_METHOD")

TRANSPORTS = {"pyreqwest": ReqwestTransport, "httpx": FallbackTransport}


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture(params=TRANSPORTS)
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of the library that sends, which is each of the two in turn."""
    monkeypatch.setattr(routes, "open_transport", TRANSPORTS[request.param])
    return str(request.param)
