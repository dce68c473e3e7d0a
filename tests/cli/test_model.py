from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from koe.cli import Exit, main
from koe.models.catalogue import install_manifests, shipped_manifests
from koe.models.paths import MANIFEST_NAME
from tests.cli.command import PATIENCE, command, environment, run_koe
from tests.models.downloading import QUICK, WEIGHTS, serve_model
from tests.models.making import make_model, model_file, names_in, write_file
from tests.servers.files import FileServer, Lie


@pytest.fixture
def model(directory: Path) -> Path:
    """A complete model with two files."""
    model = make_model(
        directory / "models" / "demo", model_file("a.bin", b"abc"), model_file("b.bin", b"b")
    )
    write_file(model / "a.bin", b"abc")
    write_file(model / "b.bin", b"b")
    return model


def koe(action: str, *words: str | Path, directory: Path) -> int:
    return main(["model", action, *map(str, words), "--config", str(directory)])


# --- list ----------------------------------------------------------------------------------


def test_a_fresh_list(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert koe("list", directory=directory) == Exit.OK
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert len(lines) == len(shipped_manifests())
    assert lines[0] == (
        "mlx/Qwen3-0.6B-4bit                      [not installed] "
        "Qwen3 0.6B 4-bit LLM (fast, lightweight) (351 MB; not usable here)"
    )
    assert (
        "sherpa-onnx/bilingual-zh-en              [not installed] "
        "Bilingual Chinese-English model (198 MB; recognises zh en)"
    ) in lines
    # The reason, once per engine.
    notes = err.splitlines()
    assert notes[0].startswith(
        "koe: note: models of mlx are not usable here: the program that runs"
    )
    assert notes[1:] == [
        "koe: note: models of wetype are not usable here: no engine of this version uses it"
    ]
    assert lines == sorted(lines)
    assert not (directory / "config.yaml").exists()  # no other files are created


def test_tags(model: Path, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def line() -> str:
        capsys.readouterr()
        koe("list", directory=directory)
        return capsys.readouterr().out.splitlines()[0]

    assert line() == f"{'demo':<40} [not installed] A model (4 bytes)"
    koe("verify", "demo", directory=directory)
    assert line() == f"{'demo':<40} [installed] A model (4 bytes)"
    (model / "b.bin").unlink()
    assert line() == f"{'demo':<40} [incomplete] A model (4 bytes)"


def test_list_as_json(model: Path, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert koe("list", "--json", directory=directory) == Exit.OK
    demo, *shipped = json.loads(capsys.readouterr().out)
    assert demo == {
        "description": "A model",
        "languages": [],
        "mode": "",
        "obstacle": None,
        "path": "demo",
        "provider": "moonshine",
        "repo": "owner/name",
        "status": 0,
        "total_size": 4,
    }
    assert len(shipped) == len(shipped_manifests())


def test_no_models(
    directory: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("koe.cli.model.install_manifests", lambda root: [])
    assert koe("list", directory=directory) == Exit.OK
    assert capsys.readouterr().out == f"No models found in {directory / 'models'}\n"


def test_what_is_wrong_is_reported(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_file(directory / "models" / "bad" / MANIFEST_NAME, b"{}")
    assert koe("list", directory=directory) == Exit.OK
    assert (
        f"koe: warning: manifest not found in {directory / 'models' / 'bad'}: "
        ".koe-manifest.json needs a list 'files'\n"
    ) in capsys.readouterr().err


def test_manifests_that_cannot_be_installed(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_file(directory / "models", b"not a directory")
    assert koe("list", directory=directory) == Exit.OK
    out, err = capsys.readouterr()
    assert out == f"No models found in {directory / 'models'}\n"
    assert err.startswith("koe: warning: write ")


def test_a_description_cannot_move_the_cursor(
    model: Path, directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = json.loads((model / MANIFEST_NAME).read_bytes())
    (model / MANIFEST_NAME).write_text(json.dumps(manifest | {"description": "a\x1b[2J\nb"}))
    koe("list", directory=directory)
    assert capsys.readouterr().out.splitlines()[0].endswith("] a [2J b (4 bytes)")


def test_the_user_s_own_folder(tmp_path: Path) -> None:
    done = run_koe("model", "list", home=tmp_path)
    assert done.returncode == Exit.OK
    assert len(list(tmp_path.rglob(MANIFEST_NAME))) == len(shipped_manifests())


# --- status and verify ---------------------------------------------------------------------


def test_status(model: Path, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert koe("status", "demo", directory=directory) == Exit.OK
    assert capsys.readouterr().out == (
        f"Verifying demo...\ndemo — installed (verified)\nPath: {model}\n"
    )
    write_file(model / "b.bin", b"x")
    os.utime(model / "b.bin", (1, 1))
    assert koe("status", "demo", directory=directory) == Exit.OK
    assert capsys.readouterr().out.splitlines()[1:] == [
        "demo — incomplete (files missing, wrong size, or sha256 mismatch)"
    ]
    (model / "a.bin").unlink()
    assert koe("status", str(model), directory=directory) == Exit.OK
    assert capsys.readouterr().out.splitlines()[1:] == [
        f"{model} — not installed (manifest only, no data files)"
    ]


@pytest.mark.parametrize(("mode", "ok"), [("normal", True), ("cache-only", False), ("force", True)])
def test_verify_modes(
    model: Path, directory: Path, mode: str, ok: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    koe("status", "demo", "--json", "--verify-mode", mode, directory=directory)
    found = json.loads(capsys.readouterr().out)
    finding = "ok" if ok else "its checksum was not computed yet"
    assert found == {
        "model": "demo",
        "directory": str(model),
        "status": 2 if ok else 0,
        "files": [
            {"name": "a.bin", "ok": ok, "finding": finding},
            {"name": "b.bin", "ok": ok, "finding": finding},
        ],
    }


def test_a_mode_that_does_not_exist(directory: Path) -> None:
    """A mistyped mode is refused; the upstream takes it for `normal`."""
    with pytest.raises(SystemExit) as ended:
        koe("status", "demo", "--verify-mode", "froce", directory=directory)
    assert ended.value.code == 2


def test_verify(model: Path, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert koe("verify", "demo", directory=directory) == Exit.OK
    assert capsys.readouterr().out == (
        f"a.bin: ok\nb.bin: ok\ndemo — installed (verified)\nPath: {model}\n"
    )
    write_file(model / "a.bin", b"abd")
    assert koe("verify", "demo", directory=directory) == Exit.ERROR
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "a.bin: its checksum is wrong",
        "b.bin: ok",
        "demo — incomplete (files missing, wrong size, or sha256 mismatch)",
    ]
    assert err == "koe: to fetch what is missing: koe model pull demo\n"
    assert koe("verify", "demo", "--json", directory=directory) == Exit.ERROR
    out, err = capsys.readouterr()
    assert json.loads(out)["status"] == 1
    assert err == ""


@pytest.mark.parametrize("action", ["status", "verify", "pull", "remove"])
def test_no_such_model(action: str, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert koe(action, "mlx/none", directory=directory) == Exit.ERROR
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        "koe: model directory not found: "
        f"{directory / 'models' / 'mlx' / 'none'}; koe model list shows the models\n"
    )


@pytest.mark.parametrize("action", ["status", "verify", "pull", "remove"])
def test_no_manifest(action: str, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = directory / "models" / "mine"
    folder.mkdir(parents=True)
    assert koe(action, "mine", directory=directory) == Exit.ERROR
    assert (
        f"koe: manifest not found in {folder}; koe model list shows the models\n"
        in capsys.readouterr().err
    )


# --- remove --------------------------------------------------------------------------------


def test_remove(model: Path, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    koe("verify", "demo", directory=directory)
    capsys.readouterr()
    assert koe("remove", "demo", directory=directory) == Exit.OK
    assert capsys.readouterr().out == "demo: removed 3 file(s), manifest kept\n"
    assert names_in(model) == []
    assert koe("remove", "demo", "--json", directory=directory) == Exit.OK
    assert json.loads(capsys.readouterr().out) == {"model": "demo", "removed": 0}


def test_remove_by_a_way_around(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_model(directory / "out")
    assert koe("remove", str(directory / "x" / ".." / "out"), directory=directory) == Exit.ERROR
    capsys.readouterr()
    (directory / "x").mkdir()
    assert koe("remove", str(directory / "x" / ".." / "out"), directory=directory) == Exit.ERROR
    assert "contains path traversal components" in capsys.readouterr().err


# --- pull ----------------------------------------------------------------------------------


def test_pull(server: FileServer, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = serve_model(server, directory / "models" / "demo", a__bin=WEIGHTS, b__bin=b"b")
    assert koe("pull", "demo", directory=directory) == Exit.OK
    out, err = capsys.readouterr()
    assert out == f"demo: pull complete\nPath: {model}\n"
    assert err == "Verifying... ok\n"
    assert (model / "a.bin").read_bytes() == WEIGHTS


def test_pull_as_json(
    server: FileServer,
    directory: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    model = serve_model(server, directory / "models" / "demo", a__bin=WEIGHTS, b__bin=b"b")
    write_file(model / "b.bin", b"b")
    server.lies["/a.bin"] += [Lie(status=503)]
    monkeypatch.setattr("koe.models.pull.TimeLimits", lambda: QUICK)
    assert koe("pull", "demo", "--json", directory=directory) == Exit.OK
    out, err = capsys.readouterr()
    assert err == ""
    events = [json.loads(line) for line in out.splitlines()]
    assert events[0] == {
        "event": "progress",
        "file": "b.bin",
        "index": 1,
        "files": 2,
        "bytes": 1,
        "total": 1,
        "exists": True,
    }
    assert [event["event"] for event in events[1:] if event["event"] != "progress"] == [
        "retry",
        "verifying",
        "done",
    ]
    (retry,) = [event for event in events if event["event"] == "retry"]
    assert retry["seconds"] == 0.0
    assert "HTTP 503 Service Unavailable" in retry["message"]
    assert events[-1] == {"event": "done", "model": "demo", "directory": str(model)}


@pytest.mark.parametrize("as_json", [False, True])
def test_pull_that_fails(
    server: FileServer, directory: Path, as_json: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    serve_model(server, directory / "models" / "demo", a__bin=WEIGHTS)
    server.lies["/a.bin"] += [Lie(status=404)]
    flags = ["--json"] if as_json else []
    assert koe("pull", "demo", *flags, directory=directory) == Exit.ERROR
    out, err = capsys.readouterr()
    message = (
        "download a.bin: localhost answers HTTP 404 Not Found; the file is not there "
        "(any more); is the address in the manifest right?"
    )
    if as_json:
        assert (json.loads(out), err) == ({"event": "error", "message": message}, "")
    else:
        assert (out, err) == ("", f"koe: {message}\n")


def test_a_pull_that_was_spoilt_meanwhile(
    server: FileServer,
    directory: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    model = serve_model(server, directory / "models" / "demo", a__bin=b"abc")

    async def pull(*_: object) -> None:
        write_file(model / "a.bin", b"xyz")

    monkeypatch.setattr("koe.cli.pulling.pull", pull)
    assert koe("pull", "demo", directory=directory) == Exit.ERROR
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        "Verifying... failed\n"
        "koe: demo: a downloaded file is damaged; run again: koe model pull demo\n"
    )


@contextmanager
def pulling(server: FileServer, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process with a download that has stalled in the middle of a file."""
    words = ("model", "pull", tmp_path / "demo", "--json", "--config", tmp_path / "koe")
    with subprocess.Popen(
        command(*words),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(tmp_path),
        encoding="utf-8",
    ) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["event"] == "progress"
        yield process


@pytest.fixture
def stalled(server: FileServer, tmp_path: Path) -> Path:
    model = serve_model(server, tmp_path / "demo", a__bin=WEIGHTS)
    server.lies["/a.bin"] += [Lie(ends_after=50_000, how="stall")]
    return model


def test_killed_and_taken_up_again(server: FileServer, stalled: Path, tmp_path: Path) -> None:
    with pulling(server, tmp_path) as process:
        process.kill()
        process.wait(PATIENCE)
    left = (stalled / "a.bin.part").stat().st_size
    assert 0 < left <= 50_000
    done = run_koe("model", "pull", stalled, "--config", tmp_path / "koe", home=tmp_path)
    assert (done.returncode, done.stderr) == (Exit.OK, "Verifying... ok\n")
    assert server.ranges("/a.bin") == [None, f"bytes={left}-"]
    assert (stalled / "a.bin").read_bytes() == WEIGHTS


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot send Ctrl-C to one process")
def test_interrupted(server: FileServer, stalled: Path, tmp_path: Path) -> None:
    with pulling(server, tmp_path) as process:
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == Exit.INTERRUPTED
    model = tmp_path / "demo"
    assert err == f"koe: interrupted; to continue the download: koe model pull {model}\n"
    assert (stalled / "a.bin.part").exists()


def test_a_pipe_without_a_reader(server: FileServer, stalled: Path, tmp_path: Path) -> None:
    with pulling(server, tmp_path) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        server.released.set()
        assert process.stderr.read() == ""
    assert process.returncode == Exit.ERROR


def test_two_processes_at_once(server: FileServer, stalled: Path, tmp_path: Path) -> None:
    with pulling(server, tmp_path) as process:
        second = run_koe("model", "pull", stalled, "--config", tmp_path / "koe", home=tmp_path)
        assert second.returncode == Exit.ERROR
        assert f"{stalled} is being downloaded or removed already" in second.stderr
        process.kill()
    assert len(server.requests["/a.bin"]) == 1


# --- start ---------------------------------------------------------------------------------


def test_the_http_library_is_loaded_for_downloads_only(directory: Path, tmp_path: Path) -> None:
    """The module of an engine, which is asked whether it can work here, imports asyncio and ssl."""
    install_manifests(directory / "models")
    code = (
        "import sys\nfrom koe.cli import main\n"
        f"main(['model', 'list', '--config', {str(directory)!r}])\n"
        "sys.exit(bool({'httpx', 'pyreqwest', 'websockets', 'tqdm', 'numpy'} & {*sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(tmp_path),
        stdout=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == 0
