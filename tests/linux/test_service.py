from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from koe.errors import DesktopError
from koe.linux import service

# A systemctl that writes its arguments down, and prints what a test wants.
SYSTEMCTL = """\
#!/bin/sh
echo "$@" >> "$LOG"
[ -z "$FAILS" ] || { echo "$FAILS" >&2; exit 1; }
echo active
"""


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "systemctl").write_text(SYSTEMCTL)
    (tmp_path / "systemctl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("LOG", str(tmp_path / "log"))
    return tmp_path / "log"


def test_install_and_uninstall(log: Path, tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "DISPLAY": ":0"}
    assert service.status(environ) == (
        "the service is not installed; to install it: koe service install",
        False,
    )
    assert "whenever you log in" in service.install(environ, ["--config", "/a b"])
    path = tmp_path / ".config" / "systemd" / "user" / "koe.service"
    text = path.read_text(encoding="utf-8")
    assert "Type=notify\n" in text
    assert f"ExecStart={service.koe_command()[0]}" in text
    assert "serve --config '/a b'\n" in text
    assert service.status(environ) == ("the service is running", True)
    known_by = tmp_path / ".local" / "share" / "applications" / "koe.desktop"
    assert known_by.read_text(encoding="utf-8").startswith("[Desktop Entry]\n")
    service.uninstall(environ)
    assert not path.exists()
    assert not known_by.exists()
    with pytest.raises(DesktopError, match="not installed"):
        service.uninstall(environ)
    reported = [line.removeprefix("--user ") for line in log.read_text().splitlines()]
    assert reported[:4] == [
        "import-environment DISPLAY", "daemon-reload", "enable koe.service", "restart koe.service",
    ]  # fmt: skip
    assert reported[-2:] == ["disable --now koe.service", "daemon-reload"]


def test_systemd_checks_the_unit(tmp_path: Path) -> None:
    path = tmp_path / "koe.service"
    path.write_text(service.unit([sys.executable, "-m", "koe.cli", "serve"]))
    command = ["systemd-analyze", "--user", "verify", str(path)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("systemd is not installed here")
    assert "koe.service" not in done.stderr


def test_what_systemd_would_expand(tmp_path: Path) -> None:
    assert "ExecStart='/a b/100%%/$$HOME/koe'\n" in service.unit(["/a b/100%/$HOME/koe"])


def test_a_service_that_does_not_start(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAILS", "no bus")
    with pytest.raises(DesktopError, match="systemctl --user daemon-reload failed: no bus"):
        service.install({"HOME": str(tmp_path)}, [])
    assert list(tmp_path.rglob("koe.*")) == []
    first, *_, last = log.read_text().splitlines()
    assert (first, last) == ("--user daemon-reload", "--user daemon-reload")


def test_another_installation_that_fails_costs_no_service(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = {"HOME": str(tmp_path)}
    service.install(environ, [])
    monkeypatch.setenv("FAILS", "no bus")
    with pytest.raises(DesktopError, match="no bus"):
        service.install(environ, [])
    assert service.unit_path(environ).exists()


def test_without_a_systemd_of_the_user(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAILS", "Failed to connect to bus: No medium found")
    with pytest.raises(DesktopError, match="No medium found; log in to a desktop and run"):
        service.install({"HOME": str(tmp_path)}, [])


def test_without_systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DesktopError, match="has no systemd; have your desktop start koe serve"):
        service.install({"HOME": str(tmp_path)}, [])


def test_a_path_that_is_not_utf_8(log: Path, tmp_path: Path) -> None:
    """The unit that is there stays."""
    environ = {"HOME": str(tmp_path)}
    service.install(environ, [])
    path = tmp_path / ".config" / "systemd" / "user" / "koe.service"
    before = path.read_bytes()
    with pytest.raises(DesktopError, match="is not UTF-8"):
        service.install(environ, ["--config", "/tmp/\udcff"])
    assert path.read_bytes() == before


def test_a_folder_that_can_not_be_written(tmp_path: Path) -> None:
    (tmp_path / ".config").write_text("")
    with pytest.raises(DesktopError, match="can't be written"):
        service.install({"HOME": str(tmp_path)}, [])
