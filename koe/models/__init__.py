"""Models on this machine: which there are, whether they are whole, and fetching and removing them.

What a shell asks for is here, as the C contract has it: numbers and JSON, never an exception. The
downloads that it starts are in `koe.models.registry`. Importing this loads no HTTP library.

    manifest      what a model should be        catalogue     which models there are
    paths         which paths are safe          verification  how much of a model is there
    storage       files without surprises       removal       removing one
    checksums     what was computed before      hub           describing one that is published
    lock          one at a time                 download      HTTP
    part          an unfinished file            transfer      one file
    registry      downloads in the background   pull          one model
"""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

from koe.diagnostics import Level, report
from koe.errors import ModelError
from koe.models import removal, verification
from koe.models.catalogue import Model, find_models
from koe.models.verification import Mode, Status

FAILED = -1


def describe(model: Model, status: Status) -> dict[str, str | int]:
    """Return what there is to say about a model, as shells and programs get it."""
    manifest = model.manifest
    return {
        "description": manifest.description,
        "mode": manifest.mode,
        "path": model.path,
        "provider": manifest.provider,
        "repo": manifest.repo,
        "status": int(status),
        "total_size": manifest.total_bytes,
    }


def scan_models_json(root: Path, providers: Collection[str]) -> str:
    """Answer ``sp_core_scan_models_json``: a JSON array of models, by path (spec abi §7.5).

    Nothing is hashed: a model that was never verified counts as not installed.

    Args:
        root: The models directory, which need not exist.
        providers: The engines of this build; models of others are left out.
    """
    models, _ = find_models(root)
    return json.dumps(
        [
            describe(model, verification.model_status(root, model.path, Mode.CACHE_ONLY))
            for model in models
            if model.manifest.provider in providers
        ],
        ensure_ascii=False,
        separators=(",", ":"),
        sort_keys=True,
    )


def model_status(root: Path, path: str | None, mode: int) -> int:
    """Answer ``sp_model_status``: 0, 1 or 2. Blocks while it hashes, unless mode is 1.

    Args:
        root: The models directory.
        path: The model; None: not given, or not text.
        mode: 1: only what is known already; 2: compute everything anew; else: what is not known.
    """
    if path is None:
        return Status.NOT_INSTALLED
    known = mode if mode in (Mode.CACHE_ONLY, Mode.FORCE) else Mode.NORMAL
    return verification.model_status(root, path, Mode(known))


def remove_model_files(root: Path, path: str | None) -> int:
    """Answer ``sp_core_remove_model_files``: how many files were removed, or -1.

    Args:
        root: The models directory.
        path: The model; None: not given, or not text.
    """
    if path is None:
        return FAILED
    try:
        return removal.remove_files(root, path)
    except ModelError as exc:
        report(exc, Level.ERROR)
        return FAILED
