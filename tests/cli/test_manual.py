from __future__ import annotations

import shutil
import subprocess

import pytest

from koe.cli import COMMANDS
from koe.cli.manual import page
from tests.cli.command import PROJECT

PAGE = PROJECT / "koe" / "koe.1"


def test_the_page_is_up_to_date() -> None:
    """If this fails, run: make man."""
    assert PAGE.read_text(encoding="ascii") == page()


@pytest.mark.skipif(shutil.which("groff") is None, reason="there is no groff")
def test_the_page_is_formatted() -> None:
    done = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww", "-P-cbou", str(PAGE)],
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stderr == ""
    shown = done.stdout.replace("\N{MINUS SIGN}", "-").replace("\N{HYPHEN}", "-")
    for name in COMMANDS:
        assert f"koe {name}" in shown
    for line in ("--realtime", "`last`", "~/.koe", "%APPDATA%\\koe", "${NAME}"):
        assert line in shown


@pytest.mark.skipif(shutil.which("mandoc") is None, reason="there is no mandoc")
def test_the_page_has_no_errors() -> None:
    done = subprocess.run(
        ["mandoc", "-Tlint", "-Werror", str(PAGE)], capture_output=True, text=True, check=False
    )
    assert "ERROR" not in done.stdout
