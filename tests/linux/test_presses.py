from __future__ import annotations

import pytest

from koe.linux.presses import TAP_SECONDS, Action, Presses

BEGIN, END = Action.BEGIN, Action.END

# Times and whether the key went down, with what follows; a recording is on after BEGIN.
STORIES: dict[str, tuple[str, list[tuple[float, bool, Action | None]]]] = {
    "held": ("hold", [(0.0, True, BEGIN), (1.0, False, END)]),
    "a tap leaves it on": (
        "hold",
        [(0.0, True, BEGIN), (0.2, False, None), (5.0, True, END), (5.1, False, None)],
    ),
    "at the limit it is held": ("hold", [(0.0, True, BEGIN), (TAP_SECONDS, False, END)]),
    "a long press that ends it begins nothing": (
        "hold",
        [(0.0, True, BEGIN), (0.1, False, None), (2.0, True, END), (4.0, False, None)],
    ),
    "a repeating key": (
        "hold",
        [(0.0, True, BEGIN), (0.5, True, None), (0.53, True, None), (1.0, False, END)],
    ),
    "a release without a press": ("hold", [(1.0, False, None), (2.0, True, BEGIN)]),
    "toggle": (
        "toggle",
        [(0.0, True, BEGIN), (1.0, False, None), (2.0, True, END), (3.0, False, None)],
    ),
    "two taps, and one that ends": (
        "double_tap",
        [(0.0, True, None), (0.1, False, None), (0.2, True, BEGIN), (0.3, False, None),
         (2.0, True, END)],
    ),
    "two taps that are far apart": (
        "double_tap",
        [(0.0, True, None), (0.1, False, None), (0.5, True, None), (0.6, False, None),
         (0.8, True, BEGIN)],
    ),
    "the tap that ends is no first one": (
        "double_tap",
        [(0.1, True, None), (0.2, False, None), (0.3, True, BEGIN), (0.31, False, None),
         (0.4, True, END), (0.41, False, None), (0.5, True, None)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", STORIES)
def test_stories(name: str) -> None:
    mode, story = STORIES[name]
    presses = Presses(mode)
    recording = False
    for at, is_down, expected in story:
        reported = presses.press if is_down else presses.release
        action = reported(at, is_recording=recording)
        assert action is expected, (name, at)
        if action is not None:
            recording = action is BEGIN


def test_a_key_is_held_while_it_is_down_and_its_release_counts() -> None:
    presses, toggle = Presses(), Presses("toggle")
    for it in (presses, toggle):
        it.press(0.0, is_recording=False)
    assert presses.is_held
    assert not toggle.is_held
    presses.release(0.1, is_recording=True)
    assert not presses.is_held
    presses.press(3.0, is_recording=True)  # ends it
    assert not presses.is_held


def test_a_key_whose_release_was_missed_can_be_pressed_again() -> None:
    presses = Presses()
    presses.press(0.0, is_recording=False)
    presses.forget()
    assert not presses.is_held
    assert presses.press(1.0, is_recording=False) is BEGIN


def test_a_recording_that_was_cancelled_is_not_ended_by_the_release() -> None:
    presses = Presses()
    assert presses.press(0.0, is_recording=False) is BEGIN
    assert presses.release(1.0, is_recording=False) is None


def test_the_time_that_beginning_takes_makes_a_tap_no_longer_press() -> None:
    presses = Presses()
    assert presses.press(1.0, is_recording=False) is Action.BEGIN
    presses.note_begun(1.7)
    assert presses.release(1.8, is_recording=True) is None
    assert presses.press(3.0, is_recording=True) is Action.END
    presses.release(3.1, is_recording=False)
    presses.note_begun(3.2)  # a key that is up stays up
    assert presses.press(4.0, is_recording=False) is Action.BEGIN
