"""The ``koe`` command.

Each subcommand is a module of this package with ``add_arguments(parser)`` and
``run(arguments) -> int``. Only the module of the named subcommand is imported, so that
``koe --help`` is quick.
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
from koe.errors import KoeError, ModelError, OutputError


class Exit(IntEnum):
    """The exit status. argparse adds 2, for wrong usage."""

    OK = 0
    ERROR = 1
    NO_SPEECH = 3
    INTERRUPTED = 130  # 128 + SIGINT, as shells count


COMMANDS = {
    "setup": "choose an engine for the languages that you speak, and try it out",
    "dictate": "turn a recording, or what you say now, into text",
    "serve": "dictate into the windows of a Linux desktop when you press a key",
    "ctl": "control koe serve, and show its state",
    "status": "show what koe serve is doing",
    "tui": "show koe serve, the history and the settings in a terminal",
    "service": "run koe serve as a service of a Linux desktop, and show how to bind keys",
    "config": "read, change and check the settings",
    "dict": "read, change and check the terms that must be spelled right",
    "correct": "have a language model correct or rewrite a text",
    "history": "show earlier dictations, and recognise them again",
    "llm": "try the language models that are configured",
    "doctor": "show what is installed and configured, and what is wrong",
    "engines": "list the speech engines, and what each needs to work",
    "eval": "count the words that an engine gets wrong in your own recordings",
    "convert": "turn a recording into raw 16 kHz mono 16-bit PCM",
    "model": "list, download, verify and remove speech and language models",
    "bundle": "make a folder with the library and Python, for programs that embed koe",
    "completion": "print a script that lets your shell complete koe commands",
    "manifest": "describe a published model, so that koe can download it",
}
"""What each subcommand does, by its name, which is also that of its module in this package."""

_EPILOG = """\
koe COMMAND --help describes a command.

With --json, commands that print data print it as JSON, in UTF-8 on stdout: one value, or one object
per line for a sequence of events. Names are in snake_case, and an unknown value is null. Notes and
errors still go to stderr, and the exit status is the same.
"""


def main(argv: Sequence[str] | None = None, *, on_loaded: Callable[[], None] = lambda: None) -> int:
    """Run a command; if the command or its action is missing, show the help.

    Args:
        argv: The arguments after the program's name; None: the arguments of the process.
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
            print_error(sentence_of(exc))
        return Exit.ERROR
    except KeyboardInterrupt:
        print_error("interrupted")
        status = Exit.INTERRUPTED
    if status == Exit.INTERRUPTED and argv is None:
        # A second Ctrl-C then ends the process during Python's shutdown, without a traceback.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    return status


def sentence_of(exc: KoeError | OSError) -> str:
    """Describe an error for users; errors about models get no "config error: " before them."""
    if isinstance(exc, ModelError):
        return exc.message  # shells get it with "config error: " before it (spec abi §4.14)
    if isinstance(exc, OSError) and exc.filename is not None:
        return f"{exc.filename}: {exc.strerror}"
    return str(exc)


def print_error(message: str) -> None:
    """Write a sentence to stderr, after the name of the program. Write errors are ignored."""
    diagnostics.report(message)


@contextmanager
def writing() -> Iterator[None]:
    """Turn each OSError of the block, which writes output, into an `OutputError`.

    Raises:
        OutputError: The output cannot be written.
    """
    try:
        yield
    except OSError as exc:
        raise OutputError(str(exc.strerror or exc), unread=_is_broken_pipe(exc)) from exc


def print_line(line: object) -> None:
    """Write a line to stdout; on a terminal, without control characters, which move the cursor.

    Raises:
        OutputError: The line cannot be written.
    """
    text = str(line)
    if sys.stdout is None:
        raise OutputError("stdout is closed", unread=False)
    if sys.stdout.isatty():
        text = diagnostics.harmless(text)
    with writing():
        print(text, flush=True)


def print_json(value: object) -> None:
    """Write a value to stdout as JSON.

    Callers name fields in snake_case, without ``is_``, and pass None for an unknown value.

    Raises:
        OutputError: The value cannot be written.
    """
    print_line(json.dumps(value, ensure_ascii=False, indent=2))


def full_parser() -> argparse.ArgumentParser:
    """Return the parser with the arguments of all commands, whose modules take long to import."""
    return _parser(COMMANDS)


def _parse(words: Sequence[str]) -> argparse.Namespace:
    named = _command_in(words)
    return _parser([named] if named in COMMANDS else []).parse_args(words)


def _parser(loaded: Collection[str]) -> argparse.ArgumentParser:
    """The parser with the arguments of the loaded commands; of other commands, only the names."""
    parser = argparse.ArgumentParser(
        prog="koe",
        description="Background dictation: you speak, and the text appears where you type.",
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
    """The first word that is neither an option of the program nor the value of one."""
    rest = iter(words)
    for word in rest:
        if word == "--config":
            next(rest, None)
        elif not word.startswith("-"):
            return word
    return None


def _prefer_utf8() -> None:
    """Read and write UTF-8 in files and pipes; a terminal keeps its own encoding."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        # A test may replace the streams, and a program without a console has none.
        if reconfigure := getattr(stream, "reconfigure", None):
            if stream.isatty():
                reconfigure(errors="replace")
            else:
                errors = "strict" if stream is sys.stdin else "backslashreplace"
                reconfigure(encoding="utf-8", errors=errors)


def _is_broken_pipe(exc: OSError) -> bool:
    # On Windows, writing to a pipe without a reader fails with EINVAL.
    return isinstance(exc, BrokenPipeError) or (
        sys.platform == "win32" and exc.errno == errno.EINVAL
    )


def _discard_output() -> None:
    """Redirect stdout to the null device; Python would report a failed flush at exit."""
    if sys.stdout is None:
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
