"""Models through the C ABI, with a real server; all else about them is in tests/models."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.abi import build
from tests.boundary.host import run_host
from tests.models.making import make_model, model_file, without_checksum, write_file
from tests.servers.files import FileServer, Lie

pytestmark = [
    pytest.mark.abi,
    pytest.mark.skipif(bool(build.SANITIZE), reason="a sanitizer must be loaded first"),
]

CONTENT = bytes(range(256)) * 64

HOST = """
import ctypes, json, os, sys, threading

library = ctypes.CDLL(sys.argv[1])
library.sp_core_scan_models_json.restype = ctypes.c_void_p
PROGRESS = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint32,
                            ctypes.c_uint64, ctypes.c_uint64, ctypes.c_char_p)
STATUS = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int32, ctypes.c_char_p)
library.sp_core_download_model.argtypes = [ctypes.c_char_p, PROGRESS, STATUS, ctypes.c_void_p]

reported, done, moving = [], threading.Event(), threading.Event()

@PROGRESS
def on_progress(context, index, count, received, size, name):
    reported.append((context, index, count, received, size, name.decode()))
    if received:
        moving.set()

@STATUS
def on_status(context, status, message):
    reported.append((context, status, message.decode()))
    if status:
        done.set()

def scan():
    pointer = library.sp_core_scan_models_json()
    models = json.loads(ctypes.string_at(pointer))
    library.sp_core_free_string(ctypes.c_void_p(pointer))
    return models

def download(path=b"mine", progress=on_progress, status=on_status):
    return library.sp_core_download_model(path, progress, status, 77)

%s
"""


@pytest.fixture
def server(trust: None) -> Iterator[FileServer]:
    """A model's file, without encryption, which is allowed on this machine."""
    with FileServer(None) as server:
        server.files["/model.bin"] = CONTENT
        yield server


@pytest.fixture
def folder(server: FileServer, tmp_path: Path) -> Path:
    """A model that is described and not there."""
    folder = tmp_path / "home" / ".koe" / "models" / "mine"
    folder.mkdir(parents=True)
    file = {
        "name": "model.bin",
        "size": len(CONTENT),
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
        "url": server.url("/model.bin", "127.0.0.1"),
    }
    manifest = {"provider": "sherpa-onnx", "description": "d", "repo": "r", "files": [file]}
    (folder / ".koe-manifest.json").write_text(json.dumps(manifest))
    return folder


def test_a_model_comes_and_goes(library: Path, folder: Path, tmp_path: Path) -> None:
    program = (
        HOST
        % """
assert download() == -2, "there is no core"
assert library.sp_core_create(None) == 0
assert download(None) == download(b"\\xff") == -2
assert download(progress=PROGRESS()) == download(status=STATUS()) == -2
assert library.sp_model_status(b"mine", 1) == library.sp_model_status(None, 0) == 0
(before,) = [model for model in scan() if model["path"] == "mine"]
assert before["status"] == 0, before
assert any(model["path"] == "sherpa-onnx/zh-xlarge" for model in scan()), "those that koe knows"
assert download() == 0
assert done.wait(60)
assert reported[0] == (77, 0, "started") and reported[-1] == (77, 1, "completed"), reported
assert reported[-2] == (77, 0, 1, 16384, 16384, "model.bin"), reported
assert library.sp_model_status(b"mine", 2) == 2
assert library.sp_core_cancel_download(b"mine") == library.sp_core_cancel_download(None) == 0
assert library.sp_core_remove_model_files(b"mine") > 0
assert library.sp_core_remove_model_files(None) == -1
assert library.sp_model_status(b"mine", 0) == 0
library.sp_core_destroy()
print("good")
"""
    )
    result = run_host(program, library, tmp_path)
    assert (result.stdout, result.returncode) == ("good\n", 0), result.stderr
    assert [path.name for path in folder.iterdir()] == [".koe-manifest.json"]


def test_what_shells_see_of_models(library: Path, tmp_path: Path) -> None:
    """Looking hashes nothing; models of engines that this build lacks are left out."""
    folder = make_model(
        tmp_path / "home" / ".koe" / "models" / "moonshine" / "demo",
        model_file("a.bin", b"abc"),
        without_checksum(model_file("b.bin", b"b")),
    )
    write_file(folder / "b.bin", b"b")
    program = (
        HOST
        % """
def status(mode):
    return library.sp_model_status(b"moonshine/demo", mode)

pointer = library.sp_core_scan_models_json()
text = ctypes.string_at(pointer).decode()
library.sp_core_free_string(ctypes.c_void_p(pointer))
demo = ('{"description":"A model","mode":"","path":"moonshine/demo","provider":"moonshine",'
        '"repo":"owner/name","status":1,"total_size":4}')
assert demo in text, text
paths = [model["path"] for model in json.loads(text)]
assert paths == sorted(paths) and "wetype/embed140m" not in paths, paths
folder = os.path.join(os.environ["HOME"], ".koe", "models", "moonshine", "demo")
assert not os.path.exists(os.path.join(folder, ".koe-checksum.json"))
with open(os.path.join(folder, "a.bin"), "wb") as file:
    file.write(b"abc")
assert [status(mode) for mode in (1, 0)] == [1, 2], "1 computes nothing"
assert [status(mode) for mode in (1, 2, 3, -1)] == [2, 2, 2, 2]
assert library.sp_core_remove_model_files(b"moonshine/demo") == 3  # with the checksums
assert library.sp_core_remove_model_files(b"moonshine/demo") == 0
for path in b"../x", b"\\xff", b"none":
    assert library.sp_core_remove_model_files(path) == -1, path
    assert library.sp_model_status(path, 0) == 0, path
print("good")
"""
    )
    result = run_host(program, library, tmp_path)
    assert (result.stdout, result.returncode) == ("good\n", 0), result.stderr
    assert "contains path traversal components" in result.stderr


@pytest.mark.parametrize("how", ["library.sp_core_cancel_download(b'mine')", "None"])
def test_a_download_that_does_not_end_by_itself(
    library: Path, server: FileServer, folder: Path, tmp_path: Path, how: str
) -> None:
    """It has one final status, by a cancel or with the core."""
    server.lies["/model.bin"] += [Lie(ends_after=4096, how="stall")]
    program = (
        HOST
        % f"""
library.sp_core_create(None)
assert download() == 0
assert moving.wait(60)
assert download() == -1
assert {how} in (1, None)
library.sp_core_destroy()
assert done.is_set(), reported
finals = [entry[1:] for entry in reported if len(entry) == 3 and entry[1]]
assert finals == [(3, "cancelled")], finals
print("good")
"""
    )
    result = run_host(program, library, tmp_path)
    assert (result.stdout, result.returncode) == ("good\n", 0), result.stderr


def test_a_download_that_comes_when_the_core_ends(library: Path, tmp_path: Path) -> None:
    """On another thread, and too late to be ended with the core: it never starts."""
    program = (
        HOST
        % """
library.sp_core_create(None)
from _koe_native import ffi
from koe.boundary import models, sessions
((core, host),) = sessions.hosts.items()
library.sp_core_destroy()
sessions.hosts[core] = host
assert models.koe_py_download(core, ffi.new("char[]", b"mine"), 1, 1, 0) == -2
print("good")
"""
    )
    result = run_host(program, library, tmp_path)
    assert (result.stdout, result.returncode) == ("good\n", 0), result.stderr


def test_manifests_that_cannot_be_installed(library: Path, tmp_path: Path) -> None:
    """The other models can be used all the same, and what is wrong is reported."""
    (tmp_path / "home" / ".koe").mkdir(parents=True)
    (tmp_path / "home" / ".koe" / "models").touch()
    program = (
        HOST
        % """
library.sp_core_create(None)
assert scan() == []
assert download() == 0
assert done.wait(60)
assert [entry[1] for entry in reported] == [0, 2], reported
assert reported[-1][2].startswith("config error: "), reported
library.sp_core_destroy()
print("good")
"""
    )
    result = run_host(program, library, tmp_path)
    assert (result.stdout, result.returncode) == ("good\n", 0), result.stderr
    assert "koe: config error: write " in result.stderr
    assert "Traceback" not in result.stderr
