"""Installs what requirements.lock names into the environment that runs this.

pip says nothing for a minute, or a line for each step of each package. This says how far it is.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

LOCK = Path(__file__).with_name("requirements.lock")

# What pip writes of a package: it is fetched, or was before; or it is not for this system.
_FETCHED = re.compile(r"\s*(?:Downloading|Using cached) \S+ \((?P<size>[\d.]+) (?P<unit>[kMG]?B)\)")
_IGNORED = re.compile(r"Ignoring \S+: markers .* don't match")
_INSTALLING = "Installing collected packages"

_MEGABYTES = {"B": 1e-6, "kB": 1e-3, "MB": 1.0, "GB": 1e3}

# How many packages there are between two lines.
_STEP = 10


def main() -> int:
    """Install; return pip's exit status."""
    total = sum(line[:1].isalnum() for line in LOCK.read_text(encoding="utf-8").splitlines())
    done, megabytes = 0, 0.0
    words = ["install", "--progress-bar=off", "--disable-pip-version-check", "--require-hashes"]
    command = [sys.executable, "-m", "pip", *words, "-r", str(LOCK)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8") as pip:
        assert pip.stdout is not None
        for line in pip.stdout:
            if fetched := _FETCHED.match(line):
                megabytes += float(fetched["size"]) * _MEGABYTES[fetched["unit"]]
            if fetched or _IGNORED.match(line):
                done += 1
                if done % _STEP == 0:
                    tell(f"{done} of {total} packages, {megabytes:.0f} MB")
            elif line.startswith(_INSTALLING):
                tell(f"unpacking {megabytes:.0f} MB")
    return pip.returncode


def tell(progress: str) -> None:
    """Write a line at once, also into a file."""
    sys.stdout.write(f"  {progress}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
