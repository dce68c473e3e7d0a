"""Bundles for macOS, made on another system, with a Python for macOS from packages."""

from __future__ import annotations

import shutil
import sys
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

from koe.bundle import library, macho, packages, standard
from koe.bundle.release import place_modules, unpack
from koe.errors import BundleError

# The processors: Apple's names, and those of compilers.
_COMPILERS = {"arm64": "aarch64", "x86_64": "x86_64"}

NAMES = tuple(f"macos-{processor}" for processor in _COMPILERS)

# Python's machine code for macOS as python.org has it, from a package for programs that are shipped
# with Python; and Python's modules, which are the same on all systems, from the package that
# contains Python for Windows.
LOCK = packages.LOCKS / "macos" / "python.txt"

# The files to sign on a Mac before a bundle is distributed: paths in the bundle, one per line.
SIGNED = "signing.txt"

# The oldest version for the library itself. Packages may need a newer one.
_OLDEST = "11.0"

# The name of the system in ``sys.platform``.
_SYSTEM = "darwin"

_VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"
_PYTHON_LIBRARY = f"libpython{_VERSION}.dylib"
_SUFFIX = f".cpython-{sys.version_info[0]}{sys.version_info[1]}-darwin.so"

# The settings of Python's headers for macOS.
_SETTINGS = Path("koe", "native", "macos", "pyconfig.h")


class MacOS:
    """MacOS on one processor, with a Python of the running version."""

    modules = f"lib/python{_VERSION}"
    left_to_do = (
        "On a Mac, test the bundle with frontends/macos/check-on-a-mac.sh, and sign the files that "
        f"{SIGNED} lists with frontends/macos/embed-and-sign.sh."
    )

    def __init__(self, name: str) -> None:
        """Set the name, which must be one of NAMES."""
        self.name = name
        self._processor = name.removeprefix("macos-")
        self.pip_options = ("--platform", f"macosx_15_0_{self._processor}")

    def compile_library(self, generation: str, folder: Path, root: Path) -> None:
        """Compile the library with zig, which includes the required parts of macOS."""
        if not find_spec("ziglang"):
            raise BundleError("there is no compiler for macOS; install zig: pip install ziglang")
        headers = folder / "python"
        shutil.copytree(library.ffi().native().python_headers, headers)
        shutil.copy(library.CHECKOUT / _SETTINGS, headers / "pyconfig.h")
        target = f"{_COMPILERS[self._processor]}-macos.{_OLDEST}"
        compiler = (sys.executable, "-m", "ziglang", "cc", "-target", target)
        library.build(
            generation,
            folder,
            root,
            library.ffi().Target(_SYSTEM, compiler, headers, _PYTHON_LIBRARY),
        )

    def place_python(self, runtime: Path, folder: Path) -> None:
        """Assemble Python from the packages."""
        fetched = folder / "python"
        packages.download(LOCK, fetched, self.pip_options)
        unpack(fetched, _release(folder), LOCK)
        machine = _machine_code(folder)
        _unpack_machine_code(fetched, machine)
        modules = runtime / self.modules
        extensions = modules / "lib-dynload"
        extensions.mkdir(parents=True)
        shutil.copy(machine / _PYTHON_LIBRARY, runtime / "lib")
        for path in sorted(machine.glob(f"*{_SUFFIX}")):
            if standard.is_used_extension(path.name.removesuffix(_SUFFIX), _SYSTEM):
                shutil.copy(path, extensions)
        place_modules(_release(folder), modules, runtime / "licenses" / "python", _SYSTEM)
        standard.place_settings(modules, "_sysconfigdata__darwin_darwin", "/usr/share/zoneinfo")

    def machine_code(self, folder: Path) -> Iterator[Path]:
        """The libraries and extension modules in a folder."""
        return macho.machine_code(folder)

    def settle(self, root: Path, folder: Path) -> Mapping[Path, Path | None]:
        """Include the libraries of Python's extension modules, and list the files to sign."""
        runtime, source = root / library.RUNTIME, _machine_code(folder)
        copies: dict[Path, Path | None] = {}
        self._relocate(macho.machine_code(root))
        while lacking := macho.missing(runtime):
            path, name = lacking[0]
            copy = path.parent / Path(name).name
            if copy.exists() or not (source / copy.name).exists():
                raise BundleError(f"{path.name} needs {name}, which no package has")
            shutil.copy(source / copy.name, copy)
            self._relocate([copy])
            copies[copy] = _release(folder) / "LICENSE.txt"
        listed = [path.relative_to(root).as_posix() for path in macho.machine_code(root)]
        (root / SIGNED).write_text("".join(f"{path}\n" for path in listed), encoding="utf-8")
        return copies

    def try_it(self, root: Path, folder: Path, engines: tuple[str, ...]) -> None:
        """Check that all required libraries would be found and loaded."""
        for path, name in macho.missing(root):
            raise BundleError(f"the bundle is incomplete: {path.name} needs {name}")
        for path in macho.machine_code(root):
            if not macho.MachO(path).is_sound():
                raise BundleError(f"the bundle is damaged: {path.name} has no valid signature")

    def runs_on(self, root: Path) -> str:
        """The oldest macOS that all parts support, in words."""
        major, minor = max(macho.MachO(path).oldest_system for path in macho.machine_code(root))
        return f"macOS {major}.{minor} or newer, on {self._processor}"

    def _relocate(self, paths: Iterable[Path]) -> None:
        for path in paths:
            macho.thin(path, self._processor)
            macho.MachO(path).relocate()


def _release(folder: Path) -> Path:
    return folder / "release"


def _machine_code(folder: Path) -> Path:
    return folder / "machine-code"


def _unpack_machine_code(fetched: Path, target: Path) -> None:
    """Unpack Python's machine code from a package that contains it for distribution.

    Raises:
        BundleError: The package has no machine code for this version of Python.
    """
    target.mkdir()
    for path in fetched.glob("panda3d-*.whl"):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if name.startswith("deploy_libs/"):
                    (target / Path(name).name).write_bytes(archive.read(name))
    if not (target / _PYTHON_LIBRARY).exists():
        raise BundleError(f"macos/{LOCK.name} has no {_PYTHON_LIBRARY}; use Python 3.11 for koe")
