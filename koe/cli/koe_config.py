"""``koe-config``: how a program in C is compiled against this koe."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence

from koe import __version__, library
from koe.cli import Exit, print_error, print_line
from koe.errors import KoeError, OutputError

_EPILOG = """\
For a program in C:

  cc shell.c $(koe-config --cflags --libs) -o shell

The flags are quoted for a shell.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; without an option, show the help.

    Args:
        argv: The arguments after the program's name; None: those of the process.

    Returns:
        The exit status.

    Raises:
        SystemExit: Help or the version was asked for (0), or the usage is wrong (2).
    """
    parser = argparse.ArgumentParser(
        prog="koe-config",
        description="Say how programs in C are compiled against this koe, and where it is.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=__version__)
    for option, what in {
        "--cflags": "flags for the compiler",
        "--libs": "flags for the linker; the program then finds the library where it is now",
        "--includedir": "the folder of the headers",
        "--libdir": "the folder where -lkoe_core is found",
        "--library": "the library itself, for programs that load it by its path",
    }.items():
        parser.add_argument(option, action="store_true", help=what)
    arguments = parser.parse_args(argv)
    try:
        lines = _answers(arguments)
        print_line("\n".join(lines) if lines else parser.format_help().rstrip())
    except KoeError as exc:
        if not (isinstance(exc, OutputError) and exc.unread):
            print_error(str(exc))
        return Exit.ERROR
    return Exit.OK


def _answers(arguments: argparse.Namespace) -> list[str]:
    flags: list[str] = []
    if arguments.cflags:
        flags.append(f"-I{library.include_folder()}")
    if arguments.libs:
        folder = str(library.link_folder())
        flags += [f"-L{folder}", "-lkoe_core"]
        if sys.platform != "win32":  # where a program finds what lies beside it or in PATH
            flags += ["-Xlinker", "-rpath", "-Xlinker", folder]  # unlike -Wl: commas are allowed
    lines = [shlex.join(flags)] if flags else []
    if arguments.includedir:
        lines.append(str(library.include_folder()))
    if arguments.libdir:
        lines.append(str(library.link_folder()))
    if arguments.library:
        lines.append(str(library.library()))
    return lines
