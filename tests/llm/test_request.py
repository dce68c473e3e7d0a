from __future__ import annotations

from koe.llm.request import HttpRequest
from tests.llm.questions import question


def test_no_repr_shows_a_key_or_a_text() -> None:
    address = "https://user:hunter2@h/v1"
    request = HttpRequest(address, (("Authorization", "Bearer hunter2"),), b"hunter2")
    assert repr(request) == "HttpRequest()"
    assert "hunter2" not in repr(question("hunter2", "hunter2"))
