"""A configuration of OpenSSL that loads code, named by the environment."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.openssl_module import plant_module

PROJECT = Path(__file__).parent.parent

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="compiles a module of Linux")


def run(program: str, environment: Mapping[str, str]) -> tuple[int, str]:
    """Run Python, isolated as in a shell; returns its status, and what it reports."""
    command = [sys.executable, "-I", "-c", program]
    done = subprocess.run(
        command, env=environment, cwd=PROJECT, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stderr


USE = "import hashlib, ssl; ssl.create_default_context(); hashlib.new('sha256')"
IGNORE = "from koe.openssl import ignore_configuration; ignore_configuration()"


def test_what_it_names_is_not_loaded(tmp_path: Path) -> None:
    marker, environment = plant_module(tmp_path)
    assert run(f"{IGNORE}; {USE}", environment) == (0, "")
    assert not marker.exists()


def test_the_module_can_be_loaded(tmp_path: Path) -> None:
    """Isolation alone does not prevent it: the test above can fail."""
    marker, environment = plant_module(tmp_path)
    run(USE, environment)
    assert marker.exists()


def test_without_a_say_nothing_is_done() -> None:
    """The system's own configuration holds, and nothing slow is imported."""
    slow = "{'ctypes', 'ssl', '_hashlib'}"
    assert run(f"{IGNORE}; import sys; assert not {slow} & {{*sys.modules}}", {}) == (0, "")


def test_an_openssl_that_python_hides(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from koe import openssl

    monkeypatch.setenv("OPENSSL_MODULES", "/nowhere")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    openssl.ignore_configuration()
    assert capsys.readouterr().err == (
        "koe: with OPENSSL_MODULES, OpenSSL can load code into this process; "
        "start the program without OPENSSL_MODULES\n"
    )
