"""The systems that bundles are made for: what differs between them, and nothing else does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

from koe.bundle import linux, macos, windows
from koe.errors import BundleError

NAMES = (*linux.NAMES, windows.NAME, *macos.NAMES)


class TargetSystem(Protocol):
    """A system, and the steps that are its own. Each may raise BundleError, and OSError."""

    @property
    def name(self) -> str:
        """What it is called here, and what its lock is called."""

    @property
    def modules(self) -> str:
        """The folder of Python's modules in ``koe-runtime``."""

    @property
    def pip_options(self) -> tuple[str, ...]:
        """Which packages pip has to fetch, where they are not for this system."""

    @property
    def left_to_do(self) -> str | None:
        """What can't be done here before it is handed out, as a sentence; None: nothing."""

    def compile_library(self, generation: str, folder: Path, root: Path) -> None:
        """Compile the library in a folder, and install it into the bundle."""

    def place_python(self, runtime: Path, folder: Path) -> None:
        """Put Python's library, its modules and its licence into ``koe-runtime``."""

    def machine_code(self, folder: Path) -> Iterator[Path]:
        """The libraries and extension modules in a folder."""

    def settle(self, root: Path, folder: Path) -> Mapping[Path, Path | None]:
        """Take along what the machine code needs, and nothing that only debuggers read.

        Returns:
            What was taken along, each with its licence; None: that is not known.
        """

    def try_it(self, root: Path, folder: Path, engines: tuple[str, ...]) -> None:
        """Find out whether the bundle is whole."""

    def runs_on(self, root: Path) -> str:
        """The systems that the bundle runs on, in words."""


def find(name: str) -> TargetSystem:
    """The system of this name.

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
        raise BundleError(f"a bundle for {name} can't be made on {linux.NATIVE}")
    return linux.Linux()
