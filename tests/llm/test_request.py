from __future__ import annotations

from tests.llm.questions import question


def test_no_repr_shows_a_text() -> None:
    assert "hunter2" not in repr(question("hunter2", "hunter2"))
