from __future__ import annotations

from pathlib import Path

import pytest

from koe.cli.pull_report import JsonPullReport
from koe.cli.pulling import pull_model
from tests.models.downloading import WEIGHTS, serve_model
from tests.servers.files import FileServer, Lie


def test_a_model(server: FileServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    serve_model(server, tmp_path / "demo", a__bin=WEIGHTS)
    assert pull_model(tmp_path, "demo", JsonPullReport())
    assert (tmp_path / "demo" / "a.bin").read_bytes() == WEIGHTS
    assert '{"event": "done", "model": "demo"' in capsys.readouterr().out


def test_a_model_that_cannot_be_had(
    server: FileServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    serve_model(server, tmp_path / "demo", a__bin=WEIGHTS)
    server.lies["/a.bin"] += [Lie(status=404)]
    assert not pull_model(tmp_path, "demo", JsonPullReport())
    assert '{"event": "error", "message": "' in capsys.readouterr().out
