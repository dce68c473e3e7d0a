from __future__ import annotations

import pytest

from koe.linux.delivery import (
    Chord,
    Inserted,
    Means,
    Plan,
    Tried,
    Way,
    Window,
    chord_for,
    following,
    goes_on,
    lost,
    on_the_clipboard,
    plan,
)

EDITOR, OTHER = Window(1, "gedit"), Window(2, "firefox")
FIELD, PASTE, CLIPBOARD = Way.ACCESSIBLE, Way.PASTE, Way.CLIPBOARD
ALL = Means(field=True, paste=True)
BLIND = Means(paste=True, is_blind=True)
MAYBE = "it is not known whether the focus moved to another window while you spoke"
ANOTHER = "the focus moved to another window while you spoke"
UNKNOWN = "no window has the focus, or this desktop does not say which one"
UNKNOWN_THEN = "it is not known which window had the focus when you began to speak"
CLOSED = "no window has the focus any more"


@pytest.mark.parametrize(
    ("means", "pressed", "now", "ways", "reason"),
    [
        (ALL, EDITOR, EDITOR, (FIELD, PASTE, CLIPBOARD), ""),
        (Means(paste=True), EDITOR, EDITOR, (PASTE, CLIPBOARD), ""),
        (Means(paste=True), EDITOR, Window(1, "renamed"), (PASTE, CLIPBOARD), ""),
        # Nothing is typed into another window, whatever could be.
        (ALL, EDITOR, OTHER, (CLIPBOARD,), ANOTHER),
        # A window that is not known may be another one; a field that has the focus is the same.
        (Means(paste=True), None, None, (CLIPBOARD,), UNKNOWN),
        (Means(paste=True), None, EDITOR, (CLIPBOARD,), UNKNOWN_THEN),
        (Means(paste=True), EDITOR, None, (CLIPBOARD,), CLOSED),
        (ALL, None, None, (FIELD, CLIPBOARD), ""),
        (Means(), EDITOR, EDITOR, (CLIPBOARD,), "no keys can be sent to this window"),
        # Where the desktop presses the keys, a window that is not known at either moment is one.
        (BLIND, None, None, (PASTE, CLIPBOARD), ""),
        (BLIND, EDITOR, EDITOR, (PASTE, CLIPBOARD), ""),
        (BLIND, EDITOR, OTHER, (CLIPBOARD,), ANOTHER),
        (BLIND, EDITOR, None, (CLIPBOARD,), MAYBE),
        (BLIND, None, EDITOR, (CLIPBOARD,), MAYBE),
        (
            Means(paste=False, is_blind=True),
            None,
            None,
            (CLIPBOARD,),
            "no keys can be sent to this window",
        ),
    ],
)
def test_the_surest_way_comes_first(
    means: Means, pressed: Window | None, now: Window | None, ways: tuple[Way, ...], reason: str
) -> None:
    decided = plan(None, means, pressed, now)
    assert (decided.ways, decided.reason) == (ways, reason)


@pytest.mark.parametrize(
    ("forced", "means", "ways", "reason"),
    [
        (FIELD, ALL, (FIELD, CLIPBOARD), ""),
        (PASTE, ALL, (PASTE, CLIPBOARD), ""),
        (CLIPBOARD, ALL, (CLIPBOARD,), ""),
        (
            FIELD,
            Means(paste=True),
            (CLIPBOARD,),
            "linux.insert is at-spi, which does not work here",
        ),
    ],
)
def test_a_way_can_be_forced(forced: Way, means: Means, ways: tuple[Way, ...], reason: str) -> None:
    decided = plan(forced, means, EDITOR, EDITOR)
    assert (decided.ways, decided.reason) == (ways, reason)


def test_a_forced_way_says_why_it_is_not_taken() -> None:
    assert plan(PASTE, BLIND, EDITOR, None).reason == MAYBE


@pytest.mark.parametrize("forced", [None, FIELD, PASTE])
def test_what_kept_the_window_of_the_press_from_being_known(forced: Way | None) -> None:
    early = Means(paste=True, obstacle="it was too early")
    assert plan(forced, early, None, EDITOR) == Plan((CLIPBOARD,), "it was too early")


@pytest.mark.parametrize("forced", Way)
def test_no_setting_has_another_window_typed_into(forced: Way) -> None:
    assert plan(forced, ALL, EDITOR, OTHER).ways == (CLIPBOARD,)


def test_what_may_have_arrived_is_not_sent_twice() -> None:
    assert [goes_on(tried) for tried in Tried] == [False, True, True, False]


@pytest.mark.parametrize(
    ("kind", "keys"),
    [
        ("gedit", "Ctrl+V"),
        ("", "Ctrl+V"),
        ("kitty", "Ctrl+Shift+V"),
        ("org.gnome.ptyxis", "Ctrl+Shift+V"),
        ("xterm", "Shift+Insert"),
        ("emacs", "Shift+Insert"),
    ],
)
def test_the_keys_that_paste(kind: str, keys: str) -> None:
    assert chord_for(Window(1, kind)).name == keys


def test_what_an_old_terminal_pastes_is_the_selection() -> None:
    assert chord_for(Window(1, "xterm")).is_primary
    assert not chord_for(Window(1, "emacs")).is_primary


def test_what_the_user_is_shown() -> None:
    chord = Chord((), "Ctrl+Shift+V")
    assert on_the_clipboard("", None).message == "The text is on the clipboard; Ctrl+V inserts it"
    assert on_the_clipboard("it rains", chord).message == (
        "The text is on the clipboard, because it rains; Ctrl+Shift+V inserts it"
    )
    assert on_the_clipboard("", None).failure == ""
    assert on_the_clipboard("it rains", chord).failure == lost("it rains").failure == "it rains"
    assert lost("it rains").message == (
        "The text could not be inserted: it rains; koe ctl status shows it"
    )


@pytest.mark.parametrize(
    ("last", "window", "began", "text", "inserted"),
    [
        (None, EDITOR, 1.0, "Two.", "Two."),
        (Inserted("One.", EDITOR, 1.0), EDITOR, 5.9, "Two.", " Two."),
        (Inserted("One.", EDITOR, 1.0), EDITOR, 6.1, "Two.", "Two."),
        # It was begun before the last text was there.
        (Inserted("One.", EDITOR, 1.0), EDITOR, 0.5, "Two.", " Two."),
        (Inserted("One.", EDITOR, 1.0), Window(1, "renamed"), 2.0, "Two.", " Two."),
        (Inserted("One.", EDITOR, 1.0), OTHER, 2.0, "Two.", "Two."),
        (Inserted("One.", Window(0), 1.0), Window(0), 2.0, "Two.", "Two."),
        (Inserted("你好。", EDITOR, 1.0), EDITOR, 2.0, "再见。", "再见。"),
        (Inserted("One.", EDITOR, 1.0), EDITOR, 2.0, "你好。", " 你好。"),
        (Inserted("One,", EDITOR, 1.0), EDITOR, 2.0, "two.", " two."),
        (Inserted("(", EDITOR, 1.0), EDITOR, 2.0, "two)", "two)"),
    ],
)
def test_a_text_after_another(
    last: Inserted | None, window: Window, began: float, text: str, inserted: str
) -> None:
    assert following(last, window, began, text) == inserted
