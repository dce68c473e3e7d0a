"""How the library is built, where building it here does not show that."""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import build_ffi
from tests.abi import build


def test_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its extension modules have a folder of their own; its compiler's libraries stay at home."""
    sysconfig.get_config_vars()  # while it knows where it is
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(sys, "base_prefix", "C:\\Python")
    [path] = [flag for flag in build_ffi.native_python() if flag.startswith("-DKOE_PYTHON_PATH=")]
    assert '"C:\\\\Python\\\\DLLs"' in path.split(",")
    link_flags = build_ffi.system_libraries("win32")
    assert "-static-libgcc" in link_flags
    assert link_flags[-2:] == ["-Wl,-Bstatic", "-lpthread"]


def test_python_implements_what_is_named_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whether it returns a status or a text; the rest is C that Python may call."""
    monkeypatch.setattr(build_ffi, "NATIVE", tmp_path)
    (tmp_path / "seam.h").write_text(
        "#pragma once\nint32_t koe_py_ask(\n    uint64_t core);\n"
        "char *koe_py_tell(const char *text);\nchar *koe_lend(void);\n"
    )
    build_ffi.emit_binding(tmp_path / "binding.c")
    binding = (tmp_path / "binding.c").read_text()
    implemented = re.findall(r"^CFFI_DLLEXPORT \w.*?(\w+)\(", binding, re.MULTILINE)
    assert implemented == ["koe_py_ask", "koe_py_tell"]


@pytest.mark.skipif(sys.platform == "win32", reason="has no search path in the library")
def test_a_python_in_a_folder_with_a_comma(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "a,b"
    folder.mkdir()
    (folder / "libpython.so").touch()
    values = {"LIBDIR": str(folder), "INSTSONAME": "libpython.so", "LDVERSION": "3.11"}
    monkeypatch.setattr(sysconfig, "get_config_var", values.get)
    flags = build_ffi.libpython_flags()
    assert flags[2:6] == ["-Xlinker", "-rpath", "-Xlinker", str(folder)]


@pytest.mark.parametrize("name", ["", "libpython3.11.a", "libpython3.11.so.1.0"])
@pytest.mark.skipif(sys.platform == "win32", reason="its Python always has one")
def test_a_python_without_a_shared_library(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It is not there, or it is a static one, or its package for programs is not installed."""
    (tmp_path / "libpython3.11.a").touch()
    values = {"LIBDIR": str(tmp_path), "INSTSONAME": name}
    monkeypatch.setattr(sysconfig, "get_config_var", values.get)
    with pytest.raises(SystemExit, match="has no shared Python library; install it"):
        build_ffi.python_library()


@pytest.mark.abi
@pytest.mark.skipif(bool(build.SANITIZE), reason="says nothing about the code")
def test_a_checkout_in_a_folder_with_a_comma(tmp_path: Path) -> None:
    out = tmp_path / "a,b c"
    script = str(build.PROJECT / "build_ffi.py")
    command = [sys.executable, script, "--abi", "3", "--out", str(out)]
    subprocess.run(command, check=True, capture_output=True)
    folder = out / "abi-c" / "lib"
    flags = [f"-L{folder}", "-lkoe_core", *build_ffi.to_linker("-rpath", str(folder)), "-lpthread"]
    sources, program = build.sources_of(build.SOURCES / "scenarios"), tmp_path / "scenarios"
    include = f"-I{folder.parent / 'include'}"
    subprocess.run([*build.FLAGS, include, *sources, *flags, "-o", str(program)], check=True)
    assert build.run([program, "no_core"], tmp_path / "home").returncode == 0
