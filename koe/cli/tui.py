"""``koe tui``: show ``koe serve``, the history and the settings in a terminal."""

from __future__ import annotations

import argparse
import os
import sys

from koe.cli import Exit
from koe.cli.usage import add_config_option
from koe.config.store import config_directory
from koe.errors import DesktopError

INSTALL = "pip install 'koe-core[tui]'"

_EPILOG = """\
The last line of the screen shows the keys. The text of a dictation that you begin in koe tui is
shown there and not inserted; after the hotkey, the text is inserted into a window as usual. Without
koe serve you can still use the history and the settings.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_config_option(parser)
    parser.epilog = _EPILOG


def run(arguments: argparse.Namespace) -> int:
    """Run until the user quits; return the exit status."""
    if sys.platform != "linux":
        raise DesktopError("koe tui is for Linux, where koe serve runs")
    if not _is_terminal():
        raise DesktopError(
            "koe tui needs a terminal for input and output; run it in a terminal, without pipes"
        )
    try:
        from koe.tui.app import TerminalInterface
    except ModuleNotFoundError as exc:
        if (exc.name or "").partition(".")[0] == "koe":
            raise
        message = f"koe tui needs a package that is missing ({exc}); run: {INSTALL}"
        raise DesktopError(message) from exc
    app = TerminalInterface(arguments.config or config_directory(os.environ), os.environ)
    app.run()
    return app.return_code or Exit.OK


def _is_terminal() -> bool:
    streams = (sys.stdin, sys.stdout, sys.stderr)
    has_all = all(stream is not None and stream.isatty() for stream in streams)
    return has_all and os.environ.get("TERM") != "dumb"
