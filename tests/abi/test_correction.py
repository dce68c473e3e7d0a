"""Correction from a shell's side: a program in C, in each generation, and a fake service."""

from __future__ import annotations

from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.abi import build
from tests.servers.llm import KEY, serving
from tests.servers.qwen import QwenService

pytestmark = pytest.mark.abi

SCENARIOS = ["answers", "interventions", "destroyed", "cores"]


@pytest.fixture(scope="module")
def drivers(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """The driver for each generation."""
    folder = tmp_path_factory.mktemp("drivers")
    source = build.SOURCES / "correction.c"
    return {
        abi: build.compile_program(abi, source, folder / f"correction-{abi}")
        for abi in build.GENERATIONS
    }


def check(result: CompletedProcess[str]) -> None:
    """That all checks are ok, that all were made, and that no key is printed."""
    reported = f"{result.stdout}\n{result.stderr}"
    assert result.returncode == 0, reported
    *checks, plan = result.stdout.splitlines()
    assert plan == f"1..{len(checks)}", reported
    assert all(check.startswith("ok ") for check in checks), reported
    assert KEY not in reported


@pytest.mark.parametrize("abi", build.GENERATIONS)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_scenario(
    abi: int, scenario: str, drivers: dict[int, Path], speech: Path, tmp_path: Path
) -> None:
    """With the caller's engine, whose configuration is as it was afterwards.

    What becomes of a text does not depend on the engine, and this one takes no time.
    """
    config = tmp_path / "home" / ".koe" / "config.yaml"
    config.parent.mkdir(parents=True)
    with serving() as fake, QwenService() as service:
        own = f"# mine\n{service.section}"
        config.write_text(own, encoding="utf-8")
        check(build.run([drivers[abi], scenario, speech, fake.url], tmp_path / "home"))
    assert service.conversations
    assert config.read_text(encoding="utf-8") == own
    assert not list(config.parent.glob("*.aside"))


def test_with_the_default_engine(drivers: dict[int, Path], speech: Path, tmp_path: Path) -> None:
    """One core after another uses it; `answers` is run as the manual says, in test_conformance."""
    with serving() as fake:
        check(build.run([drivers[3], "cores", speech, fake.url], tmp_path / "home"))


def test_a_configuration_that_decides_about_correction_is_refused(
    drivers: dict[int, Path], speech: Path, tmp_path: Path
) -> None:
    config = tmp_path / "home" / ".koe" / "config.yaml"
    config.parent.mkdir(parents=True)
    config.write_text("llm: {}\n", encoding="utf-8")
    result = build.run([drivers[3], "answers", speech, "http://127.0.0.1:9"], tmp_path / "home")
    assert (result.returncode, result.stdout) == (2, "")
    assert "under llm" in result.stderr
    assert config.read_text(encoding="utf-8") == "llm: {}\n"


def test_all_scenarios_are_run(drivers: dict[int, Path], tmp_path: Path) -> None:
    for driver in drivers.values():
        assert build.run([driver, "list"], tmp_path / "home").stdout.split() == SCENARIOS
