"""``koe bundle``: a folder for shells, with the library and a Python of its own."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from koe.cli import Exit, tell
from koe.errors import BundleError

_EPILOG = """\
The folder has include/, lib/ and koe-runtime/, and works wherever it is put, also where nothing can
be written. It is for the version of Python that koe runs with here, and for this kind of computer,
or for Windows. It needs a checkout of koe-core, a C compiler, strip and patchelf (make lib brings
patchelf); for Windows, MinGW-w64 or zig (pip install ziglang).
"""

_TARGETS = ("linux-x86_64", "linux-aarch64", "windows-x86_64")
_ENGINES = ("moonshine", "sherpa-onnx")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("out", metavar="OUT", type=Path, help="the folder that it will be")
    parser.add_argument(
        "--abi", choices=("a", "b", "c"), default="c", help="the generation of the contract"
    )
    parser.add_argument("--target", choices=_TARGETS, help="the kind of computer: this one's")
    parser.add_argument(
        "--engines",
        metavar="NAME,…",
        default="moonshine",
        help=f"engines on the device that come along, of {', '.join(_ENGINES)}; '' for none",
    )
    parser.add_argument("--zip", action="store_true", help="make OUT.zip besides")
    parser.epilog = _EPILOG


def run(arguments: argparse.Namespace) -> int:
    """Make it, and tell how large it is; return the exit status."""
    from koe.bundle import linux, target
    from koe.bundle.assembly import make

    engines = tuple(name for name in arguments.engines.split(",") if name)
    if unknown := [name for name in engines if name not in _ENGINES]:
        raise BundleError(
            f"{unknown[0]!r} is no engine that can come along; there are {', '.join(_ENGINES)}"
        )
    system = target.find(arguments.target or linux.NATIVE)
    out: Path = arguments.out.absolute()
    archive = out.with_name(f"{out.name}.zip") if arguments.zip else None
    bundle = make(out, system, arguments.abi, engines, archive, _say)
    parts = sorted(bundle.parts, key=lambda part: bundle.parts[part])
    for part in [*parts, "together"]:
        sizes = [_megabytes(bundle.parts, part)]
        if bundle.compressed is not None:
            sizes.append(_megabytes(bundle.compressed, part) + " in the archive")
        tell(f"{part:<26}{', '.join(sizes)}")
    tell(f"It runs on {bundle.runs_on}: {out}")
    return Exit.OK


def _megabytes(sizes: Mapping[str, int], part: str) -> str:
    size = sum(sizes.values()) if part == "together" else sizes.get(part, 0)
    return f"{size / 1e6:7.1f} MB"


def _say(step: str) -> None:
    print(f"koe: {step} ...", file=sys.stderr, flush=True)
