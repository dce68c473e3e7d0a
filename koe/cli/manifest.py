"""``koe manifest``: describe a published model, so that koe can download it."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from koe.cli import Exit, print_error
from koe.cli.live_line import printable
from koe.cli.usage import add_config_option, add_subcommands, file_path
from koe.config.store import config_directory
from koe.errors import ManifestError, ModelPathError
from koe.models import paths, storage
from koe.models.manifest import Manifest, render
from koe.models.paths import MANIFEST_NAME

_EPILOG = """\
REPO is a model on Hugging Face, such as mlx-community/Qwen3-0.6B-4bit. The manifest lists all files
at its top level, with their sizes and, for large files, their checksums. Delete the entries of
files that the model does not need; koe model pull downloads the remaining files.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_config_option(parser)
    summary = "write the manifest of a model on Hugging Face"
    generate = add_subcommands(parser, "action", {"generate": summary}, {"generate": _EPILOG})[
        "generate"
    ]
    generate.add_argument("repo", metavar="REPO", help="the model on Hugging Face, as OWNER/NAME")
    generate.add_argument("--provider", required=True, help="the engine that can use the model")
    generate.add_argument("--description", required=True, help="the line that koe model list shows")
    generate.add_argument(
        "-o",
        "--output",
        metavar="PATH",
        type=file_path,
        help="write to the file PATH, instead of the models folder",
    )
    add_config_option(generate)
    parser.epilog = "koe manifest generate --help describes the action."


def run(arguments: argparse.Namespace) -> int:
    """Generate the manifest; return the exit status."""
    # Imported here: they load the HTTP library, which --help does not need.
    from koe import daemon_threads
    from koe.models import hub

    repo: str = arguments.repo
    path = arguments.output or _usual_path(arguments)
    _print_note(f"Querying {hub.tree_url(repo)} ...")
    listing = daemon_threads.run(hub.list_files(repo))
    for file in listing.files:
        paths.components(file.name)
    if listing.folders:
        names = printable(", ".join(listing.folders))
        print_error(f"files in these folders are not listed; add those that are needed: {names}")
    manifest = Manifest(arguments.provider, arguments.description, repo, listing.files)
    try:
        if arguments.output is None:
            path.parent.mkdir(parents=True, exist_ok=True)
        storage.replace_file(path, render(manifest))
    except OSError as exc:
        remedy = "name another file with --output"
        raise ManifestError(f"{path} can't be written: {exc.strerror}; {remedy}") from exc
    _print_note(f"Generated manifest with {len(listing.files)} files")
    _print_note(f"Written to: {path}")
    return Exit.OK


def _usual_path(arguments: argparse.Namespace) -> Path:
    name = arguments.repo.rpartition("/")[2]
    try:
        parts = paths.components(f"{arguments.provider}/{name}")
    except ModelPathError as exc:
        reason = f"{arguments.provider}/{name} can't be a folder of the models"
        remedy = "give the name of an engine as --provider, or a file as --output"
        raise ManifestError(f"{reason}; {remedy}") from exc
    root = paths.models_directory(arguments.config or config_directory(os.environ))
    return root.joinpath(*parts, MANIFEST_NAME)


def _print_note(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
