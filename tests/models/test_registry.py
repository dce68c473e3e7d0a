"""Downloads in the background, as a shell sees them."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import koe.models.pull
from koe.http import routes
from koe.http.fallback import FallbackTransport
from koe.models.registry import Downloads, DownloadStatus, StartResult
from koe.models.transfer import Progress
from koe.models.verification import Status, VerifyMode, model_status
from tests.cli.command import PROJECT
from tests.models.downloading import QUICK, WEIGHTS, serve_model
from tests.models.making import make_model
from tests.servers.files import FileServer, Lie

PATIENCE = 60.0  # for what takes no time, unless something is broken


class Shell:
    """What a shell hears of one download, in order, and on which thread."""

    def __init__(self, downloads: Downloads, path: str = "m") -> None:
        self.downloads = downloads
        self.path = path
        self.heard: list[Progress | tuple[DownloadStatus, str]] = []
        self.threads: set[str] = set()
        self.progressed = threading.Event()
        self.over = threading.Event()

    def start(self) -> StartResult:
        return self.downloads.start(self.path, self.on_progress, self.on_status)

    def on_progress(self, progress: Progress) -> None:
        assert not self.over.is_set()
        self.threads.add(threading.current_thread().name)
        self.heard.append(progress)
        self.progressed.set()

    def on_status(self, status: DownloadStatus, message: str) -> None:
        assert not self.over.is_set()
        self.threads.add(threading.current_thread().name)
        self.heard.append((status, message))
        if status is not DownloadStatus.STARTED:
            self.over.set()

    @property
    def statuses(self) -> list[tuple[DownloadStatus, str]]:
        assert self.over.wait(PATIENCE)
        return [heard for heard in self.heard if isinstance(heard, tuple)]


STARTED = (DownloadStatus.STARTED, "started")
COMPLETED = (DownloadStatus.COMPLETED, "completed")
CANCELLED = (DownloadStatus.CANCELLED, "cancelled")


@pytest.fixture
def downloads(tmp_path: Path) -> Iterator[Downloads]:
    downloads = Downloads(tmp_path, replace(QUICK, idle=600.0))
    yield downloads
    downloads.close(PATIENCE)
    assert not [thread for thread in threading.enumerate() if thread.name == "model-download"]


def test_a_download(server: FileServer, downloads: Downloads, tmp_path: Path) -> None:
    serve_model(server, tmp_path / "m", a__bin=WEIGHTS, b__bin=WEIGHTS)
    shell = Shell(downloads)
    assert shell.start() is StartResult.STARTED
    assert shell.statuses == [STARTED, COMPLETED]
    assert shell.heard[0] == STARTED
    assert shell.heard[-1] == COMPLETED
    assert len(shell.heard) > 4
    assert shell.threads == {"model-download"}
    assert model_status(tmp_path, "m", VerifyMode.CACHE_ONLY) is Status.INSTALLED


def test_a_failure(server: FileServer, downloads: Downloads, tmp_path: Path) -> None:
    serve_model(server, tmp_path / "m", cancelled__bin=WEIGHTS)
    server.lies["/cancelled.bin"] += [Lie(status=404)]
    shell = Shell(downloads)
    shell.start()
    started, (status, message) = shell.statuses
    assert started == STARTED
    # Not what the text says decides: the upstream takes this for a cancellation.
    assert status is DownloadStatus.FAILED
    assert message.startswith("config error: download cancelled.bin: localhost answers HTTP 404")


def test_no_manifest(downloads: Downloads, tmp_path: Path) -> None:
    shell = Shell(downloads, "none")
    assert shell.start() is StartResult.STARTED
    missing = f"config error: canonicalize {tmp_path / 'none'}: No such file or directory"
    assert shell.statuses == [STARTED, (DownloadStatus.FAILED, missing)]


def test_nothing_to_do(downloads: Downloads, tmp_path: Path) -> None:
    make_model(tmp_path / "m")
    shell = Shell(downloads)
    shell.start()
    assert shell.statuses == [STARTED, COMPLETED]


@pytest.mark.parametrize("path", [None, "a\0b", "\udcff"])
def test_no_path(downloads: Downloads, path: str | None) -> None:
    shell = Shell(downloads)
    assert downloads.start(path, shell.on_progress, shell.on_status) is StartResult.REFUSED
    assert not downloads.cancel(path)
    assert shell.heard == []


def test_no_callbacks(downloads: Downloads) -> None:
    shell = Shell(downloads)
    assert downloads.start("m", None, shell.on_status) is StartResult.REFUSED
    assert downloads.start("m", shell.on_progress, None) is StartResult.REFUSED
    assert shell.start() is StartResult.STARTED  # nothing was left behind
    assert shell.statuses


def stalled(server: FileServer, downloads: Downloads, tmp_path: Path) -> Shell:
    """A download that has got something and gets no more."""
    serve_model(server, tmp_path / "m", a__bin=WEIGHTS)
    server.lies["/a.bin"] += [Lie(ends_after=5000, how="stall")]
    shell = Shell(downloads)
    assert shell.start() is StartResult.STARTED
    assert shell.progressed.wait(PATIENCE)
    return shell


def test_cancel(server: FileServer, downloads: Downloads, tmp_path: Path) -> None:
    shell = stalled(server, downloads, tmp_path)
    assert not downloads.cancel("./m")  # the path must be the very same
    assert downloads.cancel("m")
    assert shell.statuses == [STARTED, CANCELLED]
    assert not downloads.cancel("m")
    assert (tmp_path / "m" / "a.bin.part").exists()
    again = Shell(downloads)
    again.start()
    assert again.statuses == [STARTED, COMPLETED]


def test_cancel_before_anything_was_done(
    server: FileServer, downloads: Downloads, tmp_path: Path
) -> None:
    serve_model(server, tmp_path / "m", a__bin=WEIGHTS)

    class Impatient(Shell):
        def on_status(self, status: DownloadStatus, message: str) -> None:
            super().on_status(status, message)
            if status is DownloadStatus.STARTED:
                assert self.downloads.cancel("m")

    shell = Impatient(downloads)
    shell.start()
    assert shell.statuses == [STARTED, CANCELLED]
    assert not server.requests["/a.bin"]


def test_cancel_more_than_once(server: FileServer, downloads: Downloads, tmp_path: Path) -> None:
    shell = stalled(server, downloads, tmp_path)
    threads = [threading.Thread(target=downloads.cancel, args=("m",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shell.statuses == [STARTED, CANCELLED]


def test_a_second_cancel_does_not_disturb_the_first(
    downloads: Downloads, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, ending, may_end, ended = (threading.Event() for _ in range(4))

    async def pull(*_: object) -> None:
        loop = asyncio.get_running_loop()
        try:
            begun.set()
            await asyncio.Event().wait()
        finally:
            ending.set()
            await loop.run_in_executor(None, may_end.wait)
            ended.set()

    monkeypatch.setattr(koe.models.pull, "pull", pull)
    shell = Shell(downloads)
    shell.start()
    assert begun.wait(PATIENCE)
    assert downloads.cancel("m")
    assert ending.wait(PATIENCE)
    assert downloads.cancel("m")
    may_end.set()
    assert shell.statuses == [STARTED, CANCELLED]
    assert ended.is_set()


def test_the_same_path_twice(server: FileServer, downloads: Downloads, tmp_path: Path) -> None:
    shell = stalled(server, downloads, tmp_path)
    second = Shell(downloads)
    assert second.start() is StartResult.ALREADY_RUNNING
    # The same model by another name is noticed too, later.
    third = Shell(downloads, str(tmp_path / "m"))
    assert third.start() is StartResult.STARTED
    assert "is being downloaded or removed already" in third.statuses[-1][1]
    downloads.cancel("m")
    assert shell.statuses == [STARTED, CANCELLED]
    assert second.heard == []


def test_started_anew_from_its_last_callback(
    server: FileServer, downloads: Downloads, tmp_path: Path
) -> None:
    second = Shell(downloads)

    class Persistent(Shell):
        def on_status(self, status: DownloadStatus, message: str) -> None:
            if status is DownloadStatus.FAILED:
                assert second.start() is StartResult.STARTED
            super().on_status(status, message)

    serve_model(server, tmp_path / "m", a__bin=WEIGHTS)
    server.lies["/a.bin"] += [Lie(status=404)]
    first = Persistent(downloads)
    first.start()
    assert first.statuses[-1][0] is DownloadStatus.FAILED
    assert second.statuses == [STARTED, COMPLETED]


def test_close_notifies_those_that_wait(server: FileServer, tmp_path: Path) -> None:
    downloads = Downloads(tmp_path, replace(QUICK, idle=600.0))
    shell = stalled(server, downloads, tmp_path)
    downloads.close(PATIENCE)
    assert shell.over.is_set()
    assert shell.statuses == [STARTED, CANCELLED]
    late = Shell(downloads)
    assert late.start() is StartResult.REFUSED
    assert late.heard == []
    downloads.close(PATIENCE)


def test_close_from_a_callback(server: FileServer, tmp_path: Path) -> None:
    downloads = Downloads(tmp_path, QUICK)

    class Leaving(Shell):
        def on_progress(self, progress: Progress) -> None:
            super().on_progress(progress)
            self.downloads.close(PATIENCE)  # does not wait for itself

    serve_model(server, tmp_path / "m", a__bin=WEIGHTS)
    shell = Leaving(downloads)
    shell.start()
    assert shell.statuses[-1] in (CANCELLED, COMPLETED)
    assert len(shell.statuses) == 2


def test_close_does_not_wait_for_a_callback_that_does_not_return(
    server: FileServer, tmp_path: Path
) -> None:
    downloads = Downloads(tmp_path, QUICK)
    inside, may_return = threading.Event(), threading.Event()

    class Stuck(Shell):
        def on_progress(self, progress: Progress) -> None:
            inside.set()
            may_return.wait()
            super().on_progress(progress)

    serve_model(server, tmp_path / "m", a__bin=WEIGHTS)
    server.lies["/a.bin"] += [Lie(ends_after=5000, how="stall")]
    shell = Stuck(downloads)
    shell.start()
    assert inside.wait(PATIENCE)
    downloads.close(0.01)
    assert not shell.over.is_set()
    may_return.set()
    assert shell.statuses == [STARTED, CANCELLED]


def test_a_name_server_that_does_not_answer(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not waited for. Where httpx sends, Python asks it."""
    monkeypatch.setattr(routes, "open_transport", FallbackTransport)
    asked, answered = threading.Event(), threading.Event()

    def look_up(*_: object, **__: object) -> list[object]:
        asked.set()
        answered.wait()
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    downloads = Downloads(tmp_path, QUICK)
    serve_model(server, tmp_path / "m", a__bin=WEIGHTS)
    shell = Shell(downloads)
    shell.start()
    assert asked.wait(PATIENCE)
    downloads.close(PATIENCE)
    assert shell.statuses == [STARTED, CANCELLED]
    (waiting,) = [thread for thread in threading.enumerate() if thread.name == "blocking-call"]
    answered.set()
    waiting.join()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_crash_is_a_failure_that_is_reported(
    downloads: Downloads, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def crash(*_: object) -> None:
        await asyncio.sleep(0)
        raise ZeroDivisionError

    monkeypatch.setattr(koe.models.pull, "pull", crash)
    shell = Shell(downloads)
    shell.start()
    crashed = (DownloadStatus.FAILED, "internal error: the download has crashed")
    assert shell.statuses == [STARTED, crashed]
    assert not downloads.cancel("m")
    downloads.close(PATIENCE)  # what the thread raises at its end belongs to this test


def test_no_more_threads(
    downloads: Downloads, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", fail)
        shell = Shell(downloads)
        assert shell.start() is StartResult.REFUSED
    assert shell.heard == []
    assert "download of m not started: can't start new thread" in capsys.readouterr().err
    assert not downloads.cancel("m")


def test_retries_are_reported_on_stderr(
    server: FileServer, downloads: Downloads, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    serve_model(server, tmp_path / "m", a__bin=WEIGHTS)
    server.lies["/a.bin"] += [Lie(status=503)]
    shell = Shell(downloads)
    shell.start()
    assert shell.statuses == [STARTED, COMPLETED]
    assert capsys.readouterr().err == (
        "koe: config error: download a.bin: localhost answers HTTP 503 Service Unavailable; "
        "trying again in 0 s\n"
    )


LEAVE = """
import sys, threading
from pathlib import Path
from koe.models.registry import Downloads
begun = threading.Event()
Downloads(Path(sys.argv[1])).start("m", lambda progress: begun.set(), lambda *_: None)
assert begun.wait(60)
print("leaving", flush=True)
"""


def test_the_process_may_end_at_any_time(server: FileServer, tmp_path: Path) -> None:
    serve_model(server, tmp_path / "m", a__bin=WEIGHTS)
    server.lies["/a.bin"] += [Lie(ends_after=5000, how="stall")]
    done = subprocess.run(
        [sys.executable, "-c", LEAVE, tmp_path],
        cwd=PROJECT,
        capture_output=True,
        check=False,
        timeout=PATIENCE,
    )
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, b"leaving", b"")


def test_nothing_slow_is_imported() -> None:
    code = (
        "import sys, koe.models.registry\n"
        "sys.exit(bool({'httpx', 'asyncio', 'ssl', 'tqdm', 'yaml'} & {*sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=False)
    assert done.returncode == 0
