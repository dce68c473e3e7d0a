"""Reasons are clauses that fit into a sentence."""

from __future__ import annotations

from koe.answers.flaws import Flaw


def test_each_is_a_clause_of_its_own() -> None:
    assert all(flaw[0].islower() and flaw[-1].isalpha() for flaw in Flaw)
    assert len(set(map(str, Flaw))) == len(Flaw.__members__)
