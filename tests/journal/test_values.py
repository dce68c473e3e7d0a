from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koe.events import Mode, State
from koe.journal.values import LONGEST_TEXT, build, dump, load, members_of

# With lone surrogates, which UTF-8 as such can't say.
TEXTS = st.text(st.characters(codec=None))


@dataclass(frozen=True, slots=True)
class Sample:
    text: str
    state: State = State.IDLE
    mode: Mode = Mode.HOLD
    count: int | None = None
    share: float = 0.5
    is_so: bool = False


@given(st.builds(Sample, TEXTS, share=st.floats(allow_nan=False)))
def test_there_and_back(sample: Sample) -> None:
    members = load(dump(members_of(sample)))
    assert isinstance(members, dict)
    assert build(Sample, members) == sample


def test_what_another_release_wrote() -> None:
    assert build(Sample, {"text": "a", "colour": "red"}) == Sample("a")
    wrong: dict[str, object] = {
        "state": "asleep", "mode": 7, "count": "3", "share": "x", "is_so": 1
    }  # fmt: skip
    assert build(Sample, {"text": "a", **wrong}) == Sample("a")
    assert build(Sample, {"text": "a", "share": 2}) == Sample("a", share=2.0)


@pytest.mark.parametrize("members", [{}, {"text": 3}, {"text": None}])
def test_a_field_without_a_default(members: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="Sample has no usable text"):
        build(Sample, members)


def test_texts_have_a_limit() -> None:
    assert members_of(Sample("a" * (LONGEST_TEXT + 1)))["text"] == "a" * LONGEST_TEXT


@pytest.mark.parametrize("payload", [b"", b"\xff", b"{", b"[" * 100_000, b"1" * 5000])
def test_what_is_no_json(payload: bytes) -> None:
    with pytest.raises(ValueError):
        load(payload)


def test_no_space_is_wasted() -> None:
    assert dump({"a": [1, "部署"]}) == '{"a":[1,"部署"]}'.encode()
