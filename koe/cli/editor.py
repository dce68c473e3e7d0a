"""Opens the editor of the user, and waits until it ends."""

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

# The editors to try when the user has chosen none, the easiest to quit first.
_USUAL = {"win32": ("notepad",)}
_USUAL_ELSEWHERE = ("nano", "vi")


def editor_command(environ: Mapping[str, str], platform: str = sys.platform) -> list[str]:
    """The editor and its options; empty if no editor is chosen or installed.

    ``$VISUAL`` takes precedence over ``$EDITOR``; each may contain options, as in ``code --wait``.
    """
    for name in ("VISUAL", "EDITOR"):
        if chosen := environ.get(name, "").strip():
            return _words(chosen, platform)
    usual = _USUAL.get(platform, _USUAL_ELSEWHERE)
    return next(([name] for name in usual if shutil.which(name)), [])


def _words(command: str, platform: str) -> list[str]:
    if Path(command).is_file():  # a path may contain spaces without quotes
        return [command]
    try:
        if platform != "win32":
            return shlex.split(command)
        # On Windows, a backslash separates folders and does not escape.
        return [word.strip('"') for word in shlex.split(command, posix=False)]
    except ValueError:  # a quote is missing; starting the editor reports the problem
        return [command]


def edit(path: Path, command: Sequence[str]) -> None:
    """Let the user edit a file; return when the editor has ended.

    Args:
        path: The file.
        command: The result of `editor_command`.

    Raises:
        ConfigError: The editor can't be started, or failed.
    """
    if not command:
        raise ConfigError(str(path), "no editor was found; set the variable EDITOR to one")
    program, *options = command
    # On Windows many editors are scripts, which start only by their full name.
    found = shutil.which(program) or program
    # Ctrl-C in a terminal reaches both processes and is meant for the editor. The editor would
    # inherit SIG_IGN, but it does not inherit a handler.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        done = subprocess.run([found, *options, os.fspath(path)], check=False)
    except (OSError, ValueError) as exc:
        reason = getattr(exc, "strerror", None) or exc
        remedy = "set the variable EDITOR to another editor"
        raise ConfigError(str(path), f"editor {program!r} can't start: {reason}; {remedy}") from exc
    finally:
        signal.signal(signal.SIGINT, before)
    if done.returncode:
        reason = f"editor {program!r} ended with status {done.returncode}"
        raise ConfigError(str(path), f"{reason}; check whether it saved your changes")
