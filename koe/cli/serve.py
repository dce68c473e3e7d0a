"""``koe serve``: dictation on a Linux desktop, until it is ended."""

from __future__ import annotations

import argparse
import os
import sys

from koe import daemon_threads
from koe.cli import Exit
from koe.cli.usage import add_config_option
from koe.config.store import config_directory
from koe.errors import DesktopError

_EPILOG = """\
Ctrl-C ends it. As a service that starts with the desktop: koe service install.
Its commands come from the hotkey, from koe-key and from koe ctl.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    add_config_option(parser)
    parser.epilog = _EPILOG


def run(arguments: argparse.Namespace) -> int:
    """Serve; return the exit status."""
    if sys.platform != "linux":
        raise DesktopError("koe serve is for Linux; on this system use a shell of Koe's")
    from koe.linux.daemon import serve

    directory = arguments.config or config_directory(os.environ)
    daemon_threads.run(serve(directory, os.environ))
    return Exit.OK
