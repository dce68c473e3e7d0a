from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koe.errors import ManifestError
from koe.models.manifest import Manifest, ModelFile, load, parse, render
from koe.models.paths import MANIFEST_NAME

FILE = ModelFile("a.bin", 3, "ab" * 32, "https://localhost/a.bin")
MANIFEST = Manifest("mlx", "小模型", "owner/name", (FILE,), "asr")


def written(**changes: object) -> bytes:
    return json.dumps(json.loads(render(MANIFEST)) | changes).encode()


def test_render_and_parse() -> None:
    assert parse(render(MANIFEST)) == MANIFEST
    assert render(MANIFEST).decode() == (
        '{\n  "description": "小模型",\n  "files": [\n    {\n      "name": "a.bin",\n'
        f'      "sha256": "{"ab" * 32}",\n      "size": 3,\n'
        '      "url": "https://localhost/a.bin"\n    }\n  ],\n  "mode": "asr",\n'
        '  "provider": "mlx",\n  "repo": "owner/name"\n}\n'
    )


def test_mode_is_left_out_when_there_is_none() -> None:
    assert b"mode" not in render(replace(MANIFEST, mode=""))
    assert parse(written(mode=None)).mode == ""


def test_sizes_together() -> None:
    assert replace(MANIFEST, files=(FILE, replace(FILE, size_bytes=0), FILE)).total_bytes == 6


def test_unknown_fields_are_ignored() -> None:
    assert parse(written(licence="MIT")) == MANIFEST


def test_capital_letters_in_checksums() -> None:
    """The upstream never finds such a file right."""
    file = json.loads(render(MANIFEST))["files"][0]
    assert parse(written(files=[file | {"sha256": "AB" * 32}])) == MANIFEST


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is not JSON in UTF-8"),
        (b"\xff{}", "is not JSON in UTF-8"),
        (b"\xef\xbb\xbf{}", "is not JSON in UTF-8"),
        (b"[" * 1_000_000, "is not JSON in UTF-8"),
        (b"[]", "the manifest is not a JSON object"),
        (written(provider=None), "the manifest needs a text 'provider'"),
        (written(description=7), "the manifest needs a text 'description'"),
        (written(repo=[]), "the manifest needs a text 'repo'"),
        (written(mode=1), "the manifest needs a text 'mode'"),
        (written(provider="\ud800"), "'provider' of the manifest is not Unicode"),
        (written(files=None), "needs a list 'files'"),
        (written(files={}), "needs a list 'files'"),
        (written(files=[1]), "file 1 is not a JSON object"),
        (written(files=[{}]), "file 1 needs a whole number 'size'; 0 if unknown"),
    ],
)
def test_what_cannot_be_used(content: bytes, problem: str) -> None:
    with pytest.raises(ManifestError, match=re.escape(problem)):
        parse(content)


@pytest.mark.parametrize("size", [-1, 1.0, True, "1", None, 2**64])
def test_sizes_that_are_none(size: object) -> None:
    file = {"name": "a", "size": size, "sha256": "", "url": ""}
    with pytest.raises(ManifestError, match="file 1 needs a whole number 'size'"):
        parse(written(files=[file]))


@pytest.mark.parametrize("missing", ["name", "sha256", "url"])
def test_fields_of_a_file(missing: str) -> None:
    file = {"name": "a", "size": 0, "sha256": "", "url": ""}
    del file[missing]
    with pytest.raises(ManifestError, match=f"file 1 needs a text '{missing}'"):
        parse(written(files=[file]))


@given(st.binary(max_size=200) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(
        ["files", "provider", "description", "repo", "mode", "name", "size", "sha256", "url"]
    ) | st.text(), inner),
).map(lambda value: json.dumps(value).encode()))  # fmt: skip
def test_anything_is_read_or_refused(content: bytes) -> None:
    try:
        manifest = parse(content)
    except ManifestError:
        return
    assert parse(render(manifest)) == manifest


def test_no_manifest(tmp_path: Path) -> None:
    with pytest.raises(ManifestError) as raised:
        load(tmp_path)
    assert (
        str(raised.value)
        == f"config error: manifest not found in {tmp_path}; koe model list shows the models"
    )


def test_a_manifest_that_is_too_large(tmp_path: Path) -> None:
    (tmp_path / MANIFEST_NAME).write_bytes(b" " * 2**20 + render(MANIFEST))
    with pytest.raises(ManifestError, match="is larger than 1048576 bytes"):
        load(tmp_path)


def test_a_manifest_behind_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(render(MANIFEST))
    (tmp_path / MANIFEST_NAME).symlink_to(tmp_path / "real")
    with pytest.raises(ManifestError, match=f"not found in {tmp_path}: .* is not a regular file"):
        load(tmp_path)


def test_what_is_wrong_with_a_manifest_is_reported(tmp_path: Path) -> None:
    (tmp_path / MANIFEST_NAME).write_bytes(b"{}")
    with pytest.raises(ManifestError) as raised:
        load(tmp_path)
    assert str(raised.value) == (
        f"config error: manifest not found in {tmp_path}: .koe-manifest.json needs a list 'files'"
    )


@pytest.mark.parametrize(
    ("said", "languages"),
    [(["zh", "yue"], ("zh", "yue")), (None, ()), ("zh", ()), (["zh", 1, "", "\ud800"], ("zh",))],
)
def test_languages(said: object, languages: tuple[str, ...]) -> None:
    """They are for people, so what is wrong with them is no reason to do without the model."""
    assert parse(written(languages=said)).languages == languages


def test_render_languages() -> None:
    manifest = replace(MANIFEST, languages=("zh", "en"))
    assert parse(render(manifest)) == manifest
