"""``koe bundle``: a folder for shells, with the library and a Python of its own."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from koe.cli import Exit, print_line
from koe.cli.usage import file_path
from koe.errors import BundleError

_EPILOG = """\
The folder has include/, lib/ and koe-runtime/, and works wherever it is put, also where nothing can
be written. It is for the version of Python that koe runs with here, and for this kind of computer,
or for Windows or macOS. It needs a checkout of koe-core, a C compiler, strip and patchelf (make lib
brings patchelf); for Windows, MinGW-w64 or zig (pip install ziglang); for macOS, zig.
"""

_TARGETS = ("linux-x86_64", "linux-aarch64", "windows-x86_64", "macos-arm64", "macos-x86_64")
_ENGINES = ("moonshine", "sherpa-onnx")
_DEFAULT = "moonshine"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("out", metavar="OUT", type=file_path, help="the folder to make")
    parser.add_argument(
        "--abi",
        choices=("a", "b", "c"),
        default="c",
        help="the generation of the contract (default: c)",
    )
    parser.add_argument(
        "--target", choices=_TARGETS, help="the kind of computer that it is for (default: this one)"
    )
    parser.add_argument(
        "--engines",
        metavar="NAME,…",
        help=f"the engines on the device to include, of {', '.join(_ENGINES)}; '' for none "
        "(default: moonshine, where there is a package of it)",
    )
    parser.add_argument("--zip", action="store_true", help="make OUT.zip too")
    parser.epilog = _EPILOG


def run(arguments: argparse.Namespace) -> int:
    """Make it, and tell how large it is; return the exit status."""
    from koe.bundle import linux, packages, target
    from koe.bundle.assembly import make

    system = target.find(arguments.target or linux.NATIVE)
    available = packages.engines_in(packages.lock_for(system.name))
    engines = _engines(arguments.engines, available, system.name)
    out: Path = arguments.out.absolute()
    archive = out.with_name(f"{out.name}.zip") if arguments.zip else None
    bundle = make(out, system, arguments.abi, engines, archive, _say)
    parts = sorted(bundle.parts, key=lambda part: bundle.parts[part])
    for part in [*parts, "together"]:
        sizes = [_megabytes(bundle.parts, part)]
        if bundle.compressed is not None:
            sizes.append(_megabytes(bundle.compressed, part) + " in the archive")
        print_line(f"{part:<26}{', '.join(sizes)}")
    print_line(f"It runs on {bundle.runs_on}: {out}")
    if system.left_to_do:
        print_line(system.left_to_do)
    return Exit.OK


def _engines(asked: str | None, available: set[str], target: str) -> tuple[str, ...]:
    """The engines that come along.

    Raises:
        BundleError: One that is asked for can't.
    """
    if asked is None:
        return tuple(available & {_DEFAULT})
    engines = tuple(name for name in asked.split(",") if name)
    for name in engines:
        if name not in available:
            known = ", ".join(sorted(available))
            raise BundleError(
                f"{name!r} is no engine that can come along to {target}; there are {known}"
            )
    return engines


def _megabytes(sizes: Mapping[str, int], part: str) -> str:
    size = sum(sizes.values()) if part == "together" else sizes.get(part, 0)
    return f"{size / 1e6:7.1f} MB"


def _say(step: str) -> None:
    print(f"koe: {step} ...", file=sys.stderr, flush=True)
