from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytest.importorskip("dbus_fast")
pytest.importorskip("xcffib")

from koe.linux.desktop import open_desktop
from tests.asynchronous import on_loop
from tests.linux.screen import Screen


@on_loop
async def test_a_whole_desktop(desk: Screen) -> None:
    async with open_desktop(desk.environ) as desktop:
        assert [it for it in desktop.missing if "notification daemon" not in it] == []
        assert desktop.display is not None
        assert desktop.board is not None
        assert desktop.bus is not None
        assert desktop.fields is not None
        assert desktop.lost is not None


@pytest.mark.parametrize(
    ("environ", "sentences"),
    [
        ({}, ["nor DISPLAY is set", "DBUS_SESSION_BUS_ADDRESS is not set"]),
        (
            {"DISPLAY": ":9999", "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere"},
            ["the X server :9999 can't be reached", "is DBUS_SESSION_BUS_ADDRESS right?"],
        ),
        (
            {"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"},
            ["the compositor at wayland-0 can't be reached", "no D-Bus was found"],
        ),
    ],
)
def test_what_is_missing_is_a_sentence(
    environ: dict[str, str], sentences: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    @on_loop
    async def run() -> None:
        async with open_desktop(environ) as desktop:
            assert desktop.lost is None
            for missing, sentence in zip(desktop.missing, sentences, strict=True):
                assert sentence in missing

    run()


@on_loop
async def test_without_the_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("xcffib", "dbus_fast.aio"):
        monkeypatch.setitem(sys.modules, name, None)
    for name in ("bus", "clipboard", "fields", "pasting", "x11"):
        monkeypatch.delitem(sys.modules, f"koe.linux.{name}", raising=False)
    environ = {"DISPLAY": ":0", "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere"}
    async with open_desktop(environ) as desktop:
        assert [it.count("pip install 'koe-core[linux]'") for it in desktop.missing] == [1, 1]
