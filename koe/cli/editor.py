"""Opens the user's own editor, and waits for its end."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from koe.errors import ConfigError

# Where no editor is chosen: those that are installed, the easiest to leave first.
_USUAL = {"win32": ("notepad",)}
_USUAL_ELSEWHERE = ("nano", "vi")


def editor_command(environ: Mapping[str, str], platform: str = sys.platform) -> list[str]:
    """The program to start, with its options; empty when there is none.

    ``$VISUAL`` goes before ``$EDITOR``; each may have options, as in ``code --wait``.
    """
    for name in ("VISUAL", "EDITOR"):
        if chosen := environ.get(name, "").strip():
            return _words(chosen, platform)
    usual = _USUAL.get(platform, _USUAL_ELSEWHERE)
    return next(([name] for name in usual if shutil.which(name)), [])


def _words(command: str, platform: str) -> list[str]:
    if Path(command).is_file():  # it may have blanks in it, and no quotes
        return [command]
    try:
        if platform != "win32":
            return shlex.split(command)
        # There a backslash is no escape.
        return [word.strip('"') for word in shlex.split(command, posix=False)]
    except ValueError:  # a quote is missing; starting it will tell
        return [command]


def edit(path: Path, command: Sequence[str]) -> None:
    """Let the user edit a file; returns when the editor has ended.

    Args:
        path: The file.
        command: As from `editor_command`.

    Raises:
        ConfigError: The editor can't be started, or failed.
    """
    if not command:
        raise ConfigError(str(path), "there is no editor; set EDITOR to the name of one")
    program, *options = command
    # On Windows many editors are scripts, which only their full name starts.
    found = shutil.which(program) or program
    # Ctrl-C in a terminal goes to both; it is for the editor. A handler of our own is not
    # inherited, as ignoring it would be.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        done = subprocess.run([found, *options, os.fspath(path)], check=False)
    except (OSError, ValueError) as exc:
        reason = getattr(exc, "strerror", None) or exc
        remedy = "set EDITOR to the name of another one"
        raise ConfigError(str(path), f"editor {program!r} can't start: {reason}; {remedy}") from exc
    finally:
        signal.signal(signal.SIGINT, before)
    if done.returncode:
        reason = f"editor {program!r} ended with status {done.returncode}"
        raise ConfigError(str(path), f"{reason}; look whether it saved what you wanted")
