"""Failures reach a shell that has no stderr: by on_log_event, koe_last_error and koe.log."""

from __future__ import annotations

import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.abi import build

pytestmark = [
    pytest.mark.abi,
    pytest.mark.skipif(sys.platform == "win32", reason="the folder has another place there"),
]
GENERATIONS = pytest.mark.parametrize("abi", build.GENERATIONS)

BROKEN = "asr: {provider: qwen, qwen: {api_key: sk-secret}}\nllm: [\n"


@pytest.fixture(scope="module")
def drivers(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """The driver for each generation."""
    folder = tmp_path_factory.mktemp("drivers")
    source = build.SOURCES / "reports.c"
    return {
        abi: build.compile_program(abi, source, folder / f"reports-{abi}")
        for abi in build.GENERATIONS
    }


def configured(home: Path, config: str = BROKEN) -> Path:
    (home / ".koe").mkdir(parents=True)
    (home / ".koe" / "config.yaml").write_text(config, encoding="utf-8")
    return home


@GENERATIONS
def test_a_start_that_fails(abi: int, tmp_path: Path) -> None:
    """A shell that comes with a damaged runtime, on a computer that never had koe."""
    folder = tmp_path / "lib"
    (folder / "koe-runtime").mkdir(parents=True)
    build.copy_library(abi, folder)
    program = tmp_path / "reports"
    include = f"-I{build.library(abi).parent / 'include'}"
    flags = [f"-L{folder}", "-lkoe_core", f"-Wl,-rpath,{folder}", "-lpthread"]
    source = str(build.SOURCES / "reports.c")
    subprocess.run([*build.FLAGS, include, source, *flags, "-o", str(program)], check=True)

    result = build.run([program], tmp_path / "home")

    reason = f"{folder.resolve()}/koe-runtime is not whole: manifest.txt can't be read"
    sentence = re.escape(f"{reason}; copy the whole bundle again")
    reported = rf"error: none\nlog 0: {sentence}\ncreate -1\nerror: {sentence}\n"
    assert re.fullmatch(reported, result.stdout), result.stdout + result.stderr
    log = tmp_path / "home" / ".koe" / "koe.log"
    line = rf"\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\dZ \[\d+\] error: {sentence}\n"
    assert re.fullmatch(line, log.read_text(encoding="utf-8"))
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert stat.S_IMODE(log.parent.stat().st_mode) == 0o700


@GENERATIONS
def test_a_configuration_that_is_broken(abi: int, drivers: dict[int, Path], tmp_path: Path) -> None:
    """Python's reports go the same ways; nothing comes after a destroy, which may come inside."""
    home = configured(tmp_path / "home")
    result = build.run([drivers[abi], "destroy"], home)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "error: config error: " in result.stdout
    assert "create 0\n" in result.stdout
    logged = (home / ".koe" / "koe.log").read_text(encoding="utf-8")
    errors = re.findall(r"^log 0: (.*)$", result.stdout, re.MULTILINE)
    assert errors
    assert all(f"error: {error}\n" in logged for error in errors)
    assert "sk-secret" not in result.stdout + result.stderr + logged


def test_the_log_is_moved_away_when_it_is_large(drivers: dict[int, Path], tmp_path: Path) -> None:
    home = configured(tmp_path / "home")
    log, older = home / ".koe" / "koe.log", home / ".koe" / "koe.log.1"
    older.write_text("old\n")
    log.write_text("x" * 999_990 + "\n")
    log.chmod(0o644)
    build.run([drivers[3]], home)
    assert older.stat().st_size == 999_991
    assert log.read_text(encoding="utf-8").count("error: ") == 2  # of the level and of the message
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_nothing_is_written_where_a_link_leads(drivers: dict[int, Path], tmp_path: Path) -> None:
    home, elsewhere = configured(tmp_path / "home"), tmp_path / "elsewhere"
    elsewhere.write_text("mine\n")
    (home / ".koe" / "koe.log").symlink_to(elsewhere)
    result = build.run([drivers[3]], home)
    assert "create 0\n" in result.stdout
    assert elsewhere.read_text() == "mine\n"
