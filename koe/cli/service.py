"""``koe service``: has a Linux desktop start ``koe serve``, and says how to bind keys."""

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

_WORDS = {
    "install": "start koe serve now, and whenever you log in",
    "uninstall": "end koe serve, and do not start it at login any more",
    "status": "show whether koe serve is installed as a service, and runs",
    "keys": "print the lines that bind keys to koe serve on a desktop",
}

_EPILOGS = {
    "status": "The exit status is 0 if it runs, otherwise 1.",
    "keys": "On X11 you need to bind nothing: koe serve listens to hotkey.trigger_key itself.",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parsers = add_subcommands(parser, "word", _WORDS, _EPILOGS)
    add_config_option(parsers["install"])
    parsers["keys"].add_argument("desktop", metavar="DESKTOP", choices=tuple(BINDINGS),
                                 help=f"one of {', '.join(BINDINGS)}")  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    """Do it; return the exit status."""
    if sys.platform != "linux":
        raise DesktopError("koe service is for Linux, where koe serve runs")
    match arguments.word:
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
