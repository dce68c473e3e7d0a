from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from koe.cli import Exit, main
from tests.linux.test_service import SYSTEMCTL

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="koe serve is for Linux")


def test_keys(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["service", "keys", "sway"]) == Exit.OK
    assert "bindsym --release F9 exec" in capsys.readouterr().out


def test_keys_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["service", "keys", "sway"]) == Exit.OK
    text = capsys.readouterr().out
    assert main(["service", "keys", "sway", "--json"]) == Exit.OK
    out, err = capsys.readouterr()
    assert err == ""
    assert json.loads(out) == {"desktop": "sway", "text": text.removesuffix("\n")}


def test_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    assert main(["service", "status"]) == Exit.ERROR
    assert "koe service install" in capsys.readouterr().out
    assert main(["service", "uninstall"]) == Exit.ERROR
    assert "the service is not installed" in capsys.readouterr().err


def test_status_as_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    assert main(["service", "status", "--json"]) == Exit.ERROR
    out, err = capsys.readouterr()
    assert err == ""
    assert json.loads(out) == {
        "installed": False,
        "running": False,
        "path": str(tmp_path / ".config" / "systemd" / "user" / "koe.service"),
        "message": "the service is not installed; to install it: koe service install",
    }
    assert main(["service", "uninstall", "--json"]) == Exit.ERROR
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert "the service is not installed" in err


def test_install_and_uninstall_as_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "systemctl").write_text(SYSTEMCTL)
    (tmp_path / "systemctl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("LOG", str(tmp_path / "log"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    path = tmp_path / ".config" / "systemd" / "user" / "koe.service"

    def report(action: str) -> dict[str, object]:
        assert main(["service", action, "--json"]) == Exit.OK
        out, err = capsys.readouterr()
        assert err == ""
        found: dict[str, object] = json.loads(out)
        assert found.pop("path") == str(path)
        assert found.pop("message")
        return found

    assert report("install") == {"installed": True, "running": True}
    assert path.exists()
    assert report("status") == {"installed": True, "running": True}
    assert report("uninstall") == {"installed": False, "running": False}
    assert not path.exists()


@pytest.mark.parametrize("action", ["install", "uninstall", "status", "keys"])
def test_help_of_every_action(action: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["service", action, "--help"])
    assert ended.value.code == Exit.OK
    help_text = capsys.readouterr().out
    assert help_text.startswith(f"usage: koe service {action}")
    assert "with --json, one object on stdout: {" in help_text
    assert max(map(len, help_text.splitlines())) <= 100


def test_elsewhere(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert main(["service", "status"]) == Exit.ERROR
    assert "koe service is for Linux" in capsys.readouterr().err
