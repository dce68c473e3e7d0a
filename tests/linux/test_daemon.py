from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

pytest.importorskip("xcffib")

import koe.linux.daemon
from koe.dictation import Dictation, OpenCore, open_core
from koe.errors import DesktopError, KoeError
from koe.events import Mode, ShowState, State
from koe.linux.control import STATUS, ask, claimed, control_path
from koe.linux.daemon import RULES, Daemon, serve
from koe.linux.requests import ControlRequest
from koe.linux.x11 import Display
from tests.asynchronous import on_loop
from tests.cli.command import FAKES, PROJECT, command
from tests.linux.looking import focus
from tests.linux.making import KOE_KEY, PATIENCE, Recorder, key
from tests.linux.screen import GtkField, Screen, until, x_server
from tests.scripted import ScriptedEngine

SHIFT = 0xFFE1

needs_key = pytest.mark.skipif(not KOE_KEY.exists(), reason="koe-key is not installed here")


async def connected(
    environ: Mapping[str, str],
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect to a daemon that may not listen yet."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                return await asyncio.open_unix_connection(control_path(environ))
            except OSError:
                await asyncio.sleep(0.01)


async def until_served() -> None:
    """Wait for the daemon of this process: it says READY=1 as a service does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        address = str(control_path(os.environ).parent.with_name("manager"))
        manager.bind(address)
        manager.setblocking(False)
        os.environ["NOTIFY_SOCKET"] = address
        async with asyncio.timeout(PATIENCE):
            reported = await asyncio.get_running_loop().sock_recv(manager, 100)
        assert reported == b"READY=1"


@on_loop
async def test_a_desktop_that_ends_and_starts_anew(
    runtime: Path, directory: Path, engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(koe.linux.daemon, "_DESKTOP_INTERVAL", 0.05)
    with ExitStack() as stack:
        name = stack.enter_context(x_server())
        environ = os.environ | {"DISPLAY": name, "DBUS_SESSION_BUS_ADDRESS": ""}
        recorder = Recorder(b"ab" * 800)
        serving = asyncio.create_task(serve(directory, environ, lambda: recorder))
        reader, writer = await connected(environ)
        writer.write(b'{"do": "follow"}\n')

        async def until_hotkey(beginning: str) -> None:
            async with asyncio.timeout(PATIENCE):
                while not json.loads(await reader.readline())["hotkey"].startswith(beginning):
                    pass

        await until_hotkey("right_control")
        writer.write(b'{"do": "begin"}\n')
        await recorder.heard.wait()
        stack.close()
        await until_hotkey("none")
        writer.write(b'{"do": "end"}\n')  # the recording has gone on
        async with asyncio.timeout(PATIENCE):
            while "could not be inserted" not in json.loads(await reader.readline())["message"]:
                pass
        with x_server(name):
            await until_hotkey("right_control")
            writer.close()
            os.kill(os.getpid(), signal.SIGTERM)
            await serving


@on_loop
async def test_a_desktop_that_stays_away(
    runtime: Path, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(koe.linux.daemon, "_DESKTOP_INTERVAL", 0.01)
    monkeypatch.setattr(koe.linux.daemon, "_DESKTOP_PATIENCE", 0.05)
    with x_server() as name:
        environ = os.environ | {"DISPLAY": name, "DBUS_SESSION_BUS_ADDRESS": ""}
        serving = asyncio.create_task(serve(directory, environ, Recorder))
        reader, writer = await connected(environ)
        writer.write(b'{"do": "follow"}\n')
        async with asyncio.timeout(PATIENCE):
            while "right_control" not in json.loads(await reader.readline())["hotkey"]:
                pass
        writer.close()
    with pytest.raises(DesktopError, match="the desktop has ended"):
        await serving


@pytest.mark.parametrize(
    ("profile", "problem"),
    [("other", ""), ("missing", "not found: missing"), ("", "names no profile")],
)
def test_a_key_for_another_profile(
    runtime: Path,
    directory: Path,
    engine: ScriptedEngine,
    monkeypatch: pytest.MonkeyPatch,
    profile: str,
    problem: str,
) -> None:
    directory.mkdir()
    (directory / "config.yaml").write_text(
        f"hotkey: {{profile_key: 98, profile: '{profile}'}}\n"
        "llm: {enabled: false, profiles: {other: {name: Other}}}\n",
        encoding="utf-8",
    )
    begun: list[str] = []
    begin = OpenCore.begin

    def note(core: OpenCore, mode: Mode, *, profile: str) -> Dictation:
        begun.append(profile)
        return begin(core, mode, profile=profile)

    monkeypatch.setattr(OpenCore, "begin", note)

    @on_loop
    async def run() -> None:
        async with open_core(directory, RULES) as core:
            daemon = Daemon(core, directory, lambda: Recorder(b"ab" * 800))
            if problem:
                with pytest.raises(KoeError, match=problem):
                    daemon.perform(ControlRequest("press_profile"))
            else:
                daemon.perform(ControlRequest("press_profile"))
                daemon.suspend()  # ends the recording; the release is never noticed
                daemon.perform(ControlRequest("press_profile"))
                daemon.perform(ControlRequest("toggle"))  # ends it
                daemon.perform(ControlRequest("press"))
                assert begun == ["other", "other", ""]
            await daemon.close()

    run()


@needs_key
@on_loop
async def test_from_the_key_to_the_text(
    runtime: Path, directory: Path, engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", "")
    ready = asyncio.create_task(until_served())
    await asyncio.sleep(0)
    serving = asyncio.create_task(serve(directory, os.environ, lambda: Recorder(b"ab" * 800)))
    await ready
    reader, writer = await asyncio.open_unix_connection(control_path(os.environ))
    writer.write(b'{"do": "follow"}\n')
    assert await key("press") == (0, "")
    assert await key("cancel") == (0, "")
    assert await key("release") == (0, "")
    assert await key("toggle") == (0, "")
    assert await key("toggle") == (0, "")
    async with asyncio.timeout(PATIENCE):
        while json.loads(await reader.readline())["text"] != "hello world":
            pass
    writer.close()
    os.kill(os.getpid(), signal.SIGTERM)
    async with asyncio.timeout(PATIENCE):
        await serving
    assert not control_path(os.environ).exists()


@on_loop
async def test_one_daemon(runtime: Path, directory: Path) -> None:
    with claimed(control_path(os.environ)), pytest.raises(DesktopError, match="is already running"):
        await serve(directory, os.environ)


@contextmanager
def daemon(home: Path, recording: Path, **desktop: str) -> Iterator[subprocess.Popen[str]]:
    """A daemon as a process, whose microphone hears a recording and then silence."""
    environ = (
        os.environ
        | desktop
        | {
            "HOME": str(home),
            "PYTHONPATH": f"{FAKES}{os.pathsep}{PROJECT}",
            "KOE_FAKE_MICROPHONE": str(recording),
        }
    )
    process = subprocess.Popen(command("serve"), env=environ, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def follow() -> Iterator[dict[str, object]]:
    """The statuses of a daemon that may not listen yet."""
    while True:
        try:
            yield from ask(control_path(os.environ), ControlRequest("follow"))
        except DesktopError as exc:
            assert "is not running" in str(exc)


@pytest.mark.model
def test_what_a_killed_daemon_heard_is_offered(runtime: Path, tmp_path: Path, speech: Path) -> None:
    with daemon(tmp_path, speech) as process:
        statuses = follow()
        next(statuses)
        list(ask(control_path(os.environ), ControlRequest("begin")))
        heard = next(it["text"] for it in statuses if "failed" in str(it["text"]).lower())
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert heard
    with daemon(tmp_path, speech) as process:
        statuses = follow()
        offered = next(it["message"] for it in statuses if it["message"])
        assert "was interrupted; to insert its text: koe ctl retry" in str(offered)
        list(ask(control_path(os.environ), ControlRequest("retry")))
        again = next(it["text"] for it in statuses if it["state"] == "idle" and it["text"])
        assert "ever failed" in str(again).lower()
        assert next(ask(control_path(os.environ), ControlRequest(STATUS)))["recording"] is False
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0


async def leave_unfinished(directory: Path) -> None:
    """End the program while it waits for the text."""
    async with open_core(directory, RULES) as core:
        session = core.begin()
        await session.feed(b"ab" * 16_000)
        session.end()
        async for notice in session:
            if notice == ShowState(State.FINALIZING_ASR):
                return


@pytest.mark.parametrize(("count", "ending"), [(1, "koe ctl retry"), (3, "2 more: koe history")])
def test_all_that_was_interrupted_is_offered(
    runtime: Path, directory: Path, engine: ScriptedEngine, count: int, ending: str
) -> None:
    @on_loop
    async def run() -> None:
        engine.answer = None
        for _ in range(count):
            await leave_unfinished(directory)
        async with open_core(directory, RULES) as core:
            daemon = Daemon(core, directory, Recorder)
            with claimed(control_path(os.environ)) as listener:
                await daemon.start(listener)
                reader, writer = await connected(os.environ)
                writer.write(b'{"do": "status"}\n')
                message = json.loads(await reader.readline())["message"]
                writer.close()
                await daemon.close()
        assert message.startswith("A dictation of 1 s was interrupted; ")
        assert message.endswith(ending)

    run()


@on_loop
async def hold_shift(desk: Screen, *, is_down: bool) -> None:
    """Press or release a key, with the focus in the field."""
    display = Display(desk.environ["DISPLAY"])
    await focus(display, "gtk_field.py")
    code = display.keycodes(SHIFT)[0]
    display.fake_key(code, is_down=is_down)
    assert (code in display.held_keys()) is is_down
    display.close()


@pytest.mark.model
def test_a_text_that_was_not_inserted_yet_is_offered(
    desk: Screen, field: GtkField, runtime: Path, tmp_path: Path, speech: Path
) -> None:
    (tmp_path / ".koe").mkdir()
    (tmp_path / ".koe/config.yaml").write_text("linux: {insert: paste}\n", encoding="utf-8")
    display = desk.environ["DISPLAY"]
    with daemon(tmp_path, speech, DISPLAY=display) as process:
        statuses = follow()
        next(statuses)
        hold_shift(desk, is_down=True)  # the daemon waits until no key is down
        try:
            list(ask(control_path(os.environ), ControlRequest("begin")))
            next(it for it in statuses if "failed" in str(it["text"]).lower())
            list(ask(control_path(os.environ), ControlRequest("end")))
            next(it for it in statuses if it["state"] == "preparing_paste")
            time.sleep(0.3)  # whatever is removed too early is removed by now
            process.send_signal(signal.SIGKILL)
            process.wait(PATIENCE)
        finally:
            hold_shift(desk, is_down=False)
    assert field.text == ""
    with daemon(tmp_path, speech, DISPLAY=display):
        statuses = follow()
        offered = next(it["message"] for it in statuses if it["message"])
        assert "was interrupted; to insert its text: koe ctl retry" in str(offered)
        list(ask(control_path(os.environ), ControlRequest("retry")))
        next(it for it in statuses if it["way"] == "paste")
        until(lambda: "ever failed" in field.text.lower())
