from __future__ import annotations

import asyncio
import ctypes
from ctypes.util import find_library

import pytest

from koe.linux import virtual_keyboard
from koe.linux.compositor import Compositor
from koe.linux.layout import KeyboardLayout, has_v_in_place
from koe.linux.virtual_keyboard import VirtualKeyboard
from tests.asynchronous import on_loop
from tests.linux.making import PATIENCE
from tests.linux.sway import Sway


class RuleNames(ctypes.Structure):
    """struct xkb_rule_names (xkbcommon.h)."""

    _fields_ = [
        (name, ctypes.c_char_p) for name in ("rules", "model", "layout", "variant", "options")
    ]


def keymap_of(layout: str, variant: str) -> str:
    """The keymap that compositors make of names of layouts."""
    library = find_library("xkbcommon")
    if library is None:
        pytest.skip("not installed here: libxkbcommon0")
    xkb = ctypes.CDLL(library)
    for name in ("xkb_context_new", "xkb_keymap_new_from_names", "xkb_keymap_get_as_string"):
        getattr(xkb, name).restype = ctypes.c_void_p
    names = RuleNames(b"evdev", b"pc105", layout.encode(), variant.encode(), b"")
    context = ctypes.c_void_p(xkb.xkb_context_new(0))
    keymap = ctypes.c_void_p(xkb.xkb_keymap_new_from_names(context, ctypes.byref(names), 0))
    text = ctypes.cast(xkb.xkb_keymap_get_as_string(keymap, 1), ctypes.c_char_p).value
    assert text is not None
    return text.decode()


@pytest.mark.parametrize(
    ("layout", "variant", "is_in_place"),
    [
        ("us", "", True),
        ("de", "", True),
        ("fr", "", True),
        ("us,ru", "", True),
        ("ru", "", True),
        ("gr,us", "", True),
        ("il,us,ru", "", True),
        ("us", "dvorak", False),
        ("us,us", ",dvorak", False),
        ("ru,us", ",colemak", True),
        ("tr", "f", False),
    ],
)
def test_layouts(layout: str, variant: str, is_in_place: bool) -> None:
    assert has_v_in_place(keymap_of(layout, variant)) is is_in_place


@pytest.mark.parametrize("keymap", ["", "xkb_keycodes { <AB04> = 55; };"])
def test_keymaps_without_the_key(keymap: str) -> None:
    assert not has_v_in_place(keymap)


@on_loop
async def test_a_keyboard_that_comes_later(sway: Sway) -> None:
    compositor, other = Compositor(sway.environ), Compositor(sway.environ)
    await compositor.settle()
    await other.settle()
    seat = compositor.bind("wl_seat")
    assert seat is not None
    layout = KeyboardLayout(compositor, seat)
    theirs, maker = other.bind("wl_seat"), other.bind(virtual_keyboard.INTERFACE)
    assert theirs is not None
    assert maker is not None
    VirtualKeyboard(other, maker, theirs)
    await other.settle()
    async with asyncio.timeout(PATIENCE):
        while not layout.has_v_in_place:  # noqa: ASYNC110 - the compositor says so
            await asyncio.sleep(0.01)
    other.close()
    compositor.close()
