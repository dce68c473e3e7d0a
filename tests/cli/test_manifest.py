from __future__ import annotations

import json
from pathlib import Path

import pytest

from koe.cli import Exit, main
from koe.models import hub
from koe.models.paths import MANIFEST_NAME
from tests.models.making import write_file
from tests.servers.files import FileServer

ENTRIES = [
    {"type": "file", "path": "config.json", "size": 2},
    {"type": "file", "path": "model.onnx", "size": 9, "lfs": {"oid": "ab" * 32, "size": 9}},
]


@pytest.fixture(autouse=True)
def published(server: FileServer, monkeypatch: pytest.MonkeyPatch) -> FileServer:
    server.files["/api/models/owner/name/tree/main"] = json.dumps(ENTRIES).encode()
    monkeypatch.setattr(hub, "ENDPOINT", server.url(""))
    return server


def generate(directory: Path, *words: str | Path, repo: str = "owner/name") -> int:
    named = ["--provider", "sherpa-onnx", "--description", "小模型", "--config", str(directory)]
    return main(["manifest", "generate", repo, *named, *map(str, words)])


def test_into_the_models(
    published: FileServer, directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = directory / "models" / "sherpa-onnx" / "name" / MANIFEST_NAME
    assert generate(directory) == Exit.OK
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        f"Querying {published.url('/api/models/owner/name/tree/main')} ...\n"
        f"Generated manifest with 2 files\nWritten to: {path}\n"
    )
    resolve = published.url("/owner/name/resolve/main")
    written = {
        "description": "小模型",
        "files": [
            {"name": "config.json", "sha256": "", "size": 2, "url": f"{resolve}/config.json"},
            {"name": "model.onnx", "sha256": "ab" * 32, "size": 9, "url": f"{resolve}/model.onnx"},
        ],
        "provider": "sherpa-onnx",
        "repo": "owner/name",
    }
    assert (
        path.read_text(encoding="utf-8") == json.dumps(written, ensure_ascii=False, indent=2) + "\n"
    )


def test_elsewhere(directory: Path, tmp_path: Path) -> None:
    path = write_file(tmp_path / "mine.json", b"old")
    assert generate(directory, "-o", path) == Exit.OK
    assert json.loads(path.read_bytes())["repo"] == "owner/name"
    assert not directory.exists()


def test_no_folder_is_made_for_it_elsewhere(
    directory: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "none" / "mine.json"
    assert generate(directory, "--output", path) == Exit.ERROR
    error = (
        f"koe: {path} can't be written: No such file or directory; "
        "name another file with --output\n"
    )
    assert capsys.readouterr().err.endswith(error)


def test_what_was_generated_can_be_pulled(published: FileServer, directory: Path) -> None:
    entries = [{"type": "file", "path": "config.json", "size": 2}]
    published.files["/api/models/owner/name/tree/main"] = json.dumps(entries).encode()
    published.files["/owner/name/resolve/main/config.json"] = b"{}"
    assert generate(directory) == Exit.OK
    words = ["model", "pull", "sherpa-onnx/name", "--config", str(directory)]
    assert main(words) == Exit.OK
    assert (directory / "models/sherpa-onnx/name/config.json").read_bytes() == b"{}"


def test_folders_are_left_out_and_that_is_reported(
    published: FileServer, directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entries = [*ENTRIES, {"type": "directory", "path": "onnx\x1b"}]
    published.files["/api/models/owner/name/tree/main"] = json.dumps(entries).encode()
    assert generate(directory) == Exit.OK
    reported = "koe: files in these folders are not listed; add those that are needed: onnx \n"
    assert reported in capsys.readouterr().err


def test_unsafe_names(
    published: FileServer, directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entries = [{"type": "file", "path": "../evil"}]
    published.files["/api/models/owner/name/tree/main"] = json.dumps(entries).encode()
    assert generate(directory) == Exit.ERROR
    assert 'unsafe file name in manifest: "../evil"' in capsys.readouterr().err
    assert generate(directory, "--provider", "../out") == Exit.ERROR
    assert "../out/name can't be a folder of the models; give the name" in capsys.readouterr().err
    assert not directory.exists()


def test_no_repository(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert generate(directory, repo="no such/thing") == Exit.ERROR
    said = "koe: 'no such/thing' is not the name of a repository; enter OWNER/NAME\n"
    assert capsys.readouterr().err == said
    assert generate(directory, repo="owner/none") == Exit.ERROR
    assert "fetch: localhost answers HTTP 404 Not Found" in capsys.readouterr().err


@pytest.mark.parametrize("missing", ["--provider", "--description"])
def test_what_must_be_said(missing: str, directory: Path) -> None:
    words = {"--provider": "mlx", "--description": "x"}
    del words[missing]
    with pytest.raises(SystemExit) as ended:
        main(["manifest", "generate", "a/b", *(word for pair in words.items() for word in pair)])
    assert ended.value.code == 2
