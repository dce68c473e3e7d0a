from __future__ import annotations

import os
import subprocess
import sys

import pytest

from koe import program
from koe.cli import Exit


def test_the_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["koe"])
    assert program.main() == Exit.OK
    assert capsys.readouterr().out.startswith("usage: koe ")


_INTERRUPTED_WHILE = """
import os, signal, sys

class Named:
    def __set_name__(self, *_):  # what is raised here arrives as another error
        os.kill(os.getpid(), signal.SIGINT)

class Interrupting:
    def find_spec(self, name, *_):
        if name == "{module}":
            class Loaded:
                member = Named()

sys.meta_path.insert(0, Interrupting())
from koe.program import main

sys.exit(main())
"""


@pytest.mark.skipif(os.name != "posix", reason="os.kill ends a process of Windows")
@pytest.mark.parametrize("module", ["koe.cli", "koe.cli.dictate"])
def test_ctrl_c_while_it_is_loaded(module: str) -> None:
    words = [sys.executable, "-c", _INTERRUPTED_WHILE.format(module=module), "dictate", "--help"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "koe: interrupted\n")


def test_ctrl_c_later_is_an_exception_again() -> None:
    code = (
        "import signal; from koe import program, cli\n"
        "def main(on_loaded):\n"
        "    on_loaded(); assert signal.getsignal(signal.SIGINT) is signal.default_int_handler\n"
        "cli.main = main; program.main()"
    )
    subprocess.run([sys.executable, "-c", code], timeout=30, check=True)
