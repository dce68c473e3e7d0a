"""How much of a model is there (spec models §§5, 5.3)."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from koe.models.checksums import Checksums
from koe.models.manifest import load
from koe.models.paths import CHECKSUMS_NAME, MANIFEST_NAME
from koe.models.verification import Status, Verdict, VerifyMode, examine, model_status, summarise
from tests.models.making import make_model, model_file, without_checksum, write_file

CONTENT = b"twenty-three bytes long"
WRONG = b"something else entirely"
FILE = model_file("model.bin", CONTENT)

SAME_TIME = 1_700_000_000


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model whose file is right."""
    directory = make_model(tmp_path / "m", FILE)
    put(directory, CONTENT)
    return directory


def put(directory: Path, content: bytes, modified: int = SAME_TIME) -> None:
    path = write_file(directory / "model.bin", content)
    os.utime(path, (modified, modified))


def status(directory: Path, mode: VerifyMode) -> Status:
    return model_status(directory.parent / "root", str(directory), mode)


def cached(directory: Path) -> str | None:
    return Checksums(directory).find("model.bin", SAME_TIME)


@pytest.mark.parametrize("mode", VerifyMode)
def test_right_size_and_wrong_content(model: Path, mode: VerifyMode) -> None:
    put(model, WRONG)
    assert status(model, mode) is Status.NOT_INSTALLED


def test_all_is_right(model: Path) -> None:
    assert status(model, VerifyMode.NORMAL) is Status.INSTALLED
    assert status(model, VerifyMode.FORCE) is Status.INSTALLED


@pytest.mark.parametrize("mode", VerifyMode)
def test_without_checksum_the_size_decides(model: Path, mode: VerifyMode) -> None:
    make_model(model, without_checksum(FILE))
    put(model, WRONG)
    assert status(model, mode) is Status.INSTALLED
    put(model, WRONG + b"!")
    assert status(model, mode) is Status.NOT_INSTALLED


def test_a_quick_look_computes_nothing(model: Path) -> None:
    assert status(model, VerifyMode.CACHE_ONLY) is Status.NOT_INSTALLED
    assert not (model / CHECKSUMS_NAME).exists()


@pytest.mark.parametrize(
    ("content", "expected"), [(CONTENT, Status.INSTALLED), (WRONG, Status.NOT_INSTALLED)]
)
def test_a_quick_look_after_a_thorough_one(model: Path, content: bytes, expected: Status) -> None:
    put(model, content)
    assert status(model, VerifyMode.NORMAL) is expected
    assert (model / CHECKSUMS_NAME).is_file()
    assert status(model, VerifyMode.CACHE_ONLY) is expected


@pytest.mark.parametrize("mode", VerifyMode)
def test_nothing_is_there(model: Path, mode: VerifyMode) -> None:
    (model / "model.bin").unlink()
    assert status(model, mode) is Status.NOT_INSTALLED


def test_a_poisoned_cache(model: Path) -> None:
    poison = Checksums(model)
    poison.remember("model.bin", SAME_TIME, FILE.sha256)
    poison.save()
    put(model, WRONG)
    assert status(model, VerifyMode.NORMAL) is Status.INSTALLED  # it is believed …
    assert status(model, VerifyMode.FORCE) is Status.NOT_INSTALLED  # … but not by this


def test_a_cache_with_a_wrong_checksum(model: Path) -> None:
    poison = Checksums(model)
    poison.remember("model.bin", SAME_TIME, "0" * 64)
    poison.save()
    assert status(model, VerifyMode.NORMAL) is Status.NOT_INSTALLED
    assert status(model, VerifyMode.FORCE) is Status.INSTALLED
    assert cached(model) == FILE.sha256
    assert sorted(path.name for path in model.iterdir()) == [
        CHECKSUMS_NAME,
        MANIFEST_NAME,
        "model.bin",
    ]


def test_a_file_that_changed(model: Path) -> None:
    status(model, VerifyMode.NORMAL)
    put(model, WRONG, SAME_TIME + 2)
    assert status(model, VerifyMode.CACHE_ONLY) is Status.NOT_INSTALLED
    assert status(model, VerifyMode.NORMAL) is Status.NOT_INSTALLED


def test_a_cache_behind_a_link_is_never_written(model: Path, tmp_path: Path) -> None:
    victim = write_file(tmp_path / "victim", b"precious")
    (model / CHECKSUMS_NAME).symlink_to(victim)
    assert status(model, VerifyMode.NORMAL) is Status.INSTALLED
    assert victim.read_bytes() == b"precious"
    assert (model / CHECKSUMS_NAME).is_symlink()


@pytest.mark.parametrize("mode", VerifyMode)
@pytest.mark.parametrize("name", ["../outside.bin", "./model.bin", "sub/../../outside.bin", "/"])
def test_names_that_lead_out(model: Path, name: str, mode: VerifyMode) -> None:
    outside = write_file(model.parent / "outside.bin", CONTENT)
    make_model(model, replace(FILE, name=str(outside) if name == "/" else name))
    assert status(model, mode) is Status.NOT_INSTALLED
    assert not (model / CHECKSUMS_NAME).exists()


@pytest.mark.parametrize("mode", [VerifyMode.NORMAL, VerifyMode.FORCE])
def test_a_link_to_the_right_content(model: Path, mode: VerifyMode) -> None:
    outside = write_file(model.parent / "outside.bin", CONTENT)
    (model / "model.bin").unlink()
    (model / "model.bin").symlink_to(outside)
    assert status(model, mode) is Status.NOT_INSTALLED


@pytest.mark.parametrize("mode", VerifyMode)
def test_a_model_without_files(model: Path, mode: VerifyMode) -> None:
    make_model(model)
    assert status(model, mode) is Status.INSTALLED


def test_a_checksum_in_capitals(model: Path) -> None:
    """The upstream never finds such a file right."""
    make_model(model, replace(FILE, sha256=FILE.sha256.upper()))
    assert status(model, VerifyMode.NORMAL) is Status.INSTALLED


def test_half_a_model(model: Path) -> None:
    make_model(model, replace(FILE, size_bytes=0), model_file("other.bin", b"x"))
    assert status(model, VerifyMode.NORMAL) is Status.INCOMPLETE
    assert cached(model) == FILE.sha256
    assert status(model, VerifyMode.CACHE_ONLY) is Status.INCOMPLETE
    assert status(model, VerifyMode.FORCE) is Status.INCOMPLETE


def test_entries_of_other_files(model: Path) -> None:
    """They stay, unless everything is computed anew."""
    make_model(model, FILE, model_file("other.bin", b"x"))
    write_file(model / "other.bin", b"x")
    os.utime(model / "other.bin", (5, 5))
    status(model, VerifyMode.NORMAL)
    make_model(model, FILE)
    put(model, CONTENT, SAME_TIME + 2)
    status(model, VerifyMode.NORMAL)
    assert Checksums(model).find("other.bin", 5) is not None
    status(model, VerifyMode.FORCE)
    assert Checksums(model).find("other.bin", 5) is None


def test_manifests_that_cannot_be_used(model: Path) -> None:
    manifest = json.loads((model / MANIFEST_NAME).read_bytes())
    broken: object
    for broken in ([], {**manifest, "files": None}, {}):
        (model / MANIFEST_NAME).write_text(json.dumps(broken))
        assert status(model, VerifyMode.NORMAL) is Status.NOT_INSTALLED
    (model / MANIFEST_NAME).write_bytes(b"")
    assert status(model, VerifyMode.NORMAL) is Status.NOT_INSTALLED


def test_nothing_at_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert model_status(tmp_path, "none", VerifyMode.NORMAL) is Status.NOT_INSTALLED
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("path", ["../m", "link"])
def test_a_model_outside_is_none_and_that_is_reported(
    model: Path, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    root = model.parent / "root"
    root.mkdir()
    (root / "link").symlink_to(model)
    assert model_status(root, path, VerifyMode.NORMAL) is Status.NOT_INSTALLED
    assert "resolves outside the models directory" in capsys.readouterr().err


def test_ways_that_stay_inside(model: Path) -> None:
    root = model.parent
    assert model_status(root, "m/../m", VerifyMode.NORMAL) is Status.INSTALLED
    assert model_status(model, "", VerifyMode.NORMAL) is Status.INSTALLED


def test_verdicts(tmp_path: Path) -> None:
    names = ["right", "none", "short", "wrong", "directory", "../out", "right/below"]
    model = make_model(tmp_path / "m", *(model_file(name, CONTENT) for name in names))
    write_file(model / "right", CONTENT)
    write_file(model / "short", b"x")
    write_file(model / "wrong", WRONG)
    (model / "directory").mkdir()
    assert examine(model, load(model), VerifyMode.NORMAL) == [
        Verdict.VALID,
        Verdict.MISSING,
        Verdict.WRONG_SIZE,
        Verdict.WRONG_CHECKSUM,
        Verdict.MISSING,
        Verdict.UNSAFE,
        Verdict.MISSING,
    ]
    (model / CHECKSUMS_NAME).unlink()
    assert examine(model, load(model), VerifyMode.CACHE_ONLY)[0] is Verdict.NOT_COMPUTED


def test_a_file_that_cannot_be_read(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: Path) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("koe.models.storage.sha256_of", fail)
    assert examine(model, load(model), VerifyMode.FORCE) == [Verdict.UNREADABLE]


def test_summaries() -> None:
    assert summarise([]) is Status.INSTALLED
    assert summarise([Verdict.VALID, Verdict.MISSING]) is Status.INCOMPLETE
    assert summarise([Verdict.MISSING]) is Status.NOT_INSTALLED
