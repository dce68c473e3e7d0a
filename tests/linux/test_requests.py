from __future__ import annotations

import pytest

from koe.linux.requests import ControlRequest, parse_request


@pytest.mark.parametrize(
    ("request_", "line"),
    [
        (ControlRequest("begin"), b'{"do": "begin"}\n'),
        (ControlRequest("begin", inserts=False), b'{"do": "begin", "insert": false}\n'),
        (ControlRequest("retry", entry="2026"), b'{"do": "retry", "entry": "2026"}\n'),
        (ControlRequest("follow", level=True), b'{"do": "follow", "level": true}\n'),
    ],
)
def test_there_and_back(request_: ControlRequest, line: bytes) -> None:
    assert request_.line() == line
    assert parse_request(line) == request_


@pytest.mark.parametrize("line", [b"begin\n", b"[]\n", b'{"do": 1}\n', b"\xff\n", b"\n"])
def test_what_is_no_request(line: bytes) -> None:
    assert parse_request(line) == ControlRequest("")


def test_what_is_not_of_its_kind_is_left_out() -> None:
    line = b'{"do": "retry", "insert": 0, "entry": 7, "level": "yes"}'
    assert parse_request(line) == ControlRequest("retry")
