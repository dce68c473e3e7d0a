"""Models to test with: a manifest in a directory, and files."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from koe.models.manifest import Manifest, ModelFile, render
from koe.models.paths import MANIFEST_NAME


def model_file(name: str, content: bytes, url: str = "https://localhost/") -> ModelFile:
    return ModelFile(name, len(content), hashlib.sha256(content).hexdigest(), url)


def make_model(directory: Path, *files: ModelFile) -> Path:
    """Put a manifest with these files into a directory, and return it."""
    directory.mkdir(parents=True, exist_ok=True)
    manifest = Manifest("moonshine", "A model", "owner/name", files)
    (directory / MANIFEST_NAME).write_bytes(render(manifest))
    return directory


def write_file(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def without_checksum(file: ModelFile) -> ModelFile:
    return replace(file, sha256="")


def names_in(directory: Path) -> list[str]:
    """The files below a directory, without manifests."""
    return sorted(
        path.relative_to(directory).as_posix()
        for path in directory.rglob("*")
        if not path.is_dir() and path.name != MANIFEST_NAME
    )
