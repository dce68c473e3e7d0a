"""The entry point of the ``koe`` command."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command; Ctrl-C ends it properly even while its modules are loaded."""
    try:
        from koe import cli
    except KeyboardInterrupt:
        sys.stderr.write("koe: interrupted\n")
        return 130  # the same as in koe.cli.Exit, which may not be loaded
    return cli.main()
