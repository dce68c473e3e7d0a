"""Which proxy a request goes through, by the environment and the system's settings (spec llm §1.2).

Each HTTP library reads these settings in its own way, and fails on some that systems, VPNs and
containers write. So they are read here, once for all requests, and a library gets one address or
none. Three rules come first:

- A request to this machine goes there directly: no proxy could find the server, and what was said
  would leave the machine.
- A setting that can't be read counts as not set.
- ``REQUEST_METHOD`` (a CGI program's) turns proxies off: its visitors could set ``HTTP_PROXY``.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from koe.endpoint import Place, place_of, proxy_address

log = logging.getLogger(__name__)

_SEPARATORS = re.compile(r"[\s,;]+")
_PORT = re.compile(r":(\d+)$")


@dataclass(frozen=True)
class Proxies:
    """The settings of one moment.

    Attributes:
        environ: The environment.
        system: The settings of the operating system: scheme → address. Their exceptions are not
            read (spec llm §1.2).
    """

    environ: Mapping[str, str] = field(repr=False)
    system: Mapping[str, str] = field(repr=False)

    def address_for(self, url: str) -> str:
        """Return the address of the proxy for a checked URL; empty when it is asked directly."""
        place = place_of(url)
        if "REQUEST_METHOD" in self.environ or _is_this_machine(place.host):
            return ""
        if any(_covers(name, place) for name in _SEPARATORS.split(self._variable("no"))):
            return ""
        settings = (
            self._variable(place.scheme),
            self._variable("all"),
            self.system.get(place.scheme, ""),
        )
        for setting in filter(None, settings):
            if address := proxy_address(setting):
                return address
            log.warning("a proxy setting for %s can't be read and is not used", place.scheme)
        return ""

    def _variable(self, name: str) -> str:
        """Of a pair of names the first that is set counts, even when it is empty."""
        variable = f"{name}_proxy"
        value = self.environ.get(variable.upper(), self.environ.get(variable, ""))
        return value.strip().strip("\"'")  # files of containers have quotes that no shell took off


def read_proxies() -> Proxies:
    """Read the settings as they are now."""
    return Proxies(dict(os.environ), _system_settings())


def _system_settings() -> dict[str, str]:
    if sys.platform == "darwin":
        from urllib.request import getproxies_macosx_sysconf

        return getproxies_macosx_sysconf()
    if sys.platform == "win32":
        from urllib.request import getproxies_registry

        return getproxies_registry()
    return {}


def _is_this_machine(host: str) -> bool:
    """Whether a name or an address leads to this machine, on every system."""
    address = _address(host)
    if address is None:
        return host.rstrip(".").rpartition(".")[2] == "localhost"
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.is_loopback or address.is_unspecified


def _covers(name: str, place: Place) -> bool:
    """Whether one entry of ``NO_PROXY`` means a server: a name, an address, a network, or ``*``.

    A name means all below it too, with or without ``.`` or ``*.`` before it.
    """
    name = name.lower().rpartition("://")[2]
    if name == "*":
        return True
    if name == "<local>":
        return "." not in place.host and _address(place.host) is None
    if _means_host(name, place.host):
        return True
    port = _PORT.search(name)
    return (
        port is not None
        and int(port[1]) == place.port
        and _means_host(name[: port.start()], place.host)
    )


def _means_host(name: str, host: str) -> bool:
    address = _address(host)
    if address is not None:
        try:
            return address in ip_network(_bare(name), strict=False)
        except ValueError:
            # Windows writes 192.168.* for a network.
            start, star, rest = name.partition("*")
            return bool(start and star and not rest) and host.startswith(start)
    domain = name.removeprefix("*").strip(".")
    return bool(domain) and f".{host.rstrip('.')}".endswith(f".{domain}")


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(_bare(host))
    except ValueError:
        return None


def _bare(address: str) -> str:
    """An address without the brackets that an IPv6 one may have, also before ``/`` and a prefix."""
    return address.replace("[", "").replace("]", "")
