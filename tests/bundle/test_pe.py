"""Machine code for Windows is read as its format says; here, what MinGW-w64 makes."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from koe.bundle import pe
from koe.errors import BundleError

COMPILER = shutil.which("x86_64-w64-mingw32-gcc")

pytestmark = pytest.mark.skipif(COMPILER is None, reason="MinGW-w64 is not installed")


def make_library(folder: Path, name: str, *needed: Path) -> Path:
    """Compile a library that exports the function ``of_NAME``, and calls those that it needs."""
    source, library = folder / f"{name}.c", folder / f"{name}.dll"
    uses = "".join(f"int of_{path.stem}(void);\n" for path in needed)
    calls = "".join(f" + of_{path.stem}()" for path in needed)
    source.write_text(
        f"{uses}static int hidden(void) {{ return 1{calls}; }}\n"
        f"__declspec(dllexport) int of_{name}(void) {{ return hidden(); }}\n"
    )
    command = ["x86_64-w64-mingw32-gcc", "-shared", str(source), *map(str, needed)]
    subprocess.run([*command, "-o", str(library)], check=True)
    source.unlink()
    return library


@pytest.fixture
def bundle(tmp_path: Path) -> tuple[Path, Path]:
    """A runtime whose package needs a library of another package and one of none."""
    runtime, offered = tmp_path / "runtime", tmp_path / "offered"
    package, other = runtime / "Lib" / "package", runtime / "Lib" / "other.libs"
    for folder in (package, other, offered):
        folder.mkdir(parents=True)
    beside = make_library(package, "beside")
    far = make_library(other, "far")
    vendors = make_library(offered, "vendors")
    make_library(package, "module", beside, far, vendors)
    return runtime, offered


def test_what_it_says(bundle: tuple[Path, Path]) -> None:
    library = bundle[0] / "Lib" / "package" / "module.dll"
    assert pe.Image(library).exports() == ["of_module"]
    assert "KERNEL32.dll" in pe.Image(library).imports()
    assert pe.needed(library) == {"beside.dll", "far.dll", "vendors.dll"}


def test_what_is_needed_is_where_windows_looks_for_it(bundle: tuple[Path, Path]) -> None:
    runtime, offered = bundle
    library = runtime / "Lib" / "package" / "module.dll"
    assert pe.missing(runtime, runtime) == [(library, "far.dll"), (library, "vendors.dll")]
    assert pe.gather(runtime, offered) == [runtime / "vendors.dll"]
    assert pe.missing(runtime, runtime) == []
    assert {path.name for path in runtime.iterdir()} == {"Lib", "far.dll", "vendors.dll"}
    assert not list((runtime / "Lib" / "other.libs").iterdir())
    assert (library.parent / "beside.dll").exists()


def test_what_no_package_has(bundle: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"module\.dll needs vendors\.dll, which no package has"):
        pe.gather(bundle[0], tmp_path / "nothing")


@pytest.mark.parametrize("content", [b"", b"\x7fELF", b"MZ" + bytes(100)])
def test_something_else(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "other.dll"
    path.write_bytes(content)
    with pytest.raises(BundleError, match=r"other\.dll is not machine code for Windows"):
        pe.Image(path)


def test_a_folder_is_no_library(tmp_path: Path) -> None:
    """The licence of one lies in a folder of its name."""
    (tmp_path / "vendors.dll").mkdir()
    assert list(pe.machine_code(tmp_path)) == []
