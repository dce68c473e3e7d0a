"""The conformance kit on bundles for Windows, and our shell, under Wine.

    python -m tests.wine FOLDER RECORDING.wav [GENERATION …]

Makes a bundle of each generation (a, b and c by default) in FOLDER, compiles the kit with
MinGW-w64, and runs each scenario in a process of its own. The path of the bundles has a blank, an
umlaut and Chinese characters. That of FOLDER must have none of them: the kit reads its own files by
paths in the system's code page. Then the shell of frontends/windows dictates into Notepad. It needs
Debian's packages wine, wine64, g++-mingw-w64-x86-64, cmake, xvfb, xdotool, xclip, pulseaudio and
pulseaudio-utils.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from koe.audio import open_recording
from koe.events import BYTES_PER_SECOND
from tests.abi import build
from tests.servers.llm import serving
from tests.wine.shell import MARK, build_shell, dictate

PLACE = "Käse 听写 ok"
GENERATIONS = {name: number for number, name in build.GENERATIONS.items()}
COMPILER = "x86_64-w64-mingw32-gcc"
SPEECH_SECONDS = 3

# Words that are said in the first seconds of the recording.
SAID = "ever tried"

# A scenario's own watchdog ends it earlier.
TIMEOUT = 600.0


class Wine:
    """An installation of Wine of its own.

    Args:
        folder: Where it is made.

    Attributes:
        environ: What programs are started with.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
            "WINEPREFIX": str(folder / "prefix"),
            "WINEDEBUG": "-all",
            # Nothing here is written for .NET or shows web pages; Wine would offer to install both.
            "WINEDLLOVERRIDES": "mscoree,mshtml=",
        }
        # The number of the scratch folders that were given out.
        self._scratches = 0

    def run(self, program: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a program with settings of its own.

        Wine sets APPDATA itself, so the shell of Windows changes it. The standard streams are
        pipes, because CPython does not start under Wine if they are files.
        """
        self._scratches += 1
        scratch = self._folder / f"settings-{self._scratches}"
        scratch.mkdir(parents=True)
        words = [windows_path(it) if isinstance(it, Path) else it for it in arguments]
        command = " ".join([program.name, *words])
        return subprocess.run(
            ["wine", "cmd", "/c", f"set APPDATA={windows_path(scratch)}&&{command}"],
            env=self.environ,
            cwd=program.parent,
            input="",
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=TIMEOUT,
            check=False,
        )

    def listed(self, program: Path) -> list[str]:
        """The scenarios of a program."""
        names = self.run(program, "list").stdout.splitlines()
        if not names:
            raise RuntimeError(f"{program} lists no scenario")
        return names

    def close(self) -> None:
        """End its programs, and remove it."""
        subprocess.run(["wineserver", "-k"], env=self.environ, check=False)
        shutil.rmtree(self._folder)


def windows_path(path: Path) -> str:
    """The path by which Wine's programs know a file."""
    return "Z:" + str(path).replace("/", "\\")


def make_bundle(folder: Path, generation: str) -> Path:
    """Make a bundle for Windows."""
    bundle = folder / PLACE / f"bündel-{generation}"
    shutil.rmtree(bundle, ignore_errors=True)
    target = ["--abi", generation, "--target", "windows-x86_64"]
    subprocess.run([sys.executable, "-m", "koe.cli", "bundle", bundle, *target], check=True)
    return bundle


def compile_kit(bundle: Path, generation: str) -> dict[str, Path]:
    """Compile the programs, and a library that Wine lacks, beside koe's; return the programs."""
    binaries = bundle / "bin"
    lacking = build.SOURCES.parent / "wine" / "bcryptprimitives.c"
    compile_c(binaries / "bcryptprimitives.dll", str(lacking), "-shared", "-ladvapi32")
    own = [f"-I{bundle / 'include'}", f"-L{bundle / 'lib'}", "-lkoe_core", "-lpthread"]
    programs = {}
    names = ["layout", "scenarios", "correction"]
    for name in [*names, "windows"] if generation == "c" else names:
        programs[name] = binaries / f"{name}.exe"
        file = build.SOURCES / f"{name}.c"
        sources = build.sources_of(file if file.exists() else build.SOURCES / name)
        compile_c(programs[name], *sources, "-static", *own)
    return programs


def compile_c(target: Path, *arguments: str) -> None:
    """Compile for Windows; arguments are sources, and options after them."""
    options = ["-std=c11", "-O1", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-o", str(target)]
    subprocess.run([COMPILER, *options, *arguments], check=True)


def stories(wine: Wine, generation: str, bundle: Path, speech: Path) -> Iterator[tuple[str, str]]:
    """Run the kit; yields the name of each scenario, and why it failed, empty if it did not."""
    programs = compile_kit(bundle, generation)
    result = wine.run(programs["layout"])
    expected = json.loads((build.SOURCES / "layout.json").read_text(encoding="utf-8"))
    sizes = json.loads(result.stdout or "null")
    is_right = sizes == expected[str(GENERATIONS[generation])]
    yield "layout", "" if is_right else f"{result.stdout}\n{result.stderr}"
    for line in wine.listed(programs["scenarios"]):
        name, *needs = line.split()
        yield name, failure(wine.run(programs["scenarios"], name, *(speech for _ in needs)))
    if generation == "c":
        yield "windows", failure(wine.run(programs["windows"]))
    with serving() as service:
        for name in wine.listed(programs["correction"]):
            result = wine.run(programs["correction"], name, speech, service.url)
            yield f"correction {name}", failure(result)
    if generation == "c":
        text = dictate(build_shell(bundle), wine.environ, speech)
        is_whole = text.startswith(MARK) and SAID in text.lower()
        yield "shell", "" if is_whole else f"Notepad has: {text!r}"


def failure(result: subprocess.CompletedProcess[str]) -> str:
    """What a scenario printed, if it failed."""
    lines = result.stdout.splitlines()
    is_whole = any(line.startswith("1..") for line in lines)
    is_right = not any(line.startswith("not ok") for line in lines)
    if result.returncode == 0 and is_whole and is_right:
        return ""
    return f"status {result.returncode}\n{result.stdout}\n{result.stderr}"


def main() -> int:
    """Run and report all; the status is 1 if something failed."""
    folder, recording = (Path(word).absolute() for word in sys.argv[1:3])
    speech = folder / "speech.raw"
    (folder / PLACE).mkdir(parents=True, exist_ok=True)
    with open_recording(recording) as source:
        speech.write_bytes(b"".join(source)[: SPEECH_SECONDS * BYTES_PER_SECOND])
    failed = count = 0
    for generation in sys.argv[3:] or list(GENERATIONS):
        bundle = make_bundle(folder, generation)
        with closing(Wine(folder / f"wine-{generation}-{time.time_ns()}")) as wine:
            for name, wrong in stories(wine, generation, bundle, speech):
                count += 1
                failed += bool(wrong)
                print(f"{'not ok' if wrong else 'ok'} {generation} {name}", flush=True)
                if wrong:
                    print(wrong, flush=True)
    print(f"{count - failed} of {count}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
