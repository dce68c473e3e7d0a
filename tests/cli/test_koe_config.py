"""The flags compile and link a program, regardless of the folder of koe."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

import koe
from koe import library
from koe.cli import Exit
from koe.cli.koe_config import main
from tests.abi import build

HOST = """\
#include <koe_core.h>
#include <koe_extra.h>
int main(void) { return koe_feature_level() >= 3 ? 0 : 1; }
"""


@pytest.mark.abi
@pytest.mark.skipif(bool(build.SANITIZE), reason="says nothing about the code")
def test_a_program_in_a_folder_of_any_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    build.build_libraries()
    prefix = tmp_path / "my, apps" / "听写"
    shutil.copytree(build.library(3).parent, prefix, symlinks=True)
    monkeypatch.setattr(library, "_PREFIXES", (prefix,))
    assert main(["--libs", "--cflags"]) == Exit.OK
    flags = capsys.readouterr().out
    (tmp_path / "host.c").write_text(HOST)
    command = f"{shlex.join(build.FLAGS)} host.c {flags.strip()} -o host && ./host"
    subprocess.run(command, shell=True, cwd=tmp_path, check=True)


def test_folders(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Without quotes, one per line, for build files."""
    prefix = tmp_path / "a b"
    (prefix / "include").mkdir(parents=True)
    (prefix / "include" / "koe_core.h").touch()
    monkeypatch.setattr(library, "_PREFIXES", (prefix,))
    assert main(["--includedir", "--libdir", "--library"]) == Exit.OK
    lines = capsys.readouterr().out.splitlines()
    assert lines == [str(prefix / "include"), str(prefix / "lib"), str(library.library())]


def test_windows_has_no_search_path_in_programs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "include").mkdir()
    (tmp_path / "include" / "koe_core.h").touch()
    monkeypatch.setattr(library, "_PREFIXES", (tmp_path,))
    monkeypatch.setattr(sys, "platform", "win32")
    assert main(["--libs"]) == Exit.OK
    assert shlex.split(capsys.readouterr().out) == [f"-L{tmp_path / 'lib'}", "-lkoe_core"]


def test_without_an_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == Exit.OK
    assert "$(koe-config --cflags --libs)" in capsys.readouterr().out


def test_an_option_that_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["--cflag"])
    assert exit_.value.code == 2
    assert "unrecognized arguments: --cflag" in capsys.readouterr().err


def test_a_koe_without_the_library(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(library, "_PREFIXES", ())
    assert main(["--cflags"]) == Exit.ERROR
    reported = capsys.readouterr()
    assert (reported.out, reported.err.count("\n")) == ("", 1)
    assert "has no C library" in reported.err


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["--version"])
    assert (exit_.value.code, capsys.readouterr().out) == (0, f"{koe.__version__}\n")


def test_it_is_a_command() -> None:
    commands = metadata.entry_points(group="console_scripts", name="koe-config")
    assert {command.load() for command in commands} == {main}
