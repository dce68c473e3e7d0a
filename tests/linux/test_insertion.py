from __future__ import annotations

import asyncio
from typing import cast

import pytest

import koe.linux.insertion
from koe.config.schema import Config, LinuxConfig
from koe.errors import DesktopError
from koe.linux.delivery import UNKNOWN, Delivered, Tried, Window, lost
from koe.linux.fields import Fields, Focus, FocusedField
from koe.linux.insertion import Insertion
from tests.asynchronous import on_loop

EDITOR, OTHER = Window(1, "gedit"), Window(2, "kitty")


class Board:
    """Windows that take what a test lets them take."""

    def __init__(self, takes: Tried = Tried.ARRIVED) -> None:
        self.active: Window | None = EDITOR
        self.takes = takes
        self.pasted: list[str] = []
        self.left: list[str] = []
        self.into: Window | None = None
        self.gone = False
        self.is_blind = False

    def active_window(self) -> Window | None:
        if self.gone:
            raise DesktopError("the X server has ended")
        return self.active

    async def paste(self, text: str, window: Window, restore_delay: float) -> Tried:
        assert window == self.active or self.is_blind
        self.pasted.append(text)
        self.into = window
        return self.takes

    async def leave(self, text: str) -> None:
        if self.gone:
            raise DesktopError("the X server has ended")
        self.left.append(text)

    def close(self) -> None:
        pass


class OneField:
    """A field that takes what a test lets it take; at the same time all fields."""

    def __init__(self, takes: Tried = Tried.ARRIVED) -> None:
        self.has_focus = True
        self.window: Window | None = None
        self.takes = takes
        self.texts: list[str] = []
        self.lasts: list[str] = []
        self.found = asyncio.Event()
        self.found.set()

    async def focus(self) -> Focus:
        await self.found.wait()
        return Focus(self.window, cast(FocusedField, self))

    async def active_window(self) -> Window | None:
        return self.window

    async def is_focused(self) -> bool:
        return self.has_focus

    async def insert(self, text: str, last: str) -> Tried:
        self.texts.append(text)
        self.lasts.append(last)
        return self.takes


def insertion(board: Board | None, field: OneField | None = None, way: str = "auto") -> Insertion:
    config = Config(linux=LinuxConfig(insert=way))
    inserter = Insertion(lambda: config)
    inserter.use(board, cast(Fields | None, field))
    return inserter


@on_loop
async def test_without_a_desktop() -> None:
    for way in ("auto", "clipboard"):
        nothing = insertion(None, way=way)
        delivered = await nothing.insert("text", nothing.aim())
        assert delivered == lost("koe serve is connected to no desktop")


@on_loop
async def test_a_field_is_filled() -> None:
    board, field = Board(), OneField()
    inserter = insertion(board, field)
    assert await inserter.insert("text", inserter.aim()) == Delivered("at-spi")
    assert (field.texts, board.pasted, board.left) == (["text"], [], [])


@on_loop
async def test_a_text_that_follows_another() -> None:
    board, field = Board(), OneField()
    inserter = insertion(board, field)
    target = inserter.aim()
    for text in ("one.", "two."):
        await inserter.insert(text, target)
    assert (field.texts, field.lasts) == (["one.", "two."], ["", "one."])
    field.takes = Tried.REFUSED
    for text in ("three.", "four."):
        await inserter.insert(text, target)
    board.takes = Tried.UNCLEAR
    await inserter.insert("five.", target)
    board.takes = Tried.ARRIVED
    await inserter.insert("six.", target)
    assert board.pasted == [" three.", " four.", " five.", "six."]
    assert board.left == ["five."]


@on_loop
async def test_a_field_that_refuses() -> None:
    board, field = Board(), OneField(Tried.REFUSED)
    inserter = insertion(board, field)
    assert await inserter.insert("text", inserter.aim()) == Delivered("paste")
    assert board.pasted == ["text"]


@on_loop
async def test_a_layout_without_a_key_that_pastes() -> None:
    board = Board()
    board.takes = Tried.NO_KEY
    inserter = insertion(board, None)
    delivered = await inserter.insert("text", inserter.aim())
    assert board.left == ["text"]
    assert "because your keyboard layout lacks a key that pastes" in delivered.message


@on_loop
async def test_what_may_have_arrived_is_not_pasted() -> None:
    board, field = Board(), OneField(Tried.UNCLEAR)
    inserter = insertion(board, field)
    delivered = await inserter.insert("text", inserter.aim())
    assert (board.pasted, board.left) == ([], ["text"])
    assert "it is not known whether this window accepted the text" in delivered.message


@on_loop
async def test_a_field_without_the_focus() -> None:
    board, field = Board(), OneField()
    inserter = insertion(board, field)
    target = inserter.aim()
    field.has_focus = False
    assert await inserter.insert("text", target) == Delivered("paste")
    assert field.texts == []


@on_loop
async def test_a_program_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("koe.linux.insertion._PATIENCE", 0.01)
    board, field = Board(), OneField()
    field.found.clear()
    inserter = insertion(board, field)
    assert await inserter.insert("text", inserter.aim()) == Delivered("paste")


@on_loop
async def test_another_window() -> None:
    board, field = Board(), OneField()
    inserter = insertion(board, field)
    target = inserter.aim()
    board.active = OTHER
    delivered = await inserter.insert("text", target)
    assert (field.texts, board.pasted, board.left) == ([], [], ["text"])
    assert delivered.message == (
        "The text is on the clipboard, because the focus moved to another window while you spoke; "
        "Ctrl+Shift+V inserts it"
    )


@on_loop
async def test_a_window_that_has_gone() -> None:
    board = Board()
    inserter = insertion(board)
    target = inserter.aim()
    board.active = None
    delivered = await inserter.insert("text", target)
    assert (board.pasted, board.left, delivered.way) == ([], ["text"], "clipboard")


@on_loop
async def test_a_server_that_has_gone() -> None:
    board = Board()
    inserter = insertion(board)
    target = inserter.aim()
    board.gone = True
    delivered = await inserter.insert("text", target)
    assert "the X server has ended" in delivered.message


@pytest.mark.parametrize(
    ("way", "texts", "pasted", "left"),
    [
        ("at-spi", ["text"], [], []),
        ("paste", [], ["text"], []),
        ("clipboard", [], [], ["text"]),
    ],
)
def test_a_forced_way(way: str, texts: list[str], pasted: list[str], left: list[str]) -> None:
    @on_loop
    async def run() -> None:
        board, field = Board(), OneField()
        inserter = insertion(board, field, way)
        assert (await inserter.insert("text", inserter.aim())).way == way
        assert (field.texts, board.pasted, board.left) == (texts, pasted, left)

    run()


@on_loop
async def test_a_window_of_another_desktop_is_another_window() -> None:
    inserter = insertion(Board())
    target = inserter.aim()
    board = Board()
    inserter.use(board, None)
    delivered = await inserter.insert("text", target)
    assert (delivered.way, board.pasted, board.left) == ("clipboard", [], ["text"])
    assert "this is another one" in delivered.message


@on_loop
async def test_a_press_before_the_desktop_is_found() -> None:
    inserter = Insertion(Config)
    inserting = asyncio.create_task(inserter.insert("text", inserter.aim()))
    await asyncio.sleep(0)
    board = Board()
    inserter.use(board, None)
    delivered = await inserting
    assert (delivered.way, board.pasted, board.left) == ("clipboard", [], ["text"])
    assert "had only just started when you began to speak" in delivered.message


@on_loop
async def test_a_desktop_that_is_never_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(koe.linux.insertion, "_OPENING_PATIENCE", 0)
    inserter = Insertion(Config)
    delivered = await inserter.insert("text", inserter.aim())
    assert delivered == lost("koe serve is connected to no desktop")


def blind(field: OneField, way: str = "auto") -> tuple[Board, Insertion]:
    """A desktop that presses keys, and says of no window that it has the focus."""
    board = Board()
    board.active, board.is_blind = None, True
    field.has_focus = False
    return board, insertion(board, field, way)


@pytest.mark.parametrize("way", ["auto", "paste"])
@pytest.mark.parametrize("window", [EDITOR, None])
def test_keys_into_the_window_that_has_the_focus_yet(window: Window | None, way: str) -> None:
    """What AT-SPI does not know at either moment is taken for the same window."""

    @on_loop
    async def run() -> None:
        field = OneField()
        field.window = window
        board, inserter = blind(field, way)
        assert await inserter.insert("text", inserter.aim()) == Delivered("paste")
        assert (board.pasted, board.into) == (["text"], window or UNKNOWN)

    run()


@pytest.mark.parametrize(
    ("pressed", "now", "reason"),
    [
        (EDITOR, OTHER, "the focus moved to another window while you spoke"),
        (EDITOR, None, "it is not known whether the focus moved to another window"),
        (None, OTHER, "it is not known whether the focus moved to another window"),
    ],
)
def test_no_keys_into_another_window(
    pressed: Window | None, now: Window | None, reason: str
) -> None:
    @on_loop
    async def run() -> None:
        field = OneField()
        field.window = pressed
        board, inserter = blind(field)
        target = inserter.aim()
        assert target.looking is not None
        await target.looking
        field.window = now
        delivered = await inserter.insert("text", target)
        assert (board.pasted, board.left) == ([], ["text"])
        assert reason in delivered.message

    run()


@on_loop
async def test_keys_without_at_spi() -> None:
    board = Board()
    board.active, board.is_blind = None, True
    inserter = insertion(board)
    assert await inserter.insert("text", inserter.aim()) == Delivered("paste")


def test_what_the_settings_let_be_sent() -> None:
    ways = ("auto", "at-spi", "paste", "clipboard")
    may = [insertion(None, way=way).may_paste for way in ways]
    assert may == [True, False, True, False]
