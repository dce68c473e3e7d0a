"""Where the ``koe`` command begins."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command; Ctrl-C ends it in order already while it is loaded."""
    try:
        from koe import cli
    except KeyboardInterrupt:
        sys.stderr.write("koe: interrupted\n")
        return 130  # as koe.cli.Exit has it, which may not be there
    return cli.main()
