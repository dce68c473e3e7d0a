"""Finds models: every directory below the models directory that has a manifest."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from koe.errors import ManifestError
from koe.files import regular
from koe.models import manifest as manifests
from koe.models import storage
from koe.models.manifest import Manifest
from koe.models.paths import MANIFEST_NAME

_SHIPPED = Path(__file__).with_name("manifests")


@dataclass(frozen=True, slots=True)
class Model:
    """A model that can be used, or downloaded.

    Attributes:
        path: The path relative to the models directory, with ``/``, as in the configuration.
        directory: Where it is.
        manifest: Its description.
    """

    path: str
    directory: Path
    manifest: Manifest


def find_models(root: Path) -> tuple[list[Model], list[ManifestError]]:
    """Look for models at any depth, but not through links (spec models §4).

    Args:
        root: The models directory, which need not exist. It is not a model itself.

    Returns:
        The models, by path, and what is wrong with manifests that cannot be used.
    """
    models: list[Model] = []
    problems: list[ManifestError] = []
    for directory in _directories(root):
        if (directory / MANIFEST_NAME).exists():
            try:
                manifest = manifests.load(directory)
            except ManifestError as exc:
                problems.append(exc)
            else:
                path = directory.relative_to(root).as_posix()
                models.append(Model(_shown(path), directory, manifest))
    return sorted(models, key=lambda model: model.path), problems


def install_manifests(root: Path) -> list[Path]:
    """Write the manifests of the models that koe knows, so that they can be downloaded.

    An existing manifest is never changed. The configuration's directory, which is the parent of
    ``root``, is private if it is created here.

    Returns:
        The manifests that were written.

    Raises:
        ManifestError: One could not be written.
    """
    written = []
    path = root
    try:
        root.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for shipped in sorted(_SHIPPED.rglob("*.json")):
            path = root / shipped.relative_to(_SHIPPED).with_suffix("") / MANIFEST_NAME
            if not os.path.lexists(path):
                path.parent.mkdir(parents=True, exist_ok=True)
                storage.replace_file(path, shipped.read_bytes())
                written.append(path)
    except OSError as exc:
        raise ManifestError(f"write {path}: {exc.strerror}") from exc
    return written


def shipped_manifests() -> dict[str, Manifest]:
    """Return the manifests of the models that koe knows, by path."""
    return {
        path.relative_to(_SHIPPED).with_suffix("").as_posix(): manifests.parse(path.read_bytes())
        for path in sorted(_SHIPPED.rglob("*.json"))
    }


def describe(model: Model, status: int) -> dict[str, str | int]:
    """Return the facts about a model, as shells and programs get them (spec abi §7.5).

    Args:
        model: The model.
        status: How complete it is, a `koe.models.verification.Status`.
    """
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


def languages_of(model: Model) -> tuple[str, ...]:
    """Return the codes of the languages that a model recognises; empty if they are not known.

    An older manifest without languages is not changed; koe's own manifest of the same files is
    used instead.
    """
    shipped = shipped_manifests().get(model.path)
    is_same = shipped is not None and shipped.files == model.manifest.files
    return model.manifest.languages or (shipped.languages if shipped and is_same else ())


def _directories(root: Path) -> list[Path]:
    """Return every real directory below ``root``; what is in an unreadable one is left out."""
    found = []
    # Not os.walk, which recurses and has a limit.
    unread = [root]
    while unread:
        try:
            with os.scandir(unread.pop()) as entries:
                below = [Path(entry) for entry in entries if _is_directory(entry)]
        except OSError:
            continue
        found += below
        unread += below
    return found


def _is_directory(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False) and not regular.is_link(
            entry.stat(follow_symlinks=False)
        )
    except OSError:
        return False


def _shown(path: str) -> str:
    """Replace the bytes of a path that are not text, so that it can be shown and passed to C."""
    return path.encode("utf-8", "replace").decode("utf-8")
