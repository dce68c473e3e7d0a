from __future__ import annotations

import pytest

from koe.events import State
from koe.linux.requests import ControlRequest
from koe.linux.status import DaemonStatus
from koe.tui.dictation_pane import DictationPane
from tests.asynchronous import on_loop
from tests.tui.running import OnePane, running, shown, until, until_shown


class Studio(OnePane[DictationPane]):
    """Shows a dictation."""

    def __init__(self) -> None:
        super().__init__()
        self.pane = DictationPane(self.send)


BEGIN = ControlRequest("begin", inserts=False)
RETRY = ControlRequest("retry", inserts=False)


@pytest.mark.parametrize(
    ("status", "sent"),
    [
        (None, []),
        (DaemonStatus(), [BEGIN, RETRY]),
        (DaemonStatus(State.RECORDING_HOLD), [ControlRequest("end"), ControlRequest("cancel")]),
        (DaemonStatus(State.CORRECTING), [BEGIN, ControlRequest("cancel"), RETRY]),
    ],
)
@on_loop
async def test_what_keys_do(status: DaemonStatus | None, sent: list[ControlRequest]) -> None:
    app = Studio()
    async with running(app) as pilot:
        app.pane.show(status, "it is not there")
        await pilot.press("space", "x", "r", "c")
        await until(lambda: len(app.sent) == len(sent))
        assert app.sent == sent


@on_loop
async def test_what_is_shown() -> None:
    app = Studio()
    async with running(app, size=(40, 15)) as pilot:
        app.pane.show(None, "koe serve is not running; to start it: koe serve")
        await until_shown(pilot, "koe serve is not running;")
        await until_shown(pilot, "You can use the history and the settings")
        app.pane.show(DaemonStatus(hotkey="F1"))
        await until_shown(pilot, "Press Space and speak")
        await until_shown(pilot, "Hotkey: F1")
        app.pane.show(DaemonStatus(State.RECORDING_TOGGLE, text="[b]你好\x1b[2J " * 90 + "the end"))
        await until_shown(pilot, "the end")  # the end of a long text is visible
        assert "[b]你好 [2J" in shown(app)
        app.pane.show(DaemonStatus(text="你好。", message="it rains"))
        await until_shown(pilot, "it rains")
        await pilot.press("c")
        assert app.clipboard == "你好。"
