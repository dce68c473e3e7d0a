"""What is in the wheel and in the source distribution; and the wheel is enough for programs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

import build_ffi
from tests.abi import build

pytestmark = [
    pytest.mark.abi,
    pytest.mark.skipif(sys.platform == "win32", reason="environments are laid out otherwise"),
    pytest.mark.skipif(bool(build.SANITIZE), reason="says nothing about the code"),
]

PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
BACKEND = "import sys; from setuptools import build_meta as b; print(getattr(b, sys.argv[1])('.'))"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what git knows: setuptools leaves things in the folder where it builds."""
    if not (build.PROJECT / ".git").exists():
        pytest.skip("there is no git checkout to compare with")
    folder = tmp_path_factory.mktemp("checkout")
    for name in tracked():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(build.PROJECT / name, folder / name)
    return folder


def tracked() -> list[str]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=build.PROJECT, check=True, capture_output=True, text=True)
    return [name for name in done.stdout.split("\0") if name and (build.PROJECT / name).is_file()]


def make(checkout: Path, hook: str, **environment: str) -> Path:
    """Make a distribution with the environment's setuptools, as pip does; returns it."""
    command = [sys.executable, "-c", BACKEND, hook]
    done = subprocess.run(
        command, cwd=checkout, env={**os.environ, **environment},
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return checkout / done.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def wheel(checkout: Path) -> Path:
    return make(checkout, "build_wheel")


def test_the_source_distribution_is_the_checkout(checkout: Path) -> None:
    with tarfile.open(make(checkout, "build_sdist")) as archive:
        members = [member.name for member in archive if member.isfile()]
    files = {name.partition("/")[2] for name in members}
    assert set(tracked()) - files == set()
    added = {"PKG-INFO", "setup.cfg"}
    assert {name for name in files - added if ".egg-info/" not in name} == set(tracked())


def test_what_is_in_the_wheel(wheel: Path) -> None:
    tag = f"cp{sys.version_info.major}{sys.version_info.minor}"
    assert wheel.name.split("-")[2:4] == [tag, tag + sys.abiflags]
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        code = archive.read(f"koe/prefix/lib/{build_ffi.library_name(3)}")
    prefix = {name.removeprefix("koe/prefix/") for name in names if "/prefix/" in name}
    assert prefix == {
        "include/koe_core.h", "include/koe_extra.h", "include/module.modulemap",
        f"lib/{build_ffi.LIBRARY}", f"lib/{build_ffi.library_name(3)}",
        "lib/pkgconfig/koe-core.pc", "lib/cmake/KoeCore/KoeCoreConfig.cmake",
        "lib/cmake/KoeCore/KoeCoreConfigVersion.cmake",
    }  # fmt: skip
    assert "koe/py.typed" in names
    assert not [name for name in names if name.startswith(("tests", "bench", "build"))]
    for path in (build.PROJECT, wheel.parent, sys.base_prefix):
        assert str(path).encode() not in code  # it knows its Python by where it lies


def install(wheel: Path, environment: Path) -> Path:
    """Lay a wheel out in an environment that has all else; returns its site-packages."""
    packages = environment / "lib" / PYTHON / "site-packages"
    packages.mkdir(parents=True)
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    for entry in Path(sysconfig.get_paths()["platlib"]).iterdir():
        if not (packages / entry.name).exists() and not entry.name.startswith("__editable__"):
            (packages / entry.name).symlink_to(entry)
    (environment / "pyvenv.cfg").write_text(f"home = {sys.base_prefix}/bin\n")
    return packages


def test_a_program_needs_nothing_else(wheel: Path, tmp_path: Path) -> None:
    """It starts the Python that the wheel is installed in; and that one can load the library."""
    packages = install(wheel, tmp_path / "my environment")

    def ask(code: str) -> str:
        isolated = f"import sys; sys.path.insert(0, {str(packages)!r})\n{code}"
        return build.run([sys.executable, "-S", "-c", isolated], tmp_path / "home").stdout

    flags = ask("from koe.cli.koe_config import main; main(['--cflags', '--libs'])")
    source, program = build.SOURCES / "start.c", tmp_path / "start"
    command = f"{' '.join(build.FLAGS)} {source} {flags.strip()} -lpthread -o {program}"
    subprocess.run(command, shell=True, check=True)
    result = build.run([program], tmp_path / "home")
    assert (result.stdout, result.stderr) == ("create 0\n", "")
    joined = ask(
        "import ctypes, koe, koe.library as l; core = ctypes.CDLL(str(l.library()))\n"
        "print(core.sp_core_create(None), koe.__file__); core.sp_core_destroy()"
    )
    assert joined == f"0 {packages / 'koe' / '__init__.py'}\n"


@pytest.mark.skipif(sys.platform != "linux", reason="koe-key is for Linux")
def test_without_a_compiler(checkout: Path) -> None:
    """The package is for every Python then, and the library is missing."""
    wheel = make(checkout, "build_wheel", CC="no-such-compiler")
    assert wheel.name.split("-")[2:4] == ["py3", "none"]
    with zipfile.ZipFile(wheel) as archive:
        assert not [name for name in archive.namelist() if "/prefix/" in name]
