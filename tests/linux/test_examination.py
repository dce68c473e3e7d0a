from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("dbus_fast")

import koe.linux.desktop
import koe.linux.examination
from koe.config.schema import LinuxConfig
from koe.linux import service
from koe.linux.application import entry, entry_path
from koe.linux.bus import open_bus, variant
from koe.linux.compositor import Compositor
from koe.linux.examination import examine
from tests.asynchronous import on_loop
from tests.linux.remote_portals import remote_portal
from tests.linux.screen import Screen
from tests.linux.sway import Sway

SHORTCUTS = "org.freedesktop.portal.GlobalShortcuts"


@on_loop
async def set_accessible(desk: Screen, *, is_on: bool) -> None:
    bus = await open_bus(desk.environ["DBUS_SESSION_BUS_ADDRESS"])
    await bus.call(
        "org.a11y.Bus", "/org/a11y/bus", "org.freedesktop.DBus.Properties.Set", "ssv",
        "org.a11y.Status", "IsEnabled", variant("b", is_on),
    )  # fmt: skip
    await bus.close()


def missing_in(
    environ: dict[str, str], settings: LinuxConfig | None = None, devices: Path = Path("/nowhere")
) -> list[str]:
    return examine(environ, settings or LinuxConfig(), devices)[1]


def leave_entry(environ: dict[str, str]) -> None:
    path = entry_path(environ)
    path.parent.mkdir(parents=True)
    path.write_text(entry(["koe", "serve"]), encoding="utf-8")


def test_a_whole_desktop(desk: Screen, runtime: Path) -> None:
    set_accessible(desk, is_on=True)
    try:
        works, missing = examine(desk.environ | {"XDG_RUNTIME_DIR": str(runtime)}, LinuxConfig())
    finally:
        set_accessible(desk, is_on=False)
    assert "texts are inserted by AT-SPI and read back, texts are pasted into windows" in works
    assert [it for it in missing if "notification daemon" not in it] == [
        "koe serve is not running; to start it: systemctl --user start koe, or: koe serve"
    ]


@pytest.mark.parametrize(
    ("program", "command"),
    [("/usr/bin/gsettings", "run: gsettings set"), (None, "run: busctl --user set-property")],
)
def test_programs_that_show_no_fields(
    desk: Screen, monkeypatch: pytest.MonkeyPatch, program: str | None, command: str
) -> None:
    monkeypatch.setattr("koe.linux.examination.shutil.which", lambda name: program)
    (sentence,) = (it for it in missing_in(desk.environ) if "accessibility is off" in it)
    assert command in sentence


def test_without_a_detector_of_voices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(koe.linux.examination, "voice_detector", lambda: None)
    (sentence,) = (it for it in missing_in({}) if "no voice detector" in it)
    assert "recordings end later" in sentence
    assert sentence.endswith("run: pip install 'koe-core[linux]'")


@pytest.fixture
def wayland(
    desk: Screen, sway: Sway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, str]]:
    """A compositor that takes no keys, on a desktop without portals."""

    async def takes_no_keys(compositor: Compositor) -> None:
        await compositor.settle()

    monkeypatch.setattr(koe.linux.desktop, "open_board", takes_no_keys)
    address = desk.environ["DBUS_SESSION_BUS_ADDRESS"]
    yield sway.environ | {
        "DBUS_SESSION_BUS_ADDRESS": address,
        "XDG_CURRENT_DESKTOP": "ubuntu:GNOME",
        "XDG_DATA_HOME": str(tmp_path / "data"),
    }


def test_a_desktop_without_portals(wayland: dict[str, str]) -> None:
    missing = missing_in(wayland)
    (keys,) = (it for it in missing if "no portal RemoteDesktop" in it)
    assert "run: apt install xdg-desktop-portal-gnome" in keys
    (shortcuts,) = (it for it in missing if "no portal GlobalShortcuts" in it)
    assert "koe service keys gnome; or" in shortcuts
    del wayland["XDG_CURRENT_DESKTOP"]
    assert any("koe service keys sway|hyprland" in it for it in missing_in(wayland))


@on_loop
async def test_a_desktop_with_portals(wayland: dict[str, str]) -> None:
    async with remote_portal(wayland["DBUS_SESSION_BUS_ADDRESS"]) as portal:
        portal.portals.append(SHORTCUTS)
        works, missing = await asyncio.to_thread(examine, wayland, LinuxConfig())
        assert any("texts are pasted by keys that the desktop presses" in it for it in works)
        (name,) = (it for it in missing if "portal" in it)
        assert name.endswith("run: koe service install")
        await asyncio.to_thread(leave_entry, wayland)
        missing = await asyncio.to_thread(missing_in, wayland)
        assert not any("portal" in it for it in missing)


def test_a_desktop_that_is_asked_for_nothing(wayland: dict[str, str], tmp_path: Path) -> None:
    settings = LinuxConfig(insert="clipboard", evdev=True)
    missing = missing_in(wayland, settings, tmp_path)
    assert not any("portal" in it for it in missing)
    assert any("sudo usermod -aG input $USER" in it for it in missing)
    (tmp_path / "event0").touch()
    missing = missing_in(wayland, settings, tmp_path)
    assert not any("sudo usermod" in it for it in missing)


def test_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "key_program", lambda: None)
    works, missing = examine({}, LinuxConfig())
    assert works == []
    for sentence in ("nor DISPLAY is set", "no D-Bus", "koe-key was not built", "XDG_RUNTIME_DIR"):
        assert any(sentence in it for it in missing)
