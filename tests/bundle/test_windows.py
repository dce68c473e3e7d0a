"""A bundle for Windows, as far as its parts can be had without a network."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from koe.bundle import library, packages, pe, windows
from koe.errors import BundleError
from tests.abi import build
from tests.bundle.test_release import make_release

VERSION = f"{sys.version_info[0]}{sys.version_info[1]}"
HAS_COMPILER = shutil.which("x86_64-w64-mingw32-gcc") is not None


@pytest.fixture(scope="module")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library of generation c, and what finds it."""
    folder = tmp_path_factory.mktemp("windows")
    windows.Windows().compile_library("c", folder / "build", folder / "root")
    return folder / "root"


@pytest.mark.abi
@pytest.mark.skipif(not HAS_COMPILER, reason="MinGW-w64 is not installed")
def test_the_library(prefix: Path) -> None:
    """It exports what the headers declare, needs Windows alone, and says which generation it is."""
    code = prefix / "bin" / "koe_core.dll"
    declared = {
        name
        for header in (prefix / "include").glob("*.h")
        for name in re.findall(r"^KOE_API .*?(\w+)\(", header.read_text(), re.MULTILINE)
    }
    assert set(pe.Image(code).exports()) == declared
    assert pe.needed(code) == set()
    assert pe.missing(prefix / "bin", prefix / "bin") == []
    content = code.read_bytes()
    assert "Koe dictation core, generation c".encode("utf-16-le") in content
    assert f"python{VERSION}.dll".encode() in content
    assert str(build.PROJECT).encode() not in content


@pytest.mark.abi
@pytest.mark.skipif(not HAS_COMPILER, reason="MinGW-w64 is not installed")
def test_what_finds_the_library(prefix: Path, tmp_path: Path) -> None:
    files = {path.relative_to(prefix).as_posix() for path in prefix.rglob("*") if path.is_file()}
    assert files == {
        "bin/koe_core.dll", "include/koe_core.h", "include/koe_extra.h", "include/module.modulemap",
        "lib/koe_core.def", "lib/koe_core.lib", "lib/libkoe_core.dll.a",
        "lib/pkgconfig/koe-core.pc", "lib/cmake/KoeCore/KoeCoreConfig.cmake",
        "lib/cmake/KoeCore/KoeCoreConfigVersion.cmake",
    }  # fmt: skip
    (tmp_path / "host.c").write_text(
        '#include "koe_core.h"\nint main(void) { return sp_core_create((void *)0); }\n'
    )
    for name in ("koe_core.lib", "libkoe_core.dll.a"):
        program = tmp_path / f"{name}.exe"
        command = ["x86_64-w64-mingw32-gcc", f"-I{prefix / 'include'}", str(tmp_path / "host.c")]
        subprocess.run([*command, str(prefix / "lib" / name), "-o", str(program)], check=True)
        assert pe.needed(program) == {"koe_core.dll"}


def test_python(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its library beside the packages, extension modules in a folder, modules as bytecode."""
    monkeypatch.setattr(packages, "download", lambda *_: None)
    code = (f"python{VERSION}.dll", "python3.dll", "_ssl.pyd", "winsound.pyd", "python.exe",
            "sqlite3.dll", "vcruntime140.dll")  # fmt: skip
    make_release(tmp_path / "python", *code)
    with zipfile.ZipFile(tmp_path / "python" / "msvc_runtime-1.whl", "w") as archive:
        archive.writestr("msvc_runtime-1.data/data/msvcp140.dll", b"")
    runtime = tmp_path / "runtime"
    windows.Windows().place_python(runtime, tmp_path)
    files = {path.relative_to(runtime).as_posix() for path in runtime.rglob("*") if path.is_file()}
    assert files == {
        f"python{VERSION}.dll", "python3.dll", "DLLs/_ssl.pyd", "DLLs/sqlite3.dll", "Lib/os.pyc",
        "Lib/json/decoder.pyc", "Lib/nturl2path.pyc", "licenses/python/LICENSE.txt",
    }  # fmt: skip


def test_a_computer_without_a_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(windows, "find_spec", lambda _: None)
    with pytest.raises(BundleError, match="there is no compiler for Windows; install MinGW-w64"):
        windows._tools()
    monkeypatch.setattr(windows, "find_spec", lambda _: object())
    compiler, _, _ = windows._tools()
    assert compiler[1:] == ("-m", "ziglang", "cc", "-target", "x86_64-windows-gnu")


@pytest.mark.skipif(not HAS_COMPILER, reason="MinGW-w64 is not installed")
def test_a_bundle_that_is_not_whole(tmp_path: Path) -> None:
    runtime = tmp_path / library.RUNTIME
    runtime.mkdir()
    source = tmp_path / "far.c"
    source.write_text("__declspec(dllexport) int far_one(void) { return 1; }\n")
    command = ["x86_64-w64-mingw32-gcc", "-shared", str(source), "-o"]
    subprocess.run([*command, str(tmp_path / "far.dll")], check=True)
    source.write_text("int far_one(void);\nint near_one(void) { return far_one(); }\n")
    far = str(tmp_path / "far.dll")
    subprocess.run([*command, str(runtime / "near.pyd"), far], check=True)
    with pytest.raises(BundleError, match=r"the bundle is incomplete: near\.pyd needs far\.dll"):
        windows.Windows().try_it(tmp_path, tmp_path, ())
