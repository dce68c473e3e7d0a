"""What the usages of several commands have in common."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path


def file_path(name: str) -> Path:
    """The path of a file or folder that was named; an empty one would be the present folder.

    Raises:
        argparse.ArgumentTypeError: The name is empty.
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
    """Have one of several words follow.

    Where a required word is missing, ``incomplete`` of the arguments is ``parser``; else None.

    Args:
        parser: What they follow.
        dest: The argument that becomes the word; in capitals, it stands for it in the usage.
        summaries: By word, what it does, as the rest of a sentence.
        epilogs: By word, what there is to add.
        required: False: the word may be left out, and the argument is None then.

    Returns:
        The parser of what follows each.
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
    for following in parsers.values():
        following.set_defaults(incomplete=None)
    return parsers


def add_json_option(parser: argparse.ArgumentParser) -> None:
    """Let the output be for programs: ``json``. `koe.cli.print_json` prints it."""
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")


def add_config_option(parser: argparse.ArgumentParser, default: object = argparse.SUPPRESS) -> None:
    """Let another configuration be used than the user's own: ``config``.

    Args:
        parser: What takes the option.
        default: What ``config`` is without it; by default, what an option further left made it.
    """
    parser.add_argument(
        "--config",
        metavar="DIR",
        type=file_path,
        default=default,
        help="configuration folder, instead of your own",
    )
