"""Bundles for Linux: of this computer's Python and libraries, and tried here."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from koe.bundle import elf, library, standard, trial

NAMES = ("linux-x86_64", "linux-aarch64")

# The platform that this is.
NATIVE = f"{'macos' if sys.platform == 'darwin' else sys.platform}-{platform.machine()}"


class Linux:
    """This system, and the running Python."""

    name = NATIVE
    modules = f"lib/python{sys.version_info[0]}.{sys.version_info[1]}"
    pip_options = ()
    left_to_do = None

    def compile_library(self, generation: str, folder: Path, root: Path) -> None:
        """Compile the library with this system's compiler."""
        library.build(generation, folder, root, library.ffi().native())

    def place_python(self, runtime: Path, folder: Path) -> None:
        """Take this computer's Python along."""
        (runtime / "lib").mkdir(parents=True)
        shutil.copy(library.ffi().python_library(), runtime / "lib")
        standard.place_standard_library(runtime)

    def machine_code(self, folder: Path) -> Iterator[Path]:
        """ELF files."""
        return elf.machine_code(folder)

    def settle(self, root: Path, folder: Path) -> Mapping[Path, Path | None]:
        """Take along the libraries of this system."""
        for path in elf.machine_code(root):
            elf.strip(path)
        copies = elf.gather(root / library.RUNTIME)
        return {copy: elf.licence(source) for copy, source in copies.items()}

    def try_it(self, root: Path, folder: Path, engines: tuple[str, ...]) -> None:
        """Import everything, and let a shell start it."""
        trial.import_everything(root / library.RUNTIME, engines)
        trial.start_shell(root, folder)

    def runs_on(self, root: Path) -> str:
        """Say which glibc it needs."""
        return f"Linux with glibc {elf.oldest_glibc(root)} or newer"
