"""Arguments that several commands share."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path


def file_path(name: str) -> Path:
    """Convert an argument to a path. An empty argument would be the working directory.

    Raises:
        argparse.ArgumentTypeError: The argument is empty.
    """
    if not name:
        raise argparse.ArgumentTypeError(
            "the name is empty; name a file or folder, and check that the shell's variable is set"
        )
    return Path(name)


def add_subcommands(
    parser: argparse.ArgumentParser,
    dest: str,
    summaries: Mapping[str, str],
    epilogs: Mapping[str, str] | None = None,
    *,
    required: bool = True,
) -> dict[str, argparse.ArgumentParser]:
    """Add subcommands to a parser.

    If a required subcommand is missing, the argument ``incomplete`` is ``parser``; else None.

    Args:
        parser: The parser of the command.
        dest: The argument that gets the name of the subcommand; in capitals, its metavar.
        summaries: By subcommand, what it does, as a sentence without its first capital and stop.
        epilogs: By subcommand, further help.
        required: False: the subcommand may be missing, and its argument is None then.

    Returns:
        The parsers, by subcommand.
    """
    words = parser.add_subparsers(dest=dest, metavar=dest.upper())
    parser.set_defaults(incomplete=parser if required else None)
    parsers = {
        name: words.add_parser(
            name,
            help=summary,
            description=f"{summary[0].upper()}{summary[1:]}.",
            epilog=(epilogs or {}).get(name),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        for name, summary in summaries.items()
    }
    for subparser in parsers.values():
        subparser.set_defaults(incomplete=None)
    return parsers


def add_json_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--json``; `koe.cli.print_json` prints such output."""
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")


def add_config_option(parser: argparse.ArgumentParser, default: object = argparse.SUPPRESS) -> None:
    """Add ``--config``, which names another configuration folder.

    Args:
        parser: The parser of the command.
        default: The value without the option; by default, the value of an option further left.
    """
    parser.add_argument(
        "--config",
        metavar="DIR",
        type=file_path,
        default=default,
        help="configuration folder, instead of your own",
    )
