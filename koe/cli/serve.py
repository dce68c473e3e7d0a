"""``koe serve``: the daemon that serves dictation to a Linux desktop."""

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
Ctrl-C ends koe serve. To start it whenever you log in: koe service install.
The hotkey, koe-key and koe ctl control it.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_config_option(parser)
    parser.epilog = _EPILOG


def run(arguments: argparse.Namespace) -> int:
    """Serve; return the exit status."""
    if sys.platform != "linux":
        raise DesktopError("koe serve is for Linux; on this system use the Koe app")
    from koe.linux.daemon import serve

    directory = arguments.config or config_directory(os.environ)
    daemon_threads.run(serve(directory, os.environ))
    return Exit.OK
