from __future__ import annotations

import os
from collections import deque

import pytest

from koe.errors import DesktopError
from koe.linux.compositor import Arguments, Compositor, pack
from tests.asynchronous import on_loop
from tests.linux.sway import Sway


def test_a_request_is_packed() -> None:
    assert pack(3, 7, (1, "abc", b"\1\2\3\4")) == (
        b"\3\0\0\0\7\0\x1c\0\1\0\0\0\4\0\0\0abc\0\4\0\0\0\1\2\3\4"
    )


def test_arguments_are_taken_in_their_order() -> None:
    reader, writer = os.pipe()
    payload = pack(1, 0, (5, "Grüße", b"\1\2\3", 6))[8:]
    arguments = Arguments(payload, deque([reader]))
    assert (arguments.word(), arguments.text(), arguments.bytes()) == (5, "Grüße", b"\1\2\3")
    assert (arguments.descriptor(), arguments.word()) == (reader, 6)
    os.close(reader)
    os.close(writer)


@on_loop
async def test_globals(sway: Sway) -> None:
    compositor = Compositor(sway.environ)
    await compositor.settle()
    assert compositor.bind("wl_seat") is not None
    assert compositor.bind("no_such_thing") is None
    await compositor.settle()
    compositor.close()


@on_loop
async def test_a_request_that_is_refused(sway: Sway) -> None:
    compositor = Compositor(sway.environ)
    compositor.request(999, 0)
    with pytest.raises(DesktopError, match="refused a request"):
        await compositor.settle()
    compositor.close()


@on_loop
async def test_no_compositor() -> None:
    with pytest.raises(DesktopError, match="can't be reached"):
        Compositor({"XDG_RUNTIME_DIR": "/nowhere", "WAYLAND_DISPLAY": "wayland-0"})
