"""``koe engines``: list the speech engines, which ones are ready, and what the others lack."""

from __future__ import annotations

import argparse
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from koe.asr import ENGINES, fault_of
from koe.cli import Exit, print_json, print_line
from koe.cli.usage import add_config_option, add_json_option
from koe.config.schema import AsrConfig
from koe.config.store import CONFIG_NAME, MODELS_NAME, Store, config_directory

_EPILOG = """\
A star marks the configured engine, which is asr.provider in config.yaml. For a single dictation
with another engine: koe dictate --engine NAME. This command loads no model and contacts no service,
so an engine that is ready may still fail.

exit status: 1 if the configured engine is not ready, else 0

with --json, one object on stdout: {"engines": [{"name": TEXT, "about": TEXT,
"configured": BOOLEAN, "ready": BOOLEAN, "fault": TEXT or null}, ...]}
"""

ABOUT = {
    "moonshine": "English, on this device",
    "sherpa-onnx": "many languages, on this device, with a model of your choice",
    "whisper": "99 languages, also mixed Chinese and English, on this device",
    "apple-speech": "the languages of macOS, on this device, only in Koe.app",
    "mlx": "Chinese, English and more, on this device, only in Koe.app on Apple silicon",
    "doubao": "Chinese and English, the streaming service of Volcengine",
    "qwen": "many languages, the streaming service of Alibaba Cloud",
    "glm": "Chinese and English, the service of Zhipu, which needs the whole recording",
    "mimo": "Chinese and English, the service of Xiaomi, which needs the whole recording",
}
"""By engine: a short description for users."""


@dataclass(frozen=True, slots=True)
class EngineState:
    """An engine in the list.

    Attributes:
        fault: What the engine lacks; None: nothing.
    """

    name: str
    about: str
    configured: bool
    ready: bool
    fault: str | None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_json_option(parser)
    add_config_option(parser)
    parser.epilog = _EPILOG


def run(arguments: argparse.Namespace) -> int:
    """List the engines; return the exit status.

    Raises:
        ConfigError: The configuration exists and can't be read.
    """
    config = _configuration(arguments.config or config_directory(os.environ))
    states = examine_engines(config)
    if arguments.json:
        print_json({"engines": [asdict(state) for state in states]})
    else:
        for state in states:
            star = "*" if state.configured else " "
            readiness = "ready" if state.fault is None else state.fault
            print_line(f"{star} {state.name:<13} {state.about}\n  {'':<13} {readiness}")
    is_ready = any(state.configured and state.ready for state in states)
    return Exit.OK if is_ready else Exit.ERROR


def examine_engines(config: AsrConfig) -> list[EngineState]:
    """Examine every engine, and the configured one even if koe does not know it.

    Args:
        config: The settings, with absolute paths of models.
    """
    names = ENGINES if config.provider in ENGINES else (*ENGINES, config.provider)
    faults = {name: fault_of(name, config) for name in names}
    return [
        EngineState(name, ABOUT.get(name, "unknown"), name == config.provider, not fault, fault)
        for name, fault in faults.items()
    ]


def _configuration(directory: Path) -> AsrConfig:
    """Read the settings without creating files."""
    exists = (directory / CONFIG_NAME).exists()
    asr = Store(directory, os.environ).load().config.asr if exists else AsrConfig()
    return asr.with_models_in(directory / MODELS_NAME)
