"""Models for shells: listing, downloading and removing them.

Only downloads load the HTTP library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from _koe_native import lib

from koe.boundary.entry import argument, open_store, status, text, utf8
from koe.boundary.sessions import hosts
from koe.diagnostics import Level, report
from koe.errors import ManifestError, ModelError

if TYPE_CHECKING:
    from pathlib import Path

    from koe.models.registry import DownloadStatus
    from koe.models.transfer import Progress

# Return values of the contract.
_FAILED = -1
_NO_CORE = -2  # refused


@text
def koe_py_scan_models() -> str:
    """Return the models of the engines that can be chosen here, as JSON (spec abi §7.5).

    They are sorted by path. Nothing is hashed: a file whose checksum is not in the cache counts as
    not installed.
    """
    import json  # takes a millisecond or two, and a dictation needs none of this

    from koe.asr import local_engines
    from koe.models.catalogue import describe, find_models
    from koe.models.verification import VerifyMode, model_status

    root, engines = _known_models(), local_engines()
    models, _ = find_models(root)
    described = [
        describe(model, model_status(root, model.path, VerifyMode.CACHE_ONLY))
        for model in models
        if model.manifest.provider in engines
    ]
    return json.dumps(described, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


@status
def koe_py_model_status(path: Any, mode: int) -> int:
    """Return how complete a model is: 0, 1 or 2. Blocks while it hashes, unless mode is 1.

    Args:
        path: The model.
        mode: 1: only use known checksums; 2: compute all; else: compute those that are not known.
    """
    from koe.models.verification import Status, VerifyMode, model_status

    model = argument(path)
    if model is None:
        return Status.NOT_INSTALLED
    known = mode if mode in (VerifyMode.CACHE_ONLY, VerifyMode.FORCE) else VerifyMode.NORMAL
    return model_status(_models(), model, VerifyMode(known))


@status
def koe_py_remove_model(path: Any) -> int:
    """Remove the files that a manifest lists; return their number, or -1."""
    from koe.models.removal import remove_files

    model = argument(path)
    if model is None:
        return _FAILED
    try:
        return remove_files(_models(), model)
    except ModelError as exc:
        report(exc, Level.ERROR)
        return _FAILED


@status
def koe_py_download(core: int, path: Any, progress: int, status: int, context: int) -> int:
    """Begin to download a model; the callbacks are functions of the shell, as numbers."""
    from koe.models.registry import Downloads

    host = hosts.get(core)
    if host is None:
        return _NO_CORE

    def on_progress(step: Progress) -> None:
        lib.koe_tell_progress(
            progress,
            context,
            step.index,
            step.count,
            step.bytes_there,
            step.total_bytes,
            utf8(step.name),
        )

    def on_status(outcome: DownloadStatus, message: str) -> None:
        lib.koe_tell_download(status, context, outcome, utf8(message))

    downloads = host.downloads(lambda: Downloads(_known_models()))
    if downloads is None:
        return _NO_CORE
    return downloads.start(
        argument(path), on_progress if progress else None, on_status if status else None
    )


@status
def koe_py_cancel_download(core: int, path: Any) -> int:
    """Cancel a download; return 1 if there is one."""
    host = hosts.get(core)
    return int(host is not None and host.cancel_download(argument(path)))


def _models() -> Path:
    from koe.models.paths import models_directory

    return models_directory(open_store().directory)


def _known_models() -> Path:
    """Return the models directory, after writing the missing manifests of the known models.

    A write error is only reported.
    """
    from koe.models.catalogue import install_manifests

    root = _models()
    try:
        install_manifests(root)
    except ManifestError as exc:  # the other models can still be used
        report(exc)
    return root
