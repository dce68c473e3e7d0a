"""The target systems of bundles; all differences between them are in their classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

from koe.bundle import linux, macos, windows
from koe.errors import BundleError

NAMES = (*linux.NAMES, windows.NAME, *macos.NAMES)


class TargetSystem(Protocol):
    """A target system, with its specific steps. Each step may raise BundleError and OSError."""

    @property
    def name(self) -> str:
        """The name of the system, and of its lock."""

    @property
    def modules(self) -> str:
        """The folder of Python's modules in ``koe-runtime``."""

    @property
    def pip_options(self) -> tuple[str, ...]:
        """Options that make pip fetch packages for this system, if it is not the running one."""

    @property
    def left_to_do(self) -> str | None:
        """Steps before distribution that can't be done here, as a sentence; None: none."""

    def compile_library(self, generation: str, folder: Path, root: Path) -> None:
        """Compile the library in a folder, and install it into the bundle."""

    def place_python(self, runtime: Path, folder: Path) -> None:
        """Put Python's library, its modules and its licence into ``koe-runtime``."""

    def machine_code(self, folder: Path) -> Iterator[Path]:
        """The libraries and extension modules in a folder."""

    def settle(self, root: Path, folder: Path) -> Mapping[Path, Path | None]:
        """Include the libraries that the machine code needs, and remove debug symbols.

        Returns:
            The included libraries, each with its licence; None: the licence is unknown.
        """

    def try_it(self, root: Path, folder: Path, engines: tuple[str, ...]) -> None:
        """Check that the bundle is complete."""

    def runs_on(self, root: Path) -> str:
        """The systems that the bundle runs on, in words."""


def find(name: str) -> TargetSystem:
    """The system with this name.

    Raises:
        BundleError: Bundles for it can't be made on this computer.
    """
    if name == windows.NAME:
        return windows.Windows()
    if name in macos.NAMES:
        return macos.MacOS(name)
    if name not in linux.NAMES:
        raise BundleError(
            f"there are no bundles for {name}; name another --target, or use make install"
        )
    if name != linux.NATIVE:
        reason = f"a bundle for {name} can't be made on {linux.NATIVE}"
        raise BundleError(f"{reason}; make it on a {name} computer")
    return linux.Linux()
