"""``koe status``: show what ``koe serve`` is doing; ``koe ctl status`` is the same."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping

from koe.cli import Exit, print_line
from koe.errors import DesktopError

_EPILOG = """\
one JSON object per line:
  {"ok": true, "recording": BOOLEAN, "state": NAME, "text": TEXT, "way": TEXT, "message": TEXT,
   "hotkey": TEXT}
  recording  whether the microphone is on
  state      the state of the dictation
  text       the text so far, or the delivered text
  way        how the text was delivered: at-spi, paste, clipboard, or shown (in koe tui)
  message    a problem, or what you must do
  hotkey     the hotkey, or why there is none

with --waybar, one object per line for a custom module of Waybar with "return-type": "json"
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.epilog = _EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "--follow", action="store_true", help="keep running, and print a line for each change"
    )
    parser.add_argument("--json", action="store_true", help="print JSON, which is the default")
    parser.add_argument("--waybar", action="store_true", help="print JSON for Waybar")


def run(arguments: argparse.Namespace) -> int:
    """Print the status, once or with every change; return the exit status."""
    if sys.platform != "linux":
        raise DesktopError("koe status is for Linux, where koe serve runs")
    from koe.linux.control import FOLLOW, STATUS, ask, control_path
    from koe.linux.requests import ControlRequest

    request = ControlRequest(FOLLOW if arguments.follow else STATUS)
    for answer in ask(control_path(os.environ), request):
        print_line(_waybar(answer) if arguments.waybar else json.dumps(answer, ensure_ascii=False))
    return Exit.OK


def _waybar(answer: Mapping[str, object]) -> str:
    from koe.linux.status import DaemonStatus, read_answer, waybar

    status = read_answer(answer)
    assert isinstance(status, DaemonStatus)  # the request does not ask for levels
    return waybar(status)
