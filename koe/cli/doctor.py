"""``koe doctor``: what is installed and configured, and what is wrong. It changes nothing."""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from koe import __version__
from koe.asr import fault_of
from koe.cli import Exit, writing
from koe.cli.usage import add_folder
from koe.config.llm import LlmConfig
from koe.config.read import is_missing
from koe.config.schema import UNREADABLE, AsrConfig, Config
from koe.config.store import CONFIG_NAME, MODELS_NAME, Store, config_directory
from koe.errors import AudioError, ConfigError
from koe.microphone import describe_microphone

_EPILOG = """\
exit status: 1 if something that dictation needs fails, else 0

with --json, one object on stdout: {"ok": BOOLEAN, "findings":
[{"level": "ok" | "warn" | "fail", "topic": TEXT, "message": TEXT}, ...]}
"""


class Level(StrEnum):
    """How a finding is meant."""

    OK = "ok"
    WARN = "warn"  # something does not work, and dictation does
    FAIL = "fail"  # dictation does not work, or not as configured


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    level: Level
    topic: str
    message: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("--json", action="store_true", help="tell it as JSON")
    add_folder(parser)
    parser.epilog = _EPILOG


def run(arguments: argparse.Namespace) -> int:
    """Examine and tell; return the exit status."""
    findings = list(examine(arguments.config or config_directory(os.environ)))
    healthy = all(finding.level is not Level.FAIL for finding in findings)
    with writing():
        if arguments.json:
            report = {"ok": healthy, "findings": [asdict(finding) for finding in findings]}
            print(json.dumps(report, ensure_ascii=False, indent=2), flush=True)
        else:
            for finding in findings:
                print(f"{finding.level:<4}  {finding.topic:<10}  {finding.message}", flush=True)
    return Exit.OK if healthy else Exit.ERROR


def examine(directory: Path) -> Iterator[Finding]:
    """Look at everything that dictation needs.

    Args:
        directory: The configuration's folder, which need not exist.
    """
    python = f"Python {platform.python_version()}"
    yield Finding(Level.OK, "koe", f"{__version__}, {python}, {platform.platform()}")
    config, findings = _examine_config(directory)
    yield from findings
    yield _examine_engine(config.asr.with_models_in(directory / MODELS_NAME))
    yield _examine_correction(config.llm)
    yield _examine_microphone()


def _examine_config(directory: Path) -> tuple[Config, list[Finding]]:
    """Return the settings in force, and what is to say about the files."""
    path = directory / CONFIG_NAME
    if is_missing(path):
        message = f"{path} does not exist; the first dictation creates it with the defaults"
        return UNREADABLE, [Finding(Level.OK, "config", message)]  # correction is off there too
    try:
        snapshot = Store(directory, os.environ).load()
    except ConfigError as exc:
        message = f"{exc}; until then the defaults are used"
        return UNREADABLE, [Finding(Level.FAIL, "config", message)]
    problems = [Finding(Level.WARN, "config", str(problem)) for problem in snapshot.problems]
    count = len(snapshot.terms)
    dictionary = directory / snapshot.config.dictionary.path
    message = f"{dictionary}: {count} term{'' if count == 1 else 's'}"
    return snapshot.config, [
        Finding(Level.OK, "config", str(path)),
        *problems,
        Finding(Level.OK, "dictionary", message),
    ]


def _examine_engine(config: AsrConfig) -> Finding:
    name = config.provider
    if fault := fault_of(name, config):
        return Finding(Level.FAIL, "engine", f"{name}: {fault}")
    return Finding(Level.OK, "engine", f"{name}: ready; about the others: koe engines")


def _examine_correction(llm: LlmConfig) -> Finding:
    if llm.obstacle:
        return Finding(Level.WARN, "correction", f"{llm.obstacle}; nothing is corrected")
    if llm.correcting_profile is None:
        return Finding(Level.OK, "correction", "off")
    message = f"by the profile {llm.active_profile!r}; koe llm test tries it"
    return Finding(Level.OK, "correction", message)


def _examine_microphone() -> Finding:
    try:
        microphone = describe_microphone()
    except AudioError as exc:
        return Finding(Level.WARN, "microphone", f"{exc}; recordings can be dictated without")
    return Finding(Level.OK, "microphone", f"{microphone.device}, {microphone.portaudio}")
