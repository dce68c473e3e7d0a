"""A prefix that shells link, also where it was moved to."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import koe
from build_ffi import GENERATIONS, LIBRARY, library_name, version_resource
from tests.abi import build

pytestmark = [
    pytest.mark.abi,
    pytest.mark.skipif(sys.platform == "win32", reason="Windows shells know one name"),
    pytest.mark.skipif(bool(build.SANITIZE), reason="says nothing about the code"),
]

HOST = """\
#include <stdio.h>
#include "koe_core.h"
#include "koe_extra.h"

int main(void) {
    printf("generation %d, create %d\\n", KOE_ABI, (int)sp_core_create(NULL));
    sp_core_destroy();
    return koe_feature_level() >= 2 ? 0 : 1;
}
"""

CMAKE_HOST = """\
cmake_minimum_required(VERSION 3.16)
project(host C)
find_package(KoeCore {version} REQUIRED COMPONENTS {component})
add_executable(host host.c)
target_link_libraries(host PRIVATE KoeCore::KoeCore)
"""


@pytest.fixture(scope="module", params=build.GENERATIONS)
def prefix(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Installed for one place, by way of a stage, and moved to another."""
    build.build_libraries()
    stage = tmp_path_factory.mktemp("stage")
    command = [sys.executable, "install_ffi.py", "--abi", build.GENERATIONS[request.param]]
    subprocess.run(
        [*command, "--prefix", "/opt/koe", "--destdir", str(stage)], cwd=build.PROJECT, check=True
    )
    moved = tmp_path_factory.mktemp("moved") / "my apps" / "听写" / "koe"
    moved.parent.mkdir(parents=True)
    return Path(shutil.move(stage / "opt" / "koe", moved))


def generation(prefix: Path) -> int:
    header = (prefix / "include" / "koe_core.h").read_text(encoding="utf-8")
    found = re.search(r"^#define KOE_ABI (\d)$", header, re.MULTILINE)
    assert found
    return int(found[1])


def run_host(program: Path, tmp_path: Path, **environment: str) -> str:
    result = build.run([program], tmp_path / "home", **environment)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_what_is_there(prefix: Path) -> None:
    library = library_name(generation(prefix))
    files = {str(path.relative_to(prefix)) for path in prefix.rglob("*") if not path.is_dir()}
    assert files == {
        "include/koe_core.h", "include/koe_extra.h", "include/module.modulemap",
        f"lib/{LIBRARY}", f"lib/{library}", "lib/pkgconfig/koe-core.pc",
        "lib/cmake/KoeCore/KoeCoreConfig.cmake", "lib/cmake/KoeCore/KoeCoreConfigVersion.cmake",
    }  # fmt: skip
    assert (prefix / "lib" / LIBRARY).readlink() == Path(library)
    headers = re.findall(r'header "(.*?)"', (prefix / "include/module.modulemap").read_text())
    assert headers == ["koe_core.h", "koe_extra.h"]


@pytest.mark.skipif(not shutil.which("pkg-config"), reason="pkg-config is not installed")
def test_a_host_that_asks_pkg_config(prefix: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PKG_CONFIG_PATH": str(prefix / "lib" / "pkgconfig")}

    def ask(*question: str) -> list[str]:
        command = ["pkg-config", *question, "koe-core"]
        answer = subprocess.run(command, env=environment, check=True, capture_output=True)
        # It puts a backslash before each byte that is not ASCII.
        parts = shlex.split(answer.stdout.decode("latin-1"))
        return [os.fsdecode(part.encode("latin-1")) for part in parts]

    abi = generation(prefix)
    assert ask("--modversion") == [koe.__version__]
    assert ask("--variable=generation") == [GENERATIONS[abi]]
    (tmp_path / "host.c").write_text(HOST)
    program = tmp_path / "host"
    flags = [*ask("--cflags", "--libs"), "-o", str(program)]
    subprocess.run([*build.FLAGS, str(tmp_path / "host.c"), *flags], check=True)
    name = "DYLD_LIBRARY_PATH" if sys.platform == "darwin" else "LD_LIBRARY_PATH"
    reported = run_host(program, tmp_path, **{name: str(prefix / "lib")})
    assert reported == f"generation {abi}, create 0\n"


@pytest.mark.skipif(not shutil.which("cmake"), reason="cmake is not installed")
def test_a_host_that_asks_cmake(prefix: Path, tmp_path: Path) -> None:
    abi = generation(prefix)

    def configure(component: str, version: str) -> subprocess.CompletedProcess[str]:
        text = CMAKE_HOST.format(component=component, version=version)
        (tmp_path / "CMakeLists.txt").write_text(text)
        command = ["cmake", "-S", str(tmp_path), "-B", str(tmp_path / "build")]
        command.append(f"-DCMAKE_PREFIX_PATH={prefix}")
        return subprocess.run(command, capture_output=True, text=True, check=False)

    (tmp_path / "host.c").write_text(HOST)
    other = GENERATIONS[abi % 3 + 1]
    refused = configure(other, koe.__version__)
    assert refused.returncode != 0
    assert f"is of generation {GENERATIONS[abi]}, not {other}" in " ".join(refused.stderr.split())
    assert configure(GENERATIONS[abi], "99.0").returncode != 0
    configured = configure(GENERATIONS[abi], koe.__version__)
    assert configured.returncode == 0, configured.stderr
    command = ["cmake", "--build", str(tmp_path / "build")]
    subprocess.run(command, check=True, capture_output=True)
    reported = run_host(tmp_path / "build" / "host", tmp_path)
    assert reported == f"generation {abi}, create 0\n"


@pytest.mark.skipif(sys.platform != "linux", reason="the words are of its loader")
def test_a_library_of_another_generation_is_not_loaded(prefix: Path, tmp_path: Path) -> None:
    """The loader says so, where no function could notice it."""
    abi = generation(prefix)
    other = abi % 3 + 1
    (tmp_path / "host.c").write_text(HOST)
    program = tmp_path / "host"  # which has no search path of its own
    folder = build.library(other)
    include = f"-I{folder.parent / 'include'}"
    command = [*build.FLAGS, include, str(tmp_path / "host.c"), f"-L{folder}", "-lkoe_core"]
    subprocess.run([*command, "-o", str(program)], check=True)
    result = build.run([program], tmp_path / "home", LD_LIBRARY_PATH=str(prefix / "lib"))
    assert result.returncode == 127
    assert f"libkoe_core.so.{other}: cannot open shared object file" in result.stderr


def test_a_prefix_that_is_relative() -> None:
    command = [sys.executable, "install_ffi.py", "--prefix", "here"]
    result = subprocess.run(command, cwd=build.PROJECT, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert "the prefix must be an absolute path, not here" in result.stderr


def test_a_prefix_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    command = [sys.executable, "install_ffi.py", "--prefix", str(tmp_path / "file" / "koe")]
    result = subprocess.run(command, cwd=build.PROJECT, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stderr.startswith("koe: not installed: ")
    assert "Traceback" not in result.stderr


@pytest.mark.skipif(
    not shutil.which("x86_64-w64-mingw32-windres"), reason="MinGW-w64 is not installed"
)
def test_the_version_that_windows_shows(tmp_path: Path) -> None:
    (tmp_path / "version.rc").write_text(version_resource(1), encoding="ascii")
    command = ["x86_64-w64-mingw32-windres", "version.rc", "-o", "version.o"]
    subprocess.run(command, cwd=tmp_path, check=True)
    shown = (tmp_path / "version.o").read_bytes().decode("utf-16-le", "replace")
    assert "Koe dictation core, generation a" in shown
    assert koe.__version__ in shown


@pytest.mark.parametrize("abi", build.GENERATIONS)
@pytest.mark.skipif(not shutil.which("x86_64-w64-mingw32-gcc"), reason="MinGW-w64 is not installed")
def test_compiles_for_windows(abi: int) -> None:
    """What needs no Python for it: the declarations are exported at first sight.

    As one source, because reading windows.h is nearly all of the work.
    """
    include = build.library(abi).parent / "include"
    flags = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", f"-DKOE_ABI={abi}", "-fsyntax-only"]
    native = build.PROJECT / "koe" / "native"
    parts = ("shim", "extra", "settings", "requests", "logfile")
    source = "".join(f'#include "{part}.c"\n' for part in parts)
    command = ["x86_64-w64-mingw32-gcc", *flags, f"-I{include}", f"-I{native}", "-xc", "-"]
    subprocess.run(command, input=source, text=True, check=True)
