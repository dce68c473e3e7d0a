"""``koe bundle``: its arguments and its output."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from koe.bundle import assembly, linux
from koe.cli import main
from tests.cli.command import USAGE


def test_what_it_makes_and_prints(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(linux, "NATIVE", "linux-x86_64")

    def make(*arguments: object) -> assembly.Bundle:
        asked.extend(arguments[:5])
        sizes = {"Python": 15_000_000, "koe": 1_500_000}
        return assembly.Bundle(sizes, {"Python": 5_000_000, "koe": 500_000}, "Linux 1")

    monkeypatch.setattr(assembly, "make", make)
    monkeypatch.chdir(tmp_path)
    assert main(["bundle", "out", "--abi", "a", "--engines", "moonshine,sherpa-onnx", "--zip"]) == 0
    out = tmp_path / "out"
    [system] = [part for part in asked if isinstance(part, linux.Linux)]
    assert asked == [out, system, "a", ("moonshine", "sherpa-onnx"), tmp_path / "out.zip"]
    assert capsys.readouterr().out.splitlines() == [
        "koe                           1.5 MB,     0.5 MB in the archive",
        "Python                       15.0 MB,     5.0 MB in the archive",
        "total                        16.5 MB,     5.5 MB in the archive",
        f"{out} runs on Linux 1",
    ]


def test_the_sizes_as_json(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only the making, which takes minutes, is replaced."""
    compressed: dict[str, int] | None = {"Python": 5_000_000, "koe": 500_000}

    def make(*_: object) -> assembly.Bundle:
        return assembly.Bundle({"Python": 15_000_000, "koe": 1_500_000}, compressed, "macOS 14")

    monkeypatch.setattr(assembly, "make", make)
    out = tmp_path / "out"
    words = ["bundle", str(out), "--target", "macos-arm64", "--json"]
    assert main([*words, "--zip"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert "test the bundle with" in report.pop("left_to_do")
    assert report == {
        "path": str(out),
        "archive": str(tmp_path / "out.zip"),
        "runs_on": "macOS 14",
        "bytes": 16_500_000,
        "compressed_bytes": 5_500_000,
        "parts": [
            {"name": "koe", "bytes": 1_500_000, "compressed_bytes": 500_000},
            {"name": "Python", "bytes": 15_000_000, "compressed_bytes": 5_000_000},
        ],
    }
    compressed = None
    assert main(words) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["archive"], report["compressed_bytes"]) == (None, None)
    assert report["parts"][0] == {"name": "koe", "bytes": 1_500_000, "compressed_bytes": None}
    assert main([*words, "--engines", "doubao"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "'doubao' is not an engine that can be included" in said.err


def test_an_engine_that_can_not_come_along(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bundle", "out", "--engines", "doubao"]) == 1
    assert "'doubao' is not an engine that can be included" in capsys.readouterr().err


def test_an_engine_without_a_package_for_the_system(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By default it is not included. The command prints what remains to be done."""
    target = ["--target", "macos-x86_64"]
    assert main(["bundle", "out", *target, "--engines", "moonshine"]) == 1
    said = capsys.readouterr().err
    assert (
        "'moonshine' is not an engine that can be included for macos-x86_64; choose from: sherpa"
        in said
    )
    asked: list[object] = []

    def make(*arguments: object) -> assembly.Bundle:
        asked.append(arguments[3])
        return assembly.Bundle({"Python": 1}, None, "macOS")

    monkeypatch.setattr(assembly, "make", make)
    for name in ("macos-x86_64", "macos-arm64"):
        assert main(["bundle", str(tmp_path / "out"), "--target", name]) == 0
    assert asked == [(), ("moonshine",)]
    assert "test the bundle with" in capsys.readouterr().out


def test_another_kind_of_computer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(linux, "NATIVE", "linux-x86_64")
    assert main(["bundle", "out", "--target", "linux-aarch64"]) == 1
    assert "for linux-aarch64 can't be made on linux-x86_64" in capsys.readouterr().err
    with pytest.raises(SystemExit) as ended:
        main(["bundle", "out", "--target", "vax-780"])
    assert ended.value.code == USAGE
