"""A whole model: several files, and what ends them."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from koe.daemon_threads import run
from koe.errors import DownloadError, ManifestError, ModelError, ModelPathError
from koe.http import routes
from koe.http.fallback import FallbackTransport
from koe.models.paths import MANIFEST_NAME
from koe.models.pull import pull
from koe.models.transfer import Progress, Retry
from koe.models.verification import Status, VerifyMode, model_status
from tests.models.downloading import QUICK, WEIGHTS, download, serve_model
from tests.models.making import make_model, model_file, names_in, write_file
from tests.servers.files import FileServer, Lie

SMALL = b"{}"


def names_reported(reported: list[Progress | Retry]) -> set[str]:
    return {notice.name for notice in reported}


def test_all_files_come(server: FileServer, tmp_path: Path) -> None:
    contents = {f"f{number}__bin": WEIGHTS[number:] for number in range(7)}
    model = serve_model(server, tmp_path / "m", **contents)
    reported = download(tmp_path, "m")
    assert names_in(model) == [".koe-checksum.json", *(f"f{number}.bin" for number in range(7))]
    assert {
        (notice.index, notice.count) for notice in reported if isinstance(notice, Progress)
    } == {(number, 7) for number in range(7)}
    # A list shows it as installed at once; in the upstream it has to be verified first.
    assert model_status(tmp_path, "m", VerifyMode.CACHE_ONLY) is Status.INSTALLED
    assert model_status(tmp_path, "m", VerifyMode.FORCE) is Status.INSTALLED


def test_four_files_at_once(server: FileServer, tmp_path: Path) -> None:
    contents = {f"f{number}__bin": WEIGHTS for number in range(6)}
    serve_model(server, tmp_path / "m", **contents)
    for number in range(4):
        server.lies[f"/f{number}.bin"] += [Lie(ends_after=5000, how="stall")]
    begun: set[str] = set()
    asked_meanwhile: list[str] = []

    def note(notice: Progress | Retry) -> None:
        begun.add(notice.name)
        if len(begun) == 4 and not server.released.is_set():
            asked_meanwhile.extend(path for path, asked in server.requests.items() if asked)
            server.released.set()

    download(tmp_path, "m", note)
    assert sorted(asked_meanwhile) == [f"/f{number}.bin" for number in range(4)]
    assert model_status(tmp_path, "m", VerifyMode.FORCE) is Status.INSTALLED


def test_a_model_without_files(server: FileServer, tmp_path: Path) -> None:
    make_model(tmp_path / "m")
    assert download(tmp_path, "m") == []


def test_a_failure_ends_the_others(server: FileServer, tmp_path: Path) -> None:
    contents = {"a__bin": SMALL, "b__bin": WEIGHTS, "c__bin": SMALL}
    model = serve_model(server, tmp_path / "m", **contents)
    server.lies["/b.bin"] += [Lie(ends_after=5000, how="stall")]
    server.lies["/c.bin"] += [Lie(status=404)]
    with pytest.raises(DownloadError, match=r"download c\.bin: localhost answers HTTP 404"):
        # The test ends before the stalled one has lost patience.
        download(tmp_path, "m", patience=replace(QUICK, idle=600.0))
    assert "b.bin" not in names_in(model)
    assert "c.bin" not in names_in(model)
    download(tmp_path, "m")
    assert model_status(tmp_path, "m", VerifyMode.FORCE) is Status.INSTALLED


def test_finished_files_stay_and_are_known(server: FileServer, tmp_path: Path) -> None:
    model = serve_model(server, tmp_path / "m", a__bin=SMALL, b__bin=SMALL)
    server.lies["/b.bin"] += [Lie(status=404)]
    write_file(model / "a.bin", SMALL)
    with pytest.raises(DownloadError):
        download(tmp_path, "m")
    assert model_status(tmp_path, "m", VerifyMode.NORMAL) is Status.INCOMPLETE


def test_the_first_in_the_manifest_speaks_for_all(server: FileServer, tmp_path: Path) -> None:
    files = [replace(model_file(name, SMALL), url="") for name in ("b", "a", "c")]
    make_model(tmp_path / "m", *files)
    with pytest.raises(DownloadError, match="download b: its address must begin"):
        download(tmp_path, "m")


def test_a_listener_that_fails(server: FileServer, tmp_path: Path) -> None:
    serve_model(server, tmp_path / "m", a__bin=WEIGHTS, b__bin=WEIGHTS)

    def fail(notice: Progress | Retry) -> None:
        raise BrokenPipeError("no reader")

    with pytest.raises(BrokenPipeError, match="no reader"):
        download(tmp_path, "m", fail)


# --- before anything is asked --------------------------------------------------------------


def test_no_manifest(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"canonicalize .*: No such file or directory"):
        download(tmp_path, "m")
    (tmp_path / "m").mkdir()
    with pytest.raises(ManifestError) as raised:
        download(tmp_path, "m")
    assert (
        str(raised.value)
        == f"config error: manifest not found in {tmp_path / 'm'}; koe model list shows the models"
    )


@pytest.mark.parametrize("name", ["../evil.bin", "/etc/passwd", "./x", "", MANIFEST_NAME])
def test_one_unsafe_name_spoils_all(server: FileServer, tmp_path: Path, name: str) -> None:
    server.files["/x"] = SMALL
    files = (model_file("good", SMALL, server.url("/x")), model_file(name, SMALL))
    model = make_model(tmp_path / "m", *files)
    with pytest.raises(ModelPathError, match="file name in manifest"):
        download(tmp_path, "m")
    assert names_in(model) == []
    assert not server.requests["/x"]


@pytest.mark.parametrize("path", ["../m", "./m", "x/../m"])
def test_ways_around_are_refused(tmp_path: Path, path: str) -> None:
    make_model(tmp_path / "m")
    with pytest.raises(ModelPathError, match="contains path traversal components"):
        download(tmp_path, path)


@pytest.mark.parametrize(
    ("first", "second"),
    [("a.bin", "a.bin"), ("a.bin", "A.BIN"), ("a/b", "a//b"), ("a.bin", "a.bin.part")],
)
def test_two_files_in_one_place(tmp_path: Path, first: str, second: str) -> None:
    make_model(tmp_path / "m", model_file(first, SMALL), model_file(second, SMALL))
    with pytest.raises(ManifestError, match=f"more than one file at '({first}|{second})'"):
        download(tmp_path, "m")


@pytest.mark.parametrize("sha256", ["abc", "g" * 64, "a" * 65])
def test_checksums_that_are_none(tmp_path: Path, sha256: str) -> None:
    make_model(tmp_path / "m", replace(model_file("a", SMALL), sha256=sha256))
    with pytest.raises(
        ManifestError, match="the sha256 of 'a' in the manifest is not 64 hexadecimal digits"
    ):
        download(tmp_path, "m")


def test_a_disk_that_is_too_small(server: FileServer, tmp_path: Path) -> None:
    server.files["/a"] = SMALL
    file = replace(model_file("a", SMALL, server.url("/a")), size_bytes=10**18)
    make_model(tmp_path / "m", file)
    with pytest.raises(ModelError) as raised:
        download(tmp_path, "m")
    said = str(raised.value)
    assert said.startswith(f"config error: the disk of {tmp_path / 'm'} is too full: ")
    assert "1000000000000.0 MB are needed and" in said
    assert not server.requests["/a"]


def test_what_is_there_needs_no_room(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = serve_model(server, tmp_path / "m", a__bin=WEIGHTS, b__bin=WEIGHTS)
    write_file(model / "a.bin", WEIGHTS)
    write_file(model / "b.bin.part", WEIGHTS[:-10])
    usage = shutil.disk_usage(tmp_path)
    for free in (9, 10):
        monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free: usage._replace(free=free))
        if free < 10:
            with pytest.raises(ModelError, match="is too full"):
                download(tmp_path, "m")
        else:
            download(tmp_path, "m")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for half of a file."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root can mount")
    path = tmp_path / "disk"
    path.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={len(WEIGHTS) // 2}", "koe-test", str(path)]
    if subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode:
        pytest.skip("this machine lets no user mount")
    yield path
    subprocess.run(["umount", path], check=True)


def test_a_disk_that_fills_up(server: FileServer, small_disk: Path, tmp_path: Path) -> None:
    server.files["/a.bin"] = WEIGHTS
    # Of unknown size, so that this is not known before.
    file = replace(model_file("a.bin", WEIGHTS, server.url("/a.bin")), size_bytes=0)
    model = make_model(small_disk / "m", file)
    with pytest.raises(DownloadError, match="No space left on device; free some space"):
        download(small_disk, "m")
    assert not (model / "a.bin").exists()
    part = (model / "a.bin.part").read_bytes()
    assert 0 < len(part) < len(WEIGHTS)
    assert part == WEIGHTS[: len(part)]


# --- ends ----------------------------------------------------------------------------------


def cancelled(
    root: Path, path: str, when: Callable[[list[Progress | Retry]], bool], pause: float = 0.0
) -> list[Progress | Retry]:
    """Download until ``when`` is true of what was reported; an empty list: before it began."""

    async def main() -> list[Progress | Retry]:
        reported: list[Progress | Retry] = []

        def note(notice: Progress | Retry) -> None:
            reported.append(notice)
            if when(reported):
                task.cancel()

        patience = replace(QUICK, pauses=(pause,), idle=600.0)
        task = asyncio.create_task(pull(root, path, note, patience))
        if when(reported):
            task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return reported

    return asyncio.run(main())


def bytes_there(reported: list[Progress | Retry]) -> int:
    """How much of all files there is, by the last notices."""
    last = {it.name: it.bytes_there for it in reported if isinstance(it, Progress)}
    return sum(last.values())


@pytest.mark.parametrize("arrived", [0, 1, 50_000, 100_000, 200_000, 250_000, 300_000, 400_000])
def test_cancelled_at_any_point(server: FileServer, tmp_path: Path, arrived: int) -> None:
    """Cancelled once so many bytes are there, of the 400,000 that come before all stalls."""
    model = serve_model(server, tmp_path / "m", a__bin=WEIGHTS, b__bin=WEIGHTS, c=SMALL)
    write_file(model / "a.bin.part", WEIGHTS[:9999])
    for name in ("/a.bin", "/b.bin"):
        server.lies[name] += [Lie(ends_after=200_000, how="stall")]
    reported = cancelled(tmp_path, "m", lambda reported: bytes_there(reported) >= arrived)
    assert bytes_there(reported) >= arrived
    server.released.set()
    left = set(names_in(model)) - {".koe-checksum.json", "c"}
    whole = {"a.bin.part": WEIGHTS, "b.bin.part": WEIGHTS, "c..part": SMALL}
    assert {"a.bin.part"} <= left <= whole.keys()
    for part in left:
        content = (model / part).read_bytes()
        assert content == whole[part][: len(content)]
    download(tmp_path, "m")
    assert model_status(tmp_path, "m", VerifyMode.FORCE) is Status.INSTALLED


def test_cancelled_between_two_tries(server: FileServer, tmp_path: Path) -> None:
    model = serve_model(server, tmp_path / "m", a__bin=WEIGHTS)
    server.lies["/a.bin"] += [Lie(ends_after=5000, how="close")]

    def is_waiting(reported: list[Progress | Retry]) -> bool:
        return any(isinstance(notice, Retry) for notice in reported)

    cancelled(tmp_path, "m", is_waiting, pause=600.0)
    assert (model / "a.bin.part").read_bytes() == WEIGHTS[:5000]


def test_cancelled_while_a_name_is_looked_up(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name server that does not answer is not waited for. Where httpx sends, Python asks it."""
    monkeypatch.setattr(routes, "open_transport", FallbackTransport)
    serve_model(server, tmp_path / "m", a__bin=WEIGHTS)
    asked, answered = threading.Event(), threading.Event()

    def look_up(*_: object, **__: object) -> list[object]:
        asked.set()
        answered.wait()
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    async def main() -> None:
        task = asyncio.create_task(pull(tmp_path, "m", lambda _: None, QUICK))
        # Not on the loop's executor, which is what is tested.
        waiting = asyncio.Event()
        loop = asyncio.get_running_loop()
        threading.Thread(
            target=lambda: (asked.wait(), loop.call_soon_threadsafe(waiting.set))
        ).start()
        await waiting.wait()
        task.cancel()
        await task

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises(asyncio.CancelledError):
        run(main())
    (waiting,) = [thread for thread in threading.enumerate() if thread.name == "blocking-call"]
    answered.set()
    waiting.join()


def test_an_unknown_name(server: FileServer, tmp_path: Path) -> None:
    make_model(tmp_path / "m", model_file("a", SMALL, "https://models.invalid/a"))
    with pytest.raises(DownloadError, match=r"there is no server named models\.invalid"):
        download(tmp_path, "m", patience=replace(QUICK, pauses=()))


# --- two at once ---------------------------------------------------------------------------


def test_the_same_model_twice(server: FileServer, tmp_path: Path) -> None:
    model = serve_model(server, tmp_path / "m", a__bin=WEIGHTS)
    refusals: list[str] = []

    def again(notice: Progress | Retry) -> None:
        if not refusals:
            with pytest.raises(ModelError) as raised:
                blocking_pull(tmp_path)
            refusals.append(str(raised.value))

    download(tmp_path, "m", again)
    assert refusals == [
        f"config error: {model} is being downloaded or removed already; wait for that, or cancel it"
    ]
    assert len(server.requests["/a.bin"]) == 1
    assert (model / "a.bin").read_bytes() == WEIGHTS


def blocking_pull(root: Path) -> None:
    """Download on a thread of its own, because this one has a loop that runs."""
    errors: list[ModelError] = []

    def work() -> None:
        try:
            download(root, "m")
        except ModelError as exc:
            errors.append(exc)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    for error in errors:
        raise error


def test_two_models_at_once(server: FileServer, tmp_path: Path) -> None:
    serve_model(server, tmp_path / "one", a__bin=WEIGHTS)
    serve_model(server, tmp_path / "two", b__bin=WEIGHTS[::-1])
    both = threading.Barrier(2)

    def note_first() -> Callable[[Progress | Retry], None]:
        waited: list[int] = []
        return lambda _: None if waited else waited.append(both.wait(60.0))

    threads = [
        threading.Thread(target=download, args=(tmp_path, name, note_first()))
        for name in ("one", "two")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name in ("one", "two"):
        assert model_status(tmp_path, name, VerifyMode.FORCE) is Status.INSTALLED
