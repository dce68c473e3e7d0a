from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import pytest

from koe.errors import ManifestError, ModelError, ModelPathError
from koe.models import lock
from koe.models.manifest import load
from koe.models.paths import MANIFEST_NAME
from tests.cli.command import PROJECT
from tests.models.making import make_model

HOLD = """
import sys
from pathlib import Path
from koe.models import lock
with lock.exclusive(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_one_at_a_time(tmp_path: Path) -> None:
    model = make_model(tmp_path / "m")
    with lock.exclusive(model):
        with pytest.raises(ModelError) as raised, lock.exclusive(model):
            pass
        assert str(raised.value) == (
            f"config error: {model} is being downloaded or removed already; "
            "wait for that, or cancel it"
        )
        load(model)  # reading is not hindered
    with lock.exclusive(model):
        pass


def test_other_models_are_free(tmp_path: Path) -> None:
    with lock.exclusive(make_model(tmp_path / "a")), lock.exclusive(make_model(tmp_path / "b")):
        pass


def test_another_process_that_is_killed(tmp_path: Path) -> None:
    model = make_model(tmp_path / "m")
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, model],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=PROJECT,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == b"held"
        with pytest.raises(ModelError, match="is being downloaded"), lock.exclusive(model):
            pass
        holder.kill()
    with lock.exclusive(model):
        pass


def test_no_manifest(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="manifest not found"), lock.exclusive(tmp_path):
        pass
    (tmp_path / MANIFEST_NAME).mkdir()
    with pytest.raises(ModelPathError), lock.exclusive(tmp_path):
        pass


def test_a_disk_without_locks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(descriptor: int) -> bool:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(lock, "try_lock", fail)
    model = make_model(tmp_path / "m")
    with lock.exclusive(model):
        pass
    assert capsys.readouterr().err == (
        f"koe: {model} cannot be locked: No locks available; let no other program download or "
        "remove this model meanwhile\n"
    )
