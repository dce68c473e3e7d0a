"""The library of a bundle knows no other Python than the bundle's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from koe.bundle import library
from koe.errors import BundleError
from tests.abi import build

pytestmark = [
    pytest.mark.abi,
    pytest.mark.skipif(sys.platform == "win32", reason="its loader works otherwise"),
]


def test_a_library_without_its_bundle(tmp_path: Path) -> None:
    library.build("a", tmp_path / "build", tmp_path / "root", library.ffi().native())
    code = (tmp_path / "root" / "lib" / "libkoe_core.so.1").read_bytes()
    assert str(build.PROJECT).encode() not in code
    assert sys.base_prefix.encode() not in code
    root, program = tmp_path / "root", tmp_path / "start"
    flags = [f"-I{root / 'include'}", f"-L{root / 'lib'}", "-lkoe_core"]
    command = [*build.FLAGS, str(build.SOURCES / "start.c"), *flags, "-o", str(program)]
    subprocess.run(command, check=True)
    done = build.run([program], tmp_path / "home", LD_LIBRARY_PATH=str(root / "lib"))
    place = root / "lib" / "libkoe_core.so.1"
    sentence = (
        f"there is no folder koe-runtime near {place}; copy the whole bundle again, or leave the "
        "library of a wheel in the folder where it was installed"
    )
    assert done.stdout == f"create -1\n{sentence}\n"
    assert done.stderr == f"koe: {sentence}\n"


def test_outside_of_a_checkout(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(library, "CHECKOUT", tmp_path)
    with pytest.raises(BundleError, match="needs a checkout of koe-core"):
        library.ffi()
