"""A Wayland desktop for tests: sway without a screen, as an ordinary user, for it refuses root."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.linux.making import PATIENCE
from tests.linux.screen import FIELD, SYSTEM_PYTHON, GtkField, running, until

_PROGRAMS = {"sway": "sway", "wl-copy": "wl-clipboard", "setpriv": "util-linux"}
_NOBODY = 65534

_CONFIG = "xwayland disable\n"


def missing_sway() -> str:
    """Why there can be no such desktop here; empty: there can."""
    packages = [package for name, package in _PROGRAMS.items() if not shutil.which(name)]
    command = [SYSTEM_PYTHON, "-c", "import gi; gi.require_version('Gtk', '3.0')"]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        packages += ["python3-gi", "gir1.2-gtk-3.0"]
    return f"not installed here: {' '.join(packages)}" if packages else ""


@dataclass
class Sway:
    """One desktop.

    Attributes:
        environ: What its programs are started with.
    """

    environ: dict[str, str]

    @contextmanager
    def field(self, folder: Path) -> Iterator[GtkField]:
        """A window with a field, which has the focus."""
        path = folder / "field.txt"
        with running([SYSTEM_PYTHON, str(FIELD), str(path)], self.environ):
            until(path.exists)
            yield GtkField(path)

    def copy(self, text: str) -> None:
        """Have another program put a text on the clipboard."""
        subprocess.run(
            ["wl-copy"], input=text.encode(), env=self.environ, check=True, timeout=PATIENCE,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def copied(self) -> str:
        """What another program finds on the clipboard."""
        return subprocess.run(
            ["wl-paste", "--no-newline"], env=self.environ, check=False, timeout=PATIENCE,
            capture_output=True, text=True,
        ).stdout  # fmt: skip


def as_ordinary_user() -> list[str]:
    """A command that starts others as an ordinary user; empty: this one is such a user."""
    if os.getuid() != 0:
        return []
    return ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"]


def _accepts_clients(display: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        return client.connect_ex(str(display)) == 0


@contextmanager
def sway_desktop() -> Iterator[Sway]:
    """A desktop without windows."""
    with tempfile.TemporaryDirectory(prefix="koe-") as name:
        folder = Path(name)
        config = folder / "config"
        config.write_text(_CONFIG, encoding="utf-8")
        environ = {key: os.environ[key] for key in ("PATH", "LANG") if key in os.environ} | {
            "HOME": name,
            "XDG_RUNTIME_DIR": name,
            "WLR_BACKENDS": "headless",
            "WLR_LIBINPUT_NO_DEVICES": "1",
            "WLR_RENDERER": "pixman",
        }
        if user := as_ordinary_user():
            os.chown(folder, _NOBODY, _NOBODY)
        with running([*user, "sway", "--config", str(config)], environ):
            until(lambda: any(folder.glob("wayland-*[0-9]")))
            (display,) = folder.glob("wayland-*[0-9]")
            until(lambda: _accepts_clients(display))  # the socket exists a moment before
            yield Sway(
                environ
                | {"WAYLAND_DISPLAY": str(display), "GDK_BACKEND": "wayland", "NO_AT_BRIDGE": "1"}
            )
