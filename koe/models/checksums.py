"""A cache of the checksums of one model's files, so that they are computed only once.

The cache is ``.koe-checksum.json`` in the model's directory. For each file it has the modification
time in whole seconds, and the checksum of the contents at that time (spec models §5.3).
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from koe.errors import ModelPathError
from koe.json_text import parse_json
from koe.models import storage
from koe.models.paths import CHECKSUMS_NAME

_LARGEST_CACHE_BYTES = 1024 * 1024  # as for a manifest, which names the same files


class Checksums:
    """The cache of one directory; empty if its file is missing or invalid.

    Args:
        directory: The model's directory.
        is_fresh: Begin empty, without reading the file; saving replaces its content.
    """

    def __init__(self, directory: Path, is_fresh: bool = False) -> None:
        self._path = directory / CHECKSUMS_NAME
        # By file name: modification time in seconds, checksum.
        self._entries = {} if is_fresh else _read(self._path)
        # Whether there is anything to write.
        self._is_changed = False

    def find(self, name: str, modified: int) -> str | None:
        """Return the checksum of a file with this modification time; None: not known."""
        entry = self._entries.get(name)
        return entry[1] if entry is not None and entry[0] == modified else None

    def remember(self, name: str, modified: int, sha256: str) -> None:
        """Note a checksum that was computed."""
        self._entries[name] = (modified, sha256)
        self._is_changed = True

    def save(self) -> None:
        """Write the cache if something was computed; failures are ignored."""
        if not self._is_changed:
            return
        fields = {
            name: {"mtime": modified, "sha256": sha256}
            for name, (modified, sha256) in sorted(self._entries.items())
        }
        content = json.dumps(fields, ensure_ascii=False, indent=2).encode()
        with suppress(OSError, ModelPathError):
            storage.replace_file(self._path, content)


def modified_seconds(status: os.stat_result) -> int:
    """Return the modification time of a file in whole seconds, as the cache stores it."""
    return status.st_mtime_ns // 1_000_000_000


def _read(path: Path) -> dict[str, tuple[int, str]]:
    try:
        fields = parse_json(storage.read_small(path, _LARGEST_CACHE_BYTES).decode("utf-8"))
    except (OSError, ModelPathError, ValueError):
        return {}
    if not isinstance(fields, dict):
        return {}
    return {name: entry for name, value in fields.items() if (entry := _entry(value)) is not None}


def _entry(value: object) -> tuple[int, str] | None:
    if isinstance(value, dict):
        modified, sha256 = value.get("mtime"), value.get("sha256")
        if type(modified) is int and isinstance(sha256, str):
            return modified, sha256.lower()
    return None
