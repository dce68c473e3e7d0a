"""Which proxy a request goes through, by the environment and the system's settings (spec llm §1.2).

Each HTTP library reads these settings in its own way, and fails on some that systems, VPNs and
containers write. So this module reads them for all requests, and passes one address or none to the
library. It follows five rules:

- A request to this machine is sent directly: a proxy could not find the server, and the speech
  would leave the machine.
- An unencrypted request is sent directly too, because the proxy would see the key.
- A proxy address that can't be read is an error. The user may want all requests to go through the
  proxy, and a direct request would carry the key and the speech.
- An exception (``NO_PROXY``) that can't be read is ignored and reported once. Its servers are then
  reached through the proxy, which can't read the encrypted requests. Lists of systems and VPNs
  have such entries, and they must not end a dictation.
- ``REQUEST_METHOD``, which CGI programs have, turns proxies off: visitors could set ``HTTP_PROXY``.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from koe.diagnostics import report_once
from koe.endpoint import Place, place_of, proxy_address
from koe.errors import ProxyError

_SEPARATORS = re.compile(r"[\s,;]+")
_PORT = re.compile(r":(\d+)$")

# A name, an address or a part of one, which may have a port.
_NAME = re.compile(r"[*.]*[\w-]+(\.[\w-]+)*(\.\*?)?(:\d+)?")

# Schemes without encryption. They are used for this machine and for private networks only.
_PLAIN = frozenset({"http", "ws"})


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
        """Return the address of the proxy for a checked URL; empty for a direct request.

        Raises:
            ProxyError: The address of the proxy can't be read.
        """
        place = place_of(url)
        if place.scheme in _PLAIN or _is_this_machine(place.host):
            return ""
        if "REQUEST_METHOD" in self.environ:
            return ""
        if any(_covers(name, place) for name in self._exceptions()):
            return ""
        return self._proxy()

    def problems(self) -> Iterator[str]:
        """Name the settings that can't be read, without their values: they may have passwords."""
        if "REQUEST_METHOD" not in self.environ:
            try:
                self._proxy()
            except ProxyError as exc:
                yield str(exc)
        yield from self.unreadable_exceptions()

    def unreadable_exceptions(self) -> Iterator[str]:
        """Name the entries of ``NO_PROXY`` that can't match anything."""
        for number, name in enumerate(self._exceptions(), 1):
            if not _is_readable(name):
                yield (
                    f"entry {number} of NO_PROXY can't be read and is ignored; correct or remove it"
                )

    def _proxy(self) -> str:
        """The address of the proxy for encrypted requests; empty for none."""
        settings = {
            "HTTPS_PROXY": self._variable("https"),
            "ALL_PROXY": self._variable("all"),
            "the system's settings": self.system.get("https", ""),
        }
        for where, setting in settings.items():
            if setting:
                if address := proxy_address(setting):
                    return address
                raise ProxyError(
                    f"the address of the proxy in {where} can't be read; correct it, or remove it "
                    "to connect without a proxy"
                )
        return ""

    def _exceptions(self) -> list[str]:
        return [name for name in _SEPARATORS.split(self._variable("no")) if name]

    def _variable(self, name: str) -> str:
        """Return a variable: its upper-case name if set, even to nothing, else its lower-case."""
        variable = f"{name}_proxy"
        value = self.environ.get(variable.upper(), self.environ.get(variable, ""))
        return value.strip().strip("\"'")  # files for containers keep their quotes


def read_proxies() -> Proxies:
    """Read the present settings, and report those that are ignored."""
    proxies = Proxies(dict(os.environ), _system_settings())
    for sentence in proxies.unreadable_exceptions():
        report_once(sentence)
    return proxies


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
    """Whether an entry of ``NO_PROXY`` matches a server: a name, an address, a network, or ``*``.

    A name also matches its subdomains, with or without ``.`` or ``*.`` before it.
    """
    name = _without_scheme(name)
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


def _is_readable(name: str) -> bool:
    """Whether an entry of ``NO_PROXY`` can match any server."""
    name = _without_scheme(name)
    if name == "<local>" or not name.strip("*.") or _NAME.fullmatch(name):
        return True
    try:
        ip_network(_bare(_PORT.sub("", name) if name.startswith("[") else name), strict=False)
    except ValueError:
        return _address(name.partition("%")[0]) is not None  # %: an interface of this machine
    return True


def _without_scheme(name: str) -> str:
    return name.lower().rpartition("://")[2].removesuffix("/")


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
