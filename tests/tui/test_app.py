from __future__ import annotations

import re
from pathlib import Path
from typing import cast

import pytest
from textual.events import Key
from textual.widgets import Input

import koe.tui.app
from koe.events import FinalHeard, InterimHeard
from tests.asynchronous import on_loop
from tests.scripted import ScriptedEngine
from tests.tui.running import daemon, opened, shown, until, until_shown


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(koe.tui.app, "_RETRY_SECONDS", 0.05)
    monkeypatch.setattr(koe.tui.app, "_HISTORY_DELAY_SECONDS", 0.05)


@on_loop
async def test_a_dictation_from_the_first_key_to_the_copy(
    runtime: Path, directory: Path, engine: ScriptedEngine
) -> None:
    async with daemon(directory) as recorder, opened(directory) as pilot:
        await until_shown(pilot, "○ Ready")
        engine.says.put_nowait(InterimHeard("so far \x1b[31m你好"))
        await pilot.press("space")
        await until_shown(pilot, "so far  [31m你好")
        await recorder.heard.wait()
        await until(
            lambda: re.search(r"● Recording \d+:\d\d [█▏▎▍▌▋▊▉]", shown(pilot.app)) is not None
        )
        await until_shown(pilot, "x Cancel")
        engine.answer = "hello 世界"
        await pilot.press("2", "1", "space")
        await until_shown(pilot, "hello 世界")
        await until_shown(pilot, "○ Ready")
        await until_shown(pilot, "c Copy")
        await pilot.press("c")
        assert pilot.app.clipboard == "hello 世界"


@on_loop
async def test_keys_that_are_typed_faster_than_a_tab_opens(
    runtime: Path, directory: Path, engine: ScriptedEngine
) -> None:
    async with daemon(directory), opened(directory) as pilot:
        await until_shown(pilot, "○ Ready")
        await pilot.press("2")
        await until_shown(pilot, "The history is empty.")
        for key, character in (("1", "1"), ("space", " ")):
            pilot.app.post_message(Key(key, character))
        await until_shown(pilot, "● Recording")
        for key in "3/1":
            pilot.app.post_message(Key("slash" if key == "/" else key, key))
        await until(lambda: isinstance(pilot.app.focused, Input))
        await until(lambda: cast(Input, pilot.app.focused).value == "1")


@on_loop
async def test_another_try_of_an_entry(
    runtime: Path, directory: Path, engine: ScriptedEngine
) -> None:
    async with daemon(directory) as recorder, opened(directory) as pilot:
        await until_shown(pilot, "○ Ready")
        await pilot.press("space")
        await recorder.heard.wait()
        await pilot.press("x", "2")
        await until_shown(pilot, "[cancelled]")
        engine.says.put_nowait(FinalHeard("it was this"))
        await pilot.press("r")
        await until_shown(pilot, "it was this")
        await until_shown(pilot, "1 Dictation")
        await pilot.press("2")
        await until_shown(pilot, "complete: the whole text")


@on_loop
async def test_a_daemon_that_comes_and_goes(runtime: Path, directory: Path) -> None:
    async with opened(directory, size=(40, 15)) as pilot:
        await until_shown(pilot, "koe serve is not running; to start it:")
        async with daemon(directory):
            await until_shown(pilot, "○ Ready")
            await pilot.press("r")
            await until_shown(pilot, "no recording")
        await until_shown(pilot, "○ koe serve is not running")
        await pilot.press("3")
        await until_shown(pilot, "asr.provider: moonshine")
        await pilot.press("2")
        await until_shown(pilot, "The history is empty.")
        await pilot.press("q")


@on_loop
async def test_without_a_runtime_folder(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    async with opened(directory) as pilot:
        await until_shown(pilot, "XDG_RUNTIME_DIR is not set")
        await pilot.press("q")
