"""The ``koe`` command.

Each subcommand is a module of this package with ``add_arguments(parser)`` and
``run(arguments) -> int``. Only the one that was named is imported, so that ``koe --help`` is quick.
"""

from __future__ import annotations

import argparse
import errno
import json
import os
import signal
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from enum import IntEnum
from importlib import import_module

from koe import __version__, diagnostics
from koe.cli.usage import add_config_option, add_subcommands
from koe.errors import KoeError, OutputError


class Exit(IntEnum):
    """The exit status; argparse itself adds 2, for wrong usage."""

    OK = 0
    ERROR = 1
    NO_SPEECH = 3
    INTERRUPTED = 130  # 128 + SIGINT, as shells count


COMMANDS = {
    "setup": "choose an engine for the languages that you speak, and try it out",
    "dictate": "turn a recording, or what you say now, into text",
    "serve": "dictate into every window of a Linux desktop, at the press of a key",
    "ctl": "control koe serve, and show its state",
    "status": "show what koe serve is doing",
    "tui": "show koe serve, the history and the settings in a terminal",
    "service": "start koe serve with a Linux desktop, and bind keys to it",
    "config": "read, change and check the settings",
    "dict": "read, change and check the terms that must be spelled right",
    "correct": "have a language model correct or rewrite a text",
    "history": "show earlier dictations, and recognise them again",
    "llm": "try the language models that are configured",
    "doctor": "show what is installed and configured, and what is wrong",
    "engines": "list the speech engines, and what each needs to work",
    "eval": "count the words that an engine gets wrong in recordings of yours",
    "convert": "turn a recording into raw 16 kHz mono 16-bit PCM",
    "model": "list, download, verify and remove speech and language models",
    "bundle": "make a folder for shells, with the library and a Python of its own",
    "completion": "print the script with which your shell completes koe commands",
    "manifest": "describe a model that is published, so that it can be downloaded",
}
"""The subcommands, which are modules of this package, with what they do."""

_EPILOG = """\
koe COMMAND --help says more about a command.

Commands that print data print JSON with --json, in UTF-8 on stdout: one value, or one object per
line where events follow each other. Names are in snake_case, and a value that is not known is null.
Notes and errors go to stderr as without --json, and the exit status is the same.
"""


def main(argv: Sequence[str] | None = None, *, on_loaded: Callable[[], None] = lambda: None) -> int:
    """Run the command; without one, or without its action, show the help.

    Args:
        argv: The arguments after the program's name; None: those of the process.
        on_loaded: Called before the command begins, when its modules are loaded.

    Returns:
        The exit status.

    Raises:
        SystemExit: Help was asked for (0), or the usage is wrong (2).
    """
    words = sys.argv[1:] if argv is None else argv
    _prefer_utf8()
    try:
        arguments = _parse(words)
        if arguments.incomplete:
            print_line(arguments.incomplete.format_help().rstrip())
            return Exit.OK
        command = import_module(f"koe.cli.{arguments.command}")
        on_loaded()
        status: int = command.run(arguments)
    except OutputError as exc:
        _discard_output()
        if not exc.unread:
            print_error(str(exc))
        return Exit.ERROR
    except (KoeError, OSError) as exc:
        if isinstance(exc, OSError) and _is_broken_pipe(exc):
            _discard_output()
        else:
            print_error(str(exc))
        return Exit.ERROR
    except KeyboardInterrupt:
        print_error("interrupted")
        status = Exit.INTERRUPTED
    if status == Exit.INTERRUPTED and argv is None:
        # One line is enough: another Ctrl-C ends what Python does at its end, without a word.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    return status


def print_error(message: str) -> None:
    """Write a sentence to stderr, marked as this program's. Write errors are ignored."""
    diagnostics.report(message)


@contextmanager
def writing() -> Iterator[None]:
    """Enter to write output: an error of the system then becomes one of the output.

    Raises:
        OutputError: The output cannot be written.
    """
    try:
        yield
    except OSError as exc:
        raise OutputError(str(exc.strerror or exc), unread=_is_broken_pipe(exc)) from exc


def print_line(line: object) -> None:
    """Write a line to stdout; to a terminal, without what would move its cursor.

    Raises:
        OutputError: It cannot be written.
    """
    text = str(line)
    if sys.stdout is None:
        raise OutputError("stdout is closed", unread=False)
    if sys.stdout.isatty():
        text = diagnostics.harmless(text)
    with writing():
        print(text, flush=True)


def print_json(value: object) -> None:
    """Write a value to stdout as JSON, as all commands do.

    Names are in snake_case, without ``is_``; what is not known is null.

    Raises:
        OutputError: It cannot be written.
    """
    print_line(json.dumps(value, ensure_ascii=False, indent=2))


def full_parser() -> argparse.ArgumentParser:
    """Return the parser with everything that all commands take, which takes long to load."""
    return _parser(COMMANDS)


def _parse(words: Sequence[str]) -> argparse.Namespace:
    named = _command_in(words)
    return _parser([named] if named in COMMANDS else []).parse_args(words)


def _parser(loaded: Collection[str]) -> argparse.ArgumentParser:
    """The parser, with what these commands take; the others are only named."""
    parser = argparse.ArgumentParser(
        prog="koe",
        description="Background dictation: speak, and the text is where you type.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"koe {__version__}")
    add_config_option(parser, default=None)
    for name, subparser in add_subcommands(parser, "command", COMMANDS).items():
        if name in loaded:
            import_module(f"koe.cli.{name}").add_arguments(subparser)
    return parser


def _command_in(words: Sequence[str]) -> str | None:
    """The first word that is no option of the program and no value of one."""
    rest = iter(words)
    for word in rest:
        if word == "--config":
            next(rest, None)
        elif not word.startswith("-"):
            return word
    return None


def _prefer_utf8() -> None:
    """Files and pipes hold UTF-8; a terminal knows best what it shows, and what is typed."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        # Under a test or in a program without streams it is something else.
        if reconfigure := getattr(stream, "reconfigure", None):
            if stream.isatty():
                reconfigure(errors="replace")
            else:
                errors = "strict" if stream is sys.stdin else "backslashreplace"
                reconfigure(encoding="utf-8", errors=errors)


def _is_broken_pipe(exc: OSError) -> bool:
    # Windows calls a pipe without a reader an invalid argument.
    return isinstance(exc, BrokenPipeError) or (
        sys.platform == "win32" and exc.errno == errno.EINVAL
    )


def _discard_output() -> None:
    """Let the flush at exit succeed, or Python would complain about it."""
    if sys.stdout is None:
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
