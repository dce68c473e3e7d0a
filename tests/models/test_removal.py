from __future__ import annotations

from pathlib import Path

import pytest

from koe.errors import ManifestError, ModelError, ModelPathError
from koe.models import lock
from koe.models.paths import CHECKSUMS_NAME, MANIFEST_NAME
from koe.models.removal import remove_files
from koe.models.verification import Status, VerifyMode, model_status
from tests.models.making import make_model, model_file, names_in, write_file


def test_the_manifest_stays(tmp_path: Path) -> None:
    model = make_model(tmp_path / "m", model_file("model.bin", b"x"))
    write_file(model / "model.bin", b"x")
    assert model_status(tmp_path, "m", VerifyMode.NORMAL) is Status.INSTALLED
    assert remove_files(tmp_path, "m") == 2
    assert [path.name for path in model.iterdir()] == [MANIFEST_NAME]
    assert model_status(tmp_path, "m", VerifyMode.CACHE_ONLY) is Status.NOT_INSTALLED
    assert remove_files(tmp_path, "m") == 0


def test_empty_directories_go_too(tmp_path: Path) -> None:
    names = ("weights.bin", "subdir/config.json", "a/b/c", "kept/d")
    model = make_model(tmp_path / "m", *(model_file(name, b"x") for name in names))
    for name in (*names, "kept/mine"):
        write_file(model / name, b"x")
    assert remove_files(tmp_path, "m") == 4
    assert names_in(model) == ["kept/mine"]
    assert sorted(path.name for path in model.iterdir()) == [MANIFEST_NAME, "kept"]


def test_parts_and_checksums_go_too(tmp_path: Path) -> None:
    model = make_model(tmp_path / "m", model_file("f.bin", b"x"), model_file("g", b"x"))
    for name in ("f.bin", "f.bin.part", "g", "g..part", CHECKSUMS_NAME, "mine"):
        write_file(model / name, b"x")
    assert remove_files(tmp_path, "m") == 5
    assert names_in(model) == ["mine"]


def test_without_a_manifest_nothing_is_known(tmp_path: Path) -> None:
    stray = write_file(tmp_path / "m" / "stray", b"x")
    with pytest.raises(ManifestError, match="manifest not found in"):
        remove_files(tmp_path, "m")
    assert stray.exists()


def test_all_names_are_checked_before_anything_is_removed(tmp_path: Path) -> None:
    victim = write_file(tmp_path / "victim.txt", b"precious")
    files = (model_file("model.bin", b"x"), model_file("../victim.txt", b"precious"))
    model = make_model(tmp_path / "m", *files)
    write_file(model / "model.bin", b"x")
    write_file(model / "mine", b"x")
    with pytest.raises(ModelPathError, match="unsafe file name in manifest"):
        remove_files(tmp_path, "m")
    assert victim.read_bytes() == b"precious"
    assert names_in(model) == ["mine", "model.bin"]


@pytest.mark.parametrize("name", ["model.bin", "model.bin.part", "sub"])
def test_links_are_refused(tmp_path: Path, name: str) -> None:
    outside = tmp_path / "outside"
    write_file(outside / "x", b"precious")
    files = (model_file("model.bin", b"x"), model_file("sub/x", b"x"))
    model = make_model(tmp_path / "m", *files)
    (model / name).symlink_to(outside if name == "sub" else outside / "x")
    with pytest.raises(ModelPathError, match="is a symlink"):
        remove_files(tmp_path, "m")
    assert (outside / "x").read_bytes() == b"precious"


@pytest.mark.parametrize("path", ["../m", "p/../m", "./m"])
def test_ways_around_are_refused(tmp_path: Path, path: str) -> None:
    model = make_model(tmp_path / "m", model_file("model.bin", b"x"))
    write_file(model / "model.bin", b"x")
    with pytest.raises(ModelPathError, match="contains path traversal components"):
        remove_files(tmp_path, path)
    assert (model / "model.bin").exists()


def test_what_is_no_file_stays(tmp_path: Path) -> None:
    model = make_model(tmp_path / "m", model_file("model.bin", b"x"))
    (model / "model.bin").mkdir()
    assert remove_files(tmp_path, "m") == 0
    assert (model / "model.bin").is_dir()


def test_not_while_it_is_downloaded(tmp_path: Path) -> None:
    model = make_model(tmp_path / "m", model_file("model.bin", b"x"))
    with lock.exclusive(model), pytest.raises(ModelError, match="is being downloaded or removed"):
        remove_files(tmp_path, "m")


def test_a_file_that_cannot_be_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = make_model(tmp_path / "m", model_file("model.bin", b"x"))
    path = write_file(model / "model.bin", b"x")

    def fail(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "unlink", fail)
    with pytest.raises(ModelError) as raised:
        remove_files(tmp_path, "m")
    assert str(raised.value) == f"config error: {path} cannot be removed: Permission denied"
