"""What many tests need: a scripted engine, recordings, and a private configuration folder."""

from __future__ import annotations

import importlib
import os
import signal
import wave
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import hypothesis
import pytest

import koe.core
from tests.scripted import ScriptedEngine
from tests.servers.authority import CertificateAuthority
from tests.servers.files import FileServer

# A shell has what it starts in the background ignore Ctrl-C, and so would all that the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Random input: the suite runs the same small sample each time, ``make fuzz`` much more, and new
# input each time. How long an example takes says how busy the machine is, nothing about the code.
hypothesis.settings.register_profile(
    "sample", deadline=None, max_examples=50, derandomize=True, database=None
)
hypothesis.settings.register_profile("fuzz", deadline=None, max_examples=2000)
hypothesis.settings.load_profile("sample")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two more than there are processors: half of the time a test waits.

    For another process, for the disk, or for an answer that does not come.
    """
    return (os.cpu_count() or 1) + 2


def pytest_collection(session: pytest.Session) -> None:
    """Let each worker compile other test modules first, if all tests run.

    All workers import the modules in the same order. In a fresh clone each of them would compile
    all modules, because none finds what another one has compiled.
    """
    worker = getattr(session.config, "workerinput", None)
    if worker is None or session.config.args != session.config.getini("testpaths"):
        return
    folder = Path(__file__).parent
    modules = sorted(folder.rglob("test_*.py"))
    for path in modules[int(worker["workerid"][2:]) :: worker["workercount"]]:
        name = path.relative_to(folder.parent).with_suffix("")
        with suppress(Exception, pytest.skip.Exception):  # The collection reports what is wrong.
            importlib.import_module(".".join(name.parts))


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A configuration folder that does not exist yet."""
    return tmp_path / "koe"


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> ScriptedEngine:
    """The engine that the next session opens, whatever is configured."""
    scripted = ScriptedEngine()
    monkeypatch.setattr(koe.core, "open_engine", lambda config, terms: scripted)
    return scripted


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The folder with the two recordings that the speech package brings."""
    from moonshine_voice.utils import get_assets_path

    return Path(get_assets_path())


@pytest.fixture(scope="session")
def authority() -> CertificateAuthority:
    """Certifies servers on loopback."""
    return CertificateAuthority()


@pytest.fixture
def trust(
    authority: CertificateAuthority,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """This process and its children trust the authority, and know no proxies."""
    path = tmp_path_factory.mktemp("authority") / "authority.pem"
    authority.write(path)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def server(authority: CertificateAuthority, trust: None) -> Iterator[FileServer]:
    """Files over HTTPS."""
    with FileServer(authority.certify("localhost")) as server:
        yield server


@pytest.fixture(scope="session")
def speech(recordings: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds of speech as a program pushes it: "Ever tried. Ever failed."."""
    raw = tmp_path_factory.mktemp("speech") / "beckett.raw"
    with wave.open(str(recordings / "beckett.wav")) as recording:
        raw.write_bytes(recording.readframes(3 * 16_000))
    return raw
