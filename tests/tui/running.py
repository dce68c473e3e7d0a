"""Runs the terminal interface for a test, and reads the screen."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Generic, TypeVar

from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widgets import Footer

from koe.dictation import open_core
from koe.journal.entries import Entry
from koe.journal.index import Index
from koe.linux.control import claimed, control_path
from koe.linux.daemon import RULES, Daemon
from koe.linux.requests import ControlRequest
from koe.tui.app import TerminalInterface
from koe.tui.dictation_pane import DictationPane
from koe.tui.history_pane import HistoryPane
from tests.linux.making import PATIENCE, Recorder

SPEECH = bytes(range(1, 201)) * 32

Pane = TypeVar("Pane", DictationPane, HistoryPane)


class OnePane(App[None], Generic[Pane]):
    """Shows one pane alone.

    Attributes:
        pane: It; made by a subclass.
        sent: What it asked the daemon for.
    """

    pane: Pane

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[ControlRequest] = []

    async def send(self, request: ControlRequest) -> bool:
        self.sent.append(request)
        return True

    def compose(self) -> ComposeResult:
        yield self.pane
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.pane.enter()


def shown(app: App[None]) -> str:
    """The lines on the screen, without spaces at their ends."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(piece.text for piece in strip).rstrip() for strip in strips)


async def until(condition: Callable[[], bool]) -> None:
    """Wait until a condition is true."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - a screen does not say when it changes
            await asyncio.sleep(0.02)


async def until_shown(pilot: Pilot[None], text: str) -> None:
    """Wait until a text is on the screen."""
    try:
        await until(lambda: text in shown(pilot.app))
    except TimeoutError:
        raise AssertionError(f"{text!r} is not in\n{shown(pilot.app)}") from None


@asynccontextmanager
async def running(
    app: App[None], *, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[Pilot[None]]:
    """Run an app in a terminal with this number of columns and lines."""
    async with app.run_test(size=size, notifications=True) as pilot:
        yield pilot


@asynccontextmanager
async def opened(
    directory: Path, *, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[Pilot[None]]:
    """Run the terminal interface for a configuration folder."""
    async with running(TerminalInterface(directory, os.environ), size=size) as pilot:
        yield pilot


@asynccontextmanager
async def daemon(directory: Path) -> AsyncIterator[Recorder]:
    """Run a daemon that listens on its socket, without a desktop."""
    recorder = Recorder(SPEECH, room=SPEECH[:640], pace=0.02)  # at the pace of a microphone
    with claimed(control_path(os.environ)) as listener:
        async with open_core(directory, RULES) as core:
            served = Daemon(core, directory, lambda: recorder)
            await served.start(listener)
            try:
                yield recorder
            finally:
                await served.close()


def configure(directory: Path, text: str) -> None:
    """Write the settings."""
    directory.mkdir(mode=0o700)
    (directory / "config.yaml").write_text(text, encoding="utf-8")


def keep(directory: Path, *entries: Entry) -> None:
    """Add entries to the history."""
    directory.mkdir(mode=0o700, exist_ok=True)
    Index(directory, print).put(entries)
