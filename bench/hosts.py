"""The C programs that stand for a shell, compiled against generation C.

They are linked with libpython too, so that they can run Python code in the interpreter that the
core started. The library needs no back door for that.
"""

from __future__ import annotations

import functools
import json
import os
import shlex
import subprocess
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import build_ffi

OUT = Path(__file__).with_name("out")
LIBRARY = Path(__file__).resolve().parent.parent / "build" / "abi-c"


# The exit statuses of hosts that did not survive their end, after all their answers.
bad_ends: list[int] = []


class BenchError(Exception):
    """Why a part can't be measured."""


@dataclass(frozen=True)
class Dictation:
    """What one session took.

    Attributes:
        audio_s: How much was pushed.
        wall_s: From the call of sp_core_session_begin to the final text.
        cpu_s: The processor's time meanwhile, of all threads of the process.
        end_to_text_s: From the call of sp_core_session_end to the final text.
        text: The final text; empty if nothing was heard.
    """

    audio_s: float
    wall_s: float
    cpu_s: float
    end_to_text_s: float
    text: str


@functools.cache
def compile_host(name: str) -> Path:
    """Compile bench/``name``.c.

    Raises:
        BenchError: There is no library, or the program does not compile.
    """
    library = LIBRARY / "lib"
    if not (library / build_ffi.LIBRARY).is_file():
        raise BenchError(f"there is no {build_ffi.LIBRARY} in {library}; run: make lib")
    OUT.mkdir(parents=True, exist_ok=True)
    program = OUT / name
    libpython = build_ffi.libpython_flags()
    command = [
        *shlex.split(os.environ.get("CC", "cc")),
        *["-std=c11", "-O2", "-Wall", "-Wextra", "-Wpedantic"],
        *[f"-I{LIBRARY / 'include'}", f"-I{sysconfig.get_paths()['include']}"],
        *[str(Path(__file__).with_name(f"{name}.c")), "-o", str(program)],
        *[f"-L{library}", "-lkoe_core", *build_ffi.to_linker("-rpath", str(library))],
        *libpython,
    ]
    try:
        subprocess.run(command, check=True)
    except (OSError, subprocess.CalledProcessError) as exc:
        raise BenchError(f"{name}.c does not compile: {exc}") from exc
    return program


def environment(home: Path) -> dict[str, str]:
    """The environment of a host, whose settings are in ``home``/.koe."""
    return {**os.environ, "HOME": str(home)}


class Host:
    """A process of bench/host.c; leaving the block ends it as a shell ends.

    Args:
        home: Its home directory.

    Raises:
        BenchError: From every method, if the process ended; what it said is on stderr.
    """

    def __init__(self, home: Path) -> None:
        self._process = subprocess.Popen(
            [compile_host("host")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env=environment(home),
        )
        self._read("its start")

    @property
    def pid(self) -> int:
        """The process, to be measured from outside."""
        return self._process.pid

    def create(self) -> float:
        """Create the core; returns the seconds it took."""
        return self._ask("create")["create_s"]

    def start(self) -> dict[str, float]:
        """Create the core and begin a session; create_s, begun_s and ready_s from one start."""
        return self._ask("start")

    def begin(self, count: int) -> list[float]:
        """Begin so many sessions, one after the other; returns the seconds each took."""
        durations: list[float] = json.loads(self._answer(f"begin {count}"))["begin_s"]
        return durations

    def dictate(self, audio: Path, *, real_time: bool) -> Dictation:
        """Run a session over a file of raw PCM."""
        pace = "real" if real_time else "fast"
        return Dictation(**json.loads(self._answer(f"dictate {pace} {audio}")))

    def run_python(self, statement: str) -> None:
        """Run one line of Python in the core's interpreter."""
        self._answer(f"python {statement}")

    def __enter__(self) -> Host:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self._process.kill()
        self._process.communicate()
        if error is None and self._process.returncode != 0:
            # What it measured stands, so it must not be lost; but the end is worth a look.
            bad_ends.append(self._process.returncode)

    def _ask(self, command: str) -> dict[str, float]:
        answer: dict[str, float] = json.loads(self._answer(command))
        return answer

    def _answer(self, command: str) -> str:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(command + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # it has ended, and answers nothing
        return self._read(command)

    def _read(self, command: str) -> str:
        assert self._process.stdout is not None
        answer = self._process.stdout.readline()
        if not answer:
            raise BenchError(f"the host ended with {self._process.wait()} at {command}")
        return answer
