"""What is copied with an address, a key or a name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koe.pasted import pasted, pasted_key


@pytest.mark.parametrize(
    "around",
    [
        " {}",
        "{}\n",
        "\t{}\r\n",
        "\u00a0{}\u3000",
        "{}\u200b",
        "\ufeff{}\u2060",
        '"{}"',
        "‘{}’ ",
        " “{}”",
    ],
)
def test_what_is_around(around: str) -> None:
    for text in ("sk-abc", "https://h/v1", "名", "a b"):
        assert pasted(around.format(text)) == text
        assert pasted_key(around.format(text)) == text


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Bearer sk-abc", "sk-abc"),
        ("bearer  “sk-abc”\n", "sk-abc"),
        (" Authorization: Bearer sk-abc", "sk-abc"),
        ("Bearersk-abc", "Bearersk-abc"),
        ("bearer", "bearer"),
        (" ", ""),
        ("“”", ""),
    ],
)
def test_a_key(text: str, key: str) -> None:
    assert pasted_key(text) == key


@given(st.text())
def test_what_is_inside_stays(text: str) -> None:
    assert pasted(text) in text
    assert pasted(pasted(text)) == pasted(text)
