"""Words among which terms are looked for."""

from __future__ import annotations

from koe.finishing.term_words import codes, runs, split


def test_words() -> None:
    words = list(split("C++ and .NET 在用 don't"))
    assert [word.letters for word in words] == ["cplusplus", "and", "dotnet", "在", "用", "dont"]
    assert [word.is_chinese for word in words] == [False, False, False, True, True, False]
    assert words[1].is_light and words[3].reading == "zai"
    assert next(split("K8s")).is_number


def test_runs_end_at_punctuation() -> None:
    found = [[place.word.letters for place in run] for run in runs("get hub, 我用 git-hub。好")]
    assert found == [["get", "hub"], ["我", "用", "git", "hub"], ["好"]]


def test_codes() -> None:
    assert set(codes(list(split("get hub")))) & set(codes(list(split("GitHub"))))
    assert set(codes(list(split("post grass")))) == set(codes(list(split("Postgres"))))
