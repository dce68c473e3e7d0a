"""What a service claims, against what it was sent."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from koe.asr.reach import Reach


def test_times_are_samples() -> None:
    reach = Reach()
    reach.send(bytes(32_000))
    assert reach.sent == 16_000
    assert [reach.at(ms) for ms in (0, 0.5, 250, 250, 999)] == [0, 8, 4000, 4000, 15984]


def test_a_little_too_much_is_the_end() -> None:
    reach = Reach()
    reach.send(bytes(32_000))
    assert reach.at(2000) == 16_000
    assert reach.at(2000.1) is None


def test_a_claim_that_goes_back_is_none() -> None:
    reach = Reach()
    reach.send(bytes(32_000))
    assert [reach.at(ms) for ms in (500, 400, 500)] == [8000, None, 8000]


@given(
    st.integers(0, 10),
    st.lists(st.floats() | st.integers() | st.booleans() | st.text() | st.none(), max_size=5),
)
def test_no_claim_is_believed_that_cannot_be(sent: int, claims: list[object]) -> None:
    reach = Reach()
    reach.send(bytes(2 * sent))
    taken = [upto for claim in claims if (upto := reach.at(claim)) is not None]
    assert taken == sorted(taken)
    assert all(0 <= upto <= sent for upto in taken)
