"""From the key to the window: every program is a process of its own, and the speech is real."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

pytest.importorskip("xcffib")
pytest.importorskip("dbus_fast")

from koe.linux.x11 import Display
from tests.asynchronous import on_loop
from tests.linux.looking import focus
from tests.linux.making import KOE_KEY, PATIENCE
from tests.linux.screen import GtkField, Screen, running, until
from tests.linux.serving import daemon, press, until_idle
from tests.linux.sound import Sound, missing_sound, sound
from tests.linux.sway import Sway, as_ordinary_user

pytestmark = [
    pytest.mark.model,
    pytest.mark.skipif(not KOE_KEY.exists(), reason="koe-key is not installed here"),
]


def dictate(
    server: Sound, environ: dict[str, str], speech: Path, user: Sequence[str] = ()
) -> dict[str, object]:
    """Hold the key while a recording is played; return the status after it."""
    with server.playing(speech) as player:
        press("begin", environ, user)
        player.wait(PATIENCE)
        press("end", environ, user)
    status = until_idle(environ, user)
    assert "ever tried" in str(status["text"]).lower(), status
    assert "ever failed" in str(status["text"]).lower(), status
    return status


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder under a path that is short enough for sockets."""
    if reason := missing_sound():
        pytest.skip(reason)
    with tempfile.TemporaryDirectory(prefix="koe-") as name:
        yield Path(name)


def test_into_a_field_and_a_terminal(
    desk: Screen, field: GtkField, folder: Path, speech: Path
) -> None:
    if not shutil.which("xterm"):
        pytest.skip("xterm is not installed here")
    typed = folder / "typed"
    command = ["xterm", "-u8", "-e", f"stty -icanon -echo; cat > {typed}"]

    @on_loop
    async def give_focus(kind: str) -> None:
        display = Display(desk.environ["DISPLAY"])
        await focus(display, kind)
        display.close()

    with ExitStack() as stack:
        server = stack.enter_context(sound(folder))
        shown = {name: desk.environ[name] for name in ("DISPLAY", "DBUS_SESSION_BUS_ADDRESS")}
        environ = server.environ | shown
        stack.enter_context(running(command, desk.environ | {"LC_ALL": "C.UTF-8"}))
        stack.enter_context(daemon(environ))

        give_focus("gtk_field.py")
        status = dictate(server, environ, speech)
        assert (status["way"], field.text) == ("at-spi", status["text"])

        give_focus("xterm")
        until(typed.exists)
        status = dictate(server, environ, speech)
        assert status["way"] == "paste"
        until(lambda: typed.read_text(encoding="utf-8") == status["text"])


def test_on_wayland_as_an_ordinary_user(sway: Sway, tmp_path: Path, speech: Path) -> None:
    if reason := missing_sound():
        pytest.skip(reason)
    user = as_ordinary_user()
    if user and subprocess.run([*user, sys.executable, "-c", "import koe"], check=False).returncode:
        pytest.skip("an ordinary user can't use this Python")
    home = Path(sway.environ["HOME"])
    readable = home / "speech.pcm"
    readable.write_bytes(speech.read_bytes())
    readable.chmod(0o644)
    with ExitStack() as stack:
        server = stack.enter_context(sound(home, user))
        # Python must write nothing beside its modules as this user.
        environ = server.environ | sway.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
        field = stack.enter_context(sway.field(tmp_path))
        stack.enter_context(daemon(environ, user))
        status = dictate(server, environ, readable, user)
        assert status["way"] == "paste"
        until(lambda: field.text == status["text"])
