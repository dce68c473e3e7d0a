"""``koe completion``: print a script that lets a shell complete koe commands.

The only module that imports shtab, which makes the script from the parser.
"""

from __future__ import annotations

import argparse

import shtab

from koe.cli import Exit, full_parser, print_line

SHELLS = ("bash", "zsh", "fish")

_EPILOG = """\
To use the script in every new shell:

  bash   koe completion bash > ~/.local/share/bash-completion/completions/koe
  zsh    koe completion zsh > ~/.zfunc/_koe
         and add this line to ~/.zshrc before compinit: fpath+=~/.zfunc
  fish   koe completion fish > ~/.config/fish/completions/koe.fish
"""

# The metavars of arguments that are files or folders.
_FILES = {"FILE": shtab.FILE, "IN.wav": shtab.FILE, "OUT": shtab.FILE}
_FOLDERS = {"DIR": shtab.DIRECTORY, "FOLDER": shtab.DIRECTORY}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "shell", metavar="SHELL", choices=SHELLS, help=f"one of {', '.join(SHELLS)}"
    )
    parser.epilog = _EPILOG


def run(arguments: argparse.Namespace) -> int:
    """Print the script; return the exit status."""
    print_line(script(arguments.shell).rstrip())
    return Exit.OK


def script(shell: str) -> str:
    """Return the script for one of `SHELLS`."""
    parser = full_parser()
    _mark_files(parser)
    return str(shtab.complete(parser, shell))


def _mark_files(parser: argparse.ArgumentParser) -> None:
    """Mark the arguments that are files or folders, for shtab."""
    for action in parser._actions:  # argparse has no public way to list them
        if isinstance(action, argparse._SubParsersAction):
            for subparser in action.choices.values():
                _mark_files(subparser)
        elif kind := {**_FILES, **_FOLDERS}.get(str(action.metavar)):
            action.complete = kind  # type: ignore[attr-defined] # shtab reads it
