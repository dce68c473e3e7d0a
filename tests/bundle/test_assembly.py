"""The steps together. All of them, with a shell in another root: ``make bundle``."""

from __future__ import annotations

import ast
import sys
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from koe.bundle import assembly, library, linux, manifest, packages
from koe.errors import BundleError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="they are made on Linux only")

HERE = linux.Linux()


def test_a_folder_with_something_else_in_it(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(BundleError, match="exists and is not a bundle; name another folder"):
        assembly.make(tmp_path, HERE, "c", (), None, lambda _: None)
    assert (tmp_path / "thesis.txt").exists()


def test_a_bundle_that_can_not_be_made_anew_stays(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    (out / library.RUNTIME).mkdir(parents=True)
    manifest.write(out / library.RUNTIME)
    monkeypatch.setattr(packages, "lock_for", lambda _: tmp_path)
    monkeypatch.setattr(library, "CHECKOUT", tmp_path)
    with pytest.raises(BundleError, match="needs a checkout"):
        assembly.make(out, HERE, "c", (), None, lambda _: None)
    assert (out / library.RUNTIME / manifest.NAME).exists()
    assert list(tmp_path.iterdir()) == [out]


def test_all_users_may_read_and_its_owner_write(tmp_path: Path) -> None:
    """Also where the umask lets all write, which the library would refuse, or others not read."""
    names = {"lib": 0o755, "lib/code.so.1": 0o755, "lib/data": 0o644}
    (tmp_path / "lib").mkdir()
    for number, name in enumerate(names):
        if number:
            (tmp_path / name).write_bytes(b"\x7fELF" if "code" in name else b"")
        (tmp_path / name).chmod(0o777 if number % 2 else 0o700)
    assembly._open_to_readers(tmp_path, HERE)
    assert {name: (tmp_path / name).stat().st_mode & 0o777 for name in names} == names


def module_name(path: str) -> str:
    return f"koe/{path}".removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def test_what_koe_imports_at_once_comes_along() -> None:
    """Of packages, those that the lock lists; other ones are imported where they are looked for."""
    listed = packages.lock_for("windows-x86_64").read_text(encoding="utf-8")
    ours = {"_koe_native", *sys.stdlib_module_names}
    for module, distributions in packages_distributions().items():
        if any(f"{name.lower().replace('_', '-')}==" in listed for name in distributions):
            ours.add(module)
    folder = library.CHECKOUT / "koe"
    all_modules = {module_name(str(path.relative_to(folder))) for path in folder.rglob("*.py")}
    placed = {module_name(name) for path, name in assembly._own_files() if path.suffix == ".py"}
    for path, name in assembly._own_files():
        if path.suffix == ".py":
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                modules = []
                if isinstance(node, ast.Import):
                    modules = [alias.name for alias in node.names]
                elif isinstance(node, ast.ImportFrom):
                    parts = {f"{node.module}.{alias.name}" for alias in node.names}
                    modules = [node.module or "", *(parts & all_modules)]
                own = {module for module in modules if module.partition(".")[0] == "koe"}
                assert own <= placed, name
                assert {module.partition(".")[0] for module in {*modules} - own} <= ours, name


def test_the_archive(tmp_path: Path) -> None:
    """It has links as links, and modes; and the same files make the same archive."""
    out = tmp_path / "koe"
    (out / "lib").mkdir(parents=True)
    (out / "lib" / "libkoe_core.so.3").write_bytes(b"code" * 100)
    (out / "lib" / "libkoe_core.so.3").chmod(0o755)
    (out / "lib" / "libkoe_core.so").symlink_to("libkoe_core.so.3")
    sizes = assembly._pack(out, tmp_path / "koe.zip")
    first = (tmp_path / "koe.zip").read_bytes()
    assembly._pack(out, tmp_path / "koe.zip")
    assert (tmp_path / "koe.zip").read_bytes() == first
    assert 0 < sizes[Path("lib/libkoe_core.so.3")] < 400
    with zipfile.ZipFile(tmp_path / "koe.zip") as archive:
        entries = {entry.filename: entry.external_attr >> 16 for entry in archive.infolist()}
        assert archive.read("koe/lib/libkoe_core.so") == b"libkoe_core.so.3"
    assert entries["koe/lib/libkoe_core.so.3"] & 0o777 == 0o755
    assert entries["koe/lib/libkoe_core.so"] >> 12 == 0o12
