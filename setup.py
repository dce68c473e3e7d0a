"""Compiles what is in C: the library for shells, and the program behind a key on Linux.

Where there is no compiler, the package comes without them. All else is said in pyproject.toml.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

from distutils.command.build_scripts import build_scripts  # isort: skip  # setuptools' own

PROJECT = Path(__file__).resolve().parent
SOURCE = Path("koe", "linux", "koe-key.c")

# Where the library and the headers are in the package (koe/library.py).
PREFIX = Path("koe", "prefix")
GENERATION = 3


class CompileLibrary(build_py):
    """Puts the library and its headers into the package, where it is not one that can be edited."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        sys.path.insert(0, str(PROJECT))
        import build_ffi
        import install_ffi

        prefix = Path(self.build_lib, PREFIX)
        shutil.rmtree(prefix, ignore_errors=True)  # of a build before this one
        with tempfile.TemporaryDirectory() as temporary:
            built = Path(temporary)
            binding = built / "_koe_native.c"
            build_ffi.emit_binding(binding)
            build_ffi.emit_python_api(built / "python_api.h")
            try:
                target = build_ffi.native(moved=True)
                build_ffi.build(GENERATION, built, binding, [], target, bundled=True)
            except SystemExit as exc:
                self.warn(f"the C library is left out, because it can't be compiled: {exc}")
            else:
                install_ffi.install(GENERATION, built, prefix, links=False)


class CompileProgram(build_scripts):
    """Puts the program where scripts are."""

    def run(self) -> None:
        folder = Path(self.build_dir)
        folder.mkdir(parents=True, exist_ok=True)
        compiler = shlex.split(os.environ.get("CC", "cc"))
        options = ["-std=c11", "-O2", "-Wall", "-Wextra", "-o", str(folder / SOURCE.stem)]
        try:
            subprocess.run([*compiler, *options, str(SOURCE)], check=True)
        except (OSError, subprocess.CalledProcessError) as exc:
            self.warn(f"koe-key is left out, because it can't be compiled: {exc}")


class BinaryDistribution(Distribution):
    """Has something that was compiled."""

    def has_ext_modules(self) -> bool:
        return True


class PlatformWheel(bdist_wheel):
    """For one platform, and for one Python, which is the one that its library starts."""

    def get_tag(self) -> tuple[str, str, str]:
        python, abi, platform = super().get_tag()
        if Path(self.bdist_dir, PREFIX).exists():
            return python, abi, platform
        return "py3", "none", platform


commands = {"build_py": CompileLibrary, "bdist_wheel": PlatformWheel}
if sys.platform == "linux":
    commands["build_scripts"] = CompileProgram
setup(
    scripts=[str(SOURCE)] if sys.platform == "linux" else [],
    distclass=BinaryDistribution,
    cmdclass=commands,
)
