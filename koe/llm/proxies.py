"""Proxies of the operating system's settings (spec llm §1.2).

The HTTP library reads the environment by itself, but not these settings. Where they count, the
library has to be told everything, the environment's proxies too.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping


def proxies() -> dict[str, str]:
    """Return what the library would not find: scheme → address; empty when it needs no help."""
    return choose(os.environ, _system_settings())


def choose(environ: Mapping[str, str], system: Mapping[str, str]) -> dict[str, str]:
    """Choose a proxy for each scheme.

    The environment goes first, and ``REQUEST_METHOD`` (a CGI program's) turns proxies off.

    Args:
        environ: The environment.
        system: The settings: scheme → address.

    Returns:
        Empty when no setting counts: then the environment says it all.
    """
    if "REQUEST_METHOD" in environ:
        return {}
    # Of a pair of names the first that is set counts, even when it is empty.
    for_all = environ.get("ALL_PROXY", environ.get("all_proxy", ""))
    from_environ = {
        scheme: environ.get(f"{scheme.upper()}_PROXY", environ.get(f"{scheme}_proxy", ""))
        or for_all
        for scheme in ("http", "https")
    }
    chosen = {scheme: address or system.get(scheme, "") for scheme, address in from_environ.items()}
    if chosen == from_environ:
        return {}
    return {scheme: _with_scheme(address) for scheme, address in chosen.items() if address}


def _with_scheme(address: str) -> str:
    return address if "://" in address else f"http://{address}"


def _system_settings() -> dict[str, str]:
    """The proxies of the settings; its list of exceptions is not read (spec llm §1.2)."""
    if sys.platform == "darwin":
        from urllib.request import getproxies_macosx_sysconf

        return getproxies_macosx_sysconf()
    if sys.platform == "win32":
        from urllib.request import getproxies_registry

        return getproxies_registry()
    return {}
