"""Each program prints what is said, and ends in all cases, also where nothing can begin."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from build_ffi import library_name
from tests.abi import build
from tests.hosts import EXAMPLES, HOSTS, compile_host, missing_tool, with_command

pytestmark = [
    pytest.mark.abi,
    pytest.mark.skipif(sys.platform == "win32", reason="the first lines are for a Unix shell"),
    pytest.mark.skipif(bool(build.SANITIZE), reason="a sanitizer must be loaded first"),
]


@pytest.fixture(scope="module", params=HOSTS)
def host(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The command of a program."""
    if tool := missing_tool(request.param):
        pytest.skip(f"{tool} is not installed")
    build.build_libraries()
    folder = tmp_path_factory.mktemp("host") / "program"
    return compile_host(request.param, folder, Path(sys.executable).parent)


def dictate(host: list[str], recording: Path, tmp_path: Path, **more: str) -> tuple[int, str, str]:
    environment = {"PATH": with_command(Path(sys.executable).parent)["PATH"], **more}
    done = build.run([*host, recording], tmp_path / "home", **environment)
    return done.returncode, done.stdout, done.stderr


def test_speech(host: list[str], speech: Path, tmp_path: Path) -> None:
    status, text, why = dictate(host, speech, tmp_path)
    assert (status, why) == (0, "")
    assert re.fullmatch(r"Ever tried\W+ever failed\W+", text, re.IGNORECASE)


def test_silence_and_no_recording(host: list[str], tmp_path: Path) -> None:
    (tmp_path / "silence.pcm").write_bytes(bytes(16_000))
    assert dictate(host, tmp_path / "silence.pcm", tmp_path) == (1, "", "")
    assert dictate(host, tmp_path / "no.pcm", tmp_path)[:2] == (1, "")


def test_an_engine_that_is_not_there(host: list[str], speech: Path, tmp_path: Path) -> None:
    folder = tmp_path / "home" / ".koe"
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text("asr: {provider: glm}\n", encoding="utf-8")
    status, text, why = dictate(host, speech, tmp_path)
    assert (status, text) == (1, "")
    assert "asr.glm.api_key" in why


def test_a_library_that_cannot_start(host: list[str], speech: Path, tmp_path: Path) -> None:
    """Beside it there is a bundle that has nothing in it."""
    (tmp_path / "lib" / "koe-runtime").mkdir(parents=True)
    library = build.copy_library(3, tmp_path / "lib")
    command = tmp_path / "bin" / "koe-config"
    command.parent.mkdir()
    command.write_text(f"#!/bin/sh\necho '{library}'\n")
    command.chmod(0o755)
    name = "DYLD_LIBRARY_PATH" if sys.platform == "darwin" else "LD_LIBRARY_PATH"
    search = {"PATH": with_command(command.parent)["PATH"], name: str(library.parent)}
    status, text, why = dictate(host, speech, tmp_path, **search)
    assert (status, text) == (1, "")
    assert why.endswith("manifest.txt can't be read; copy the whole bundle again\n")


def test_they_are_all_there() -> None:
    sources = {path.name for path in EXAMPLES.glob("dictate.*")}
    assert sources == set(HOSTS)
    assert library_name(3) not in "".join((EXAMPLES / name).read_text() for name in sources)
