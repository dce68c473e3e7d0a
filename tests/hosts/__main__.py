"""Compile the programs in examples/hosts against one koe, and have each dictate a recording.

    python -m tests.hosts [--koe-config FOLDER] RECORDING.wav

FOLDER is where that koe has its commands, koe-config and koe: those of a virtual environment with
the wheel, for example. A program whose compiler is missing is left out.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.hosts import HOSTS, compile_host, missing_tool, with_command


def main() -> int:
    """Returns the number of programs that failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.hosts")
    parser.add_argument("recording", type=Path)
    parser.add_argument("--koe-config", type=Path, default=Path(sys.executable).parent)
    arguments = parser.parse_args()
    commands, recording = arguments.koe_config.resolve(), arguments.recording.resolve()
    failed = passed = skipped = 0
    with tempfile.TemporaryDirectory(prefix="koe-hosts-") as temporary:
        folder = Path(temporary)
        speech = folder / "speech.pcm"
        subprocess.run([commands / "koe", "convert", recording, speech], check=True)
        (folder / "home").mkdir()
        for host in HOSTS:
            if tool := missing_tool(host):
                print(f"{host}: left out, because {tool} is not installed")
                skipped += 1
                continue
            try:
                command = compile_host(host, folder / host.replace(".", "-"), commands)
            except subprocess.CalledProcessError as exc:
                print(f"{host}: not compiled\n{exc.stdout}{exc.stderr}")
                failed += 1
                continue
            environment = {**with_command(commands), "HOME": str(folder / "home")}
            done = subprocess.run(
                [*command, str(speech)], env=environment, capture_output=True, text=True,
                timeout=120, check=False,
            )  # fmt: skip
            is_good = done.returncode == 0 and bool(done.stdout.strip())
            print(f"{host}: {done.stdout.strip() if is_good else done}")
            passed, failed = passed + is_good, failed + (not is_good)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return failed


if __name__ == "__main__":
    sys.exit(main())
