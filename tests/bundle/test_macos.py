"""A bundle for macOS, as far as its parts can be had without a network and a compiler for it."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest

from koe.bundle import library, macho, macos, packages
from koe.errors import BundleError
from tests.bundle.mach import machine_code, universal, write
from tests.bundle.test_release import make_release

VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"
SUFFIX = f".cpython-{VERSION.replace('.', '')}-darwin.so"
FRAMEWORK = "/Library/Frameworks/Python.framework"


def both(*names: str, own_name: str | None = None) -> bytes:
    """Machine code for both processors."""
    parts = {name: machine_code(own_name, names, processor=name) for name in macho.PROCESSORS}
    return universal(*parts.items())


@pytest.fixture
def bundle(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Python is placed, and a package."""
    monkeypatch.setattr(packages, "download", lambda *_: None)
    make_release(tmp_path / "python")
    code = {
        f"libpython{VERSION}.dylib": both(own_name=f"{FRAMEWORK}/Python"),
        f"_ssl{SUFFIX}": both("@loader_path/libssl.3.dylib"),
        "libssl.3.dylib": both("@loader_path/libcrypto.3.dylib", own_name=f"{FRAMEWORK}/ssl.dylib"),
        "libcrypto.3.dylib": both(own_name=f"{FRAMEWORK}/libcrypto.3.dylib"),
        f"readline{SUFFIX}": b"", "libncursesw.5.dylib": b"", f"pyexpat{SUFFIX}": both(),
    }  # fmt: skip
    with zipfile.ZipFile(tmp_path / "python" / "panda3d-1-macosx.whl", "w") as archive:
        archive.writestr("panda3d/core.so", b"")
        for name, content in code.items():
            archive.writestr(f"deploy_libs/{name}", content)
    root = tmp_path / "root"
    runtime = root / library.RUNTIME
    macos.MacOS("macos-arm64").place_python(runtime, tmp_path)
    packaged = runtime / "lib" / f"python{VERSION}" / "site-packages" / "package"
    write(packaged / "module.so", machine_code(run_paths=["/Users/builder"], oldest=(13, 4)))
    write(root / "lib" / "libkoe_core.3.dylib", machine_code("@rpath/libkoe_core.3.dylib"))
    (root / "lib" / "libkoe_core.dylib").symlink_to("libkoe_core.3.dylib")
    return root


def test_python_and_what_it_needs(bundle: Path, tmp_path: Path) -> None:
    """All of it is for one processor, relative, and listed for who signs it."""
    system = macos.MacOS("macos-arm64")
    copies = system.settle(bundle, tmp_path)
    modules = f"{library.RUNTIME}/lib/python{VERSION}"
    dynamic = f"{modules}/lib-dynload"
    listed = (bundle / macos.SIGNED).read_text().splitlines()
    assert listed == sorted([
        "lib/libkoe_core.3.dylib", f"{library.RUNTIME}/lib/libpython{VERSION}.dylib",
        f"{modules}/site-packages/package/module.so", f"{dynamic}/_ssl{SUFFIX}",
        f"{dynamic}/libcrypto.3.dylib", f"{dynamic}/libssl.3.dylib", f"{dynamic}/pyexpat{SUFFIX}",
    ])  # fmt: skip
    assert {path.name for path in copies} == {"libssl.3.dylib", "libcrypto.3.dylib"}
    assert {terms.name for terms in copies.values() if terms} == {"LICENSE.txt"}
    system.try_it(bundle, tmp_path, ())
    for path in system.machine_code(bundle):
        image = macho.MachO(path)
        assert image.processor == macho.PROCESSORS["arm64"]
        assert image.own_name in (None, f"@rpath/{path.name}")
        assert image.run_paths == []
    assert system.runs_on(bundle) == "macOS 13.4 or newer, on arm64"
    placed = {path.name for path in (bundle / modules).glob("*.pyc")}
    assert placed == {"os.pyc", "nturl2path.pyc", "plistlib.pyc",
                      "_sysconfigdata__darwin_darwin.pyc"}  # fmt: skip


def test_what_no_package_has(bundle: Path, tmp_path: Path) -> None:
    packaged = bundle / library.RUNTIME / "lib" / f"python{VERSION}" / "site-packages"
    write(packaged / "other.so", machine_code(None, ["@rpath/libnone.dylib"]))
    with pytest.raises(BundleError, match=r"other\.so needs @rpath/libnone\.dylib, which no"):
        macos.MacOS("macos-arm64").settle(bundle, tmp_path)


def test_what_macos_would_not_load(bundle: Path, tmp_path: Path) -> None:
    system = macos.MacOS("macos-arm64")
    system.settle(bundle, tmp_path)
    path = bundle / "lib" / "libkoe_core.3.dylib"
    content = path.read_bytes()
    path.write_bytes(content.replace(b"\xaa", b"\xbb", 1))
    with pytest.raises(BundleError, match=r"libkoe_core\.3\.dylib has no valid signature"):
        system.try_it(bundle, tmp_path, ())
    path.write_bytes(content)
    next(bundle.rglob("libssl.3.dylib")).unlink()
    with pytest.raises(BundleError, match=r"_ssl\S+ needs @loader_path/libssl\.3\.dylib"):
        system.try_it(bundle, tmp_path, ())


def test_a_version_that_the_lock_lacks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(packages, "download", lambda *_: None)
    make_release(tmp_path / "python")
    with pytest.raises(
        BundleError, match=r"macos/python\.txt has no libpython\S+; use Python 3.11"
    ):
        macos.MacOS("macos-arm64").place_python(tmp_path / "runtime", tmp_path)


def test_a_computer_without_a_compiler(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(macos, "find_spec", lambda _: None)
    with pytest.raises(BundleError, match="no compiler for macOS; install zig: pip install"):
        macos.MacOS("macos-x86_64").compile_library("c", tmp_path / "build", tmp_path / "root")
