from __future__ import annotations

import asyncio
import json
import os
import signal
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

pytest.importorskip("dbus_fast")

import koe.linux.desktop
from koe.dictation import open_core
from koe.linux import remote_pasting as module
from koe.linux import virtual_keyboard
from koe.linux.bus import Bus, open_bus
from koe.linux.compositor import Compositor
from koe.linux.control import control_path
from koe.linux.daemon import RULES, Daemon, serve
from koe.linux.delivery import UNKNOWN, Tried
from koe.linux.desktop import Desktop
from koe.linux.portal_requests import PORTAL, PORTAL_PATH
from koe.linux.remote_pasting import ENDED, NO_CLIPBOARD, REFUSED, TOKEN_NAME, RemotePasting
from koe.linux.virtual_keyboard import VirtualKeyboard
from koe.linux.wayland import WaylandBoard
from tests.asynchronous import on_loop
from tests.linux.making import PATIENCE, Recorder, key
from tests.linux.remote_portals import CONTROL, PLAIN, RemotePortal, V, remote_portal
from tests.linux.screen import Screen, session_bus, until
from tests.linux.sway import Sway
from tests.scripted import ScriptedEngine


class Gnome(Compositor):
    """A compositor that lends its clipboard to no program."""

    def bind(self, interface: str, version: int = 1) -> int | None:
        return super().bind(interface, version) if interface == "wl_seat" else None


class Pasting:
    """Pasting by an imitation of the portal, and what it has offered."""

    def __init__(self, bus: Bus, portal: RemotePortal, pasting: RemotePasting) -> None:
        self.portal = portal
        self._bus = bus
        self.boards: asyncio.Queue[WaylandBoard | None] = asyncio.Queue()
        self._pasting = pasting
        pasting._use = self.boards.put_nowait

    def run(self) -> asyncio.Task[str]:
        return asyncio.create_task(self._pasting.run())

    async def board(self) -> WaylandBoard:
        board = await self.boards.get()
        assert board is not None
        return board

    async def settle(self) -> None:
        """Wait until koe has got all signals of the portal, which come before this answer."""
        await self.portal.settle()
        await self._bus.call(PORTAL, PORTAL_PATH, "org.freedesktop.DBus.Peer.Ping")


@asynccontextmanager
async def pasting(desk: Screen, sway: Sway, folder: Path) -> AsyncIterator[Pasting]:
    address = desk.environ["DBUS_SESSION_BUS_ADDRESS"]
    bus, compositor = await open_bus(address), Gnome(sway.environ)
    await compositor.settle()
    try:
        async with remote_portal(address) as portal, asyncio.timeout(PATIENCE):
            made = RemotePasting(bus, compositor, folder / TOKEN_NAME, lambda board: None)
            yield Pasting(bus, portal, made)
    finally:
        await bus.close()
        compositor.close()


async def cancel(task: asyncio.Task[str]) -> None:
    task.cancel()
    await asyncio.wait([task])


@on_loop
async def test_a_text_is_pasted_and_the_clipboard_comes_back(
    desk: Screen, sway: Sway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with pasting(desk, sway, tmp_path) as desktop:
        portal = desktop.portal
        portal.held = {PLAIN: b"copied before"}
        running = desktop.run()
        board = await desktop.board()
        await desktop.settle()  # the desktop has said what is on the clipboard
        assert await board.paste("Grüße 👍", UNKNOWN, 0.0) is Tried.ARRIVED
        await portal.until(lambda: portal.pasted == ["Grüße 👍"])
        passing = portal.formats
        await portal.until(lambda: portal.formats != passing)
        assert portal.formats == [PLAIN]
        portal.reads = False
        monkeypatch.setattr("koe.linux.wayland._PATIENCE", 0.05)
        assert await board.paste("text", UNKNOWN, 0.0) is Tried.UNCLEAR
        await board.leave("left")
        assert PLAIN in (portal.formats or [])
        await cancel(running)
        assert desktop.boards.get_nowait() is None
        assert not portal.started.is_set()


@on_loop
async def test_the_user_is_asked_once(desk: Screen, sway: Sway, tmp_path: Path) -> None:
    async with pasting(desk, sway, tmp_path) as desktop:
        for _ in range(2):
            running = desktop.run()
            await desktop.board()
            token = tmp_path / TOKEN_NAME
            assert {token.read_text(encoding="utf-8")} == desktop.portal.tokens
            assert stat.S_IMODE(token.stat().st_mode) == 0o600
            await cancel(running)
            await desktop.boards.get()
        assert desktop.portal.asked == 1


@on_loop
async def test_a_refusal_is_respected(desk: Screen, sway: Sway, tmp_path: Path) -> None:
    async with pasting(desk, sway, tmp_path) as desktop:
        (tmp_path / TOKEN_NAME).write_text("of another session", encoding="utf-8")
        desktop.portal.refuses = True
        assert await desktop.run() == REFUSED
        assert desktop.portal.asked == 1
        assert desktop.boards.empty()
        assert not (tmp_path / TOKEN_NAME).exists()


@on_loop
async def test_a_desktop_that_shares_no_clipboard(desk: Screen, sway: Sway, tmp_path: Path) -> None:
    async with pasting(desk, sway, tmp_path) as desktop:
        desktop.portal.lends = False
        assert await desktop.run() == NO_CLIPBOARD
        assert not desktop.portal.started.is_set()


@on_loop
async def test_the_user_ends_it(
    desk: Screen, sway: Sway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LOCKING", 0.05)
    async with pasting(desk, sway, tmp_path) as desktop:
        running = desktop.run()
        await desktop.board()
        await desktop.portal.end()
        assert await running == ENDED
        assert await desktop.boards.get() is None


@on_loop
async def test_it_goes_on_after_the_screen_was_locked(
    desk: Screen, sway: Sway, tmp_path: Path
) -> None:
    async with pasting(desk, sway, tmp_path) as desktop:
        running = desktop.run()
        await desktop.board()
        await desktop.portal.end()
        assert await desktop.boards.get() is None
        await desktop.portal.lock(is_locked=True)
        await asyncio.sleep(0.05)  # the user needs longer to unlock it
        assert desktop.boards.empty()
        await desktop.portal.lock(is_locked=False)
        await desktop.board()
        assert desktop.portal.asked == 1
        await cancel(running)


@on_loop
async def test_it_goes_on_after_the_portal_was_started_anew(
    desk: Screen, sway: Sway, tmp_path: Path
) -> None:
    async with pasting(desk, sway, tmp_path) as desktop:
        running = desktop.run()
        await desktop.board()
        await desktop.portal.restart()
        assert await desktop.boards.get() is None
        await desktop.board()
        assert desktop.portal.asked == 1
        await cancel(running)


@on_loop
async def test_a_locked_screen_is_no_refusal(desk: Screen, sway: Sway, tmp_path: Path) -> None:
    async with pasting(desk, sway, tmp_path) as desktop:
        desktop.portal.is_locked = True
        running = desktop.run()
        await desktop.portal.until(lambda: desktop.portal.has_been_asked_for_lock)
        await desktop.portal.lock(is_locked=False)
        await desktop.board()
        await cancel(running)


@on_loop
async def test_from_the_key_to_the_field(
    runtime: Path,
    directory: Path,
    engine: ScriptedEngine,
    sway: Sway,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As in KDE: the compositor lends its clipboard, and the portal presses the keys."""

    async def takes_no_keys(compositor: Compositor) -> None:
        await compositor.settle()

    monkeypatch.setattr(koe.linux.desktop, "open_board", takes_no_keys)
    with session_bus(dict(os.environ)) as address, sway.field(tmp_path) as field:
        environ = sway.environ | {
            "DBUS_SESSION_BUS_ADDRESS": address,
            "XDG_RUNTIME_DIR": str(runtime),
        }
        async with remote_portal(address) as portal, asyncio.timeout(PATIENCE):
            compositor = Compositor(sway.environ)
            await compositor.settle()
            seat, maker = compositor.bind("wl_seat"), compositor.bind(virtual_keyboard.INTERFACE)
            assert seat is not None
            assert maker is not None
            keyboard = VirtualKeyboard(compositor, maker, seat)
            portal.pasting = lambda: keyboard.send_chord([CONTROL, V])
            serving = asyncio.create_task(serve(directory, environ, lambda: Recorder(b"ab" * 800)))
            await portal.started.wait()
            reader, writer = await asyncio.open_unix_connection(control_path(environ))
            writer.write(b'{"do": "follow"}\n')
            for word in ("toggle", "toggle"):
                assert await key(word) == (0, "")
            while json.loads(await reader.readline())["way"] != "paste":
                pass
            await asyncio.to_thread(until, lambda: field.text == "hello world")
            assert portal.by_place  # the keyboard of that compositor has a V in its place
            writer.close()
            os.kill(os.getpid(), signal.SIGTERM)
            await serving
            compositor.close()


async def other_talk(bus: Bus) -> None:
    """Longer than the questions to the portal take."""
    for _ in range(30):
        await bus.call("org.freedesktop.DBus", "/", "org.freedesktop.DBus.GetId")


@on_loop
async def test_a_refusal_holds_for_all_desktops_of_a_run(
    desk: Screen, sway: Sway, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = desk.environ["DBUS_SESSION_BUS_ADDRESS"]
    bus, compositor = await open_bus(address), Gnome(sway.environ)
    await compositor.settle()
    desktop = Desktop(compositor=compositor, bus=bus, takes_no_keys=True)
    async with remote_portal(address) as portal, open_core(directory, RULES) as core:
        portal.refuses = True
        daemon = Daemon(core, directory, Recorder)
        reported: asyncio.Queue[str] = asyncio.Queue()
        monkeypatch.setattr(daemon._takes, "tell", reported.put_nowait)
        async with daemon.on_desktop(desktop), asyncio.timeout(PATIENCE):
            assert await reported.get() == REFUSED
        async with daemon.on_desktop(desktop):
            await other_talk(bus)
        assert portal.asked == 1
        await daemon.close()
    await bus.close()
    compositor.close()


@pytest.fixture
def only_clipboard(directory: Path) -> Path:
    directory.mkdir()
    (directory / "config.yaml").write_text("linux: {insert: clipboard}\n", encoding="utf-8")
    return directory


@on_loop
async def test_a_desktop_is_asked_only_for_what_the_settings_want(
    desk: Screen, sway: Sway, only_clipboard: Path
) -> None:
    address = desk.environ["DBUS_SESSION_BUS_ADDRESS"]
    bus, compositor = await open_bus(address), Gnome(sway.environ)
    await compositor.settle()
    desktop = Desktop(compositor=compositor, bus=bus, takes_no_keys=True)
    async with remote_portal(address) as portal, open_core(only_clipboard, RULES) as core:
        daemon = Daemon(core, only_clipboard, Recorder)
        async with daemon.on_desktop(desktop):
            await other_talk(bus)
        assert portal.asked == 0
        await daemon.close()
    await bus.close()
    compositor.close()
