from __future__ import annotations

import asyncio
import json

import pytest

from koe.errors import ManifestError
from koe.models import hub
from koe.models.hub import RepositoryListing, list_files, tree_url
from koe.models.manifest import ModelFile
from tests.models.downloading import QUICK
from tests.servers.files import FileServer, Lie

TREE = "/api/models/owner/name/tree/main"

SHA256 = "ab" * 32

ENTRIES = [
    {"type": "directory", "path": "onnx", "size": 0},
    {"type": "file", "path": "config.json", "size": 17, "oid": "a git object"},
    {
        "type": "file",
        "path": "model #1.bin",
        "size": 130,
        "lfs": {"oid": SHA256.upper(), "size": 9},
    },
    {"type": "file", "path": "unknown"},
    {"type": "submodule", "path": "x"},
]


@pytest.fixture
def published(server: FileServer, monkeypatch: pytest.MonkeyPatch) -> FileServer:
    server.files[TREE] = json.dumps(ENTRIES).encode()
    monkeypatch.setattr(hub, "ENDPOINT", server.url(""))
    return server


def listing() -> RepositoryListing:
    return asyncio.run(list_files("owner/name", QUICK))


def test_the_address() -> None:
    assert tree_url("owner/name") == "https://huggingface.co/api/models/owner/name/tree/main"
    assert tree_url("gpt2") == "https://huggingface.co/api/models/gpt2/tree/main"


@pytest.mark.parametrize(
    "repo",
    ["", "a/b/c", "/a", "a/", "../a", "a/..", ".", "a b", "a?b", "a#b", "é", "a%2f..", "a\n"],
)
def test_names_that_are_no_repository(repo: str) -> None:
    with pytest.raises(ManifestError, match="is not the name of a repository; enter OWNER/NAME"):
        tree_url(repo)


def test_files(published: FileServer) -> None:
    resolve = published.url("/owner/name/resolve/main")
    assert listing() == RepositoryListing(
        files=(
            ModelFile("config.json", 17, "", f"{resolve}/config.json"),
            ModelFile("model #1.bin", 9, SHA256, f"{resolve}/model%20%231.bin"),
            ModelFile("unknown", 0, "", f"{resolve}/unknown"),
        ),
        folders=("onnx",),
    )


def test_pages(published: FileServer) -> None:
    published.lies[TREE] += [Lie(headers={"Link": f'<{TREE}?cursor=2>; rel="next"'})]
    published.files[f"{TREE}?cursor=2"] = b'[{"type": "file", "path": "last"}]'
    assert [file.name for file in listing().files][-1] == "last"
    assert len(listing().files) == 3


def test_pages_without_end(published: FileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "_MOST_PAGES", 3)
    published.lies[TREE] += [Lie(headers={"Link": f'<{TREE}>; rel="next"'})] * 9
    with pytest.raises(ManifestError, match="has more than 3 pages"):
        listing()
    assert len(published.requests[TREE]) == 3


def test_no_such_repository(published: FileServer) -> None:
    published.lies[TREE] += [Lie(status=404)]
    with pytest.raises(ManifestError) as raised:
        listing()
    assert str(raised.value).startswith("config error: fetch: localhost answers HTTP 404 Not Found")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<html>", "parse: the list is not JSON"),
        (b"{}", "parse: the reply is not a list of files"),
        (b"[1]", "parse: the reply is not a list of files"),
        (b'[{"type": "file"}]', "parse: a file in the list has no path"),
        (b'[{"type": "file", "path": 1}]', "parse: a file in the list has no path"),
    ],
)
def test_answers_that_are_no_list(published: FileServer, content: bytes, said: str) -> None:
    published.files[TREE] = content
    with pytest.raises(ManifestError, match=said):
        listing()


def test_sizes_that_are_none(published: FileServer) -> None:
    published.files[TREE] = json.dumps(
        [
            {"type": "file", "path": "a", "size": -1},
            {"type": "file", "path": "b", "size": "9", "lfs": {"size": None, "oid": 7}},
        ]
    ).encode()
    assert [(file.size_bytes, file.sha256) for file in listing().files] == [(0, ""), (0, "")]
