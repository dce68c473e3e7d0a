from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from koe.errors import DesktopError
from koe.linux.delivery import Window, chord_for
from koe.linux.evdev import EVENT, KernelHotkey, KernelKeys, code_of, codes_of
from koe.linux.keys import key_of
from tests.asynchronous import on_loop
from tests.linux.making import PATIENCE

# What a keyboard sends, as it was recorded: type, code, value; 4 is the scan code, 0 ends a group.
RIGHT_CONTROL = [(4, 4, 157), (1, 97, 1), (0, 0, 0), (1, 97, 2), (0, 0, 0), (1, 97, 0), (0, 0, 0)]
CTRL_ALT_SPACE = [
    (1, 29, 1), (0, 0, 0), (1, 56, 1), (0, 0, 0), (1, 57, 1), (0, 0, 0),
    (1, 29, 0), (0, 0, 0), (1, 57, 0), (0, 0, 0), (1, 56, 0), (0, 0, 0),
]  # fmt: skip
SPACE = [(1, 57, 1), (0, 0, 0), (1, 57, 0), (0, 0, 0)]


@pytest.mark.parametrize(
    ("name", "codes"),
    [("fn", KernelHotkey(97, None)), ("122", KernelHotkey(59, 0)),
     ("ctrl+alt+49", KernelHotkey(57, 12)), ("cmd+0", KernelHotkey(30, 64)),
     ("right_option", KernelHotkey(100, None)), ("scroll_lock", KernelHotkey(70, None))],
)  # fmt: skip
def test_codes(name: str, codes: KernelHotkey) -> None:
    assert codes_of(key_of(name)) == codes


@pytest.mark.parametrize("kind", ["gedit", "kitty", "xterm"])
def test_every_key_that_pastes_has_a_place(kind: str) -> None:
    assert {code_of(keysym) for keysym in chord_for(Window(1, kind)).keysyms} <= {29, 42, 47, 110}


def test_a_key_that_no_keyboard_has() -> None:
    with pytest.raises(DesktopError, match="no keyboard has the key 999"):
        codes_of(key_of("999"))


@on_loop
async def test_recorded_events(tmp_path: Path) -> None:
    device = tmp_path / "event0"
    os.mkfifo(device)
    heard: asyncio.Queue[tuple[str, bool]] = asyncio.Queue()

    def note(name: str, is_down: bool) -> None:
        heard.put_nowait((name, is_down))

    calls: dict[KernelHotkey, Callable[[bool], None]] = {
        codes_of(key_of(name)): partial(note, name) for name in ("right_control", "ctrl+alt+49")
    }
    keys = KernelKeys(calls)
    keys.listen([tmp_path / "missing", device])
    writer = os.open(device, os.O_WRONLY)
    for kind, code, value in [*RIGHT_CONTROL, *SPACE, *CTRL_ALT_SPACE]:
        os.write(writer, EVENT.pack(1, 2, kind, code, value))
    async with asyncio.timeout(PATIENCE):
        reported = [await heard.get() for _ in range(4)]
    assert reported == [
        ("right_control", True), ("right_control", False),
        ("ctrl+alt+49", True), ("ctrl+alt+49", False),
    ]  # fmt: skip
    assert heard.empty()
    os.close(writer)  # the keyboard is unplugged
    async with asyncio.timeout(PATIENCE):
        while keys._devices:  # noqa: ASYNC110 - nothing is reported of it
            await asyncio.sleep(0)
    keys.close()


@on_loop
async def test_devices_that_may_not_be_read(tmp_path: Path) -> None:
    with pytest.raises(DesktopError, match="usermod -aG input"):
        KernelKeys({}).listen([tmp_path / "event0"])


@on_loop
async def test_closing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "event0")
    keys = KernelKeys({})
    keys.listen([tmp_path / "event0"])
    keys.close()
    assert keys._devices == []
