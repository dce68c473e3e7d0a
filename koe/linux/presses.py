"""Interprets presses and releases of the hotkey. Pure."""

from __future__ import annotations

from enum import Enum, auto

TAP_SECONDS = 0.4
"""A shorter press is a tap, after which the recording continues until the next press.

In ``double_tap``, the second press must come within this time.
"""


class Action(Enum):
    """The action for the recording."""

    BEGIN = auto()
    END = auto()


class Presses:
    """One hotkey. Times are seconds of any clock that only goes forward.

    Args:
        mode: ``hotkey.trigger_mode``: ``hold``, ``toggle`` or ``double_tap``. In ``hold``, a tap
            toggles as well.
    """

    def __init__(self, mode: str = "hold") -> None:
        self._mode = mode
        # The time when the key went down; None: it is up.
        self._pressed_at: float | None = None
        # Whether the newest press began a recording.
        self._began = False
        # The time of the first of two presses in ``double_tap``; None: there was none.
        self._first_press_at: float | None = None

    @property
    def is_held(self) -> bool:
        """Whether the key is down, and has begun a recording that its release can end."""
        return self._pressed_at is not None and self._began and self._mode == "hold"

    def forget(self) -> None:
        """Reset the key to up."""
        self._pressed_at = None

    def press(self, at: float, *, is_recording: bool) -> Action | None:
        """Note that the key went down; repeats are ignored."""
        if self._pressed_at is not None:
            return None
        self._pressed_at = at
        self._began = False
        if is_recording:
            return Action.END
        if self._mode == "double_tap" and not self._is_second(at):
            return None
        self._began = True
        return Action.BEGIN

    def note_begun(self, at: float) -> None:
        """Measure the press from now on, because no release was noticed while recording started.

        On a busy computer the start may take so long that a tap would count as a longer press, and
        its release would end the recording.
        """
        if self._pressed_at is not None:
            self._pressed_at = at

    def release(self, at: float, *, is_recording: bool) -> Action | None:
        """Note that the key went up."""
        pressed_at, self._pressed_at = self._pressed_at, None
        if pressed_at is None or not (self._began and is_recording and self._mode == "hold"):
            return None
        return Action.END if at - pressed_at >= TAP_SECONDS else None

    def _is_second(self, at: float) -> bool:
        first, self._first_press_at = self._first_press_at, at
        if first is None or at - first >= TAP_SECONDS:
            return False
        self._first_press_at = None
        return True
