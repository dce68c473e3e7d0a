"""A bundle on a machine that has nothing: no Python, no compiler, no home of ours.

    python -m tests.bundle BUNDLE RECORDING.wav

It is copied to a folder with a blank, an umlaut and Chinese characters, in a root of its own which
has the libraries of glibc and C++ alone, and can't be written; a shell dictates there, as another
user. Then starts are measured, in turns with those from the checkout. It must be run as root.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from koe.audio import open_recording
from tests.abi import build

# The shell's place in the other root, as far as the bundle knows: one that it was not made for.
PLACE = "opt/Käse 听写 ok"
USER = "12345"

# Makes the other root unwritable, but for the home.
MOUNTS = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && mount -t tmpfs none "$1/home" '
MOUNTS += '&& mount -t proc none "$1/proc" '
MOUNTS += f'&& chown {USER} "$1/home" && shift && exec "$@"'

START = """\
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "koe_core.h"
int main(void) {
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    if (sp_core_create(NULL) != 0)
        return 1;
    clock_gettime(CLOCK_MONOTONIC, &b);
    printf("%.2f\\n", (b.tv_sec - a.tv_sec) * 1e3 + (b.tv_nsec - a.tv_nsec) / 1e6);
    fflush(stdout);
    _Exit(0);
}
"""


def compile_shell(source: Path, target: Path, prefix: Path, *flags: str) -> None:
    library = [f"-L{prefix / 'lib'}", "-lkoe_core", "-lpthread", *flags]
    command = ["cc", "-std=c11", "-O2", "-D_GNU_SOURCE", f"-I{prefix / 'include'}", str(source)]
    subprocess.run([*command, *library, "-o", str(target)], check=True)


def make_root(root: Path, bundle: Path) -> Path:
    """Fill a root with a bundle, a shell, and what they are linked to; returns the bundle there."""
    moved = root / PLACE / "bündel"
    moved.parent.mkdir(parents=True)
    shutil.copytree(bundle, moved, symlinks=True)
    example = build.PROJECT / "examples" / "c" / "dictate.c"
    compile_shell(example, root / PLACE / "shell", bundle, "-Wl,-rpath,$ORIGIN/bündel/lib")
    for name in ("home", "proc"):
        (root / name).mkdir()
    needed: set[str] = set()
    for path in [root / PLACE / "shell", *moved.rglob("*.so*")]:
        output = subprocess.run(
            ["ldd", str(path)], capture_output=True, text=True, check=False
        ).stdout
        needed |= {
            name
            for name in re.findall(r"(/\S+) \(", output)
            if re.match(
                r"(ld-linux|lib(c|m|dl|rt|pthread|stdc\+\+|gcc_s|atomic)\.)", Path(name).name
            )
        }
    for name in needed:
        target = root / name.removeprefix("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(name, target)
    return moved


def dictate(root: Path, recording: Path) -> str:
    """Run the shell in the other root, which is read-only, as another user; returns its text."""
    shutil.copy(recording, root / "recording.pcm")
    there = ["chroot", f"--userspec={USER}:{USER}", str(root), f"/{PLACE}/shell", "--fast"]
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", MOUNTS, "sh", str(root), *there, "/recording.pcm"],
        env={"PATH": os.environ["PATH"], "HOME": "/home"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        sys.exit(f"the shell ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def contents(folder: Path) -> dict[Path, tuple[int, int]]:
    """What is in a folder, with the times of the last change."""
    return {path: (path.lstat().st_mtime_ns, path.lstat().st_size) for path in folder.rglob("*")}


def measure_starts(folder: Path, bundle: Path) -> None:
    """Tell how long a start takes, from the bundle and from the checkout, in turns."""
    (folder / "start.c").write_text(START, encoding="utf-8")
    prefixes = {"bundle": bundle, "checkout": build.library(3).parent}
    for name, prefix in prefixes.items():
        compile_shell(folder / "start.c", folder / name, prefix, f"-Wl,-rpath,{prefix / 'lib'}")
    times: dict[str, list[float]] = {name: [] for name in prefixes}
    for turn in range(16):
        for name in prefixes:
            output = build.run([folder / name], folder / "home").stdout
            if turn > 0:  # the first writes the settings
                times[name].append(float(output))
    for name, values in times.items():
        middle, least = statistics.median(values), min(values)
        print(f"a start from the {name}: median {middle:.0f} ms, least {least:.0f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.bundle")
    parser.add_argument("bundle", type=Path)
    parser.add_argument("recording", type=Path)
    arguments = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("tests.bundle: run it as root, which may have another root")
    bundle: Path = arguments.bundle.absolute()
    with tempfile.TemporaryDirectory(prefix="koe-bundle-") as temporary:
        folder = Path(temporary)
        folder.chmod(0o755)
        recording = folder / "recording.pcm"
        with open_recording(arguments.recording) as pcm:
            recording.write_bytes(b"".join(pcm))
        moved = make_root(folder / "root", bundle)
        before = contents(moved)
        print(dictate(folder / "root", recording))
        if contents(moved) != before:
            sys.exit("something was written in the bundle")
        # Where it could be written, nothing is either.
        build.run([folder / "root" / PLACE / "shell", "--fast", recording], folder / "home")
        if contents(moved) != before:
            sys.exit("something was written in the bundle, where that is possible")
        print("nothing was written in the bundle")
        measure_starts(folder, bundle)


if __name__ == "__main__":
    main()
