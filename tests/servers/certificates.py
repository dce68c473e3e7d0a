"""A certificate authority of our own, and what servers show of it.

It could lie by what it certifies: `server_context` makes every kind of bad certificate.
"""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Literal

import trustme

Kind = Literal["good", "expired", "not yet valid", "wrong host", "self-signed", "unknown issuer"]

FAR = "far.example"
"""A name of this machine that does not look like one, for what is asked through a proxy."""


@cache
def authority() -> trustme.CA:
    """Return the authority that tests trust; made once, because that takes a while."""
    return trustme.CA(organization_name="koe tests")


def roots() -> bytes:
    """Return what a client has to trust, as PEM."""
    return authority().cert_pem.bytes()


@cache
def certificate(kind: Kind) -> trustme.LeafCert:
    """Return a certificate, for this machine and its name there unless its kind says otherwise."""
    names = ("other.example",) if kind == "wrong host" else ("127.0.0.1", "localhost", FAR)
    issuer = trustme.CA() if kind == "unknown issuer" else authority()
    now, day = datetime.now(UTC), timedelta(days=1)
    match kind:
        case "expired":
            return issuer.issue_cert(*names, not_before=now - 2 * day, not_after=now - day)
        case "not yet valid":
            return issuer.issue_cert(*names, not_before=now + day, not_after=now + 2 * day)
        case _:
            return issuer.issue_cert(*names)


def server_context(kind: Kind, alpn: Sequence[str]) -> ssl.SSLContext:
    """Return what a server needs for TLS.

    Args:
        kind: What is wrong with its certificate.
        alpn: The protocols that it speaks, the dearest first.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if kind == "self-signed":
        stranger = trustme.CA()
        with stranger.cert_pem.tempfile() as shown, stranger.private_key_pem.tempfile() as key:
            context.load_cert_chain(shown, key)
    else:
        certificate(kind).configure_cert(context)
    context.set_alpn_protocols(list(alpn))
    return context
