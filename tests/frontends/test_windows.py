"""The shell for Windows compiles with MinGW-w64, and KoeWin finds what it expects."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import build_ffi
import install_ffi
from koe.bundle import pe
from tests.abi import build

FOLDER = build.PROJECT / "frontends" / "windows"
MINGW = "x86_64-w64-mingw32-"

pytestmark = [
    pytest.mark.abi,
    pytest.mark.skipif(not shutil.which("cmake"), reason="cmake is not installed"),
    pytest.mark.skipif(not shutil.which(f"{MINGW}dlltool"), reason="MinGW-w64 is not installed"),
]


def make_prefix(abi: int, folder: Path) -> Path:
    """Install what a shell is compiled with: the headers, and libraries of what they declare."""
    built, root = folder / "built", folder / "koe 听写"
    include, library = built / "include", built / "lib"
    include.mkdir(parents=True)
    library.mkdir()
    header = re.sub(r"KOE_ABI 3$", f"KOE_ABI {abi}", build_ffi.HEADER.read_text(), flags=re.M)
    (include / "koe_core.h").write_text(header)
    shutil.copy(build_ffi.EXTRA, include)
    declared = re.findall(r"^KOE_API .*?(\w+)\(", header + build_ffi.EXTRA.read_text(), re.M)
    target = build_ffi.Target("win32", (), include, "", (), (f"{MINGW}dlltool",))
    build_ffi.emit_msvc_import_library(declared, library, target)
    for name in (build_ffi.IMPORT_LIBRARY, build_ffi.linked_name("win32")):
        (library / name).touch()
    install_ffi.install(abi, built, root, "win32")
    return root


def cmake(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = ["cmake", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.skipif(not shutil.which(f"{MINGW}g++"), reason="MinGW-w64 has no C++ here")
def test_the_shell(tmp_path: Path) -> None:
    """No warning, nothing to install besides, and all of it in one folder."""
    prefix = make_prefix(3, tmp_path)
    (prefix / "koe-runtime").mkdir()
    out, installed = tmp_path / "build", tmp_path / "installed"
    configured = cmake("-S", FOLDER, "-B", out, "--toolchain", FOLDER / "mingw.cmake",
                       f"-DCMAKE_PREFIX_PATH={prefix}", "-DCMAKE_CXX_FLAGS=-Werror")  # fmt: skip
    assert configured.returncode == 0, configured.stderr
    compiled = cmake("--build", out, "--parallel", "2")
    assert compiled.returncode == 0, compiled.stdout + compiled.stderr
    assert pe.needed(out / "koe-shell.exe") == {"koe_core.dll"}
    assert cmake("--install", out, "--prefix", installed).returncode == 0
    names = {path.name for path in installed.iterdir()}
    assert names == {"koe-shell.exe", "koe_core.dll", "koe-runtime"}


def test_the_shell_and_another_generation(tmp_path: Path) -> None:
    prefix = make_prefix(1, tmp_path)
    refused = cmake("-S", FOLDER, "-B", tmp_path / "build", "--toolchain", FOLDER / "mingw.cmake",
                    f"-DCMAKE_PREFIX_PATH={prefix}")  # fmt: skip
    assert refused.returncode != 0
    assert "is of generation a, not c" in " ".join(refused.stderr.split())


def place(koe: Path, repository: Path) -> subprocess.CompletedProcess[str]:
    script = FOLDER / "overlay" / "place.cmake"
    return cmake(f"-DKOE={koe}", f"-DREPOSITORY={repository}", "-P", script)


def test_koewin_finds_what_it_expects(tmp_path: Path) -> None:
    prefix, repository = make_prefix(1, tmp_path), tmp_path / "repository"
    (repository / "KoeWin").mkdir(parents=True)
    (repository / "KoeWin" / "CMakeLists.txt").touch()
    placed = place(prefix, repository)
    assert placed.returncode == 0, placed.stderr
    files = {path.relative_to(repository).as_posix() for path in repository.rglob("*.*")}
    assert files == {
        "KoeWin/CMakeLists.txt", "koe-core/target/koe_core.h",
        "target/x86_64-pc-windows-msvc/release/koe_core.lib",
    }  # fmt: skip


def test_what_koewin_can_not_be_built_with(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    prefix = make_prefix(3, tmp_path)
    refused = " ".join(place(prefix, repository).stderr.split())
    assert "has no KoeWin/CMakeLists.txt; name the repository" in refused
    (repository / "KoeWin").mkdir(parents=True)
    (repository / "KoeWin" / "CMakeLists.txt").touch()
    refused = " ".join(place(prefix, repository).stderr.split())
    assert "KoeWin is of generation a" in refused
    assert "make one with --abi a" in refused
