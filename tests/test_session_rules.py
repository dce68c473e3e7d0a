"""What the rules change is tested in test_session; here is what they are without a word."""

from koe.session_rules import SessionRules


def test_the_default_is_the_latest_generation() -> None:
    """A shell of the latest one needs no rule at all (spec abi §4)."""
    assert not any(getattr(SessionRules(), name) for name in SessionRules.__slots__)
