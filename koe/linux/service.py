"""The systemd service of the user that runs ``koe serve``."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from koe.errors import DesktopError
from koe.files.whole import write_whole
from koe.linux.application import entry, entry_path

NAME = "koe.service"

# Variables of the desktop that the daemon needs; not every desktop passes them to systemd.
_VARIABLES = ("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS")

# The remedy if systemctl says that it can't "connect to bus": to the bus of the user's systemd.
_NO_BUS = (
    "; log in to a desktop and run the command in it, or, where systemd does not start programs of "
    "users, have your desktop start koe serve"
)

# Seconds for systemctl.
_PATIENCE = 30.0


def unit(command: list[str]) -> str:
    """The text of the unit.

    Args:
        command: What starts the daemon.
    """
    return f"""\
[Unit]
Description=Koe: dictation at the press of a key
PartOf=graphical-session.target
After=graphical-session.target

[Service]
Type=notify
ExecStart={_quoted(command)}
Restart=on-failure
RestartSec=1

[Install]
WantedBy=graphical-session.target default.target
"""


def koe_command() -> list[str]:
    """The command that starts this koe from any folder."""
    program = Path(sys.executable).with_name("koe")
    return [str(program)] if program.exists() else [sys.executable, "-m", "koe.cli"]


def key_program() -> Path | None:
    """The path of ``koe-key``; None: it was not built."""
    beside = Path(sys.executable).with_name("koe-key")
    if beside.exists():
        return beside
    found = shutil.which("koe-key")
    return None if found is None else Path(found)


def unit_path(environ: Mapping[str, str]) -> Path:
    """The path of the unit."""
    home = environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME") or "/", ".config")
    return Path(home, "systemd", "user", NAME)


def install(environ: Mapping[str, str], words: list[str]) -> str:
    """Write the unit, start it, and have it start with the desktop.

    If this fails, and the service was not installed before, all of it is removed again.

    Args:
        environ: The environment, which says where the files belong.
        words: Additional arguments of ``koe serve``.

    Returns:
        What was done, as a sentence.

    Raises:
        DesktopError: It can't be written, or systemd does not start it.
    """
    path = unit_path(environ)
    was_there = path.exists()
    try:
        _write(environ, [*koe_command(), "serve", *words])
        known = [name for name in _VARIABLES if environ.get(name)]
        if known:
            _systemctl("import-environment", *known)
        _systemctl("daemon-reload")
        _systemctl("enable", NAME)
        _systemctl("restart", NAME)
    except DesktopError:
        if not was_there:
            with suppress(DesktopError, OSError):
                _systemctl("disable", "--now", NAME)
            with suppress(DesktopError, OSError):
                _remove(environ)
        raise
    return f"{path} was written; koe serve is running, and will start whenever you log in"


def uninstall(environ: Mapping[str, str]) -> str:
    """Stop the service and remove the unit.

    Returns:
        What was done, as a sentence.

    Raises:
        DesktopError: It is not installed, or can't be removed.
    """
    path = unit_path(environ)
    if not path.exists():
        raise DesktopError(f"the service is not installed: there is no {path}")
    _systemctl("disable", "--now", NAME)
    try:
        _remove(environ)
    except OSError as exc:
        raise DesktopError(f"{path} can't be removed: {exc.strerror}") from exc
    return f"koe serve was stopped, and {path} was removed"


def status(environ: Mapping[str, str]) -> tuple[str, bool]:
    """Return a sentence about the state of the service, and whether it is running.

    Raises:
        DesktopError: There is no systemd.
    """
    if not unit_path(environ).exists():
        return "the service is not installed; to install it: koe service install", False
    state = _run("show", "--property=ActiveState", "--value", NAME).stdout.strip()
    if state == "active":
        return "the service is running", True
    state = state or "unknown"
    return (
        f"the service is installed; its state is {state}; to see why: journalctl --user -u koe",
        False,
    )


def _write(environ: Mapping[str, str], command: list[str]) -> None:
    """Write the unit, and the entry by which desktops know the program."""
    for path, text in ((unit_path(environ), unit(command)), (entry_path(environ), entry(command))):
        try:
            content = text.encode()
        except UnicodeEncodeError as exc:
            raise DesktopError(
                "a path of the service is not UTF-8, which systemd can't read; rename the folder"
            ) from exc
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path.resolve(), content)
        except OSError as exc:
            raise DesktopError(f"{exc.filename or path} can't be written: {exc.strerror}") from exc


def _remove(environ: Mapping[str, str]) -> None:
    """Remove what `_write` wrote, and have systemd notice that."""
    for path in (unit_path(environ), entry_path(environ)):
        path.unlink(missing_ok=True)
    _systemctl("daemon-reload")


def _systemctl(*words: str) -> None:
    done = _run(*words)
    if done.returncode:
        reason = done.stderr.strip() or f"status {done.returncode}"
        remedy = _NO_BUS if "connect to bus" in reason else ""
        raise DesktopError(f"systemctl --user {' '.join(words)} failed: {reason}{remedy}")


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            ["systemctl", "--user", *words],
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
    except FileNotFoundError as exc:
        raise DesktopError(
            "this system has no systemd; have your desktop start koe serve when you log in"
        ) from exc
    except subprocess.TimeoutExpired as exc:
        raise DesktopError(f"systemctl --user {' '.join(words)} does not end") from exc


def _quoted(command: list[str]) -> str:
    """Escape a value for systemd: percent and dollar signs are special."""
    return shlex.join(command).replace("%", "%%").replace("$", "$$")
