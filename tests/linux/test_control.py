from __future__ import annotations

import os
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from koe.errors import DesktopError
from koe.linux.control import ACTIONS, FOLLOW, ask, claimed, control_path, is_own
from koe.linux.requests import ControlRequest
from tests.linux.making import PATIENCE

KEY_SOURCE = Path(__file__).parents[2] / "koe" / "linux" / "koe-key.c"


def test_without_a_runtime_folder() -> None:
    with pytest.raises(DesktopError, match="XDG_RUNTIME_DIR is not set"):
        control_path({})


def test_only_this_user_can_connect(runtime: Path) -> None:
    path = control_path(os.environ)
    assert path == runtime / "koe" / "control.sock"
    with claimed(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert not path.exists()


def test_a_second_daemon_is_refused_and_harms_nothing(runtime: Path) -> None:
    path = control_path(os.environ)
    with claimed(path) as listener:
        with pytest.raises(DesktopError, match="is already running"), claimed(path):
            pass
        with socket.socket(socket.AF_UNIX) as peer:
            peer.connect(str(path))
            assert is_own(peer)
        listener.accept()[0].close()


def test_the_socket_of_a_killed_daemon_is_replaced(runtime: Path) -> None:
    path = control_path(os.environ)
    script = (
        "import os, pathlib, signal; from koe.linux.control import claimed\n"
        f"with claimed(pathlib.Path({str(path)!r})): os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", script], timeout=PATIENCE, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert path.exists()
    with pytest.raises(DesktopError, match="koe serve is not running"):
        next(ask(path, ControlRequest("begin")))
    with claimed(path):
        assert path.exists()


def test_a_file_in_its_place_is_left_alone(runtime: Path) -> None:
    path = control_path(os.environ)
    path.parent.mkdir(mode=0o700)
    path.write_text("mine")
    with pytest.raises(DesktopError, match="is not a socket; move it away"), claimed(path):
        pass
    assert path.read_text() == "mine"


def test_a_folder_that_is_a_link_is_not_followed(runtime: Path, tmp_path: Path) -> None:
    (runtime / "koe").symlink_to(tmp_path)
    with pytest.raises(DesktopError, match="a link"), claimed(control_path(os.environ)):
        pass


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() != 0,
    reason="only root can give a folder to another user",
)
def test_the_folder_of_another_user_is_refused(runtime: Path) -> None:
    path = control_path(os.environ)
    path.parent.mkdir(mode=0o700)
    os.chown(path.parent, 65_534, 65_534)
    with pytest.raises(DesktopError, match="belongs to another user"), claimed(path):
        pass


def test_a_path_that_is_too_long(runtime: Path) -> None:
    folder = runtime / ("x" * 120)
    folder.mkdir()
    with pytest.raises(DesktopError, match="too long"), claimed(folder / "koe" / "control.sock"):
        pass


@contextmanager
def answering(path: Path, *answers: bytes) -> Iterator[None]:
    """A daemon that answers every command with this."""
    with claimed(path) as listener:
        listener.setblocking(True)

        def answer() -> None:
            peer, _ = listener.accept()
            with peer:
                peer.recv(4096)
                for line in answers:
                    peer.sendall(line)

        thread = threading.Thread(target=answer)
        thread.start()
        yield
        thread.join()


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ([b""], "koe serve has ended"),
        ([b"yes\n"], "an invalid answer, which is not JSON"),
        ([b"[]\n"], "an invalid answer, which is not a JSON object"),
        ([b"{}\n"], "did not say why"),
        ([b'{"ok": false, "message": "a sentence"}\n'], "^a sentence$"),
    ],
)
def test_bad_answers(runtime: Path, answers: list[bytes], message: str) -> None:
    path = control_path(os.environ)
    with answering(path, *answers), pytest.raises(DesktopError, match=message):
        list(ask(path, ControlRequest("begin")))


def test_following(runtime: Path) -> None:
    path = control_path(os.environ)
    with answering(path, b'{"ok": true, "n": 1}\n{"ok"', b': true, "n": 2}\n'):
        answers = ask(path, ControlRequest(FOLLOW))
        assert [next(answers)["n"], next(answers)["n"]] == [1, 2]
        with pytest.raises(DesktopError, match="koe serve has ended"):
            next(answers)


def test_the_program_in_c_knows_the_same_words() -> None:
    source = KEY_SOURCE.read_text(encoding="utf-8")
    words = re.search(r"WORDS\[\] = \{(.*?)\}", source, re.S)
    assert words is not None
    assert re.findall(r'"(\w+)"', words[1]) == list(ACTIONS)
