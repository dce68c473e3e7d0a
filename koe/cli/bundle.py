"""``koe bundle``: make a folder with the library and Python, for programs that embed koe."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from koe.cli import Exit, print_json, print_line
from koe.cli.usage import add_json_option, file_path
from koe.errors import BundleError

if TYPE_CHECKING:
    from koe.bundle.assembly import Bundle

_EPILOG = """\
The folder has include/, lib/ and koe-runtime/; for Windows also bin/. It works in any place, also
on a read-only disk. It contains the version of Python that runs this koe.

You need a checkout of koe-core, a C compiler, strip and patchelf (make lib installs patchelf). For
Windows you need MinGW-w64 or zig (pip install ziglang), for macOS you need zig.

with --json, one object on stdout: {"path": TEXT, "archive": TEXT or null, "runs_on": TEXT,
"left_to_do": TEXT or null, "bytes": NUMBER, "compressed_bytes": NUMBER or null,
"parts": [{"name": TEXT, "bytes": NUMBER, "compressed_bytes": NUMBER or null}, ...]};
compressed_bytes are sizes in the archive
"""

_TARGETS = ("linux-x86_64", "linux-aarch64", "windows-x86_64", "macos-arm64", "macos-x86_64")
_ENGINES = ("moonshine", "sherpa-onnx")
_DEFAULT = "moonshine"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("out", metavar="OUT", type=file_path, help="the folder to make")
    parser.add_argument(
        "--abi",
        choices=("a", "b", "c"),
        default="c",
        help="the generation of the C interface (default: c)",
    )
    parser.add_argument(
        "--target", choices=_TARGETS, help="the system that the folder is for (default: this one)"
    )
    parser.add_argument(
        "--engines",
        metavar="NAME,…",
        help=f"the on-device engines to include: {', '.join(_ENGINES)}; '' for none "
        "(default: moonshine, if it has a package for the target)",
    )
    parser.add_argument("--zip", action="store_true", help="also make OUT.zip")
    add_json_option(parser)
    parser.epilog = _EPILOG


def run(arguments: argparse.Namespace) -> int:
    """Make the folder and print how large it is; return the exit status."""
    from koe.bundle import linux, packages, target
    from koe.bundle.assembly import make

    system = target.find(arguments.target or linux.NATIVE)
    available = packages.engines_in(packages.lock_for(system.name))
    engines = _engines(arguments.engines, available, system.name)
    out: Path = arguments.out.absolute()
    archive = out.with_name(f"{out.name}.zip") if arguments.zip else None
    bundle = make(out, system, arguments.abi, engines, archive, _say)
    parts = sorted(bundle.parts, key=lambda part: bundle.parts[part])
    if arguments.json:
        report = {
            "path": str(out),
            "archive": None if archive is None else str(archive),
            "runs_on": bundle.runs_on,
            "left_to_do": system.left_to_do,
            **_bytes(bundle, "total"),
            "parts": [{"name": part, **_bytes(bundle, part)} for part in parts],
        }
        print_json(report)
        return Exit.OK
    for part in [*parts, "total"]:
        sizes = [_megabytes(bundle.parts, part)]
        if bundle.compressed is not None:
            sizes.append(_megabytes(bundle.compressed, part) + " in the archive")
        print_line(f"{part:<26}{', '.join(sizes)}")
    print_line(f"{out} runs on {bundle.runs_on}")
    if system.left_to_do:
        print_line(system.left_to_do)
    return Exit.OK


def _engines(asked: str | None, available: set[str], target: str) -> tuple[str, ...]:
    """The engines to include.

    Raises:
        BundleError: A named engine has no package for the target.
    """
    if asked is None:
        return tuple(available & {_DEFAULT})
    engines = tuple(name for name in asked.split(",") if name)
    for name in engines:
        if name not in available:
            known = ", ".join(sorted(available))
            raise BundleError(
                f"{name!r} is not an engine that can be included for {target}; choose from: {known}"
            )
    return engines


def _bytes(bundle: Bundle, part: str) -> dict[str, int | None]:
    """The fields of the JSON for the size of a part, or the total."""
    compressed = None if bundle.compressed is None else _size(bundle.compressed, part)
    return {"bytes": _size(bundle.parts, part), "compressed_bytes": compressed}


def _megabytes(sizes: Mapping[str, int], part: str) -> str:
    return f"{_size(sizes, part) / 1e6:7.1f} MB"


def _size(sizes: Mapping[str, int], part: str) -> int:
    return sum(sizes.values()) if part == "total" else sizes.get(part, 0)


def _say(step: str) -> None:
    print(f"koe: {step} ...", file=sys.stderr, flush=True)
