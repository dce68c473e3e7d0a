"""Describes a model that is published on Hugging Face (spec models §10.7)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

from koe.errors import DownloadError, ManifestError
from koe.json_text import parse_json
from koe.models.download import Fetcher, TimeLimits
from koe.models.manifest import ModelFile

ENDPOINT = "https://huggingface.co"

# Names that the service allows; they are also safe in paths and addresses.
_REPO = re.compile(r"[\w.-]+(/[\w.-]+)?", re.ASCII)

# A page has up to a thousand entries; no model has this many pages.
_MOST_PAGES = 100


@dataclass(frozen=True, slots=True)
class RepositoryListing:
    """The top level of a repository.

    Attributes:
        files: The files.
        folders: The folders, which are left out, because only the publisher knows which files are
            needed.
    """

    files: tuple[ModelFile, ...]
    folders: tuple[str, ...]


def tree_url(repo: str) -> str:
    """Return the address of the list of files in a repository.

    Raises:
        ManifestError: The name of the repository is invalid.
    """
    if not _REPO.fullmatch(repo) or {".", ".."} & set(repo.split("/")):
        raise ManifestError(f"'{repo}' is not the name of a repository; enter OWNER/NAME")
    return f"{ENDPOINT}/api/models/{repo}/tree/main"


async def list_files(repo: str, patience: TimeLimits | None = None) -> RepositoryListing:
    """Fetch the list of files in a repository.

    Raises:
        ManifestError: It could not be fetched, or has an unknown format.
    """
    url: str | None = tree_url(repo)
    files: list[ModelFile] = []
    folders: list[str] = []
    try:
        async with Fetcher(patience or TimeLimits()) as fetcher:
            for _ in range(_MOST_PAGES):
                assert url is not None
                content, url = await fetcher.fetch_page(repo, url)
                for entry in _entries(content):
                    if entry.get("type") == "file":
                        files.append(_file(repo, entry))
                    elif entry.get("type") == "directory":
                        folders.append(str(entry.get("path")))
                if url is None:
                    return RepositoryListing(tuple(files), tuple(folders))
    except DownloadError as exc:
        raise ManifestError(f"fetch: {exc.reason}") from exc
    raise ManifestError(f"fetch: the list of {repo} has more than {_MOST_PAGES} pages")


def _entries(content: bytes) -> list[dict[str, object]]:
    try:
        entries = parse_json(content.decode("utf-8"))
    except ValueError as exc:
        raise ManifestError(f"parse: the list is not JSON: {exc}") from exc
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ManifestError("parse: the reply is not a list of files")
    return entries


def _file(repo: str, entry: dict[str, object]) -> ModelFile:
    """Read one entry; large files have their size and checksum in ``lfs``."""
    path, lfs = entry.get("path"), entry.get("lfs")
    if not isinstance(path, str):
        raise ManifestError("parse: a file in the list has no path")
    large = lfs if isinstance(lfs, dict) else {}
    sizes = (size for size in (large.get("size"), entry.get("size")) if type(size) is int)
    sha256 = large.get("oid")
    return ModelFile(
        name=path,
        size_bytes=max(0, next(sizes, 0)),
        sha256=sha256.lower() if isinstance(sha256, str) else "",
        url=f"{ENDPOINT}/{repo}/resolve/main/{quote(path)}",
    )
