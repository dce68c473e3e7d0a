"""``koe ctl``: send commands to ``koe serve``, and show its state."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping

from koe.cli import Exit, status
from koe.cli.usage import add_subcommands
from koe.errors import DesktopError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    words = {**_actions(), "status": "show what koe serve is doing"}
    status.add_arguments(add_subcommands(parser, "action", words)["status"])


def run(arguments: argparse.Namespace) -> int:
    """Send the command to the daemon; return the exit status."""
    if sys.platform != "linux":
        raise DesktopError("koe ctl is for Linux, where koe serve runs")
    from koe.linux.control import STATUS, ask, control_path
    from koe.linux.requests import ControlRequest

    if arguments.action == STATUS:
        return status.run(arguments)
    for _ in ask(control_path(os.environ), ControlRequest(arguments.action)):
        pass
    return Exit.OK


def _actions() -> Mapping[str, str]:
    from koe.linux.control import ACTIONS

    return ACTIONS
