"""The contract from a shell's side: programs in C, one per generation."""

from __future__ import annotations

import ctypes
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from build_ffi import extra_names
from koe.events import BYTES_PER_SECOND
from tests.abi import build
from tests.servers.qwen import QwenService

pytestmark = pytest.mark.abi

GENERATIONS = pytest.mark.parametrize("abi", build.GENERATIONS)

# Those of scenarios/main.c; `scenarios list` prints them with what they need.
SCENARIOS = [
    "no_core", "settings", "callbacks_survive", "bad_arguments", "too_large", "audio_sizes",
    "silence", "speech", "cancel", "supersede", "stuck", "winding_down", "half_pushed",
    "unknown_provider", "destroy_in_session", "destroy_twice", "clock_set", "without_threads",
    "destroy_in_callback", "reenter", "crossing", "threads", "cycle", "signals",
]  # fmt: skip
WITH_SPEECH = {"speech", "supersede", "stuck", "winding_down", "half_pushed", "without_threads",
               "destroy_in_callback", "reenter"}  # fmt: skip
NOT_IN_FIRST = {"cancel"}
# With the engine that the library brings run a dictation in each generation, and in generation 3
# what its thread and its turns have a part in. What a generation makes of an engine's events does
# not depend on the engine, so the others run with the imitation of a service, which takes no time
# to load and to recognise; so does what dictates a minute. ``make contract`` runs all but that one
# with the engine that the library brings.
WITH_DEFAULT_ENGINE = {
    1: {"speech"},
    2: {"speech"},
    3: {"silence", "speech", "cancel", "supersede", "destroy_in_session", "without_threads",
        "threads"},
}  # fmt: skip
if "KOE_DEFAULT_ENGINE" in os.environ:
    WITH_DEFAULT_ENGINE[3] = set(SCENARIOS) - {"stuck"}
# They reach into the C library.
ONLY_ON_LINUX = {"clock_set", "without_threads"}
if sys.platform != "linux":
    SCENARIOS = [name for name in SCENARIOS if name not in ONLY_ON_LINUX]


@pytest.fixture(scope="session")
def drivers(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """The driver for each generation."""
    folder = tmp_path_factory.mktemp("drivers")
    source = build.SOURCES / "scenarios"
    return {
        abi: build.compile_program(abi, source, folder / f"scenarios-{abi}")
        for abi in build.GENERATIONS
    }


@GENERATIONS
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_scenario(
    abi: int, scenario: str, drivers: dict[int, Path], speech: Path, tmp_path: Path
) -> None:
    if abi == 1 and scenario in NOT_IN_FIRST:
        assert scenario not in build.run([drivers[abi], "list"], tmp_path / "home").stdout
        return
    home = tmp_path / "home"
    command: list[str | Path] = [drivers[abi], scenario]
    if scenario in WITH_SPEECH:
        command.append(speech)
    heard_bytes: list[int] = []
    if scenario in WITH_DEFAULT_ENGINE[abi]:
        result = build.run(command, home)
    else:
        with QwenService() as service:
            config = home / ".koe" / "config.yaml"
            config.parent.mkdir(parents=True)
            config.write_text(f"{service.section}\nllm: {{enabled: false}}\n", encoding="utf-8")
            result = build.run(command, home)
        heard_bytes = [conversation.heard_bytes for conversation in service.conversations]
    reported = f"{result.stdout}\n{result.stderr}"
    assert result.returncode == 0, reported
    assert "not ok" not in result.stdout, reported
    assert "\nok " in f"\n{result.stdout}", reported
    if scenario == "stuck":  # the text of so much sound does not show the loss of a little
        running, held_up, *_ = heard_bytes
        assert running == held_up > 30 * BYTES_PER_SECOND


@GENERATIONS
def test_all_scenarios_are_run(abi: int, drivers: dict[int, Path], tmp_path: Path) -> None:
    listed = build.run([drivers[abi], "list"], tmp_path / "home").stdout.splitlines()
    expected = [name for name in SCENARIOS if abi != 1 or name not in NOT_IN_FIRST]
    assert [line.split()[0] for line in listed] == expected


def test_settings_windows(tmp_path: Path) -> None:
    program = build.compile_program(3, build.SOURCES / "windows.c", tmp_path / "windows")
    result = build.run([program], tmp_path / "home")
    reported = f"{result.stdout}\n{result.stderr}"
    assert result.returncode == 0, reported
    assert result.stdout.splitlines()[-1].startswith("1.."), reported
    assert "Traceback" not in result.stderr, reported
    assert "sk-secret" not in result.stderr, reported


@GENERATIONS
def test_layout(abi: int, tmp_path: Path) -> None:
    program = build.compile_program(abi, build.SOURCES / "layout.c", tmp_path / "layout")
    printed = json.loads(build.run([program], tmp_path / "home").stdout)
    expected = json.loads((build.SOURCES / "layout.json").read_text(encoding="utf-8"))
    assert printed == expected[str(abi)]


@GENERATIONS
def test_exported_is_what_is_declared(abi: int) -> None:
    path = build.library_file(abi)
    symbols = subprocess.run(
        ["nm", "-D", "--defined-only", path], check=True, capture_output=True, text=True
    ).stdout
    exported = {line.split()[-1].partition("@")[0] for line in symbols.splitlines()}
    header = build.library(abi).parent / "include" / "koe_core.h"
    preprocessed = subprocess.run(
        ["cc", "-E", "-P", header], check=True, capture_output=True, text=True
    ).stdout
    contract = {name for name in exported if name.startswith("sp_")}
    assert contract == set(re.findall(r"\b(sp_\w+)\s*\(", preprocessed))
    assert len(contract) == {1: 9, 2: 10, 3: 33}[abi]
    assert exported - contract == {
        "koe_feature_level", "koe_free", "koe_history_entry_json", "koe_history_export",
        "koe_history_json", "koe_history_recorrect", "koe_history_remove", "koe_history_retry",
        "koe_last_error", "koe_register_local_engine",
    }  # fmt: skip
    assert exported - contract == set(extra_names())


@GENERATIONS
@pytest.mark.parametrize("header", ["koe_core.h", "koe_extra.h"])
@pytest.mark.parametrize(
    ("compiler", "standard", "prologue"),
    [
        ("cc", "c99", ""),
        ("cc", "c17", ""),
        ("c++", "c++17", ""),
        ("c++", "c++17", 'extern "C" {'),
    ],
)
def test_header_stands_alone(
    abi: int, header: str, compiler: str, standard: str, prologue: str, tmp_path: Path
) -> None:
    """Spec abi §2.9: strict compilers, C++, and inside an extern "C"."""
    source = tmp_path / ("user.c" if compiler == "cc" else "user.cpp")
    source.write_text(f'{prologue}\n#include "{header}"\n{"}" if prologue else ""}\n')
    include = build.library(abi).parent / "include"
    flags = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only"]
    subprocess.run([compiler, f"-std={standard}", *flags, f"-I{include}", source], check=True)


@pytest.mark.skipif(bool(build.SANITIZE), reason="ctypes can't load a library under a sanitizer")
@GENERATIONS
def test_ctypes_sees_the_same_library(abi: int, tmp_path: Path) -> None:
    """A host that is Python itself; the whole of it is in test_boundary."""
    path = build.library_file(abi)
    assert ctypes.CDLL(str(path)).sp_core_session_end() == 0
