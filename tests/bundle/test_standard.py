"""What of Python's library comes along is what koe and its packages import."""

from __future__ import annotations

import ast
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from koe.bundle import library, standard

KOE = library.CHECKOUT / "koe"
LIBRARY = Path(sysconfig.get_paths()["stdlib"])

# Those of the command, of Python programs, and of the making of bundles stay at home.
AT_HOME = ("cli", "bundle", "native", "audio.py", "microphone.py", "dictation.py")

MODULES = [
    path for path in sorted(KOE.rglob("*.py")) if path.relative_to(KOE).parts[0] not in AT_HOME
]


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_what_koe_imports_comes_along() -> None:
    """Also what is imported late, which no start would miss."""
    lacking = {
        f"{path.relative_to(KOE).as_posix()} imports {name}"
        for path in MODULES
        for name in _imports(path)
        if name.partition(".")[0] in standard._LEFT_OUT
    }
    assert lacking == set()


@pytest.mark.skipif(sys.platform == "win32", reason="has other extension modules")
def test_what_is_placed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Modules as bytecode, extensions, the licence; no tests, and nothing about this computer."""
    library = tmp_path / "python3.99"
    for name in ("os.py", "test/test_os.py", "ctypes/test/x.py", "encodings/utf_8.py",
                 "encodings/cp037.py", "_sysconfigdata__here.py", "config-3.99/x.py",
                 "tkinter/x.py", "LICENSE.txt"):  # fmt: skip
        (library / name).parent.mkdir(parents=True, exist_ok=True)
        (library / name).write_text("")
    extensions = library / "lib-dynload"
    extensions.mkdir()
    for name in ("_ssl.cpython-399.so", "_testcapi.cpython-399.so", "readline.cpython-399.so"):
        (extensions / name).touch()
    monkeypatch.setattr(sysconfig, "get_paths", lambda: {"stdlib": str(library)})
    values = {"DESTSHARED": str(extensions), "TZPATH": "/usr/share/zoneinfo"}
    monkeypatch.setattr(sysconfig, "get_config_var", values.get)
    runtime = tmp_path / "out"
    standard.place_standard_library(runtime)
    files = {str(path.relative_to(runtime)) for path in runtime.rglob("*") if path.is_file()}
    [settings] = [name for name in files if "_sysconfigdata" in name]
    assert files - {settings} == {
        "lib/python3.99/os.pyc", "lib/python3.99/encodings/utf_8.pyc",
        "lib/python3.99/lib-dynload/_ssl.cpython-399.so", "licenses/python/LICENSE.txt",
    }  # fmt: skip
    assert Path(settings).stem == sysconfig._get_sysconfigdata_name()  # type: ignore[attr-defined]


def test_what_macos_needs_besides() -> None:
    """There the version of the system is in a list of properties, which is XML."""
    names = ("plistlib.py", "xml/__init__.py", "xml/parsers/expat.py")
    assert all(standard.is_used(name, "darwin") for name in names)
    assert not any(standard.is_used(name, "linux") for name in names)
    assert not standard.is_used("xml/dom/minidom.py", "darwin")
    assert standard.is_used_extension("pyexpat", "darwin")
    assert not standard.is_used_extension("pyexpat", "win32")
