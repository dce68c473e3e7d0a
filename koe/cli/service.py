"""``koe service``: run ``koe serve`` as a service of a Linux desktop; print key bindings."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from koe.cli import Exit, print_line
from koe.cli.usage import add_config_option, add_subcommands
from koe.errors import DesktopError
from koe.linux import service
from koe.linux.bindings import BINDINGS

_SUMMARIES = {
    "install": "start koe serve now and whenever you log in",
    "uninstall": "stop koe serve, and no longer start it when you log in",
    "status": "show whether the service is installed and running",
    "keys": "print the configuration lines that bind keys to koe serve on a desktop",
}

_EPILOGS = {
    "status": "exit status: 0 if the service runs, else 1",
    "keys": "On X11 you need no bindings: koe serve itself listens to the key hotkey.trigger_key.",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parsers = add_subcommands(parser, "action", _SUMMARIES, _EPILOGS)
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
            print_line(service.install(os.environ, words))
        case "uninstall":
            print_line(service.uninstall(os.environ))
        case "status":
            sentence, runs = service.status(os.environ)
            print_line(sentence)
            return Exit.OK if runs else Exit.ERROR
        case "keys":
            print_line(BINDINGS[arguments.desktop](str(service.key_program() or "koe-key")))
    return Exit.OK
