from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import pytest

pytest.importorskip("dbus_fast")

from koe.dictation import open_core
from koe.linux.application import APP_ID, entry, entry_path, introduce
from koe.linux.bus import open_bus
from koe.linux.daemon import RULES, Daemon
from koe.linux.desktop import open_desktop
from tests.asynchronous import on_loop
from tests.linux.making import PATIENCE, Recorder
from tests.linux.portals import portal
from tests.linux.screen import SYSTEM_PYTHON, Screen, until
from tests.linux.sway import Sway

READ = """\
import sys
from gi.repository import Gio
entry = Gio.DesktopAppInfo.new_from_filename(sys.argv[1])
print(entry.get_name(), entry.get_nodisplay())
print(entry.launch([], None))
"""


def test_a_desktop_reads_the_entry(tmp_path: Path) -> None:
    """Its words arrive as they are, whatever signs they have."""
    folder = tmp_path / 'a $b `c` "d" \\\\e'
    folder.mkdir()
    program = folder / "koe"
    program.write_text('#!/bin/sh\nprintf %s "$2" > "$(dirname "$0")/given"\n')
    program.chmod(0o755)
    path = tmp_path / f"{APP_ID}.desktop"
    path.write_text(entry([str(program), "serve", f"100% of {folder}"]), encoding="utf-8")
    command = [SYSTEM_PYTHON, "-c", READ, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "No module named 'gi'" in done.stderr:
        pytest.skip("not installed here: python3-gi")
    assert done.stdout == "Koe True\nTrue\n", done.stderr
    until(lambda: (folder / "given").exists() and bool((folder / "given").read_text()))
    assert (folder / "given").read_text(encoding="utf-8") == f"100% of {folder}"


@pytest.mark.parametrize(
    ("environ", "path"),
    [
        ({"HOME": "/home/a"}, "/home/a/.local/share/applications/koe.desktop"),
        ({"HOME": "/home/a", "XDG_DATA_HOME": "/data"}, "/data/applications/koe.desktop"),
    ],
)
def test_where_it_belongs(environ: dict[str, str], path: str) -> None:
    assert entry_path(environ) == Path(path)


@on_loop
async def test_a_desktop_without_portals(desk: Screen) -> None:
    bus = await open_bus(desk.environ["DBUS_SESSION_BUS_ADDRESS"])
    await introduce(bus)
    await bus.close()


@pytest.mark.parametrize("is_installed", [True, False])
def test_the_daemon_says_who_asks(
    desk: Screen, sway: Sway, directory: Path, tmp_path: Path, is_installed: bool
) -> None:
    address = desk.environ["DBUS_SESSION_BUS_ADDRESS"]
    environ = sway.environ | {"DBUS_SESSION_BUS_ADDRESS": address, "XDG_DATA_HOME": str(tmp_path)}
    if is_installed:
        entry_path(environ).parent.mkdir()
        entry_path(environ).write_text(entry(["koe", "serve"]), encoding="utf-8")

    @on_loop
    async def run() -> None:
        async with (
            asyncio.timeout(PATIENCE),
            portal(address) as imitation,
            open_core(directory, RULES) as core,
            open_desktop(environ) as desktop,
        ):
            daemon = Daemon(core, directory, Recorder)
            async with daemon.on_desktop(desktop):
                while not (hotkey := daemon._takes.status.hotkey):  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            assert (imitation.name, hotkey) == (
                (APP_ID, "Press dictate")
                if is_installed
                else ("", "none: bind keys to koe-key; koe service keys shows how")
            )
            await daemon.close()

    run()
