"""Decides where a text is inserted, and how. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from koe.text import needs_space_between

# A text that begins within these seconds after the last one is taken for its continuation.
_SOON = 5.0


class Way(StrEnum):
    """The ways to insert a text, by their names in ``linux.insert``; the safest first."""

    ACCESSIBLE = "at-spi"  # into the field, which is read back
    PASTE = "paste"  # by the clipboard and the keys that paste
    CLIPBOARD = "clipboard"  # on the clipboard, and the user pastes


@dataclass(frozen=True, slots=True)
class Window:
    """A window with the focus.

    Attributes:
        id: The desktop's number of it; 0: unknown.
        kind: The name of its program, in lower case; empty: unknown.
    """

    id: int
    kind: str = ""


UNKNOWN = Window(0)
"""A window of which nothing is known."""


@dataclass(frozen=True, slots=True)
class Means:
    """The ways that can be used at the moment.

    Attributes:
        field: The field that had the focus at the press still has it, and accepts text by AT-SPI.
        paste: There is a clipboard, and keys can be sent to a window.
        is_blind: The keys go to the window that has the focus, and koe knows that window only if
            its program supports AT-SPI.
        obstacle: Why the window that had the focus at the press can't be known, as a clause; empty:
            it could be known.
    """

    field: bool = False
    paste: bool = False
    is_blind: bool = False
    obstacle: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """The ways to try.

    Attributes:
        ways: The ways, in this order; the last one is the clipboard.
        reason: Why nothing but the clipboard is tried, as a clause; empty: the user wants it so, or
            more is tried.
    """

    ways: tuple[Way, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Delivered:
    """The result for a text.

    Attributes:
        way: The way by which it was delivered; empty: it was not.
        message: What the user has to do, as a sentence; empty: nothing.
        failure: Why the text was not inserted, as a clause; empty: it was.
    """

    way: str
    message: str = ""
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Inserted:
    """A text that arrived.

    Attributes:
        text: The text.
        window: The window that it arrived in.
        time: When, in seconds of the loop's clock.
    """

    text: str
    window: Window
    time: float


class Tried(StrEnum):
    """The result of one way."""

    ARRIVED = "arrived"  # as far as can be known
    REFUSED = "refused"  # and nothing was changed
    NO_KEY = "no key"  # of the keyboard layout pastes, and nothing was changed
    UNCLEAR = "unclear"  # a part may have arrived


@dataclass(frozen=True, slots=True)
class Chord:
    """Keys that paste when they are pressed together.

    Attributes:
        keysyms: The keysyms of X11, in the order of pressing.
        name: The name for users.
        is_primary: Whether the keys paste the primary selection instead of the clipboard.
    """

    keysyms: tuple[int, ...]
    name: str
    is_primary: bool = False


_CONTROL, _SHIFT, _INSERT, _V = 0xFFE3, 0xFFE1, 0xFF63, 0x76

_COMMON = Chord((_CONTROL, _V), "Ctrl+V")
_TERMINAL = Chord((_CONTROL, _SHIFT, _V), "Ctrl+Shift+V")
_OLD_TERMINAL = Chord((_SHIFT, _INSERT), "Shift+Insert", is_primary=True)
_EMACS = Chord((_SHIFT, _INSERT), "Shift+Insert")

_TERMINALS = """
    alacritty blackbox com.mitchellh.ghostty com.raggesilver.blackbox cool-retro-term
    deepin-terminal foot footclient gnome-terminal gnome-terminal-server guake kgx kitty konsole
    lxterminal mate-terminal org.gnome.console org.gnome.ptyxis org.gnome.terminal org.kde.konsole
    org.wezfurlong.wezterm ptyxis qterminal rio sakura terminator termite terminology tilix warp
    wezterm xfce4-terminal yakuake
"""

# By the class of the window.
_CHORDS = {
    **dict.fromkeys(_TERMINALS.split(), _TERMINAL),
    **dict.fromkeys(["rxvt", "st", "st-256color", "urxvt", "uxterm", "xterm"], _OLD_TERMINAL),
    "emacs": _EMACS,
}


def chord_for(window: Window) -> Chord:
    """Which keys paste in a window."""
    return _CHORDS.get(window.kind, _COMMON)


def has_own_chord(window: Window) -> bool:
    """Whether a window is known to paste with other keys than most."""
    return window.kind in _CHORDS


def plan(forced: Way | None, means: Means, pressed: Window | None, now: Window | None) -> Plan:
    """Decide which ways are tried.

    Args:
        forced: The way in ``linux.insert``; None: the safest possible way.
        means: What can be used.
        pressed: The window that had the focus when the key was pressed; None: it is not known.
        now: The window that has it now; None: it is not known.
    """
    if forced is Way.CLIPBOARD:
        return Plan((Way.CLIPBOARD,))
    if pressed is not None and now is not None and pressed.id != now.id:
        return Plan((Way.CLIPBOARD,), "the focus moved to another window while you spoke")
    ways = []
    # A field that still has the focus is known by itself, whether windows are or not.
    if means.field and forced in (None, Way.ACCESSIBLE):
        ways.append(Way.ACCESSIBLE)
    is_known = pressed is not None and now is not None
    # A window that is unknown at both moments counts as the same: the user lets koe send keys to
    # any window.
    is_same = is_known or (means.is_blind and pressed is None and now is None)
    if means.paste and is_same and forced in (None, Way.PASTE):
        ways.append(Way.PASTE)
    if ways:
        return Plan((*ways, Way.CLIPBOARD))
    if means.obstacle:
        return Plan((Way.CLIPBOARD,), means.obstacle)
    if forced is not None and (is_same or not means.is_blind):
        return Plan((Way.CLIPBOARD,), f"linux.insert is {forced}, which does not work here")
    if is_same:
        reason = "no keys can be sent to this window"
    elif means.is_blind:
        reason = "it is not known whether the focus moved to another window while you spoke"
    elif pressed is not None:
        reason = "no window has the focus any more"
    elif now is not None:
        reason = "it is not known which window had the focus when you began to speak"
    else:
        reason = "no window has the focus, or this desktop does not say which one"
    return Plan((Way.CLIPBOARD,), reason)


def continuing(before: str, text: str) -> str:
    """A text with a space before it, if it needs one after the text before it."""
    return f" {text}" if needs_space_between(before, text) else text


def following(last: Inserted | None, window: Window, began: float, text: str) -> str:
    """A text with a space before it if it continues the last one and needs a space.

    This is for windows in which the text before the cursor can't be read.

    Args:
        last: The last text; None: none arrived.
        window: Where this one is about to be inserted.
        began: When the user began to speak this text, in seconds of the loop's clock.
        text: The text.
    """
    if last is None or not last.window.id == window.id != UNKNOWN.id:
        return text
    return continuing(last.text, text) if began - last.time < _SOON else text


def goes_on(tried: Tried) -> bool:
    """Whether the next way is tried: not where a part of the text may have arrived."""
    return tried in (Tried.REFUSED, Tried.NO_KEY)


def on_the_clipboard(reason: str, chord: Chord | None) -> Delivered:
    """The message for a text that is on the clipboard."""
    keys = (chord or _COMMON).name
    because = f", because {reason}" if reason else ""
    message = f"The text is on the clipboard{because}; {keys} inserts it"
    return Delivered(Way.CLIPBOARD, message, reason)


def shown(*, is_watched: bool) -> Delivered:
    """The result for a text that is only shown, by the program that asked for it.

    Args:
        is_watched: Whether a program follows what the daemon does.
    """
    return Delivered("shown") if is_watched else lost("the program that would show it has ended")


def lost(reason: str) -> Delivered:
    """The result for a text that could not be delivered."""
    message = f"The text could not be inserted: {reason}; koe ctl status shows it"
    return Delivered("", message, reason)
