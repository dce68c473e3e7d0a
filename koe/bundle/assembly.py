"""The steps of making a bundle, in their order."""

from __future__ import annotations

import re
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from koe.bundle import library, manifest, packages, traces
from koe.bundle.bytecode import place
from koe.bundle.library import RUNTIME
from koe.bundle.target import TargetSystem
from koe.errors import BundleError

_LICENCES = "licenses"

# Modules of koe that are left out: the command, modules for it and for Python programs only, the
# front-ends for Linux, the sources of the library, the HTTP client for systems without pyreqwest,
# and modules that need the packages of whisper, which no bundle includes.
_NOT_FOR_SHELLS = re.compile(
    r"(cli|bundle|linux|tui|native)/|.*__pycache__|asr/(spectrogram|whisper_model)\.py"
    r"|(audio|microphone|dictation|transcription|intake|resampling|program|library|http/fallback)\.py"
)

_LIBRARY, _PYTHON, _SYSTEM, _PACKAGES, _KOE = (
    "the library", "Python", "other libraries", "packages", "koe",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bundle:
    """The result of making a bundle."""

    parts: Mapping[str, int]
    """The size in bytes of each part."""
    compressed: Mapping[str, int] | None
    """The compressed size in bytes of each part in the archive; None: no archive was made."""
    runs_on: str
    """The systems that it runs on, in words."""


def make(
    out: Path,
    target: TargetSystem,
    generation: str,
    engines: tuple[str, ...],
    archive: Path | None,
    tell: Callable[[str], None],
) -> Bundle:
    """Make a bundle, or replace one. An older bundle stays until the new one is complete.

    Args:
        out: The folder of the bundle.
        target: The system that it is for.
        generation: The generation of the contract: a, b or c.
        engines: The optional engines to include.
        archive: The zip file to write in addition; None: none.
        tell: Called with a description of each step.

    Raises:
        BundleError: The bundle can't be made here.
        OSError: A file can't be read or written.
    """
    if out.exists() and not (out / RUNTIME / manifest.NAME).exists() and any(out.iterdir()):
        raise BundleError(f"{out} exists and is not a bundle; name another folder, or remove it")
    lock = packages.lock_for(target.name)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".koe-bundle-", dir=out.parent) as temporary:
        folder = Path(temporary)
        root = folder / "bundle"
        parts = _assemble(root, folder, target, lock, generation, engines, tell)
        names = traces.builders_paths(library.CHECKOUT, folder)
        for path in target.machine_code(root):
            traces.overwrite(path, names)
        manifest.write(root / RUNTIME)
        _open_to_readers(root, target)
        traces.check(root, names)
        tell("testing the bundle")
        target.try_it(root, folder, engines)
        runs_on = target.runs_on(root)
        if out.exists():
            shutil.rmtree(out)
        root.rename(out)
    owners = {path.relative_to(root): part for part, paths in parts.items() for path in paths}
    compressed = None
    if archive is not None:
        tell(f"compressing the bundle into {archive}")
        compressed = _sum(owners, _pack(out, archive))
    sizes = {
        path.relative_to(out): path.lstat().st_size for path in out.rglob("*") if _is_file(path)
    }
    return Bundle(_sum(owners, sizes), compressed, runs_on)


def _assemble(
    root: Path,
    folder: Path,
    target: TargetSystem,
    lock: Path,
    generation: str,
    engines: tuple[str, ...],
    tell: Callable[[str], None],
) -> dict[str, list[Path]]:
    """Put all files in their places; returns the files of some parts."""
    runtime = root / RUNTIME
    tell("compiling the library")
    target.compile_library(generation, folder / "build", root)
    tell("copying Python and its standard library")
    target.place_python(runtime, folder)
    tell(f"fetching the packages in {lock.name}")
    packages.fetch(lock, engines, folder / "packages", target.pip_options)
    site = runtime / target.modules / "site-packages"
    placed = packages.place_packages(folder / "packages", runtime, site)
    parts: dict[str, list[Path]] = {_PACKAGES: []}
    for package, paths in placed.items():
        owner = next((name for name in engines if package in packages.ENGINES[name]), _PACKAGES)
        parts.setdefault(owner, []).extend(paths)
    parts[_KOE] = place(_own_files(), site / "koe")
    place([(library.CHECKOUT / "LICENSE", "LICENSE")], runtime / _LICENCES / "koe-core")
    tell("adding the required shared libraries")
    copies = target.settle(root, folder)
    for copy, terms in copies.items():
        if terms:
            place([(terms, "copyright")], runtime / _LICENCES / copy.name)
        else:
            tell(f"no licence of {copy.name} was found; add one to {RUNTIME}/{_LICENCES}")
    parts[_SYSTEM] = list(copies)
    return parts


def _own_files() -> list[tuple[Path, str]]:
    own = library.CHECKOUT / "koe"
    return [
        (path, path.relative_to(own).as_posix())
        for path in sorted(own.rglob("*"))
        if path.is_file() and not _NOT_FOR_SHELLS.match(path.relative_to(own).as_posix())
    ]


def _open_to_readers(root: Path, target: TargetSystem) -> None:
    """Let all users read the bundle, and its owner write to it, regardless of the umask."""
    root.chmod(0o755)
    code = set(target.machine_code(root))
    for path in root.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path in code else 0o644)


def _is_file(path: Path) -> bool:
    return path.is_file() or path.is_symlink()


def _sum(owners: Mapping[Path, str], sizes: Mapping[Path, int]) -> dict[str, int]:
    """Add up the sizes of files by part."""
    totals: dict[str, int] = {}
    for path, size in sizes.items():
        part = owners.get(path) or (_PYTHON if path.parts[0] == RUNTIME else _LIBRARY)
        totals[part] = totals.get(part, 0) + size
    return totals


def _pack(out: Path, archive: Path) -> dict[Path, int]:
    """Write a zip file of a folder, keeping links; returns the compressed sizes."""
    sizes = {}
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for path in sorted(out.rglob("*")):
            if not _is_file(path):
                continue
            name = path.relative_to(out)
            # All entries have the same time, so that the same files give the same archive.
            entry = zipfile.ZipInfo(f"{out.name}/{name.as_posix()}")
            entry.external_attr = path.lstat().st_mode << 16
            link = path.is_symlink()
            content = bytes(path.readlink()) if link else path.read_bytes()
            kind = zipfile.ZIP_STORED if link else zipfile.ZIP_DEFLATED
            file.writestr(entry, content, compress_type=kind)
            sizes[name] = entry.compress_size
    return sizes
