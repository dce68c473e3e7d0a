"""A desktop for tests: an X server without a screen, a D-Bus with AT-SPI, and a field of GTK."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tests.linux.making import PATIENCE

FIELD = Path(__file__).with_name("gtk_field.py")

# The one that Debian's python3-gi is for.
SYSTEM_PYTHON = "/usr/bin/python3"

_PROGRAMS = {"Xvfb": "xvfb", "dbus-daemon": "dbus", "xclip": "xclip"}
_AT_SPI = Path("/usr/share/dbus-1/services/org.a11y.Bus.service")

# A session's bus, which starts the services of one folder.
_BUS = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <auth>EXTERNAL</auth>
  <servicedir>{services}</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


def missing() -> str:
    """Why there can be no such desktop here; empty: there can."""
    if find_spec("xcffib") is None or find_spec("dbus_fast") is None:
        return "koe-core[linux] is not installed"
    packages = [package for name, package in _PROGRAMS.items() if not shutil.which(name)]
    if not _AT_SPI.exists():
        packages.append("at-spi2-core")
    command = [SYSTEM_PYTHON, "-c", "import gi; gi.require_version('Gtk', '3.0')"]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        packages += ["python3-gi", "gir1.2-gtk-3.0"]
    return f"not installed here: {' '.join(packages)}" if packages else ""


@dataclass
class Screen:
    """One desktop.

    Attributes:
        environ: What its programs are started with.
    """

    environ: dict[str, str]

    @contextmanager
    def field(self, folder: Path) -> Iterator[GtkField]:
        """A window with a field."""
        path = folder / "field.txt"
        command = [SYSTEM_PYTHON, str(FIELD), str(path)]
        with running(command, self.environ):
            until(path.exists)
            yield GtkField(path)


@dataclass
class GtkField:
    """A field of another program.

    Attributes:
        path: Where the program writes what is in the field.
    """

    path: Path

    @property
    def text(self) -> str:
        """What is in it."""
        return self.path.read_text(encoding="utf-8")

    @property
    def changed_at(self) -> float:
        """When the text changed last, as `time.monotonic` counts, also in another process."""
        return self.path.stat().st_mtime_ns / 1e9


@contextmanager
def screen() -> Iterator[Screen]:
    """A desktop without windows."""
    with ExitStack() as stack:
        environ = dict(os.environ)
        for name in ("WAYLAND_DISPLAY", "AT_SPI_BUS_ADDRESS", "NO_AT_BRIDGE", "GTK_MODULES"):
            environ.pop(name, None)
        environ["DISPLAY"] = stack.enter_context(x_server())
        environ["DBUS_SESSION_BUS_ADDRESS"] = stack.enter_context(session_bus(environ))
        environ["GDK_BACKEND"] = "x11"
        yield Screen(environ)


@contextmanager
def x_server(name: str = "") -> Iterator[str]:
    """The name of an X server without a screen.

    Args:
        name: Which it is to have; empty: one that is free.
    """
    reader, writer = os.pipe()
    server = ["Xvfb", *([name] if name else []), "-displayfd", str(writer)]
    server += ["-nolisten", "tcp", "-noreset"]
    with running(server, dict(os.environ), pass_fds=(writer,)), os.fdopen(reader) as numbers:
        os.close(writer)
        yield f":{numbers.readline().strip()}"


@contextmanager
def session_bus(environ: dict[str, str]) -> Iterator[str]:
    """The address of a D-Bus of its own.

    Of the services that are installed here it starts only AT-SPI: portals and notifications are
    those of the tests.
    """
    with tempfile.TemporaryDirectory(prefix="koe-") as folder:
        services = Path(folder, "services")
        services.mkdir()
        if _AT_SPI.exists():
            shutil.copy(_AT_SPI, services)
        config = Path(folder, "bus.conf")
        config.write_text(_BUS.format(services=services), encoding="utf-8")
        command = ["dbus-daemon", f"--config-file={config}", "--nofork", "--print-address=1"]
        # What it starts must not store settings in the desktop of the user.
        with running(command, {**environ, "GSETTINGS_BACKEND": "memory"}) as daemon:
            assert daemon.stdout is not None
            yield daemon.stdout.readline().strip()


@contextmanager
def running(
    command: list[str], environ: dict[str, str], pass_fds: tuple[int, ...] = ()
) -> Iterator[subprocess.Popen[str]]:
    """A program, until the block ends."""
    process = subprocess.Popen(
        command,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        pass_fds=pass_fds,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE)
        if process.stdout is not None:
            process.stdout.close()


def until(condition: Callable[[], bool]) -> None:
    """Wait for another program, which does not say when it is there."""
    ends = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < ends
        threading.Event().wait(0.01)
