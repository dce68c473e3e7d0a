"""``koe completion``: what completes the command's words, for a shell.

The only module that knows shtab, which makes it of the parser.
"""

from __future__ import annotations

import argparse

import shtab

from koe.cli import Exit, full_parser, print_line

SHELLS = ("bash", "zsh", "fish")

_EPILOG = """\
To have it in new shells:

  bash   koe completion bash > ~/.local/share/bash-completion/completions/koe
  zsh    koe completion zsh > ~/.zfunc/_koe
         with this in ~/.zshrc before compinit: fpath+=~/.zfunc
  fish   koe completion fish > ~/.config/fish/completions/koe.fish
"""

# What values are files or folders, by how the usage shows them.
_FILES = {"FILE": shtab.FILE, "IN.wav": shtab.FILE, "OUT": shtab.FILE}
_FOLDERS = {"DIR": shtab.DIRECTORY, "FOLDER": shtab.DIRECTORY}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
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
    """Tell shtab which values are files."""
    for action in parser._actions:  # argparse has no other way to ask
        if isinstance(action, argparse._SubParsersAction):
            for following in action.choices.values():
                _mark_files(following)
        elif kind := {**_FILES, **_FOLDERS}.get(str(action.metavar)):
            action.complete = kind  # type: ignore[attr-defined] # shtab reads it
