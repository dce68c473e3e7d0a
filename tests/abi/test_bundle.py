"""What the library says to a bundle that is not as it was made. No Python is started for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from build_ffi import python_library
from koe import __version__
from koe.bundle import manifest
from tests.abi import build

pytestmark = [
    pytest.mark.abi,
    pytest.mark.skipif(sys.platform == "win32", reason="its files have no modes"),
]

AGAIN = "copy the whole bundle again"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Without a search path in it, so that each test's own library is what it finds."""
    target, folder = tmp_path_factory.mktemp("driver") / "start", build.library(3)
    command = [*build.FLAGS, f"-I{folder.parent / 'include'}", str(build.SOURCES / "start.c")]
    subprocess.run([*command, f"-L{folder}", "-lkoe_core", "-o", str(target)], check=True)
    return target


@pytest.fixture
def runtime(tmp_path: Path) -> Path:
    """A listed folder beside a library, which has all but what a Python is."""
    (tmp_path / "lib").mkdir()
    build.copy_library(3, tmp_path / "lib")
    runtime = tmp_path / "koe-runtime"
    (runtime / "lib" / "听 写").mkdir(parents=True)
    (runtime / "lib" / "听 写" / "ö.pyc").write_bytes(b"code")
    manifest.write(runtime)
    return runtime


def start(program: Path, runtime: Path) -> str:
    """Start the library; returns what it says, on stderr, in koe.log and when it is asked."""
    home = runtime.parent / "home"
    result = build.run([program], home, LD_LIBRARY_PATH=str(runtime.parent / "lib"))
    [line] = result.stderr.splitlines()
    sentence = line.removeprefix("koe: ")
    assert result.stdout == f"create -1\n{sentence}\n"
    assert (home / ".koe" / "koe.log").read_text().endswith(f" error: {sentence}\n")
    return sentence


def add_a_python_that_is_none(runtime: Path) -> str:
    library = runtime / "lib" / python_library().name
    library.write_bytes(b"")
    manifest.write(runtime)
    return f"the Python library can't be loaded: {library}: file too short; install koe again"


def remove_a_file(runtime: Path) -> str:
    (runtime / "lib" / "听 写" / "ö.pyc").unlink()
    return f"{runtime} is not whole: lib/听 写/ö.pyc is missing; {AGAIN}"


def remove_a_folder(runtime: Path) -> str:
    (runtime / "lib" / "听 写" / "ö.pyc").unlink()
    (runtime / "lib" / "听 写").rmdir()
    return f"{runtime} is not whole: lib/听 写 is missing; {AGAIN}"


def cut_a_file(runtime: Path) -> str:
    (runtime / "lib" / "听 写" / "ö.pyc").write_bytes(b"co")
    return f"{runtime} is not whole: lib/听 写/ö.pyc has 2 bytes instead of 4; {AGAIN}"


def cut_the_list(runtime: Path) -> str:
    path = runtime / manifest.NAME
    path.write_bytes(path.read_bytes()[: -len("end\n")])
    return f"{runtime} is not whole: the end of manifest.txt is missing; {AGAIN}"


def empty_the_list(runtime: Path) -> str:
    (runtime / manifest.NAME).write_bytes(b"")
    return f"{runtime} is not whole: the end of manifest.txt is missing; {AGAIN}"


def spoil_the_list(runtime: Path) -> str:
    (runtime / manifest.NAME).write_bytes(b"\0\xff\n")
    return f"{runtime} is not whole: manifest.txt is damaged; {AGAIN}"


def spoil_an_entry(runtime: Path) -> str:
    (runtime / manifest.NAME).write_text(f"koe-core {__version__}\n12\nend\n")
    return f"{runtime} is not whole: manifest.txt is damaged; {AGAIN}"


def remove_the_list(runtime: Path) -> str:
    (runtime / manifest.NAME).unlink()
    return f"{runtime} is not whole: manifest.txt can't be read; {AGAIN}"


def change_the_version(runtime: Path) -> str:
    path = runtime / manifest.NAME
    path.write_text(path.read_text().replace(__version__, "9.9.9", 1))
    return (
        f"{runtime} is for koe 9.9.9, but the library is koe {__version__}; "
        "copy both from the same bundle"
    )


def open_a_file_to_all(runtime: Path) -> str:
    path = runtime / "lib" / "听 写" / "ö.pyc"
    path.chmod(0o666)
    return f"{path} is not used: every user may write to it; take that right away (chmod -R o-w)"


def open_the_folder_to_all(runtime: Path) -> str:
    runtime.chmod(0o777)
    return f"{runtime} is not used: every user may write to it; take that right away (chmod -R o-w)"


def open_the_list_to_all(runtime: Path) -> str:
    path = runtime / manifest.NAME
    path.chmod(0o666)
    return f"{path} is not used: every user may write to it; take that right away (chmod -R o-w)"


def open_a_folder_to_a_group(runtime: Path) -> str:
    path = runtime / "lib"
    groups = [group for group in os.getgroups() if group not in (0, os.geteuid())]
    if not groups and os.geteuid() != 0:
        pytest.skip("this user is in no group with others")
    os.chown(path, -1, groups[0] if groups else 12_345)
    path.chmod(0o775)
    return (
        f"{path} is not used: other users of its group may write to it; take that right away "
        "(chmod -R g-w)"
    )


DAMAGE = [
    open_the_list_to_all, open_a_folder_to_a_group,
    add_a_python_that_is_none, remove_a_file, remove_a_folder, cut_a_file, cut_the_list,
    empty_the_list, spoil_the_list, spoil_an_entry, remove_the_list, change_the_version,
    open_a_file_to_all, open_the_folder_to_all,
]  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage(damage: Callable[[Path], str], program: Path, runtime: Path) -> None:
    expected = damage(runtime)
    assert start(program, runtime) == expected


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() != 0, reason="only root can give a file away"
)
def test_messages_that_are_not_read(program: Path, runtime: Path) -> None:
    """A shell whose stderr is a pipe without a reader is not ended by the signal of that pipe."""
    remove_a_file(runtime)
    reader, writer = os.pipe()
    os.close(reader)
    home = runtime.parent / "home"
    home.mkdir(exist_ok=True)
    environment = os.environ | {"HOME": str(home), "LD_LIBRARY_PATH": str(runtime.parent / "lib")}
    try:
        done = subprocess.run(
            [program],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=writer,
            text=True,
            check=False,
            restore_signals=True,
        )
    finally:
        os.close(writer)
    assert done.stdout.startswith("create -1\n")
    assert done.returncode >= 0
    assert (home / ".koe" / "koe.log").exists()


def test_a_file_of_another_user(program: Path, runtime: Path) -> None:
    path = runtime / "lib" / "听 写" / "ö.pyc"
    os.chown(path, 12345, -1)
    assert start(program, runtime) == (
        f"{path} is not used: it belongs to another user; install koe again as the present user"
    )


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() != 0 or not shutil.which("setpriv"),
    reason="only root can become another user",
)
@pytest.mark.parametrize("name", ["", "lib/听 写/ö.pyc"])
def test_what_this_user_may_not_read(name: str, program: Path, runtime: Path) -> None:
    path = runtime / name
    path.chmod(0o700)
    for folder in (*runtime.parents, *program.parents):
        if folder.stat().st_mode & 0o777 == 0o700:  # pytest's own
            folder.chmod(0o755)
    result = subprocess.run(
        ["setpriv", "--reuid=12345", "--regid=12345", "--clear-groups", str(program)],
        env={"HOME": "/nonexistent", "LD_LIBRARY_PATH": str(runtime.parent / "lib")},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert result.stderr == (
        f"koe: this user can't read {path}; give all users that right (chmod -R a+rX)\n"
    )
