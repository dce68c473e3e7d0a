"""Bundles for macOS, made on another system: with a Python for macOS from packages."""

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

# The processors, as Apple calls them, and as compilers do.
_COMPILERS = {"arm64": "aarch64", "x86_64": "x86_64"}

NAMES = tuple(f"macos-{processor}" for processor in _COMPILERS)

# Python's machine code as python.org has it for macOS, in a package that lets programs take it
# along, and its modules, the same on all systems, in the package that has Python for Windows.
LOCK = packages.LOCKS / "macos" / "python.txt"

# What is to be signed on a Mac before a bundle is handed out: paths in the bundle, one a line.
SIGNED = "signing.txt"

# What the library itself needs at least. Packages may need a newer one.
_OLDEST = "11.0"

# What Python calls it.
_SYSTEM = "darwin"

_VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"
_PYTHON_LIBRARY = f"libpython{_VERSION}.dylib"
_SUFFIX = f".cpython-{sys.version_info[0]}{sys.version_info[1]}-darwin.so"

# What Python's headers know of macOS.
_SETTINGS = Path("koe", "native", "macos", "pyconfig.h")


class MacOS:
    """MacOS on one processor, and a Python of the version that runs here."""

    modules = f"lib/python{_VERSION}"
    left_to_do = (
        f"A Mac has to try it, frontends/macos/check-on-a-mac.sh, and to sign what {SIGNED} lists, "
        "frontends/macos/embed-and-sign.sh."
    )

    def __init__(self, name: str) -> None:
        """Name it: one of NAMES."""
        self.name = name
        self._processor = name.removeprefix("macos-")
        self.pip_options = ("--platform", f"macosx_15_0_{self._processor}")

    def compile_library(self, generation: str, folder: Path, root: Path) -> None:
        """Compile the library with zig, which brings what is needed of macOS."""
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
        """Put Python together."""
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
        """Libraries and extension modules."""
        return macho.machine_code(folder)

    def settle(self, root: Path, folder: Path) -> Mapping[Path, Path | None]:
        """Take along what extension modules of Python need, and list what is to be signed."""
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
        """Look whether all that is needed is found and would be loaded."""
        for path, name in macho.missing(root):
            raise BundleError(f"it is not whole: {path.name} needs {name}")
        for path in macho.machine_code(root):
            if not macho.MachO(path).is_sound():
                raise BundleError(f"it is not whole: {path.name} is not as it was signed")

    def runs_on(self, root: Path) -> str:
        """Say what the newest of its parts asks for."""
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
    """Unpack what a package brings for programs that are handed out: Python's machine code.

    Raises:
        BundleError: It has none for this version of Python.
    """
    target.mkdir()
    for path in fetched.glob("panda3d-*.whl"):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if name.startswith("deploy_libs/"):
                    (target / Path(name).name).write_bytes(archive.read(name))
    if not (target / _PYTHON_LIBRARY).exists():
        raise BundleError(f"macos/{LOCK.name} has no {_PYTHON_LIBRARY}; run koe with 3.11")
