"""What of Python's own library comes along: all but what a library in a shell can't use."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from koe.bundle.bytecode import compiled, place

# Development, terminals, windows of its own, other services, and what only these import.
_LEFT_OUT = frozenset({
    "site-packages", "test", "idlelib", "tkinter", "turtledemo", "turtle", "lib2to3", "ensurepip",
    "distutils", "pydoc_data", "pydoc", "unittest", "doctest", "venv", "curses", "dbm", "xmlrpc",
    "wsgiref", "pdb", "bdb", "cmd", "code", "codeop", "cProfile", "profile", "pstats", "trace",
    "timeit", "tabnanny", "pyclbr", "antigravity", "this", "__phello__", "zipapp", "compileall",
    "py_compile", "imaplib", "poplib", "nntplib", "smtplib", "smtpd", "telnetlib", "ftplib",
    "mailbox", "mailcap", "cgi", "cgitb", "xdrlib", "sndhdr", "imghdr", "aifc", "sunau", "chunk",
    "pipes", "rlcompleter", "nturl2path", "_pydecimal", "_pyrepl", "tomllib", "xml", "plistlib",
    "pickletools", "msilib", "asyncore", "asynchat", "modulefinder", "webbrowser",
    "lib-dynload", "__pycache__", "site", "_sysconfigdata",
})  # fmt: skip

# Machine code that belongs to these, and that of tests.
_EXTENSIONS_LEFT_OUT = frozenset({
    "_tkinter", "_curses", "_curses_panel", "readline", "_dbm", "_gdbm", "nis", "ossaudiodev",
    "spwd", "_crypt", "_bz2", "_lzma", "audioop", "xxlimited", "xxlimited_35", "_elementtree",
    "pyexpat", "_lsprof",
})  # fmt: skip


def place_standard_library(runtime: Path) -> None:
    """Put the standard library into the bundle, and its licence."""
    paths = sysconfig.get_paths()
    library = Path(paths["stdlib"])
    target = runtime / "lib" / library.name
    place(_modules(library), target)
    extensions = Path(sysconfig.get_config_var("DESTSHARED") or library / "lib-dynload")
    (target / "lib-dynload").mkdir(parents=True, exist_ok=True)
    place(_extensions(extensions), target / "lib-dynload")
    _place_settings(target)
    place([(path, path.name) for path in library.glob("LICENSE*")], runtime / "licenses" / "python")


def _modules(library: Path) -> Iterator[tuple[Path, str]]:
    for path in sorted(library.rglob("*.py")):
        parts = path.relative_to(library).parts
        first = parts[0].removesuffix(".py")
        # "config-…" is for who builds extension modules, "_sysconfigdata…" says how this was built.
        if first not in _LEFT_OUT and not first.startswith(("config-", "_sysconfigdata")):
            yield path, "/".join(parts)


def _extensions(folder: Path) -> Iterator[tuple[Path, str]]:
    for path in sorted(folder.glob("*.so")):
        name = path.name.partition(".")[0]
        if name not in _EXTENSIONS_LEFT_OUT and not name.startswith(
            ("_test", "_xx", "_ctypes_test")
        ):
            yield path, path.name


def _place_settings(target: Path) -> None:
    """Put nothing where Python says how it was built, but for where time zones are."""
    name = f"_sysconfigdata_{sys.abiflags}_{sys.platform}_{_multiarch()}"
    zones = sysconfig.get_config_var("TZPATH") or ""
    content = compiled(f"build_time_vars = {{'TZPATH': {zones!r}}}".encode(), f"{name}.py")
    (target / f"{name}.pyc").write_bytes(content)


def _multiarch() -> str:
    return str(getattr(sys.implementation, "_multiarch", ""))
