"""Bundles for Windows, made on another system, with a Python for Windows from a package."""

from __future__ import annotations

import shutil
import sys
import zipfile
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

from koe.bundle import library, packages, pe, standard
from koe.bundle.release import place_modules, unpack
from koe.errors import BundleError

NAME = "windows-x86_64"

# A package with python.org's release for Windows of the running version of Python, and one with the
# libraries of Microsoft's compiler.
LOCK = packages.LOCKS / "windows" / "python.txt"

_MINGW = "x86_64-w64-mingw32-"
_VERSION = f"{sys.version_info[0]}{sys.version_info[1]}"
_PYTHON_LIBRARY = f"python{_VERSION}.dll"

# Used by packages that support any version of Python.
_STABLE_LIBRARY = "python3.dll"

# The settings of Python's headers for Windows.
_SETTINGS = Path("koe", "native", "windows", "pyconfig.h")

# Libraries that Python's extension modules need.
_COMPANIONS = frozenset({"libcrypto-3.dll", "libffi-8.dll", "libssl-3.dll", "sqlite3.dll"})


class Windows:
    """Windows on x86-64, with a Python of the running version."""

    name = NAME
    modules = "Lib"
    pip_options = ("--platform", "win_amd64")
    left_to_do = None

    def compile_library(self, generation: str, folder: Path, root: Path) -> None:
        """Compile the library with MinGW-w64, or with zig if that is not installed."""
        headers = folder / "python"
        running = library.ffi().native().python_headers
        shutil.copytree(running, headers)
        shutil.copy(library.CHECKOUT / _SETTINGS, headers / "pyconfig.h")
        compiler, resources, dlltool = _tools()
        target = library.ffi().Target(
            "win32", compiler, headers, _PYTHON_LIBRARY, resources, dlltool
        )
        library.build(generation, folder, root, target)

    def place_python(self, runtime: Path, folder: Path) -> None:
        """Unpack the release for Windows."""
        fetched = folder / "python"
        packages.download(LOCK, fetched, self.pip_options)
        release, shared = folder / "release", runtime / "DLLs"
        unpack(fetched, release, LOCK)
        _unpack_wheels(fetched, _compilers_libraries(folder))
        shared.mkdir(parents=True)
        for name in (_PYTHON_LIBRARY, _STABLE_LIBRARY):
            shutil.copy(release / name, runtime)
        for path in sorted(release.iterdir()):
            if path.name in _COMPANIONS or (
                path.suffix == ".pyd" and standard.is_used_extension(path.stem, "win32")
            ):
                shutil.copy(path, shared)
        place_modules(release, runtime / self.modules, runtime / "licenses" / "python", "win32")

    def machine_code(self, folder: Path) -> Iterator[Path]:
        """The DLLs and extension modules in a folder."""
        return pe.machine_code(folder)

    def settle(self, root: Path, folder: Path) -> Mapping[Path, Path | None]:
        """Include the libraries of Microsoft's compiler."""
        source = _compilers_libraries(folder)
        [terms] = source.glob("*.dist-info/licenses/LICENSE")
        return dict.fromkeys(pe.gather(root / library.RUNTIME, source), terms)

    def try_it(self, root: Path, folder: Path, engines: tuple[str, ...]) -> None:
        """Check that every required library is found; more can't be tested on this system."""
        for path, name in pe.missing(root, root / library.RUNTIME):
            raise BundleError(f"the bundle is incomplete: {path.name} needs {name}")

    def runs_on(self, root: Path) -> str:
        """The oldest Windows that the packages support, in words."""
        return "Windows 10 or newer, on x86-64"


def _tools() -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """The compilers of C and of resources, and the generator of import libraries.

    Raises:
        BundleError: They are not installed.
    """
    if shutil.which(f"{_MINGW}gcc"):
        return (f"{_MINGW}gcc",), (f"{_MINGW}windres",), (f"{_MINGW}dlltool",)
    if find_spec("ziglang"):
        zig = (sys.executable, "-m", "ziglang")
        resources = (*zig, "rc", "/:target", "x64", "/:output-format", "coff", "--")
        return (*zig, "cc", "-target", "x86_64-windows-gnu"), resources, (*zig, "dlltool")
    raise BundleError(
        "there is no compiler for Windows; install MinGW-w64 (Debian: gcc-mingw-w64-x86-64), or "
        "zig: pip install ziglang"
    )


def _compilers_libraries(folder: Path) -> Path:
    return folder / "compiler"


def _unpack_wheels(fetched: Path, target: Path) -> None:
    for path in fetched.glob("*.whl"):
        with zipfile.ZipFile(path) as archive:
            archive.extractall(target)
