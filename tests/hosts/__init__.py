"""Small programs in several languages, compiled and run as their own first lines say."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path

EXAMPLES = Path(__file__).parent.parent.parent / "examples" / "hosts"

# By program, what compiles and runs it.
HOSTS = {
    "dictate.c": ("cc",),
    "dictate.cpp": ("c++",),
    "dictate.rs": ("rustc",),
    "dictate.go": ("go", "cc"),
    "dictate.mjs": ("node", "npm"),
}


def missing_tool(host: str) -> str | None:
    """The first of its tools that is not installed."""
    return next((tool for tool in HOSTS[host] if not shutil.which(tool)), None)


def compile_host(host: str, folder: Path, koe_config: Path) -> list[str]:
    """Compile a program; returns the command that runs it, but for the recording.

    Args:
        host: The name of its source.
        folder: Where to; made anew.
        koe_config: The folder of the command.

    Raises:
        subprocess.CalledProcessError: It can't be compiled.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for path in EXAMPLES.iterdir():
        if path.name == host or (path.suffix == ".json" and host.endswith(".mjs")):
            shutil.copy(path, folder)
    lines = (EXAMPLES / host).read_text(encoding="utf-8").splitlines()[:2]
    compilation, use = (line.removeprefix("// ") for line in lines)
    subprocess.run(
        ["sh", "-euc", compilation], cwd=folder, env=with_command(koe_config),
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    *command, _ = shlex.split(use)
    return [str(folder / word) if (folder / word).exists() else word for word in command]


def with_command(folder: Path) -> dict[str, str]:
    """The environment, with the commands of a folder."""
    return {**os.environ, "PATH": os.pathsep.join([str(folder), os.environ["PATH"]])}
