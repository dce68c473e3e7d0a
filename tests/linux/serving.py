"""``koe serve`` as a process, and what its user does."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from koe.errors import DesktopError
from koe.linux.control import STATUS, ask, control_path
from koe.linux.requests import ControlRequest
from tests.linux.making import KOE_KEY, PATIENCE
from tests.linux.screen import until


@contextmanager
def daemon(environ: dict[str, str], user: Sequence[str] = ()) -> Iterator[int]:
    """A daemon that has found its desktop; gives its process.

    Args:
        environ: What it is started with.
        user: A command that starts others as another user; empty: as this one.
    """
    notified = Path(environ["XDG_RUNTIME_DIR"], "ready.sock")
    command = [*user, sys.executable, "-m", "koe.cli", "serve"]
    with listening(notified) as messages:
        notified.chmod(0o777)
        process = subprocess.Popen(command, env=environ | {"NOTIFY_SOCKET": str(notified)})
        try:
            messages.settimeout(PATIENCE)
            assert messages.recv(64) == b"READY=1"
            yield process.pid
        finally:
            process.terminate()
            process.wait(PATIENCE)
            notified.unlink()


@contextmanager
def listening(path: Path) -> Iterator[socket.socket]:
    """The socket on which a service manager hears of its services."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as messages:
        messages.bind(str(path))
        yield messages


def press(word: str, environ: Mapping[str, str], user: Sequence[str] = ()) -> None:
    """Have ``koe-key`` send a word; arguments as for `daemon`."""
    subprocess.run([*user, KOE_KEY, word], env=environ, check=True)


def status_of(environ: Mapping[str, str], user: Sequence[str] = ()) -> dict[str, object] | None:
    """The status of the daemon; None: it does not answer. Arguments as for `daemon`."""
    if user:  # clients refuse the socket of another user
        command = [*user, sys.executable, "-m", "koe.cli", "ctl", STATUS]
        done = subprocess.run(command, env=environ, check=False, capture_output=True)
        status: dict[str, object] | None = json.loads(done.stdout) if done.stdout else None
        return status
    try:
        return next(ask(control_path(environ), ControlRequest(STATUS)))
    except DesktopError:
        return None


def until_idle(environ: Mapping[str, str], user: Sequence[str] = ()) -> dict[str, object]:
    """Wait until no dictation runs; return the status. Arguments as for `daemon`."""
    until(lambda: (status_of(environ, user) or {}).get("state") == "idle")
    return status_of(environ, user) or {}
