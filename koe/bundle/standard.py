"""The part of Python's standard library that a bundle includes: modules usable in a shell."""

from __future__ import annotations

import re
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from koe.bundle.bytecode import compiled, place

# Modules that koe does not use: for development, terminals, windows and various services, and
# modules that only those modules import.
_LEFT_OUT = frozenset({
    "aifc", "antigravity", "argparse", "asynchat", "asyncore", "bdb", "cgi", "cgitb", "chunk",
    "cmd", "code", "codeop", "compileall", "cProfile", "curses", "dbm", "distutils",
    "doctest", "ensurepip", "fractions", "ftplib", "getopt", "idlelib", "imaplib", "imghdr",
    "lib-dynload", "lib2to3", "mailbox", "mailcap", "modulefinder", "msilib", "multiprocessing",
    "nntplib", "optparse", "pdb", "__phello__", "pickletools", "pipes",
    "plistlib", "poplib", "profile", "pstats", "py_compile", "__pycache__", "pyclbr",
    "_pydecimal", "pydoc", "pydoc_data", "_pyio", "_pyrepl", "rlcompleter", "site",
    "site-packages", "smtpd", "smtplib", "sndhdr", "statistics", "sunau", "_sysconfigdata",
    "tabnanny", "tarfile", "telnetlib", "test", "this", "timeit", "tkinter", "tomllib", "trace",
    "turtle", "turtledemo", "unittest", "venv", "webbrowser", "wsgiref", "xdrlib", "xml",
    "xmlrpc", "zipapp",
})  # fmt: skip

# Encodings that are included. koe reads UTF-8, but servers may send others.
_ENCODINGS = re.compile(
    r"__init__|aliases|ascii|latin_1|cp1252|gb|hz|utf|idna|punycode|raw_|mbcs|oem"
)

# Extension modules that belong to the modules that are left out.
_EXTENSIONS_LEFT_OUT = frozenset({
    "audioop", "_bz2", "_codecs_hk", "_codecs_iso2022", "_codecs_jp", "_codecs_kr",
    "_codecs_tw", "_crypt", "_curses", "_curses_panel", "_dbm", "_elementtree", "_gdbm",
    "_lsprof", "_lzma", "_msi", "_multiprocessing", "nis", "ossaudiodev", "pyexpat", "readline",
    "spwd", "_statistics", "_tkinter", "winsound", "xxlimited", "xxlimited_35",
})  # fmt: skip


# Further modules for macOS: truststore reads the version of macOS from a property list.
_ON_MACOS = re.compile(r"plistlib\.py|xml/(parsers/)?[^/]+\.py|pyexpat")


def place_standard_library(runtime: Path) -> None:
    """Put the standard library and its licence into the bundle."""
    paths = sysconfig.get_paths()
    library = Path(paths["stdlib"])
    target = runtime / "lib" / library.name
    place(_modules(library), target)
    extensions = Path(sysconfig.get_config_var("DESTSHARED") or library / "lib-dynload")
    (target / "lib-dynload").mkdir(parents=True, exist_ok=True)
    place(_extensions(extensions), target / "lib-dynload")
    multiarch = getattr(sys.implementation, "_multiarch", "")
    name = f"_sysconfigdata_{sys.abiflags}_{sys.platform}_{multiarch}"
    place_settings(target, name, sysconfig.get_config_var("TZPATH") or "")
    place([(path, path.name) for path in library.glob("LICENSE*")], runtime / "licenses" / "python")


def is_used(name: str, system: str = sys.platform) -> bool:
    """Whether a module is included.

    Args:
        name: The path of its file in the standard library, such as "json/decoder.py".
        system: The value of ``sys.platform`` on the target system.
    """
    if system == "darwin" and _ON_MACOS.fullmatch(name):
        return True
    parts = name.split("/")
    first = parts[0].removesuffix(".py")
    # "config-…" is for building extension modules, "_sysconfigdata…" describes the build.
    return (
        first not in _LEFT_OUT
        and not first.startswith(("config-", "_sysconfigdata"))
        and (first != "encodings" or _ENCODINGS.match(parts[-1]) is not None)
        and not {"test", "tests", "__pycache__"}.intersection(parts)
    )


def is_used_extension(name: str, system: str = sys.platform) -> bool:
    """Whether an extension module is included.

    Args:
        name: The name of the module, such as "_ssl".
        system: The value of ``sys.platform`` on the target system.
    """
    if system == "darwin" and _ON_MACOS.fullmatch(name):
        return True
    return name not in _EXTENSIONS_LEFT_OUT and not name.startswith(
        ("_test", "_xx", "_ctypes_test")
    )


def _modules(library: Path) -> Iterator[tuple[Path, str]]:
    for path in sorted(library.rglob("*.py")):
        name = path.relative_to(library).as_posix()
        if is_used(name):
            yield path, name


def _extensions(folder: Path) -> Iterator[tuple[Path, str]]:
    for path in sorted(folder.glob("*.so")):
        if is_used_extension(path.name.partition(".")[0]):
            yield path, path.name


def place_settings(target: Path, name: str, zones: str) -> None:
    """Replace the module that describes Python's build by one with only the path of time zones.

    Args:
        target: The folder of modules.
        name: The name of the module.
        zones: The folders of time zones.
    """
    content = compiled(f"build_time_vars = {{'TZPATH': {zones!r}}}".encode(), f"{name}.py")
    (target / f"{name}.pyc").write_bytes(content)
