"""Choosing and running an editor."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path

import pytest

from koe.cli.editor import edit, editor_command
from koe.errors import ConfigError


@pytest.mark.parametrize(
    ("environ", "platform", "command"),
    [
        ({"VISUAL": "code --wait", "EDITOR": "vi"}, "linux", ["code", "--wait"]),
        ({"VISUAL": " ", "EDITOR": "vi"}, "linux", ["vi"]),
        ({"EDITOR": "'/opt/my editor' -n"}, "darwin", ["/opt/my editor", "-n"]),
        ({"EDITOR": r"C:\bin\vim.exe -n"}, "win32", [r"C:\bin\vim.exe", "-n"]),
        ({"EDITOR": r'"C:\My Bin\vim.exe" -n'}, "win32", [r"C:\My Bin\vim.exe", "-n"]),
        ({"EDITOR": "vi 'x"}, "linux", ["vi 'x"]),
    ],
)
def test_the_chosen_one(environ: dict[str, str], platform: str, command: list[str]) -> None:
    assert editor_command(environ, platform) == command


def test_a_path_with_blanks_and_no_quotes(tmp_path: Path) -> None:
    program = tmp_path / "my editor"
    program.touch()
    for platform in ("win32", "linux"):
        assert editor_command({"EDITOR": str(program)}, platform) == [str(program)]


@pytest.mark.parametrize(
    ("installed", "platform", "command"),
    [
        ({"nano", "vi"}, "linux", ["nano"]),
        ({"vi"}, "darwin", ["vi"]),
        ({"notepad", "vi"}, "win32", ["notepad"]),
        (set(), "linux", []),
    ],
)
def test_the_usual_one(
    installed: set[str], platform: str, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: name if name in installed else None)
    assert editor_command({}, platform) == command


def test_the_file_is_the_last_argument(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    code = "import sys; open(sys.argv[2], 'w').write(sys.argv[1])"
    edit(file, [sys.executable, "-c", code, "--wait"])
    assert file.read_text() == "--wait"


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ([], "no editor was found; set the variable EDITOR to one"),
        (["no-such-editor"], "editor 'no-such-editor' can't start: .*; set the variable EDITOR"),
        (["a\0b"], "can't start: .*; set the variable EDITOR"),
        ([sys.executable, "-c", "raise SystemExit(2)"], "ended with status 2; check whether"),
    ],
)
def test_failures(tmp_path: Path, command: list[str], message: str) -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(ConfigError, match=message):
        edit(tmp_path / "config.yaml", command)
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_ctrl_c_is_for_the_editor(tmp_path: Path) -> None:
    """A terminal sends Ctrl-C to both processes; here the editor sends SIGINT to both."""
    file = tmp_path / "config.yaml"
    code = (
        "import os, signal, sys\n"
        "try:\n"
        f"    os.kill({os.getpid()}, signal.SIGINT)\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    signal.pause()\n"
        "except KeyboardInterrupt:\n"
        "    open(sys.argv[1], 'w').write('still here')\n"
    )
    edit(file, [sys.executable, "-c", code])
    assert file.read_text() == "still here"
