"""Keeps OpenSSL from reading the configuration that the environment names; it can load any code.

Python's isolation from the environment does not cover it: when ``ssl`` or ``hashlib`` is imported
first, OpenSSL reads the file of ``OPENSSL_CONF`` and loads the providers and engines that it names.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from koe.diagnostics import report

# They name the configuration, the folder of its includes, and the folders of modules.
_VARIABLES = ("OPENSSL_CONF", "OPENSSL_CONF_INCLUDE", "OPENSSL_MODULES", "OPENSSL_ENGINES")

_NO_LOAD_CONFIG = 0x80  # OPENSSL_INIT_NO_LOAD_CONFIG of openssl/crypto.h


def ignore_configuration() -> None:
    """Keep OpenSSL from its configuration file if the environment can influence what it loads.

    This includes the system's file, which may name a module that these variables lead to. Without
    these variables, or if the process has already used the same OpenSSL, nothing changes.

    Call this before ``ssl`` and ``hashlib`` are imported.
    """
    named = [name for name in _VARIABLES if name in os.environ]
    if not named:
        return
    from ctypes import CDLL, c_uint64, c_void_p  # takes milliseconds, and is rarely needed

    try:
        initialise = CDLL(_library()).OPENSSL_init_crypto
    except (OSError, AttributeError):
        names = " and ".join(named)
        what = f"with {names}, OpenSSL can load code into this process"
        report(f"{what}; start the program without {names}")
        return
    initialise.argtypes = (c_uint64, c_void_p)
    initialise(_NO_LOAD_CONFIG, None)


def _library() -> str:
    """Return a file through which the OpenSSL that Python uses is found, and no other OpenSSL.

    Raises:
        OSError: OpenSSL is linked into Python itself, which hides it.
    """
    from importlib.util import find_spec

    module = find_spec("_hashlib")
    if module is None or module.origin is None or not module.has_location:
        raise OSError("there is no such file")
    if sys.platform == "win32":
        return str(next(Path(module.origin).parent.glob("libcrypto-*.dll"), module.origin))
    return module.origin
