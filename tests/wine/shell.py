"""The shell of this project, in Wine on a desktop without a screen: it dictates into Notepad."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from tests.abi import build
from tests.linux.screen import running, x_server
from tests.linux.sound import sound

SOURCE = build.PROJECT / "frontends" / "windows"

# Seconds for a program of Wine to start, or for a text to come.
PATIENCE = 120.0

MARK = "so:"
"""Is in Notepad before the dictation. So a text that only reached the clipboard is no success."""


def build_shell(bundle: Path) -> Path:
    """Compile the shell and install it, with all that it needs, beside a bundle; return it."""
    compiled, installed = bundle.parent / "hülle-build", bundle.parent / "hülle"
    shutil.rmtree(installed, ignore_errors=True)
    for arguments in (
        ["-S", SOURCE, "-B", compiled, "--toolchain", SOURCE / "mingw.cmake",
         f"-DCMAKE_PREFIX_PATH={bundle}"],
        ["--build", compiled],
        ["--install", compiled, "--prefix", installed],
    ):  # fmt: skip
        subprocess.run(["cmake", *map(str, arguments)], check=True, capture_output=True)
    return installed / "koe-shell.exe"


def dictate(program: Path, wine: Mapping[str, str], speech: Path) -> str:
    """Hold the key while speech is played; return the text in Notepad, which begins with `MARK`.

    Args:
        program: The shell.
        wine: What programs of Wine are started with.
        speech: 16 kHz mono s16le.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="koe-")))
        display = stack.enter_context(x_server())
        server = stack.enter_context(sound(folder))
        pulse = {name: value for name, value in server.environ.items() if name != "HOME"}
        environ = {**pulse, **wine, "DISPLAY": display}
        stack.callback(subprocess.run, ["wineserver", "-k"], env=environ, check=False)
        stack.enter_context(running(["wine", "notepad"], environ))
        look = ["xdotool", "search", "--sync", "--onlyvisible", "--name", "Notepad"]
        window = _output(look, environ).split()[0]
        stack.enter_context(running(["wine", str(program)], environ))
        _output(["xdotool", "windowfocus", "--sync", window], environ)
        _output(["xdotool", "type", MARK], environ)
        recordings = Path(wine["WINEPREFIX"], "drive_c/users")
        ends = time.monotonic() + PATIENCE
        while time.monotonic() < ends:
            _output(["xdotool", "keydown", "Control_R"], environ)
            time.sleep(1.0)
            if any(recordings.glob("*/AppData/Roaming/koe/journal/*/*")):
                break
            # The shell does not listen yet.
            _output(["xdotool", "keyup", "Control_R"], environ)
        else:
            return "nothing: the shell did not begin to record"
        with server.playing(speech) as player:
            player.wait(PATIENCE)
        _output(["xdotool", "keyup", "Control_R"], environ)
        ends = time.monotonic() + PATIENCE
        while not _clipboard(environ) and time.monotonic() < ends:
            time.sleep(0.1)
        time.sleep(2.0)  # the shell pastes what it has put there
        _output(["xdotool", "key", "ctrl+a", "ctrl+c"], environ)
        time.sleep(1.0)
        return _clipboard(environ)


def _clipboard(environ: Mapping[str, str]) -> str:
    copied = subprocess.run(
        ["xclip", "-o", "-selection", "clipboard"],
        env=environ,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return copied.stdout.strip()


def _output(command: list[str], environ: Mapping[str, str]) -> str:
    done = subprocess.run(
        command, env=environ, check=True, capture_output=True, text=True, timeout=PATIENCE
    )
    return done.stdout
