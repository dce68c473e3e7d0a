from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from koe.models import model_status, remove_model_files, scan_models_json
from koe.models.catalogue import install_manifests
from tests.cli.command import PROJECT
from tests.models.making import make_model, model_file, write_file


@pytest.fixture
def model(tmp_path: Path) -> Path:
    directory = make_model(
        tmp_path / "moonshine" / "demo",
        model_file("a.bin", b"abc"),
        replace(model_file("b.bin", b"b"), sha256=""),
    )
    write_file(directory / "b.bin", b"b")
    return directory


def test_scan(model: Path, tmp_path: Path) -> None:
    assert scan_models_json(tmp_path, {"moonshine", "mlx"}) == (
        '[{"description":"A model","mode":"","path":"moonshine/demo","provider":"moonshine",'
        '"repo":"owner/name","status":1,"total_size":4}]'
    )
    assert scan_models_json(tmp_path, {"mlx"}) == "[]"
    assert scan_models_json(tmp_path / "none", {"moonshine"}) == "[]"
    assert not (model / ".koe-checksum.json").exists()


def test_scan_of_what_is_shipped(tmp_path: Path) -> None:
    install_manifests(tmp_path)
    found = json.loads(scan_models_json(tmp_path, {"mlx", "wetype"}))
    assert [entry["path"] for entry in found] == [
        "mlx/Qwen3-0.6B-4bit",
        "mlx/Qwen3-1.7B-4bit",
        "mlx/Qwen3-ASR-0.6B-4bit",
        "mlx/Qwen3-ASR-1.7B-4bit",
        "wetype/embed140m",
    ]
    assert {entry["status"] for entry in found} == {0}


@pytest.mark.parametrize(("mode", "expected"), [(0, 2), (1, 1), (2, 2), (3, 2), (-1, 2)])
def test_status(model: Path, tmp_path: Path, mode: int, expected: int) -> None:
    write_file(model / "a.bin", b"abc")
    assert model_status(tmp_path, "moonshine/demo", mode) == expected


@pytest.mark.parametrize("path", [None, "none", "a\0b", "\udcff"])
def test_no_such_model(tmp_path: Path, path: str | None) -> None:
    assert model_status(tmp_path, path, 0) == 0
    assert remove_model_files(tmp_path, path) == -1


def test_remove(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert remove_model_files(tmp_path, "moonshine/demo") == 1
    assert remove_model_files(tmp_path, "moonshine/demo") == 0
    assert capsys.readouterr().err == ""
    assert remove_model_files(tmp_path, "../x") == -1
    assert "contains path traversal components" in capsys.readouterr().err


def test_nothing_slow_is_imported() -> None:
    code = (
        "import sys, koe.models\n"
        "sys.exit(bool({'httpx', 'asyncio', 'ssl', 'tqdm', 'yaml'} & {*sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=False)
    assert done.returncode == 0
