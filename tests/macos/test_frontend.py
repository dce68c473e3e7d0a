"""The library and what an application needs around it, as far as another system reaches."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import build_ffi
from koe.asr import apple_speech, mlx
from koe.bundle import macho, macos, manifest
from tests.macos import (
    ARCHITECTURES,
    FOLDER,
    LINKER,
    NM,
    exported,
    link,
    zig_folder,
)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the scripts are for Unix shells")
with_zig = pytest.mark.skipif(
    not (zig_folder() and LINKER and NM), reason="ziglang, lld and llvm are not installed"
)

CONFIGURATION = (FOLDER / "koe.xcconfig").read_text(encoding="utf-8")
ENGINES = {"KOE_APPLE_SPEECH": apple_speech, "KOE_MLX": mlx}

# A program whose engines are dead code, as in a Swift package that nothing calls.
PROGRAM = "int main(void) { return 0; }\n" + "".join(
    f"void {name}(void) {{}}\n"
    for line in CONFIGURATION.splitlines()
    for name in re.findall(r"-u,_(\w+)", line)
)

# Writes down what it is to sign, and makes it longer, as a signature does.
CODESIGN = """\
#!/bin/sh
echo "$@" >> "$LOG"
for word; do case $word in *.so | *.dylib) printf signature >> "$word" ;; esac; done
"""


def kept(setting: str) -> set[str]:
    """The functions that a setting keeps."""
    [value] = re.findall(rf"^{setting} = (.*)$", CONFIGURATION, re.MULTILINE)
    return set(re.findall(r"-Wl,-u,_(\w+)", value))


@pytest.mark.parametrize("setting", ENGINES)
def test_what_the_core_looks_up_is_kept(setting: str) -> None:
    source = Path(str(ENGINES[setting].__file__)).read_text(encoding="utf-8")
    assert kept(setting) == set(re.findall(r'"(koe_(?:apple_speech|mlx)_\w+)": \(', source))


@with_zig
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_library_exports_the_contract(architecture: str, tmp_path: Path) -> None:
    """Linked by zig, and by LLVM's linker; it needs macOS alone, and is as a bundle has it."""
    root, name = tmp_path / "root", "@rpath/libkoe_core.3.dylib"
    system = macos.MacOS(f"macos-{architecture}")
    system.compile_library("c", tmp_path / "build", root)
    headers = (build_ffi.HEADER, build_ffi.EXTRA)
    text = "".join(path.read_text(encoding="utf-8") for path in headers)
    declared = set(re.findall(r"^KOE_API .*?\b((?:sp|koe)_\w+)\(", text, re.MULTILINE))
    library, other = root / "lib" / "libkoe_core.3.dylib", tmp_path / "libkoe_core.dylib"
    objects = sorted((tmp_path / "build").glob("*.o"))
    link(architecture, objects, other, "-dylib", "-install_name", name)
    for path in (library, other):
        assert {name.removeprefix("_") for name in exported(path)} == declared
        image = macho.MachO(path)
        assert (image.own_name, image.needed, image.run_paths) == (name, [], [])
        assert image.is_sound()
    assert macho.MachO(library).oldest_system == (11, 0)
    assert str(build_ffi.PROJECT).encode() not in library.read_bytes()
    before = library.read_bytes()
    macho.thin(library, architecture)
    macho.MachO(library).relocate()
    assert library.read_bytes() == before


@with_zig
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_engines_survive_dead_code_stripping(architecture: str, tmp_path: Path) -> None:
    (tmp_path / "program.c").write_text(PROGRAM)
    target = f"{ARCHITECTURES[architecture]}-macos.11.0"
    compiler = [sys.executable, "-m", "ziglang", "cc", "-target", target, "-c", "program.c"]
    subprocess.run(compiler, cwd=tmp_path, check=True)
    program = tmp_path / "program"
    link(architecture, [tmp_path / "program.o"], program)
    assert exported(program) == {"_main"}
    names = kept("KOE_APPLE_SPEECH") | kept("KOE_MLX")
    flags = [word for name in names for word in ("-u", f"_{name}")]
    link(architecture, [tmp_path / "program.o"], program, *flags)
    assert exported(program) == {"_main", *(f"_{name}" for name in names)}


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    """With a runtime that is sealed."""
    folder = tmp_path / "my prefix"
    for name in (
        "lib/libkoe_core.3.dylib",
        "koe-runtime/lib/libpython3.11.dylib",
        "koe-runtime/lib/python3.11/os.pyc",
        "koe-runtime/lib/python3.11/site-packages/a b/c.so",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("code")
    (folder / "lib" / "libkoe_core.dylib").symlink_to("libkoe_core.3.dylib")
    code = macho.machine_code(folder)
    listed = [f"{path.relative_to(folder).as_posix()}\n" for path in code]
    (folder / macos.SIGNED).write_text("".join(listed))
    manifest.write(folder / "koe-runtime")
    return folder


def embed(prefix: Path, tmp_path: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "bin").mkdir(exist_ok=True)
    (tmp_path / "bin" / "codesign").write_text(CODESIGN)
    (tmp_path / "bin" / "codesign").chmod(0o755)
    environment = {
        "PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin",
        "LOG": str(tmp_path / "log"),
        "KOE_PREFIX": str(prefix),
        "TARGET_BUILD_DIR": str(tmp_path / "out [1]"),
        "FRAMEWORKS_FOLDER_PATH": "Koe.app/Contents/Frameworks",
        "UNLOCALIZED_RESOURCES_FOLDER_PATH": "Koe.app/Contents/Resources",
        **settings,
    }
    script = str(FOLDER / "embed-and-sign.sh")
    return subprocess.run([script], env=environment, capture_output=True, text=True, check=False)


def test_everything_is_embedded_signed_and_sealed(prefix: Path, tmp_path: Path) -> None:
    sign = {
        "CODE_SIGNING_ALLOWED": "YES",
        "EXPANDED_CODE_SIGN_IDENTITY": "me",
        "ACTION": "install",
    }
    for _ in range(2):  # a second build finds what the first one left
        (tmp_path / "log").write_text("")
        assert embed(prefix, tmp_path, **sign).stderr == ""
        contents = tmp_path / "out [1]" / "Koe.app" / "Contents"
        [library] = (contents / "Frameworks").iterdir()
        assert library.name == "libkoe_core.3.dylib"
        runtime = contents / "Resources" / "koe-runtime"
        for path in (library, *runtime.rglob("*.so"), *runtime.rglob("*.dylib")):
            assert path.read_text() == "codesignature"
        options = "--force --options runtime --timestamp --sign me"
        assert all(line.startswith(options) for line in (tmp_path / "log").read_text().splitlines())
        sealed = (runtime / "manifest.txt").read_text()
        manifest.write(runtime)
        assert sealed == (runtime / "manifest.txt").read_text()


def test_a_build_that_is_not_signed(prefix: Path, tmp_path: Path) -> None:
    assert embed(prefix, tmp_path).stderr == ""
    assert not (tmp_path / "log").exists()


def test_a_build_that_runs_locally_has_no_time_stamp(prefix: Path, tmp_path: Path) -> None:
    shutil.rmtree(prefix / "koe-runtime")  # and uses the Python of this computer
    assert embed(prefix, tmp_path, CODE_SIGNING_ALLOWED="YES").stderr == ""
    [line] = (tmp_path / "log").read_text().splitlines()
    assert line.startswith("--force --options runtime --timestamp=none --sign - ")


def test_a_prefix_that_is_not_there(tmp_path: Path) -> None:
    done = embed(tmp_path / "none", tmp_path)
    assert done.returncode == 1
    assert done.stderr == (
        f"error: {tmp_path / 'none'} has no lib; make it with koe bundle or make install\n"
    )


@pytest.mark.skipif(not shutil.which("clang"), reason="clang is not installed")
def test_the_module_of_the_headers(tmp_path: Path) -> None:
    """As Swift and Objective-C see it."""
    source = tmp_path / "host.m"
    source.write_text("@import CKoeCore;\nint main(void) { return (int)koe_feature_level(); }\n")
    module = FOLDER / "KoeCore" / "Sources" / "CKoeCore" / "module.modulemap"
    flags = ["-fmodules", f"-fmodules-cache-path={tmp_path}", f"-fmodule-map-file={module}"]
    include = f"-I{build_ffi.HEADER.parent}"
    subprocess.run(["clang", "-fsyntax-only", *flags, include, str(source)], check=True)


def test_the_page_names_what_is_there() -> None:
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`[^|]*`) \|", page[: page.index("## In Swift")], re.MULTILINE)
    named = {name.rstrip("/") for row in rows for name in re.findall(r"`([^`]+)`", row)}
    assert named | {"koe-mlx.xcconfig", "README.md"} == {path.name for path in FOLDER.iterdir()}
