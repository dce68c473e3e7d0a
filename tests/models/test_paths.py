from __future__ import annotations

import re
import sys
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koe.errors import ManifestError, ModelPathError
from koe.models.paths import (
    components,
    contained,
    existing_directory,
    locate,
    models_directory,
    part_path,
    target,
    writable_directory,
)

UNSAFE = [
    "..", "../x", "../evil.bin", "sub/../../evil.bin", "a/..", "a/../b", "/etc/passwd", "//x", "/",
    "./model.bin", ".", "./", "a\0b", "a\nb", "a/\x1b[2J", "\x7f", "\udcff", "\ud800/x",
    ".koe-manifest.json", ".koe-checksum.json", ".KOE-Manifest.JSON", "sub/.koe-manifest.json",
]  # fmt: skip

UNSAFE_ON_WINDOWS = [
    "C:\\x", "C:/x", "c:x", "\\x", "\\\\server\\share\\x", "..\\x", "a\\..\\..\\x", ".\\x",
    "CON", "nul.txt", "Aux", "sub/com1", "LPT9.bin", "COM¹", "conin$", "prn .txt",
    "a.", "a ", "a. .", "a:stream", "a?", "a*", 'a"', "a<b", "a|b",
]  # fmt: skip


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "models" / "mlx" / "a").mkdir(parents=True)
    return tmp_path / "models"


# --- names in manifests --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("model.bin", ("model.bin",)),
        ("subdir/config.json", ("subdir", "config.json")),
        ("a//b", ("a", "b")),
        ("a/", ("a",)),
        ("sub/./x", ("sub", "x")),
        (".hidden", (".hidden",)),
        ("..a/b..", ("..a", "b..")),
        ("模型/权重.bin", ("模型", "权重.bin")),
    ],
)
@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_safe_names(name: str, parts: tuple[str, ...], platform: str) -> None:
    if not (platform == "win32" and name.endswith(".")):
        assert components(name, platform) == parts


@pytest.mark.parametrize("name", UNSAFE)
@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_unsafe_names(name: str, platform: str) -> None:
    with pytest.raises(ModelPathError) as raised:
        components(name, platform)
    assert str(raised.value).startswith('config error: unsafe file name in manifest: "')


@pytest.mark.parametrize(
    ("name", "numbers"),
    [("a/" * 2_000 + "b", "2001 parts and 4001 characters"), ("a" * 513, "1 parts and 513")],
)
def test_names_that_are_too_long(name: str, numbers: str) -> None:
    """Of so many folders, Python itself could make no path."""
    with pytest.raises(ModelPathError, match=f"is too long: .*{numbers}") as raised:
        components(name)
    assert len(str(raised.value)) < 200


def test_the_sentence_about_a_name() -> None:
    with pytest.raises(ModelPathError) as raised:
        components("../evil.bin")
    assert str(raised.value) == 'config error: unsafe file name in manifest: "../evil.bin"'
    with pytest.raises(ModelPathError) as raised:
        components("")
    assert str(raised.value) == 'config error: empty file name in manifest: ""'


@pytest.mark.parametrize("name", UNSAFE_ON_WINDOWS)
def test_names_that_windows_takes_for_something_else(name: str) -> None:
    with pytest.raises(ModelPathError, match="unsafe file name in manifest"):
        components(name, "win32")


@pytest.mark.parametrize("name", ["a\\b", "CON", "C:x", "a:b"])
def test_names_that_are_ordinary_elsewhere(name: str) -> None:
    assert components(name, "linux") == (name,)


def test_backslashes_separate_on_windows() -> None:
    assert components("a\\b", "win32") == ("a", "b")


@given(st.text(alphabet=st.sampled_from("./\\ab:~ \0é"), max_size=12))
def test_no_name_leads_out(name: str) -> None:
    try:
        parts = components(name, "linux")
    except ModelPathError:
        return
    path = PurePosixPath("/root").joinpath(*parts)
    assert path.is_relative_to("/root")
    assert ".." not in path.parts
    assert len(path.parts) == 2 + len(parts)


# --- where a model is ----------------------------------------------------------------------


def test_models_are_beside_the_configuration(tmp_path: Path) -> None:
    assert models_directory(tmp_path) == tmp_path / "models"


def test_locate(root: Path) -> None:
    assert locate(root, "mlx/a") == root / "mlx" / "a"
    assert locate(root, "") == root
    assert locate(root, str(root.parent)) == root.parent


@pytest.mark.parametrize("path", ["a\0b", "\udcff"])
def test_what_cannot_be_a_path(root: Path, path: str) -> None:
    with pytest.raises(
        ModelPathError, match="contains a NUL or an invalid Unicode character; correct it"
    ):
        locate(root, path)


def test_a_directory_that_is_not_there(root: Path) -> None:
    with pytest.raises(ManifestError) as raised:
        existing_directory(root, "mlx/b")
    assert str(raised.value) == (
        f"config error: canonicalize {root / 'mlx' / 'b'}: No such file or directory"
    )


def test_a_link_out_of_the_models(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (root / "evil").symlink_to(outside)
    with pytest.raises(ModelPathError) as raised:
        existing_directory(root, "evil")
    assert str(raised.value) == (
        f"config error: model dir {root / 'evil'} resolves outside the models directory ({outside})"
    )
    with pytest.raises(ModelPathError, match="resolves outside"):
        existing_directory(root, str(root / "evil"))
    assert existing_directory(root, "mlx/a") == root / "mlx" / "a"
    assert existing_directory(root, str(outside)) == outside  # that is the user's choice


def test_a_link_within_the_models(root: Path) -> None:
    (root / "alias").symlink_to(root / "mlx" / "a")
    assert existing_directory(root, "alias") == root / "mlx" / "a"


def test_links_in_a_circle(root: Path) -> None:
    (root / "x").symlink_to(root / "y")
    (root / "y").symlink_to(root / "x")
    with pytest.raises((ModelPathError, ManifestError), match="canonicalize"):
        existing_directory(root, "x")


def test_the_models_may_be_behind_a_link_themselves(root: Path, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(root)
    assert existing_directory(tmp_path / "alias", "mlx/a") == root / "mlx" / "a"


def test_up_and_down_again(root: Path) -> None:
    """Looking at a model is harmless; changing it by such a path is not."""
    assert existing_directory(root, "mlx/../mlx/a") == root / "mlx" / "a"
    for path in ("mlx/../mlx/a", "./mlx/a", "../models/mlx/a", f"{root}/../models/mlx/a"):
        with pytest.raises(ModelPathError, match="contains path traversal components"):
            writable_directory(root, path)
    with pytest.raises(ModelPathError) as raised:
        writable_directory(root, "../out")
    assert str(raised.value) == (
        f"config error: model dir {root / '../out'} contains path traversal components"
    )
    assert writable_directory(root, "mlx/a") == root / "mlx" / "a"
    assert writable_directory(root, str(root / "mlx" / "a")) == root / "mlx" / "a"


def test_up_and_out(root: Path) -> None:
    (root.parent / "out").mkdir()
    with pytest.raises(ModelPathError, match="resolves outside the models directory"):
        existing_directory(root, "../out")


@pytest.mark.skipif(sys.platform != "win32", reason="only Windows has current drives")
@pytest.mark.parametrize("path", ["C:model", "\\model"])
def test_paths_that_depend_on_the_drive(root: Path, path: str) -> None:
    with pytest.raises(ModelPathError, match="depends on the current drive"):
        locate(root, path)


# --- what is below it ----------------------------------------------------------------------


def test_targets(root: Path) -> None:
    directory = root / "mlx" / "a"
    assert target(directory, "sub/new.bin") == directory / "sub" / "new.bin"
    (directory / "model.bin").write_bytes(b"x")
    assert target(directory, "model.bin") == directory / "model.bin"
    assert target(directory, "model.bin/below a file") == directory / "model.bin" / "below a file"


def test_links_below(root: Path, tmp_path: Path) -> None:
    directory = root / "mlx" / "a"
    (directory / "sub").symlink_to(tmp_path)
    (directory / "model.bin.part").symlink_to(tmp_path / "nothing")
    part = directory / "model.bin.part"
    refusal = re.escape(f"refusing to operate on {part}: {part} is a symlink")
    with pytest.raises(ModelPathError, match=refusal):
        contained(directory, part)
    with pytest.raises(ModelPathError, match="is a symlink"):
        target(directory, "sub/new.bin")


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("model.bin", "model.bin.part"),
        ("a.tar.gz", "a.tar.gz.part"),
        ("LICENSE", "LICENSE..part"),
        (".gitattributes", ".gitattributes..part"),
        ("g", "g..part"),
        ("dot.", "dot..part"),
        (".a.b", ".a.b.part"),
    ],
)
def test_part_paths(name: str, part: str) -> None:
    assert part_path(Path("x", name)) == Path("x", part)
