from __future__ import annotations

from pathlib import Path

import pytest

from koe.errors import DesktopError
from koe.linux.delivery import Tried, Window
from koe.linux.wayland import WaylandBoard
from tests.asynchronous import on_loop


@pytest.fixture
def wl_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A wl-copy that writes what it gets to a file."""
    program = tmp_path / "wl-copy"
    program.write_text(f'#!/bin/sh\n/bin/cat > "{tmp_path}/copied"\n[ ! -e "{tmp_path}/full" ]\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_a_text_is_left(wl_copy: Path) -> None:
    @on_loop
    async def run() -> None:
        board = WaylandBoard()
        await board.leave("Grüße 你好 👍\n")
        assert board.active_window() is None
        assert await board.paste("text", Window(1), 0.0) is Tried.REFUSED
        (wl_copy / "full").touch()
        with pytest.raises(DesktopError, match="did not take it"):
            await board.leave("more")
        board.close()

    run()
    assert (wl_copy / "copied").read_text(encoding="utf-8") == "more"


@pytest.mark.parametrize("text", ["Grüße 你好 👍\n", ""])
def test_every_character(wl_copy: Path, text: str) -> None:
    @on_loop
    async def run() -> None:
        await WaylandBoard().leave(text)

    run()
    assert (wl_copy / "copied").read_text(encoding="utf-8") == text


def test_without_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DesktopError, match="install wl-clipboard"):
        WaylandBoard()
