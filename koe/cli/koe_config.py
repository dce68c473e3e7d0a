"""``koe-config``: print the compiler and linker flags for programs that use this koe."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence

from koe import __version__, library
from koe.cli import Exit, print_error, print_line
from koe.errors import KoeError, OutputError

_EPILOG = """\
To compile a program in C:

  cc shell.c $(koe-config --cflags --libs) -o shell

The flags are quoted for a shell.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; without an option, show the help.

    Args:
        argv: The arguments after the program's name; None: the arguments of the process.

    Returns:
        The exit status.

    Raises:
        SystemExit: Help or the version was asked for (0), or the usage is wrong (2).
    """
    parser = argparse.ArgumentParser(
        prog="koe-config",
        description="Print how to compile C programs against this koe, and where its files are.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=__version__)
    for option, what in {
        "--cflags": "flags for the compiler",
        "--libs": "flags for the linker; the program then loads the library from its present path",
        "--includedir": "the folder of the headers",
        "--libdir": "the folder in which the linker finds -lkoe_core",
        "--library": "the file of the library, for programs that load it by its path",
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
        if sys.platform != "win32":  # Windows looks beside the program and in PATH
            flags += ["-Xlinker", "-rpath", "-Xlinker", folder]  # unlike -Wl, this allows commas
    lines = [shlex.join(flags)] if flags else []
    if arguments.includedir:
        lines.append(str(library.include_folder()))
    if arguments.libdir:
        lines.append(str(library.link_folder()))
    if arguments.library:
        lines.append(str(library.library()))
    return lines
