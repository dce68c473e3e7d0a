"""``koe model``: list, download, verify and remove models."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from koe.cli import Exit, print_error, print_json, print_line, sentence_of
from koe.cli.live_line import keep_start, printable
from koe.cli.model_line import model_line, obstacle_to
from koe.cli.usage import add_config_option, add_json_option, add_subcommands
from koe.config.store import config_directory
from koe.errors import ManifestError
from koe.models import manifest as manifests
from koe.models import paths, removal, verification
from koe.models.catalogue import Model, describe, find_models, install_manifests, languages_of
from koe.models.manifest import Manifest
from koe.models.verification import Status, Verdict, VerifyMode

_SENTENCES = {
    Status.INSTALLED: "installed (verified)",
    Status.INCOMPLETE: "incomplete (files missing, wrong size, or sha256 mismatch)",
    Status.NOT_INSTALLED: "not installed (manifest only, no data files)",
}

# The most columns of a file's name that are shown, since a manifest may contain any name.
_LONGEST_SHOWN = 200

_EPILOG = """\
MODEL is a name that koe model list shows, such as mlx/Qwen3-0.6B-4bit, or the full path of a folder
with a manifest. The next pull continues an interrupted download.

exit status:
  0    done; for status, also if the model is not installed
  1    an error, described on stderr; for verify, also if the model is not installed or damaged
  2    wrong usage
  130  interrupted with Ctrl-C

with --json, in UTF-8 on stdout:
  list            [{"path": TEXT, "provider": TEXT, "mode": TEXT, "description": TEXT, "repo": TEXT,
                    "status": 0 | 1 | 2, "total_size": BYTES, "languages": [CODE, ...],
                    "obstacle": TEXT or null}, ...]
  status, verify  {"model": TEXT, "directory": TEXT, "status": 0 | 1 | 2,
                   "files": [{"name": TEXT, "ok": BOOLEAN, "finding": TEXT}, ...]}
  remove          {"model": TEXT, "removed": NUMBER}
  pull            one object per line:
    {"event": "progress", "file": TEXT, "index": NUMBER, "files": NUMBER, "bytes": NUMBER,
     "total": BYTES or 0, "exists": BOOLEAN}
    {"event": "retry", "file": TEXT, "message": TEXT, "seconds": NUMBER}
    {"event": "verifying"}
    {"event": "error", "message": TEXT}
    {"event": "done", "model": TEXT, "directory": TEXT}
status: 0 is not installed, 1 is incomplete, 2 is installed
"""


_SUMMARIES = {
    "list": "list all models, and which ones are installed",
    "pull": "download the missing files of a model",
    "status": "show how much of a model is installed",
    "verify": "check every byte of a model",
    "remove": "remove the files of a model",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_config_option(parser)
    parser.epilog = _EPILOG
    for name, action in add_subcommands(parser, "action", _SUMMARIES).items():
        if name != "list":
            action.add_argument(
                "model", metavar="MODEL", help="a name from koe model list, or a full path"
            )
        if name == "status":
            action.add_argument(
                "--verify-mode",
                choices=[mode.name.lower().replace("_", "-") for mode in VerifyMode],
                default="normal",
                help="normal (the default): reuse the checksums of unchanged files; cache-only: "
                "compute no checksums; force: compute all checksums again",
            )
        add_json_option(action)
        add_config_option(action)


def run(arguments: argparse.Namespace) -> int:
    """Run the action; return the exit status."""
    root = paths.models_directory(arguments.config or config_directory(os.environ))
    try:
        install_manifests(root)
    except ManifestError as exc:  # the other models can still be used
        print_error(f"warning: {sentence_of(exc)}")
    match arguments.action:
        case "list":
            return _list(root, arguments.json)
        case "pull":
            return _pull(root, arguments.model, arguments.json)
        case "status":
            mode = VerifyMode[arguments.verify_mode.upper().replace("-", "_")]
            return _status(root, arguments.model, mode, arguments.json)
        case "verify":
            return _verify(root, arguments.model, arguments.json)
        case _:
            return _remove(root, arguments.model, arguments.json)


def _list(root: Path, as_json: bool) -> int:
    models, problems = find_models(root)
    found = [
        (model, verification.model_status(root, model.path, VerifyMode.CACHE_ONLY))
        for model in models
    ]
    if as_json:
        print_json([_described(model, status) for model, status in found])
    elif not found:
        print_line(f"No models found in {root}")
    else:
        for model, status in found:
            print_line(model_line(model, status))
        for note in dict.fromkeys(filter(None, map(_note, models))):
            print_error(f"note: {note}")
    for problem in problems:
        print_error(f"warning: {sentence_of(problem)}")
    return Exit.OK


def _described(model: Model, status: Status) -> dict[str, object]:
    more = {"languages": languages_of(model), "obstacle": obstacle_to(model)}
    return {**describe(model, status), **more}


def _note(model: Model) -> str | None:
    """Why the models of an engine are not usable; None if they are."""
    obstacle = obstacle_to(model)
    return (
        f"models of {model.manifest.provider} are not usable here: {obstacle}" if obstacle else None
    )


def _status(root: Path, model: str, mode: VerifyMode, as_json: bool) -> int:
    directory = _existing(root, model)
    if not as_json:
        print_line(f"Verifying {model}...")
    manifest, verdicts = _examine(directory, mode)
    status = verification.summarise(verdicts)
    if as_json:
        _print_verdicts(model, directory, manifest, verdicts)
    else:
        _print_status(model, directory, status)
    return Exit.OK


def _verify(root: Path, model: str, as_json: bool) -> int:
    directory = _existing(root, model)
    manifest, verdicts = _examine(directory, VerifyMode.FORCE)
    status = verification.summarise(verdicts)
    if as_json:
        _print_verdicts(model, directory, manifest, verdicts)
    else:
        for file, verdict in zip(manifest.files, verdicts, strict=True):
            print_line(printable(f"{keep_start(file.name, _LONGEST_SHOWN)}: {verdict}"))
        _print_status(model, directory, status)
    if status is Status.INSTALLED:
        return Exit.OK
    if not as_json:
        print_error(f"to fetch what is missing: koe model pull {model}")
    return Exit.ERROR


def _remove(root: Path, model: str, as_json: bool) -> int:
    _existing(root, model)
    removed = removal.remove_files(root, model)
    if as_json:
        print_json({"model": model, "removed": removed})
    else:
        print_line(f"{model}: removed {removed} file(s), manifest kept")
    return Exit.OK


def _pull(root: Path, model: str, as_json: bool) -> int:
    # Imported here: it loads the HTTP library, which the other actions do not need.
    from koe.cli.pull_report import BarsReport, JsonPullReport
    from koe.cli.pulling import pull_model

    _existing(root, model)
    try:
        report = JsonPullReport() if as_json else BarsReport(sys.stderr)
        is_installed = pull_model(root, model, report)
    except KeyboardInterrupt:
        print_error(f"interrupted; to continue the download: koe model pull {model}")
        return Exit.INTERRUPTED
    return Exit.OK if is_installed else Exit.ERROR


def _existing(root: Path, model: str) -> Path:
    """Return the model's directory.

    Raises:
        ModelError: The directory does not exist, or is outside of the models folder.
    """
    directory = paths.locate(root, model)
    if not directory.is_dir():
        remedy = "koe model list shows the models"
        raise ManifestError(f"model directory not found: {directory}; {remedy}")
    return paths.existing_directory(root, model)


def _examine(directory: Path, mode: VerifyMode) -> tuple[Manifest, list[Verdict]]:
    manifest = manifests.load(directory)
    return manifest, verification.examine(directory, manifest, mode)


def _print_status(model: str, directory: Path, status: Status) -> None:
    print_line(f"{model} — {_SENTENCES[status]}")
    if status is Status.INSTALLED:
        print_line(f"Path: {directory}")


def _print_verdicts(
    model: str, directory: Path, manifest: Manifest, verdicts: list[Verdict]
) -> None:
    print_json(
        {
            "model": model,
            "directory": str(directory),
            "status": int(verification.summarise(verdicts)),
            "files": [
                {"name": file.name, "ok": verdict is Verdict.VALID, "finding": str(verdict)}
                for file, verdict in zip(manifest.files, verdicts, strict=True)
            ],
        }
    )
