from __future__ import annotations

from pathlib import Path

import pytest
from textual.app import App
from textual.widgets import Input

from koe.cli.setting import read_settings
from koe.tui.dialogs import Confirmation, SettingEditor
from tests.asynchronous import on_loop
from tests.tui.running import configure, running, shown, until, until_shown


class Host(App[None]):
    """An app that shows a dialog."""


@pytest.mark.parametrize(("key", "answer"), [("y", True), ("n", False), ("escape", False)])
@on_loop
async def test_confirmation(key: str, answer: bool) -> None:
    answers: list[bool | None] = []
    async with running(Host(), size=(40, 15)) as pilot:
        dialog = Confirmation("[b]this[/] one", "its friends are removed, too", "Remove")
        pilot.app.push_screen(dialog, answers.append)
        await until_shown(pilot, "[b]this[/] one")
        await until_shown(pilot, "y Remove")
        await pilot.press("enter", key)
        await until(lambda: answers == [answer])


def editor(directory: Path, key: str) -> SettingEditor:
    setting = read_settings(directory)[1].find(key)
    assert setting is not None
    return SettingEditor(directory, setting)


@on_loop
async def test_a_value_that_is_not_taken_and_one_that_is(directory: Path) -> None:
    done: list[list[str] | None] = []
    async with running(Host(), size=(40, 15)) as pilot:
        pilot.app.push_screen(editor(directory, "asr.stall_ms"), done.append)
        await until_shown(pilot, "Accepted: a whole number")
        await pilot.press("x", "enter")
        await until_shown(pilot, "nothing was changed")
        assert done == []
        await pilot.press("backspace", "5", "enter")
        await until(lambda: bool(done))
    assert done == [["asr.stall_ms is set; the change takes effect with the next recording"]]
    setting = read_settings(directory)[1].find("asr.stall_ms")
    assert setting is not None
    assert setting.value == 20005


@on_loop
async def test_a_key_is_typed_unseen(directory: Path) -> None:
    configure(directory, "asr: {qwen: {api_key: sk-old}}\n")
    done: list[list[str] | None] = []
    async with running(Host()) as pilot:
        pilot.app.push_screen(editor(directory, "asr.qwen.api_key"), done.append)
        await until_shown(pilot, "asr.qwen.api_key: ********")
        await pilot.press("enter")  # an empty field does not change the key
        await until(lambda: done == [[]])
        pilot.app.push_screen(editor(directory, "asr.qwen.api_key"), done.append)
        await until_shown(pilot, "asr.qwen.api_key: ********")
        await pilot.press(*"sk-new")
        assert pilot.app.screen.query_one(Input).value == "sk-new"
        assert "sk-" not in shown(pilot.app)
        await pilot.press("enter")
        await until(lambda: len(done) == 2)
    assert "sk-new" in read_settings(directory)[0].text
    assert "sk-new" not in str(done)


@on_loop
async def test_leaving(directory: Path) -> None:
    done: list[list[str] | None] = []
    async with running(Host()) as pilot:
        pilot.app.push_screen(editor(directory, "asr.provider"), done.append)
        await until_shown(pilot, "moonshine")
        await pilot.press("x", "escape")
        await until(lambda: done == [[]])
    assert read_settings(directory)[0].text == ""
