"""Install a wheel into an environment of its own, and try its library with the conformance kit.

    python -m tests.wheel WHEEL [--environment FOLDER]

The Python that runs this is the one that the library starts, so it must have a shared library; it
needs no package. $CC or cc is the compiler, on Windows gcc.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

SOURCES = Path(__file__).parent.parent / "abi"
WINDOWS = sys.platform == "win32"
COMPILER = shlex.split(os.environ.get("CC", "gcc" if WINDOWS else "cc"))
TIMEOUT_S = 600.0

# The parts of the kit that need no server.
PROGRAMS = ("layout", "scenarios", "windows")

RECORDING = (
    "import moonshine_voice.utils as u, pathlib, sys\n"
    "sys.stdout.write(str(pathlib.Path(u.get_assets_path(), 'beckett.wav')))"
)


class Trial:
    """An environment with the wheel, and how the programs of the kit end there."""

    def __init__(self, environment: Path, folder: Path) -> None:
        self._commands = environment / ("Scripts" if WINDOWS else "bin")
        """Where the environment has its commands."""
        self._folder = folder
        """For programs, and for the homes that they run in."""

    def install(self, wheel: Path) -> None:
        self._call("python", "-m", "pip", "install", "--quiet", str(wheel))

    def compile(self, name: str) -> Path:
        flags = shlex.split(self._call("koe-config", "--cflags", "--libs"))
        program = self._folder / (f"{name}.exe" if WINDOWS else name)
        # One of them is a folder of files.
        sources = sorted((SOURCES / name).glob("*.c")) or [SOURCES / f"{name}.c"]
        options = ["-std=c11", "-O1", "-D_GNU_SOURCE", *map(str, sources)]
        command = [*COMPILER, *options, *flags, "-lpthread", "-o", str(program)]
        subprocess.run(command, check=True)
        return program

    def run(self, program: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a program in a home of its own, where it finds the library."""
        library = Path(self._call("koe-config", "--library").strip())
        with tempfile.TemporaryDirectory(dir=self._folder) as home:
            environment = {**os.environ, "HOME": home, "APPDATA": home}
            if WINDOWS:
                environment["PATH"] = f"{library.parent};{environment['PATH']}"
            return subprocess.run(
                [program, *arguments], env=environment, cwd=home, stdin=subprocess.DEVNULL,
                capture_output=True, encoding="utf-8", timeout=TIMEOUT_S, check=False,
            )  # fmt: skip

    def results(self) -> Iterator[tuple[str, subprocess.CompletedProcess[str] | None]]:
        """Each thing that was tried; None: it went well."""
        layout, scenarios, windows = (self.compile(name) for name in PROGRAMS)
        expected = json.loads((SOURCES / "layout.json").read_text(encoding="utf-8"))["3"]
        printed = self.run(layout)
        good = printed.returncode == 0 and json.loads(printed.stdout) == expected
        yield "layout", None if good else printed
        yield "windows", failure(self.run(windows))
        speech = self._folder / "speech.raw"
        recording = self._call("python", "-c", RECORDING)
        self._call("koe", "convert", recording, str(speech))
        for line in self.run(scenarios, "list").stdout.splitlines():
            name, *files = line.split()
            done = self.run(scenarios, name, *[str(speech) for _ in files])
            yield f"scenarios {name}", failure(done)
        done = subprocess.run(
            [self._commands / "python", Path(__file__).with_name("joining.py")],
            capture_output=True, text=True, timeout=TIMEOUT_S, check=False,
        )  # fmt: skip
        yield "joining a Python", None if done.returncode == 0 else done

    def _call(self, command: str, *arguments: str) -> str:
        done = subprocess.run(
            [self._commands / command, *arguments], check=True, stdout=subprocess.PIPE, text=True
        )
        return done.stdout


def failure(
    done: subprocess.CompletedProcess[str],
) -> subprocess.CompletedProcess[str] | None:
    """What a program printed, if something in it did not go well."""
    good = done.returncode == 0 and "not ok" not in done.stdout and "ok " in done.stdout
    return None if good else done


def main() -> int:
    """Returns 0 if all went well."""
    parser = argparse.ArgumentParser(prog="python -m tests.wheel")
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--environment", type=Path, help="where to install it; it stays there")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="koe-wheel-") as temporary:
        folder = Path(temporary)
        environment = (arguments.environment or folder / "environment").absolute()
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        trial = Trial(environment, folder)
        trial.install(arguments.wheel)
        passed = failed = 0
        for name, trouble in trial.results():
            passed, failed = passed + (not trouble), failed + bool(trouble)
            print("not ok" if trouble else "ok", name)
            if trouble:
                print(trouble.returncode, trouble.stdout, trouble.stderr, sep="\n")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
