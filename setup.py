"""Compiles koe-key, the program behind a key on Linux. All else is said in pyproject.toml."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel

from distutils.command.build_scripts import build_scripts  # isort: skip  # setuptools' own

SOURCE = Path("koe", "linux", "koe-key.c")


class Compile(build_scripts):
    """Puts the program where scripts are; without a compiler, the package comes without it."""

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
    """For one platform, because of the program, but for every Python."""

    def get_tag(self) -> tuple[str, str, str]:
        return "py3", "none", super().get_tag()[2]


if sys.platform == "linux":
    commands = {"build_scripts": Compile, "bdist_wheel": PlatformWheel}
    setup(scripts=[str(SOURCE)], distclass=BinaryDistribution, cmdclass=commands)
else:
    setup()
