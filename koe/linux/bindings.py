"""Configuration lines by which compositors run ``koe-key`` when a key is pressed. Pure.

GNOME, KDE and niri can't bind the release of a key. There, one press begins a recording, and the
next press ends it.
"""

from __future__ import annotations

from collections.abc import Callable

EXAMPLE_KEY = "F9"
"""The key in the printed lines, which the user may replace."""


def _sway(program: str) -> str:
    return (
        "# ~/.config/sway/config\n"
        f"bindsym --no-repeat {EXAMPLE_KEY} exec {program} press\n"
        f"bindsym --release {EXAMPLE_KEY} exec {program} release\n"
        f"bindsym Shift+{EXAMPLE_KEY} exec {program} cancel"
    )


def _hyprland(program: str) -> str:
    return (
        "# ~/.config/hypr/hyprland.conf\n"
        f"bind = , {EXAMPLE_KEY}, exec, {program} press\n"
        f"bindr = , {EXAMPLE_KEY}, exec, {program} release\n"
        f"bind = SHIFT, {EXAMPLE_KEY}, exec, {program} cancel"
    )


def _river(program: str) -> str:
    return (
        "# ~/.config/river/init\n"
        f"riverctl map normal None {EXAMPLE_KEY} spawn '{program} press'\n"
        f"riverctl map -release normal None {EXAMPLE_KEY} spawn '{program} release'\n"
        f"riverctl map normal Shift {EXAMPLE_KEY} spawn '{program} cancel'"
    )


def _niri(program: str) -> str:
    return (
        "// ~/.config/niri/config.kdl: one press begins a recording, the next one ends it\n"
        "binds {\n"
        f'    {EXAMPLE_KEY} repeat=false {{ spawn "{program}" "toggle"; }}\n'
        f'    Shift+{EXAMPLE_KEY} repeat=false {{ spawn "{program}" "cancel"; }}\n'
        "}"
    )


def _kde(program: str) -> str:
    return (
        "System Settings, Keyboard, Shortcuts, Add New, Command or Script; one press begins a\n"
        "recording, the next one ends it:\n"
        f"  {EXAMPLE_KEY}        {program} toggle\n"
        f"  Shift+{EXAMPLE_KEY}  {program} cancel"
    )


def _gnome(program: str) -> str:
    return (
        "Settings, Keyboard, View and Customise Shortcuts, Custom Shortcuts; one press begins\n"
        "a recording, the next one ends it:\n"
        f"  {EXAMPLE_KEY}        {program} toggle\n"
        f"  Shift+{EXAMPLE_KEY}  {program} cancel"
    )


BINDINGS: dict[str, Callable[[str], str]] = {
    "sway": _sway,
    "hyprland": _hyprland,
    "river": _river,
    "niri": _niri,
    "kde": _kde,
    "gnome": _gnome,
}
"""By desktop, the function that makes the text, given the path of ``koe-key``."""
