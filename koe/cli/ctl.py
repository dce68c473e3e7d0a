"""``koe ctl``: sends commands to ``koe serve``, and shows what it does."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping

from koe.cli import Exit, tell
from koe.cli.usage import add_words
from koe.errors import DesktopError

_STATUS_EPILOG = """\
one JSON object per line:
  {"ok": true, "recording": BOOLEAN, "state": NAME, "text": TEXT, "way": TEXT, "message": TEXT,
   "hotkey": TEXT}
                         whether the microphone is on; the state of the dictation; the text that was
                         heard so far, or delivered; how it was delivered (at-spi, paste, clipboard,
                         or shown: in koe tui); what went wrong, or what you have to do; the hotkey,
                         or why there is none
with --waybar, one object per line for a custom module of Waybar with "return-type": "json"
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    words = {**_actions(), "status": "show what koe serve is doing"}
    parsers = add_words(parser, "word", words, {"status": _STATUS_EPILOG})
    status = parsers["status"]
    status.add_argument(
        "--follow", action="store_true", help="keep running, and print a line for every change"
    )
    status.add_argument("--json", action="store_true", help="print JSON, which is the default")
    status.add_argument("--waybar", action="store_true", help="print JSON for Waybar")


def run(arguments: argparse.Namespace) -> int:
    """Tell the daemon; return the exit status."""
    if sys.platform != "linux":
        raise DesktopError("koe ctl is for Linux, where koe serve runs")
    from koe.linux.control import FOLLOW, STATUS, ask, control_path
    from koe.linux.requests import ControlRequest

    path = control_path(os.environ)
    if arguments.word != STATUS:
        for _ in ask(path, ControlRequest(arguments.word)):
            pass
        return Exit.OK
    for answer in ask(path, ControlRequest(FOLLOW if arguments.follow else STATUS)):
        tell(_waybar(answer) if arguments.waybar else json.dumps(answer, ensure_ascii=False))
    return Exit.OK


def _actions() -> Mapping[str, str]:
    from koe.linux.control import ACTIONS

    return ACTIONS


def _waybar(answer: Mapping[str, object]) -> str:
    from koe.linux.status import DaemonStatus, read_answer, waybar

    status = read_answer(answer)
    assert isinstance(status, DaemonStatus)  # no level was asked for
    return waybar(status)
