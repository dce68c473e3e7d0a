"""The control socket: its path, its owner, and its protocol.

A client writes one JSON object a line, ``{"do": WORD}``, and reads one back: ``{"ok": true, …}``
with the status, or ``{"ok": false, "message": SENTENCE}``. After ``follow`` the daemon also sends a
line whenever the status changes. `koe.linux.requests` describes all members of a request.
"""

from __future__ import annotations

import json
import os
import socket
import stat
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from koe.errors import DesktopError
from koe.files.folders import make_private
from koe.files.lock import try_lock
from koe.linux.requests import ControlRequest

ACTIONS = {
    "press": "do what pressing the hotkey does",
    "release": "do what releasing the hotkey does",
    "press_profile": "do what pressing the second hotkey does (hotkey.profile_key)",
    "release_profile": "do what releasing the second hotkey does",
    "begin": "begin to record",
    "end": "end the recording; its text is inserted",
    "toggle": "begin a recording, or end the one that runs",
    "toggle_profile": "begin a recording for the profile hotkey.profile, or end the one that runs",
    "cancel": "end the recording without text",
    "retry": "recognise the newest recording in the history again, and insert its text",
}
"""The requests of clients, with descriptions. ``koe-key`` accepts the same words."""

STATUS, FOLLOW = "status", "follow"

LARGEST_LINE_BYTES = 1_048_576
"""The longest line: a status has the whole text."""

_NAME = "control.sock"
_LOCK = "control.lock"

# Seconds that a client waits for the first answer.
_PATIENCE = 5.0

# pid, uid and gid (struct ucred, unix(7)).
_CREDENTIALS = struct.Struct("iII")


def control_path(environ: Mapping[str, str]) -> Path:
    """The path of this user's socket.

    Raises:
        DesktopError: The session has no runtime folder.
    """
    runtime = environ.get("XDG_RUNTIME_DIR")
    if not runtime:
        raise DesktopError(
            "XDG_RUNTIME_DIR is not set, so there is no place for the control socket; log in to a "
            f"desktop, or run: export XDG_RUNTIME_DIR=/run/user/{os.getuid()}"
        )
    return Path(runtime, "koe", _NAME)


@contextmanager
def claimed(path: Path) -> Iterator[socket.socket]:
    """Listen on the socket exclusively; a stale socket is replaced.

    Yields:
        The socket, non-blocking. Only this user can connect to it.

    Raises:
        DesktopError: Another daemon runs, or the place can't be used.
    """
    try:
        make_private(path.parent)
        lock = os.open(path.with_name(_LOCK), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as exc:
        raise _unusable(path.parent, exc) from exc
    try:
        if not try_lock(lock):
            raise DesktopError(
                "koe serve is already running; to see its state: koe ctl status; to restart it: "
                "systemctl --user restart koe; or end it with Ctrl-C in its terminal first"
            )
        with _listening(path) as listener:
            yield listener
    finally:
        os.close(lock)


@contextmanager
def _listening(path: Path) -> Iterator[socket.socket]:
    _remove_stale(path)
    listener = socket.socket(socket.AF_UNIX)
    try:
        before = os.umask(0o177)
        try:
            listener.bind(os.fspath(path))
        finally:
            os.umask(before)
        listener.listen()
        listener.setblocking(False)
    except OSError as exc:
        listener.close()
        raise _unusable(path, exc) from exc
    try:
        yield listener
    finally:
        listener.close()
        with suppress(FileNotFoundError):
            path.unlink()


def _remove_stale(path: Path) -> None:
    """Remove the socket of a daemon that was killed; the lock proves that no daemon is running."""
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise DesktopError(f"{path} is not a socket; move it away, and start koe serve again")
        path.unlink()
    except FileNotFoundError:
        pass
    except OSError as exc:
        raise _unusable(path, exc) from exc


def _unusable(path: Path, exc: OSError) -> DesktopError:
    return DesktopError(
        f"the control socket can't be made: {path}: {exc.strerror or exc}; XDG_RUNTIME_DIR has "
        f"to be a folder of yours with a short path, such as /run/user/{os.getuid()}"
    )


def is_own(peer: socket.socket) -> bool:
    """Whether the process at the other end belongs to this user."""
    credentials = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _, user, _ = _CREDENTIALS.unpack(credentials)
    return bool(user == os.getuid())


def ask(path: Path, request: ControlRequest) -> Iterator[dict[str, object]]:
    """Send the daemon a request.

    Yields:
        Its answer; after ``follow``, one after the other, until it ends.

    Raises:
        DesktopError: It does not run, does not answer, or refuses.
    """
    with connected(path) as peer, peer.makefile("rb") as answers:
        try:
            peer.sendall(request.line())
            for line in iter(lambda: answers.readline(LARGEST_LINE_BYTES), b""):
                yield parse_answer(line)
                peer.settimeout(None)
                if request.word != FOLLOW:
                    return
        except OSError as exc:
            raise DesktopError(f"koe serve does not answer: {exc.strerror or exc}") from exc
    raise DesktopError("koe serve has ended")


@contextmanager
def connected(path: Path) -> Iterator[socket.socket]:
    """Connect to the daemon.

    Yields:
        The socket, which waits for a few seconds at most.

    Raises:
        DesktopError: It does not run, or belongs to another user.
    """
    peer = socket.socket(socket.AF_UNIX)
    with peer:
        peer.settimeout(_PATIENCE)
        try:
            peer.connect(os.fspath(path))
        except (FileNotFoundError, ConnectionRefusedError) as exc:
            raise DesktopError(
                "koe serve is not running; to start it: systemctl --user start koe, or: koe serve"
            ) from exc
        except OSError as exc:
            raise DesktopError(f"{path} can't be used: {exc.strerror or exc}") from exc
        if not is_own(peer):
            raise DesktopError(
                f"{path}: it is the socket of another user, whose koe serve would record you; "
                "remove it, or set XDG_RUNTIME_DIR to a folder of yours"
            )
        yield peer


def parse_answer(line: bytes) -> dict[str, object]:
    """Read a line of the daemon.

    Raises:
        DesktopError: It refuses, or the line is no answer.
    """
    try:
        answer = json.loads(line)
    except ValueError as exc:
        raise DesktopError("koe serve sent an invalid answer, which is not JSON") from exc
    if not isinstance(answer, dict):
        raise DesktopError("koe serve sent an invalid answer, which is not a JSON object")
    if not answer.get("ok"):
        raise DesktopError(str(answer.get("message", "koe serve refused, and did not say why")))
    return answer
