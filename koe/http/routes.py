"""Chooses the library for all requests, and the proxy for each server.

The library is chosen when this module is imported.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import httpx

from koe.endpoint import host_of
from koe.errors import ProxyError
from koe.http.errors import HttpConfigError
from koe.http.failures import reasons
from koe.http.request import HttpSettings
from koe.proxies import read_proxies

open_transport: Callable[[HttpSettings, str], httpx.AsyncBaseTransport]
"""Makes a transport from settings and the address of a proxy; empty: no proxy."""

try:
    from koe.http.reqwest import ReqwestTransport
except ImportError:
    from koe.http.fallback import FallbackTransport

    open_transport = FallbackTransport
    LIBRARY = f"httpx {version('httpx')}, which does not ping idle connections; pyreqwest does"
else:
    open_transport = ReqwestTransport
    LIBRARY = f"pyreqwest {version('pyreqwest')}"


class Routes:
    """Chooses the transport to each server: direct, or through the proxy of the server.

    Args:
        settings: The settings.

    Raises:
        HttpConfigError: There are no certificates by which servers could be verified.
    """

    def __init__(self, settings: HttpSettings) -> None:
        _check_certificates()
        self._settings = settings
        # The proxy settings at the time when this was made.
        self._proxies = read_proxies()
        # The transports, by the address of their proxy; empty for none.
        self._transports = {"": self._open("")}

    def transport_to(self, url: str) -> httpx.AsyncBaseTransport:
        """Return the transport to a server; all servers with the same proxy have the same.

        Args:
            url: A checked address of the server.

        Raises:
            HttpConfigError: The address of the proxy can't be read, or there is no transport to it.
        """
        try:
            proxy = self._proxies.address_for(url)
        except ProxyError as exc:
            raise HttpConfigError(f"nothing can be sent to {host_of(url)}: {exc}") from exc
        if proxy not in self._transports:
            self._transports[proxy] = self._open(proxy)
        return self._transports[proxy]

    async def aclose(self) -> None:
        """Close all connections."""
        transports = list(self._transports.values())
        self._transports.clear()  # a reply that is not closed must not keep them open
        for transport in transports:
            await transport.aclose()

    def _open(self, proxy: str) -> httpx.AsyncBaseTransport:
        try:
            return open_transport(self._settings, proxy)
        except httpx.TransportError as exc:
            reason = reasons(exc)[-1]
            if "No CA certificates" in reason:
                reason = (
                    "this computer trusts no certificate authority; install certificates (Debian: "
                    "ca-certificates) or set SSL_CERT_FILE to a file that contains certificates"
                )
            raise HttpConfigError(f"there is no HTTP client: {reason}") from exc


def _check_certificates() -> None:
    """Raise if the file of SSL_CERT_FILE can't be read, which libraries ignore."""
    named = os.environ.get("SSL_CERT_FILE")
    if not named:
        return
    try:
        with Path(named).open("rb"):
            pass
    except OSError as exc:
        what = f"the file that SSL_CERT_FILE names cannot be read: {exc.strerror}"
        raise HttpConfigError(f"{what}; correct or unset the variable") from exc
