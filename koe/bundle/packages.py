"""The packages of a bundle, from locks with checksums; only files for run time are included."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from collections.abc import Collection, Iterator
from pathlib import Path

from koe.bundle.bytecode import place
from koe.errors import BundleError

LOCKS = Path(__file__).with_name("locks")

# The packages of the optional engines.
ENGINES = {"moonshine": {"moonshine-voice"}, "sherpa-onnx": {"sherpa-onnx", "sherpa-onnx-core"}}

# Files that are not used at run time: for compilers, type checkers, readers, and tests.
_DEAD_SUFFIXES = frozenset({
    ".pyi", ".pyx", ".pxd", ".h", ".hpp", ".c", ".cc", ".cpp", ".a", ".lib", ".cmake", ".typed",
    ".pyc", ".md", ".rst",
})  # fmt: skip
_DEAD_FOLDERS = frozenset({
    "tests", "test", "testing", "benchmark", "benchmarks", "doc", "docs", "example", "examples",
    "bin", "include", "Scripts", "__pycache__", "..",
})  # fmt: skip

# Parts of packages that koe does not use. koe needs only the machine code of cffi, and only the
# distances of rapidfuzz, in the form that runs on every processor. websockets contains obsolete
# code. moonshine-voice can also speak, record and download; without its __init__, it imports
# neither the code for that nor an HTTP client.
_UNUSED = re.compile(
    r"cffi/|pyreqwest/pytest_plugin/|websockets/(legacy|trio|cli)[/.]|anyio/pytest_plugin|httpx/_main"
    r"|rapidfuzz/(__init__|fuzz|process|__pyinstaller|distance/metrics_cpp_avx2)"
    r"|moonshine_voice/(assets/.*\.(wav|tsv)|__init__|alphanumeric_listener|cached_embeddings|cli"
    r"|dialog_flow|download|download_file|g2p|intent_recognizer|mic_transcriber|tts)(\.|$)"
)


def lock_for(target: str) -> Path:
    """The lock of a platform.

    Raises:
        BundleError: There is no lock for this platform.
    """
    path = LOCKS / f"{target}.txt"
    if not path.is_file():
        known = ", ".join(sorted(path.stem for path in LOCKS.glob("*.txt")))
        raise BundleError(f"there is no lock for {target}; there are: {known}")
    return path


def engines_in(lock: Path) -> set[str]:
    """The optional engines that a lock supports: it has all packages of each."""
    listed = set(re.findall(r"^([\w-]+)==", lock.read_text(encoding="utf-8"), re.MULTILINE))
    return {engine for engine, needed in ENGINES.items() if needed <= listed}


def requirements(lock: str, engines: Collection[str]) -> str:
    """Remove from a lock the packages of the engines that are left out."""
    left_out = {name for engine in ENGINES.keys() - set(engines) for name in ENGINES[engine]}
    entries = re.split(r"^(?=\S)", lock, flags=re.MULTILINE)
    return "".join(entry for entry in entries if entry.partition("==")[0] not in left_out)


def fetch(
    lock: Path, engines: Collection[str], folder: Path, options: Collection[str] = ()
) -> None:
    """Install the packages of a lock into a folder.

    Args:
        lock: The lock.
        engines: The optional engines to include.
        folder: The folder.
        options: Further options for pip.

    Raises:
        BundleError: pip failed.
    """
    listed = folder.with_suffix(".txt")
    listed.write_text(requirements(lock.read_text(encoding="utf-8"), engines), encoding="utf-8")
    place = ["--only-binary=:all:", "--no-compile", "--target", str(folder)]
    _pip("install", *place, *options, "-r", str(listed))


def download(lock: Path, folder: Path, options: Collection[str]) -> None:
    """Download the packages of a lock without installing them.

    Raises:
        BundleError: pip failed.
    """
    _pip("download", "--no-build-isolation", "--dest", str(folder), *options, "-r", str(lock))


def _pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    done = subprocess.run(
        [*command, *arguments, "--no-deps", "--require-hashes"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        if "connection broken" in done.stderr:  # pip's last line is misleading then
            raise BundleError(
                "pip can't reach the package index; check the network connection, and try again"
            )
        lines = done.stderr.strip().splitlines() or ["pip gave no reason"]
        raise BundleError(f"pip could not fetch the packages: {lines[-1]}")


def place_packages(folder: Path, runtime: Path, packages: Path) -> dict[str, list[Path]]:
    """Put packages into the bundle, with their licences.

    Args:
        folder: The folder into which they were installed.
        runtime: The bundle's ``koe-runtime``.
        packages: Its ``site-packages``.

    Returns:
        The paths of the files of each package in the bundle.
    """
    placed = {}
    for information in sorted(folder.glob("*.dist-info")):
        name = information.name.partition("-")[0].replace("_", "-").lower()
        placed[name] = place(_files(folder, information), packages)
        placed[name].append(_place_metadata(information, packages))
        place(_licences(information), runtime / "licenses" / name)
    return placed


def _files(folder: Path, information: Path) -> Iterator[tuple[Path, str]]:
    """The files of a package, by its own list, without those that are not needed."""
    text = (information / "RECORD").read_text(encoding="utf-8")
    for name, *_ in csv.reader(text.splitlines()):
        parts = name.split("/")
        if (
            not parts[0].endswith(".dist-info")
            and Path(name).suffix not in _DEAD_SUFFIXES
            and not _DEAD_FOLDERS.intersection(parts[:-1])
            and not _UNUSED.match(name)
        ):
            yield folder / name, name


def _place_metadata(information: Path, packages: Path) -> Path:
    """Keep the name and version in the metadata, since one package reads its own."""
    text = (information / "METADATA").read_text(encoding="utf-8")
    target = packages / information.name / "METADATA"
    target.parent.mkdir()
    lines = re.findall(r"^(?:Metadata-Version|Name|Version): .*\n", text, re.MULTILINE)[:3]
    target.write_text("".join(lines), encoding="utf-8")
    return target


def _licences(information: Path) -> Iterator[tuple[Path, str]]:
    for path in sorted(information.rglob("*")):
        if path.is_file() and re.match(r"licen[cs]e|copying|notice", path.name, re.IGNORECASE):
            yield path, path.name
