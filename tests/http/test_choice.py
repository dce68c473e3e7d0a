"""Which library sends."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import sys
{before}
from koe.http import choice
print(choice.open_transport.__name__, choice.LIBRARY, sep="|")
"""


@pytest.mark.parametrize(
    ("before", "name", "said"),
    [
        ("", "ReqwestTransport", "pyreqwest 0."),
        ("sys.modules['pyreqwest'] = None", "FallbackTransport", "httpx 0."),
    ],
)
def test_the_choice(before: str, name: str, said: str) -> None:
    shown = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(before=before)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    assert shown.startswith(f"{name}|{said}")
    assert ("does not ping idle connections" in shown) == (name == "FallbackTransport")
