"""Models through the C ABI, with a real server; all else about them is in tests/models."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.abi import build
from tests.boundary.host import run_host
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

told, done, moving = [], threading.Event(), threading.Event()

@PROGRESS
def on_progress(context, index, count, received, size, name):
    told.append((context, index, count, received, size, name.decode()))
    if received:
        moving.set()

@STATUS
def on_status(context, status, message):
    told.append((context, status, message.decode()))
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
assert told[0] == (77, 0, "started") and told[-1] == (77, 1, "completed"), told
assert told[-2] == (77, 0, 1, 16384, 16384, "model.bin"), told
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
assert done.is_set(), told
finals = [entry[1:] for entry in told if len(entry) == 3 and entry[1]]
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
    """What is there can be used all the same, and what is wrong is told."""
    (tmp_path / "home" / ".koe").mkdir(parents=True)
    (tmp_path / "home" / ".koe" / "models").touch()
    program = (
        HOST
        % """
library.sp_core_create(None)
assert scan() == []
assert download() == 0
assert done.wait(60)
assert [entry[1] for entry in told] == [0, 2], told
assert told[-1][2].startswith("config error: "), told
library.sp_core_destroy()
print("good")
"""
    )
    result = run_host(program, library, tmp_path)
    assert (result.stdout, result.returncode) == ("good\n", 0), result.stderr
    assert "koe: config error: write " in result.stderr
    assert "Traceback" not in result.stderr
