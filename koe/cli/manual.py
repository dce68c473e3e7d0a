"""Makes the man page ``koe.1`` from the ``--help`` of all commands, for ``make man``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

from koe.cli import full_parser

_BEGINNING = """\
.\\" Made by make man from the help of the commands; change that instead.
.TH KOE 1
.SH NAME
koe \\- background dictation
.SH SYNOPSIS
.B koe
.RI [ options ]
.I COMMAND
\\&...
.SH DESCRIPTION
"""

_END = """\
.SH FILES
.TP
.I ~/.koe
The settings, the dictionary, the models, the log and the history; on Windows
.IR %APPDATA%\\ekoe .
To use another folder, give it with
.BR --config .
"""


def main() -> None:
    """Write the page to stdout."""
    sys.stdout.write(page())


def page() -> str:
    """Return the page, in the macros of man(7)."""
    parser = full_parser()
    lines = [
        _text(parser.description or ""),
        _preformatted(parser.epilog or ""),
        ".SH OPTIONS",
        *_options(parser),
        ".SH COMMANDS",
        *_commands(parser),
    ]
    return _BEGINNING + "\n".join(lines) + "\n" + _END


def _commands(parser: argparse.ArgumentParser) -> Iterator[str]:
    for name, command in _following(parser):
        yield f".SS {_text(name)}{_placeholders(command)}"
        yield _text(command.description or "")
        yield from _options(command)
        if command.epilog:
            yield _preformatted(command.epilog)
        yield from _commands(command)


def _following(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    for action in parser._actions:  # argparse has no public way to list them
        if isinstance(action, argparse._SubParsersAction):
            yield from ((command.prog, command) for command in action.choices.values())


def _placeholders(parser: argparse.ArgumentParser) -> str:
    """The positional arguments of a command, as in its usage."""
    words = {"?": "[{}]", "*": "[{} ...]", "+": "{} ..."}
    return "".join(
        f" {_text(words.get(str(action.nargs), '{}').format(action.metavar or action.dest))}"
        for action in parser._actions
        if not action.option_strings
    )


def _options(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction | argparse._HelpAction):
            continue
        value = "" if action.nargs == 0 else _value(action)
        names = ", ".join(f"\\fB{_text(name)}\\fR" for name in action.option_strings)
        yield ".TP"
        yield f"{names} {value}".strip()
        yield _text(action.help or "")


def _value(action: argparse.Action) -> str:
    if action.metavar is None and action.choices:
        return _text(" | ".join(map(str, action.choices)))
    return f"\\fI{_text(str(action.metavar or action.dest.upper()))}\\fR"


def _preformatted(text: str) -> str:
    """Format a text so that its lines and columns are kept."""
    lines = map(_text, text.strip("\n").splitlines())
    return "\n".join((".PP", ".nf", *lines, ".fi"))


def _text(text: str) -> str:
    """Escape the characters that the formatter would interpret, and those outside of ASCII."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "\\(ga")
    escaped = "".join(it if it.isascii() else f"\\[u{ord(it):04X}]" for it in escaped)
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped


if __name__ == "__main__":
    main()
