"""The addresses of services: which of them may be used, and how they are shown.

The parser that checks a URL must be the one that connects: two parsers may find different hosts in
one URL. So URLs are parsed once, by the algorithm of browsers (WHATWG), and passed on in normal
form, which all parsers read in the same way.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from urllib.parse import quote, unquote

from ada_url import URL, HostType

from koe.errors import EndpointError
from koe.text import pasted

_ENCRYPTED = frozenset({"https:", "wss:"})
_PLAIN = frozenset({"http:", "ws:"})

# The longest URL in a message; servers may send any URL.
_LONGEST_SHOWN = 200

# Parts of an unreadable URL that may be secret: the user before the host, and all after the path.
_SECRETS = re.compile(r"(?<=/)[^/]*@|[?#].*", re.DOTALL)


# Protocols of proxies. GNOME writes socks:// for SOCKS 5. With socks5h the proxy looks up the names
# of servers, because this machine may not be able to.
_PROXY_SCHEMES = {"http": "http", "https": "https", "socks": "socks5h", "socks5": "socks5"}
_PROXY_SCHEMES |= {"socks5h": "socks5h", "socks4": "socks4", "socks4a": "socks4a"}
# Networks that are not routed on the internet (RFC 1918, RFC 4193, RFC 4291 §2.5.6).
_PRIVATE = tuple(
    map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fe80::/10"))
)

_DEFAULT_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}
_SOCKS_PORT = 1080


@dataclass(frozen=True, slots=True)
class Place:
    """Where a URL leads: its scheme, its host (in lower case, IPv6 in brackets) and its port."""

    scheme: str
    host: str
    port: int


def check_endpoint(url: str, *, allow_private: bool = False) -> str:
    """Return the URL in its normal form, if keys and speech may be sent there (spec asr §4.1).

    Args:
        url: As it was configured.
        allow_private: Whether it may be unencrypted in a private network too. Only an address
            counts as private, because a name may lead anywhere.

    Raises:
        EndpointError: It is no URL, or nothing may be sent there.
    """
    parsed = _parse(pasted(url))
    if parsed is None:
        raise EndpointError(_SECRETS.sub("", url))
    is_near = _is_loopback(parsed) or (allow_private and _is_private(parsed))
    if parsed.protocol in _ENCRYPTED or (parsed.protocol in _PLAIN and is_near):
        return parsed.href
    raise EndpointError(shown(parsed.href))


def add_query(url: str, name: str, value: str) -> str:
    """Return a checked URL with one more parameter at the end of its query."""
    parsed = URL(url)
    pair = f"{name}={quote(value, safe='')}"
    parsed.search = f"{parsed.search}&{pair}" if parsed.search else pair
    return parsed.href


def shown(url: str) -> str:
    """Return a URL in the form for messages: short, without its user and its query."""
    href = _without(url, "username", "password", "search", "hash")
    if not URL(href).host:  # as in user:password@host and localhost:11434
        href = re.sub(".*@", "…@", href)
    return href if len(href) <= _LONGEST_SHOWN else f"{href[: _LONGEST_SHOWN - 1]}…"


def user_of(url: str) -> str:
    """Return the user and the password that stand before the host of a checked URL."""
    if "@" not in url:
        return ""
    parsed = URL(url)
    return unquote(f"{parsed.username}:{parsed.password}") if parsed.username else ""


def without_user(url: str) -> str:
    """Return a URL without the user and the password that may stand before the host."""
    return _without(url, "username", "password")


def origin_of(url: str) -> str:
    """Return the scheme, host and port of a checked URL, in one spelling."""
    return URL(url).origin


def join(url: str, reference: str) -> str | None:
    """Return a reference, resolved against a checked URL, in normal form; None if it is no URL."""
    try:
        return URL(reference, base=url).href
    except ValueError:
        return None


def host_of(url: str) -> str:
    """Return the host of a checked URL for messages, with its port unless it is the default."""
    return URL(url).host


def place_of(url: str) -> Place:
    """Return the scheme, host and port of a checked URL."""
    parsed = URL(url)
    scheme = parsed.protocol.removesuffix(":")
    return Place(scheme, parsed.hostname, int(parsed.port or _DEFAULT_PORTS[scheme]))


def proxy_address(setting: str) -> str:
    """Return the address of a proxy as HTTP libraries read it; empty if it can't be used.

    Args:
        setting: The proxy as systems and people write it: a URL, or a host and a port.
    """
    parsed = _parse(setting if "://" in setting else f"http://{setting}")
    scheme = "" if parsed is None else _PROXY_SCHEMES.get(parsed.protocol.removesuffix(":"), "")
    if parsed is None or not scheme or not parsed.hostname:
        return ""
    if scheme.startswith("socks") and not parsed.port:
        parsed.port = str(_SOCKS_PORT)
    # An HTTP library parses it again, and accepts no path.
    user = f"{parsed.username}:{parsed.password}@" if parsed.username else ""
    return f"{scheme}://{user}{parsed.host}"


def is_private(url: str) -> bool:
    """Return whether a text is a URL whose host is an address in a private network."""
    parsed = _parse(pasted(url))
    return parsed is not None and _is_private(parsed)


def is_local(url: str) -> bool:
    """Return whether the host of a checked URL is this machine."""
    return _is_loopback(URL(url))


def _parse(url: str) -> URL | None:
    try:
        return URL(url)
    except ValueError:  # also for a text that is not valid Unicode
        return None


def _without(url: str, *parts: str) -> str:
    plain = URL(url)
    for part in parts:
        if getattr(plain, part):
            setattr(plain, part, "")
    return plain.href


def _is_private(parsed: URL) -> bool:
    if parsed.host_type not in (HostType.IPV4, HostType.IPV6):
        return False
    address = ip_address(parsed.hostname.strip("[]"))
    return any(address in network for network in _PRIVATE)


def _is_loopback(parsed: URL) -> bool:
    if parsed.host_type == HostType.IPV4:
        return parsed.hostname.startswith("127.")
    return parsed.hostname in {"localhost", "[::1]"}
