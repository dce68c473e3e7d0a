"""``koe service``: run ``koe serve`` as a service of a Linux desktop; print key bindings."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from koe.cli import Exit, print_json, print_line
from koe.cli.usage import add_config_option, add_json_option, add_subcommands
from koe.errors import DesktopError
from koe.linux import service
from koe.linux.bindings import BINDINGS

_SUMMARIES = {
    "install": "start koe serve now and whenever you log in",
    "uninstall": "stop koe serve, and no longer start it when you log in",
    "status": "show whether the service is installed and running",
    "keys": "print the configuration lines that bind keys to koe serve on a desktop",
}

_STATE_JSON = """\
with --json, one object on stdout: {"installed": BOOLEAN, "running": BOOLEAN, "path": TEXT,
"message": TEXT}; path names the file that describes the service to systemd
"""

_EPILOGS = {
    "install": _STATE_JSON,
    "uninstall": _STATE_JSON,
    "status": f"exit status: 0 if the service runs, else 1\n\n{_STATE_JSON}",
    "keys": """\
On X11 you need no bindings: koe serve itself listens to the key hotkey.trigger_key.

with --json, one object on stdout: {"desktop": TEXT, "text": TEXT}
""",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parsers = add_subcommands(parser, "action", _SUMMARIES, _EPILOGS)
    for action in parsers.values():
        add_json_option(action)
    add_config_option(parsers["install"])
    parsers["keys"].add_argument("desktop", metavar="DESKTOP", choices=tuple(BINDINGS),
                                 help=f"one of {', '.join(BINDINGS)}")  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    """Run the action; return the exit status."""
    if sys.platform != "linux":
        raise DesktopError("koe service is for Linux, where koe serve runs")
    match arguments.action:
        case "install":
            folder: Path | None = arguments.config
            words = [] if folder is None else ["--config", str(folder.absolute())]
            _print_state(service.install(os.environ, words), runs=True, as_json=arguments.json)
        case "uninstall":
            _print_state(service.uninstall(os.environ), runs=False, as_json=arguments.json)
        case "status":
            sentence, runs = service.status(os.environ)
            _print_state(sentence, runs=runs, as_json=arguments.json)
            return Exit.OK if runs else Exit.ERROR
        case "keys":
            text = BINDINGS[arguments.desktop](str(service.key_program() or "koe-key"))
            if arguments.json:
                print_json({"desktop": arguments.desktop, "text": text})
            else:
                print_line(text)
    return Exit.OK


def _print_state(sentence: str, *, runs: bool, as_json: bool) -> None:
    if not as_json:
        print_line(sentence)
        return
    path = service.unit_path(os.environ)
    state = {"installed": path.exists(), "running": runs, "path": str(path), "message": sentence}
    print_json(state)
