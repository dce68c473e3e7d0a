from __future__ import annotations

import os
import subprocess
import sys

import pytest

from koe.yamltext.loading import compose
from koe.yamltext.tree import Mapping, Scalar

ENVIRON = {"A": "x: ${B}", "B": "y", "RAW": "\udcff"}


@pytest.mark.parametrize("notation", ["k: {}", "{{k: {}}}"], ids=["on a line", "in braces"])
@pytest.mark.parametrize(
    ("written", "text", "unset"),
    [
        ("a-${B}${B}", "a-yy", ()),
        ("${A}", "x: ${B}", ()),
        ("${C}-${RAW}-${C}", "--", ("C", "RAW")),
        ("$B ${B", "$B ${B", ()),
    ],
)
def test_environment_variables(
    notation: str, written: str, text: str, unset: tuple[str, ...]
) -> None:
    quoted = notation.format(f'"{written}"')
    root = compose(quoted, "config.yaml", ENVIRON)
    assert isinstance(root, Mapping)
    value = root.items[1]
    assert isinstance(value, Scalar)
    assert (value.text, value.written, value.unset) == (text, written, unset)
    assert not value.is_plain


def test_no_document() -> None:
    assert compose("# nothing\n", "config.yaml", os.environ) is None


def test_when_pyyaml_is_imported() -> None:
    program = """
import sys
from koe.yamltext.loading import compose
compose("a: b # c", "config.yaml", {})
assert "yaml" not in sys.modules
compose("a: |\\n  b", "config.yaml", {})
assert "yaml" in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)
