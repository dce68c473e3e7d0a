"""The description of a model: its files, their addresses, sizes and checksums.

A manifest is ``.koe-manifest.json`` in the model's directory (spec models §3.1).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from koe.errors import ManifestError, ModelPathError
from koe.json_text import parse_json
from koe.models import storage
from koe.models.paths import MANIFEST_NAME
from koe.text import is_unicode

_LARGEST_MANIFEST_BYTES = 1024 * 1024  # spec models §3.1
_LARGEST_SIZE = 2**64 - 1  # sizes cross the C boundary as uint64_t


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of a model.

    Attributes:
        name: The path relative to the model's directory, with ``/``; it may be unsafe until
            `koe.models.paths.components` has checked it.
        size_bytes: 0 when unknown.
        sha256: Lower-case hexadecimal; empty when unknown.
        url: Where it comes from.
    """

    name: str
    size_bytes: int
    sha256: str
    url: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """The content of a manifest.

    Attributes:
        provider: The engine that can use the model.
        description: A label for people.
        repo: The source of the model, for people.
        files: In the manifest's order.
        mode: ``asr``, ``llm``, or empty if it is not given.
        languages: What it recognises, as codes such as ``zh``; empty if they are not given.
    """

    provider: str
    description: str
    repo: str
    files: tuple[ModelFile, ...]
    mode: str = ""
    languages: tuple[str, ...] = ()

    @property
    def total_bytes(self) -> int:
        """The sum of all sizes; files of unknown size count as 0."""
        return sum(file.size_bytes for file in self.files)


def load(directory: Path) -> Manifest:
    """Read the manifest of a model's directory.

    Raises:
        ManifestError: It is missing or cannot be used; the sentence says why.
    """
    path = directory / MANIFEST_NAME
    try:
        return parse(storage.read_small(path, _LARGEST_MANIFEST_BYTES))
    except FileNotFoundError as exc:
        remedy = "koe model list shows the models"
        raise ManifestError(f"manifest not found in {directory}; {remedy}") from exc
    except OSError as exc:
        reason = f"{MANIFEST_NAME} cannot be read: {exc.strerror}"
        raise ManifestError(f"manifest not found in {directory}: {reason}") from exc
    except (ModelPathError, ManifestError) as exc:
        raise ManifestError(f"manifest not found in {directory}: {exc.message}") from exc


def parse(content: bytes) -> Manifest:
    """Read a manifest; unknown fields are ignored.

    Checksums are returned in lower case, because some tools write upper case (spec models §3.1).

    Raises:
        ManifestError: The content is not JSON in UTF-8, or a field is missing or of the wrong type.
    """
    try:
        root = parse_json(content.decode("utf-8"))
    except ValueError as exc:
        raise ManifestError(f"{MANIFEST_NAME} is not JSON in UTF-8: {exc}") from exc
    fields = _object(root, "the manifest")
    files = fields.get("files")
    if not isinstance(files, list):
        raise ManifestError(f"{MANIFEST_NAME} needs a list 'files'")
    return Manifest(
        provider=_text(fields, "provider"),
        description=_text(fields, "description"),
        repo=_text(fields, "repo"),
        files=tuple(_file(entry, number) for number, entry in enumerate(files, start=1)),
        mode="" if fields.get("mode") is None else _text(fields, "mode"),
        languages=_languages(fields.get("languages")),
    )


def render(manifest: Manifest) -> bytes:
    """Return the content of a manifest's file: sorted keys, indented by two spaces."""
    fields: dict[str, object] = {
        "description": manifest.description,
        "files": [
            {"name": file.name, "sha256": file.sha256, "size": file.size_bytes, "url": file.url}
            for file in manifest.files
        ],
        "provider": manifest.provider,
        "repo": manifest.repo,
    }
    if manifest.mode:
        fields["mode"] = manifest.mode
    if manifest.languages:
        fields["languages"] = list(manifest.languages)
    text = json.dumps(fields, ensure_ascii=False, indent=2, sort_keys=True)
    return f"{text}\n".encode()


def _file(entry: object, number: int) -> ModelFile:
    where = f"file {number}"
    fields = _object(entry, where)
    size = fields.get("size")
    # In Python, a bool is an int, but not a size; and 1.0 is not an int.
    if type(size) is not int or not 0 <= size <= _LARGEST_SIZE:
        raise ManifestError(f"{MANIFEST_NAME}: {where} needs a whole number 'size'; 0 if unknown")
    return ModelFile(
        name=_text(fields, "name", where),
        size_bytes=size,
        sha256=_text(fields, "sha256", where).lower(),
        url=_text(fields, "url", where),
    )


def _languages(value: object) -> tuple[str, ...]:
    """Read the languages; other values are ignored, since other programs may use the same key."""
    if not isinstance(value, list):
        return ()
    return tuple(it for it in value if isinstance(it, str) and it and is_unicode(it))


def _object(value: object, where: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise ManifestError(f"{MANIFEST_NAME}: {where} is not a JSON object")
    return value


def _text(fields: dict[str, object], key: str, where: str = "the manifest") -> str:
    value = fields.get(key)
    if not isinstance(value, str):
        raise ManifestError(f"{MANIFEST_NAME}: {where} needs a text '{key}'")
    # A JSON escape can be a lone surrogate, which neither file names nor shells can handle.
    if not is_unicode(value):
        raise ManifestError(f"{MANIFEST_NAME}: '{key}' of {where} is not Unicode")
    return value
