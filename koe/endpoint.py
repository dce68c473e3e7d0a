"""The addresses of services: which may be used, and how they are shown.

Whoever decides must be whoever connects: a URL that two parsers read differently can name one
host to the check and another one to the socket. So URLs are read once, by the algorithm that
browsers use (WHATWG), and what is handed on is its normal form, about which all parsers agree.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from ada_url import URL, HostType

from koe.errors import EndpointError, RedirectError

_ENCRYPTED = frozenset({"https:", "wss:"})
_PLAIN = frozenset({"http:", "ws:"})

# What may be secret in a text that is no URL: a user before the host, and all after the path.
_SECRETS = re.compile(r"(?<=/)[^/]*@|[?#].*", re.DOTALL)


def check_endpoint(url: str) -> str:
    """Return the URL in its normal form, if keys and speech may be sent there (spec asr §4.1).

    Raises:
        EndpointError: It is no URL, or neither encrypted nor on this machine.
    """
    parsed = _parse(url)
    if parsed is None:
        raise EndpointError(_SECRETS.sub("", url))
    if parsed.protocol in _ENCRYPTED or (parsed.protocol in _PLAIN and _is_loopback(parsed)):
        return parsed.href
    raise EndpointError(shown(parsed.href))


def add_query(url: str, name: str, value: str) -> str:
    """Return a checked URL with one more parameter at the end of its query."""
    parsed = URL(url)
    pair = f"{name}={quote(value, safe='')}"
    parsed.search = f"{parsed.search}&{pair}" if parsed.search else pair
    return parsed.href


def shown(url: str) -> str:
    """Return a checked URL as it may stand in a message: without its user and its query."""
    plain = URL(url)
    for part in ("username", "password", "search", "hash"):
        if getattr(plain, part):
            setattr(plain, part, "")
    return plain.href


def host_of(url: str) -> str:
    """Return the host of a checked URL, and its port if that is unusual: for messages."""
    return URL(url).host


def is_local(url: str) -> bool:
    """Tell whether a checked URL is on this machine."""
    return _is_loopback(URL(url))


def check_redirect(location: str, current: str, original: str) -> str:
    """Return the URL, in its normal form, to which a server sends us on (spec asr §4.2).

    Args:
        location: What the server said, which may be relative.
        current: The checked URL that answered so.
        original: The checked URL that was asked first.

    Raises:
        RedirectError: It is not at the origin of ``original``.
    """
    try:
        target = URL(location, base=current)
        check_endpoint(target.href)
    except ValueError as exc:
        raise RedirectError("its target is no URL") from exc
    except EndpointError as exc:
        raise RedirectError(str(exc)) from exc
    if target.origin != URL(original).origin:
        raise RedirectError(f"{shown(target.href)} is a different origin than {shown(original)}")
    return target.href


def _parse(url: str) -> URL | None:
    try:
        return URL(url)
    except ValueError:  # also a text that is no Unicode
        return None


def _is_loopback(parsed: URL) -> bool:
    if parsed.host_type == HostType.IPV4:
        return parsed.hostname.startswith("127.")
    return parsed.hostname in {"localhost", "[::1]"}
