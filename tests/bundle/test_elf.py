"""Machine code: its libraries come along, and are found where they lie."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from koe.bundle import elf
from koe.errors import BundleError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it is Linux's")


def build(path: Path, source: str, *flags: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    command = ["cc", "-shared", "-fPIC", "-g", "-xc", "-", "-xnone", "-o", str(path), *flags]
    subprocess.run(command, input=source.encode(), check=True)
    return path


@pytest.fixture
def runtime(tmp_path: Path) -> Path:
    """A module that needs a library of the system, which needs another one."""
    system = tmp_path / "system"
    deep = build(
        system / "libkoe_deep.so.1", "int deep(void) { return 5; }", "-Wl,-soname,libkoe_deep.so.1"
    )
    found = f"-Wl,-rpath,{system}"
    source = "int deep(void); int near(void) { return deep(); }"
    near = build(
        system / "libkoe_near.so.2", source, "-Wl,-soname,libkoe_near.so.2", str(deep), found
    )
    runtime = tmp_path / "runtime"
    (runtime / "lib").mkdir(parents=True)
    source = "int near(void); int top(void) { return near(); }"
    build(runtime / "lib" / "modules" / "top.so", source, str(near), found)
    return runtime


def test_libraries_come_along(runtime: Path, tmp_path: Path) -> None:
    copies = elf.gather(runtime)
    assert sorted(path.name for path in copies) == ["libkoe_deep.so.1", "libkoe_near.so.2"]
    moved = tmp_path / "moved to 听写"
    shutil.move(runtime, moved)
    shutil.rmtree(tmp_path / "system")
    top = moved / "lib" / "modules" / "top.so"
    assert elf.run("patchelf", "--print-rpath", str(top)).strip() == "$ORIGIN/.."
    program = "import ctypes, sys; print(ctypes.CDLL(sys.argv[1]).top())"
    done = subprocess.run(
        [sys.executable, "-c", program, str(top)], capture_output=True, check=True
    )
    assert done.stdout == b"5\n"
    assert elf.gather(moved) == {}


def test_a_library_that_is_not_there(runtime: Path, tmp_path: Path) -> None:
    (tmp_path / "system" / "libkoe_near.so.2").unlink()
    with pytest.raises(BundleError, match=r"top\.so needs libkoe_near\.so\.2, which this computer"):
        elf.gather(runtime)


def test_a_search_path_of_this_computer(tmp_path: Path) -> None:
    alone = build(tmp_path / "lib" / "alone.so", "int x;", "-Wl,-rpath,/home/me/lib")
    assert elf.gather(tmp_path) == {}
    assert elf.run("patchelf", "--print-rpath", str(alone)).strip() == ""


@pytest.mark.skipif(not shutil.which("dpkg-query"), reason="it is Debian's")
def test_licences(tmp_path: Path) -> None:
    [library] = re.findall(r"=> (/.*/libc\.so\.6) ", elf.run("ldd", sys.executable))
    terms = elf.licence(Path(library))
    assert terms is not None
    assert "GNU" in terms.read_text(encoding="utf-8")
    assert elf.licence(tmp_path / "libkoe_deep.so.1") is None


def test_what_debuggers_read(tmp_path: Path) -> None:
    path = build(tmp_path / "code.so", "int x;")
    before = path.stat().st_size
    elf.strip(path)
    assert path.stat().st_size < before


def test_what_is_machine_code(tmp_path: Path) -> None:
    code = build(tmp_path / "code.so.1", "int x;")
    (tmp_path / "text.so").write_text("GROUP ( libc.so.6 )")
    (tmp_path / "link.so").symlink_to(code)
    assert list(elf.machine_code(tmp_path)) == [code]


def test_the_oldest_glibc(tmp_path: Path) -> None:
    (tmp_path / "a.so").write_bytes(b"\x7fELF\0GLIBC_2.9\0GLIBC_2.17\0GLIBC_2.4\0")
    assert elf.oldest_glibc(tmp_path) == "2.17"


def test_tools_that_fail(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="koe-no-such-tool is not installed"):
        elf.tool("koe-no-such-tool")
    with pytest.raises(
        BundleError, match=re.escape(f"strip --strip-unneeded {tmp_path / 'none'}: ")
    ):
        elf.strip(tmp_path / "none")
