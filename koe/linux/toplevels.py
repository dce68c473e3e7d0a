"""The window with the focus on Wayland, by wlr-foreign-toplevel-management.

sway, Hyprland, river and niri support that protocol; GNOME and KDE do not.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from koe.linux.compositor import Arguments, Compositor
from koe.linux.delivery import Window

INTERFACE = "zwlr_foreign_toplevel_manager_v1"

# Numbers of events: of the manager, and of a window.
_TOPLEVEL = 0
_APP_ID, _STATE, _CLOSED = 1, 4, 6

_ACTIVATED = 2


@dataclass
class _Toplevel:
    """The present state of a window."""

    kind: str = ""
    is_active: bool = False


class Toplevels:
    """Follows the windows.

    Args:
        compositor: The connection to the compositor.
        manager: The object that reports them.
    """

    def __init__(self, compositor: Compositor, manager: int) -> None:
        self._compositor = compositor
        # By their number.
        self._windows: dict[int, _Toplevel] = {}
        compositor.on(manager, _TOPLEVEL, self._note_window)

    def active(self) -> Window | None:
        """The window with the focus; None: there is none."""
        for number, it in self._windows.items():
            if it.is_active:
                return Window(number, it.kind)
        return None

    def _note_window(self, arguments: Arguments) -> None:
        number = arguments.word()
        window = self._windows[number] = _Toplevel()

        def note_kind(arguments: Arguments) -> None:
            window.kind = arguments.text().lower()

        def note_state(arguments: Arguments) -> None:
            states = struct.iter_unpack("=I", arguments.bytes())
            window.is_active = (_ACTIVATED,) in states

        def note_end(arguments: Arguments) -> None:
            del self._windows[number]
            self._compositor.forget(number)

        self._compositor.on(number, _APP_ID, note_kind)
        self._compositor.on(number, _STATE, note_state)
        self._compositor.on(number, _CLOSED, note_end)
