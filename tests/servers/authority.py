"""Certificates for servers on loopback, from an authority that lasts as long as the tests."""

from __future__ import annotations

import ssl
from pathlib import Path

import trustme


class CertificateAuthority:
    """Says who a server is, to those who trust its file."""

    def __init__(self) -> None:
        self._authority = trustme.CA()

    def certify(self, *hosts: str) -> ssl.SSLContext:
        """Return what a server needs to be believed that it is these hosts."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(*hosts).configure_cert(context)
        return context

    def write(self, path: Path) -> None:
        """Write what clients need to believe it."""
        self._authority.cert_pem.write_to_path(str(path))
