"""Bundles for Linux, with this computer's Python and libraries; they are tested here."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from koe.bundle import elf, library, standard, trial

NAMES = ("linux-x86_64", "linux-aarch64")

# The name of this platform.
NATIVE = f"{'macos' if sys.platform == 'darwin' else sys.platform}-{platform.machine()}"


class Linux:
    """This system, with the running Python."""

    name = NATIVE
    modules = f"lib/python{sys.version_info[0]}.{sys.version_info[1]}"
    pip_options = ()
    left_to_do = None

    def compile_library(self, generation: str, folder: Path, root: Path) -> None:
        """Compile the library with this system's compiler."""
        library.build(generation, folder, root, library.ffi().native())

    def place_python(self, runtime: Path, folder: Path) -> None:
        """Include this computer's Python."""
        (runtime / "lib").mkdir(parents=True)
        shutil.copy(library.ffi().python_library(), runtime / "lib")
        standard.place_standard_library(runtime)

    def machine_code(self, folder: Path) -> Iterator[Path]:
        """The ELF files in a folder."""
        return elf.machine_code(folder)

    def settle(self, root: Path, folder: Path) -> Mapping[Path, Path | None]:
        """Include the libraries of this system that are needed."""
        for path in elf.machine_code(root):
            elf.strip(path)
        copies = elf.gather(root / library.RUNTIME)
        return {copy: elf.licence(source) for copy, source in copies.items()}

    def try_it(self, root: Path, folder: Path, engines: tuple[str, ...]) -> None:
        """Import all modules, and let a shell start the library."""
        trial.import_everything(root / library.RUNTIME, engines)
        trial.start_shell(root, folder)

    def runs_on(self, root: Path) -> str:
        """The oldest glibc that it needs, in words."""
        return f"Linux with glibc {elf.oldest_glibc(root)} or newer"
