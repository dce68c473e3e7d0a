"""From the key to the field: real speech, a real engine, a real window."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

pytest.importorskip("xcffib")
pytest.importorskip("dbus_fast")

from koe.linux.control import control_path
from koe.linux.daemon import serve
from koe.linux.x11 import Display
from tests.asynchronous import on_loop
from tests.linux.looking import focus
from tests.linux.making import KOE_KEY, PATIENCE, Recorder, key
from tests.linux.screen import GtkField, Screen
from tests.linux.serving import listening

CONTROL_RIGHT, ESCAPE = 0xFFE4, 0xFF1B


async def said_by_client(word: str) -> None:
    """Have a client of the socket say a word to the daemon."""
    assert await key(word) == (0, "")


@pytest.mark.model
@pytest.mark.skipif(not KOE_KEY.exists(), reason="koe-key is not installed here")
@pytest.mark.parametrize("way", ["auto", "paste"])
def test_speech_is_text_in_the_field(
    desk: Screen, field: GtkField, runtime: Path, directory: Path, speech: Path, way: str
) -> None:
    directory.mkdir()
    (directory / "config.yaml").write_text(
        f"linux: {{insert: {way}}}\nhotkey: {{cancel_key: 53}}\n", encoding="utf-8"
    )
    notified = runtime / "notify.sock"
    environ = desk.environ | {"XDG_RUNTIME_DIR": str(runtime), "NOTIFY_SOCKET": str(notified)}
    pcm = speech.read_bytes()

    @on_loop
    async def run() -> None:
        async with asyncio.timeout(2 * PATIENCE):
            await dictate()

    async def dictate() -> None:
        recorders = [Recorder(pcm) for _ in range(3)]
        waiting = iter(recorders)
        with listening(notified) as messages:
            messages.setblocking(False)
            serving = asyncio.create_task(serve(directory, environ, lambda: next(waiting)))
            # Before that it knows no window, and would leave the text on the clipboard.
            async with asyncio.timeout(PATIENCE):
                assert await asyncio.get_running_loop().sock_recv(messages, 64) == b"READY=1"
        display = Display(desk.environ["DISPLAY"])
        await focus(display, "gtk_field.py")

        # A client of the socket, with a tap at each end.
        for word in ("press", "release"):
            await said_by_client(word)
        await recorders[0].heard.wait()
        for word in ("press", "release"):
            await said_by_client(word)
        first = await until_filled(field, "")

        # The hotkey, held.
        code = display.keycodes(CONTROL_RIGHT)[0]
        display.fake_key(code, is_down=True)
        await recorders[1].heard.wait()
        await asyncio.sleep(0.4)  # a shorter press is a tap
        display.fake_key(code, is_down=False)
        second = await until_filled(field, first)

        # The key that cancels, while a tap has left the recording on.
        for is_down in (True, False):
            display.fake_key(code, is_down=is_down)
        cancel = display.keycodes(ESCAPE)[0]
        while not recorders[2].stopped.is_set():  # the daemon listens to it a moment later
            for is_down in (True, False):
                display.fake_key(cancel, is_down=is_down)
            await asyncio.sleep(0.02)
        assert field.text == second

        assert second[len(first)] == " "  # two sentences in a row
        for text in (first, second.removeprefix(first)):
            assert "ever tried" in text.lower()
            assert "ever failed" in text.lower()
        display.close()
        os.kill(os.getpid(), signal.SIGTERM)
        await serving
        assert not control_path(environ).exists()

    run()


async def until_filled(field: GtkField, before: str) -> str:
    """What is in the field, once it is more than before."""
    async with asyncio.timeout(PATIENCE):
        while field.text == before:  # noqa: ASYNC110 - the field belongs to another program
            await asyncio.sleep(0.01)
    return field.text
