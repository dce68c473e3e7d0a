"""Which packages come along: those of the lock, and of them what is used."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from koe.bundle import library, packages
from koe.errors import BundleError

LOCKS = sorted(packages.LOCKS.glob("*.txt"))


def entries(path: Path) -> dict[str, str]:
    """The packages of a lock, with what follows the name: version and checksums."""
    text = re.sub(r"\s*#.*", "", path.read_text(encoding="utf-8"))
    found = re.findall(r"^([\w-]+)==(\S+)[^\n]*\n((?: +--hash=\S+[ \\]*\n?)+)", text, re.MULTILINE)
    return {
        name: f"{version} {' '.join(sorted(re.findall(r'sha256:[0-9a-f]+', hashes)))}"
        for name, version, hashes in found
    }


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
def test_a_lock_is_a_part_of_the_large_one(lock: Path) -> None:
    """What is packed is what is tested, to the byte."""
    tested = entries(library.CHECKOUT / "requirements.lock")
    packed = entries(lock)
    assert {name: tested[name] for name in packed} == packed
    assert len(packed) == lock.read_text(encoding="utf-8").count("==")


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
def test_a_lock_has_what_is_asked_for(lock: Path) -> None:
    project = tomllib.loads((library.CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = {re.split(r"[\[;]", line)[0] for line in project["dependency-groups"]["bundle"]}
    if lock.stem == "macos-x86_64":
        asked.discard("moonshine-voice")
    assert asked <= entries(lock).keys()
    assert not {"mypy", "pytest", "openai", "numpy", "requests"} & entries(lock).keys()


def test_engines_that_stay_at_home() -> None:
    names = ("httpx", "moonshine-voice", "sherpa-onnx")
    lock = "".join(f"{name}==1 \\\n    --hash=a\n" for name in names)
    assert packages.requirements(lock, ("moonshine", "sherpa-onnx")) == lock
    assert packages.requirements(lock, ()) == "httpx==1 \\\n    --hash=a\n"
    assert "sherpa" not in packages.requirements(lock, ("moonshine",))


def test_engines_that_may_come_along() -> None:
    both = {"moonshine", "sherpa-onnx"}
    assert packages.engines_in(packages.lock_for("macos-arm64")) == both
    assert packages.engines_in(packages.lock_for("macos-x86_64")) == {"sherpa-onnx"}


def test_a_platform_without_a_lock() -> None:
    with pytest.raises(BundleError, match="there is no lock for vax-780; there are: linux-"):
        packages.lock_for("vax-780")


def test_what_is_placed(tmp_path: Path) -> None:
    fetched = tmp_path / "fetched"
    for name in ("thing/__init__.py", "thing/data.bin", "thing/tests/test_it.py", "thing/it.pyi",
                 "bin/thing", "docs/conf.py", "thing/examples/it.py", "Thing-1.0.dist-info/RECORD",
                 "Thing-1.0.dist-info/direct_url.json", "Thing-1.0.dist-info/licenses/LICENSE.md",
                 "rapidfuzz/fuzz.py", "rapidfuzz/distance/Indel.py",
                 "websockets/client.py"):  # fmt: skip
        (fetched / name).parent.mkdir(parents=True, exist_ok=True)
        (fetched / name).touch()
    names = [path.relative_to(fetched).as_posix() for path in fetched.rglob("*") if path.is_file()]
    information = fetched / "Thing-1.0.dist-info"
    (information / "RECORD").write_text("".join(f"{name},,\n" for name in [*names, "../../bin/x"]))
    head = "Metadata-Version: 2.4\nName: Thing\nVersion: 1.0\n"
    (information / "METADATA").write_text(f"{head}Author: A\n\nVersion: of a text\n")
    runtime = tmp_path / "runtime"
    placed = packages.place_packages(fetched, runtime, runtime / "packages")
    files = {str(path.relative_to(runtime)) for path in runtime.rglob("*") if path.is_file()}
    assert files == {
        "packages/thing/__init__.pyc", "packages/thing/data.bin",
        "packages/Thing-1.0.dist-info/METADATA", "licenses/thing/LICENSE.md",
        "packages/rapidfuzz/distance/Indel.pyc", "packages/websockets/client.pyc",
    }  # fmt: skip
    assert (runtime / "packages" / information.name / "METADATA").read_text() == head
    assert {str(path.relative_to(runtime)) for path in placed["thing"]} == {
        name for name in files if name.startswith("packages/")
    }


def test_pip_that_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text("")
    failed = subprocess.CompletedProcess[str]([], 1, "", "first\nERROR: No matching distribution\n")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(BundleError, match="could not fetch the packages: ERROR: No matching"):
        packages.fetch(lock, (), tmp_path / "out")
    failed.stderr = "WARNING: Retrying after connection broken by 'x'\nERROR: No matching\n"
    with pytest.raises(BundleError, match="pip can't reach the package index; check the net"):
        packages.fetch(lock, (), tmp_path / "out")
