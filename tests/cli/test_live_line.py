from __future__ import annotations

import io
import os

import pytest

from koe.cli.live_line import LiveLine, display_width, keep_end, keep_start


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return 2

    @property
    def screen(self) -> str:
        """The line as the terminal shows it after all carriage returns and overwriting."""
        shown: list[str] = []
        for run in self.getvalue().split("\r"):
            shown[: len(run)] = run
        return "".join(shown)


@pytest.fixture
def columns(monkeypatch: pytest.MonkeyPatch) -> int:
    set_columns(monkeypatch, 20)
    return 20


def set_columns(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    def size(descriptor: int) -> os.terminal_size:
        return os.terminal_size((columns, 24))

    monkeypatch.setattr("koe.cli.live_line.os.get_terminal_size", size)


@pytest.mark.parametrize(
    ("text", "width"),
    [("", 0), ("abc", 3), ("语音", 4), ("ｱ", 1), ("Ａ", 2), ("e\u0301", 1), ("…", 2), ("한", 2)],
)
def test_width(text: str, width: int) -> None:
    assert display_width(text) == width


@pytest.mark.parametrize(
    ("text", "columns", "kept"),
    [
        ("short", 5, "short"),
        ("too long", 6, "…long"),
        ("说中文", 6, "说中文"),
        ("说中文", 5, "…文"),
        ("说中文", 4, "…文"),
        ("说中文", 3, "…"),
        ("说中文", 1, ""),
        ("说中文", 0, ""),
        ("abcde\u0301f", 3, "…f"),
    ],
)
def test_the_end_is_kept(text: str, columns: int, kept: str) -> None:
    assert keep_end(text, columns) == kept
    assert display_width(kept) <= columns


def test_a_shorter_text_leaves_nothing_of_a_longer_one(columns: int) -> None:
    terminal = Terminal()
    line = LiveLine(terminal)
    line.show("", "hello world")
    line.show("", "hello")
    assert terminal.screen.rstrip() == "hello"


def test_never_wider_than_the_terminal(columns: int) -> None:
    terminal = Terminal()
    line = LiveLine(terminal)
    for text in ("a" * 50, "文" * 50, "文a" * 50, ""):
        line.show("[1:00 of 2:00] ", text)
    line.clear()
    assert max(map(display_width, terminal.getvalue().split("\r"))) < columns


def test_the_window_gets_narrower(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    line = LiveLine(terminal)
    set_columns(monkeypatch, 80)
    line.show("", "a" * 70)
    set_columns(monkeypatch, 20)
    before = len(terminal.getvalue())
    line.show("", "b")
    line.clear()
    assert max(map(display_width, terminal.getvalue()[before:].split("\r"))) < 20


def test_clear(columns: int) -> None:
    terminal = Terminal()
    line = LiveLine(terminal)
    line.show("", "hello")
    terminal.write("^C")
    line.clear()
    assert terminal.screen.strip() == ""
    written = terminal.getvalue()
    line.clear()
    assert terminal.getvalue() == written


def test_it_stays_one_line(columns: int) -> None:
    terminal = Terminal()
    LiveLine(terminal).show("", "a\nb\x1b[2Jc")
    assert terminal.screen == "a b [2Jc"


def test_stderr_may_be_closed() -> None:
    line = LiveLine(None)
    line.show("", "text")
    line.clear()


def test_nothing_is_written_without_a_terminal() -> None:
    file = io.StringIO()
    line = LiveLine(file)
    line.show("", "hello")
    line.clear()
    assert file.getvalue() == ""


def test_a_terminal_that_does_not_know_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(descriptor: int) -> os.terminal_size:
        raise OSError(25, "Inappropriate ioctl for device")

    monkeypatch.setattr("koe.cli.live_line.os.get_terminal_size", fail)
    terminal = Terminal()
    LiveLine(terminal).show("", "a" * 100)
    assert display_width(terminal.screen) == 79


@pytest.mark.parametrize(
    ("text", "columns", "kept"),
    [
        ("abcdef", 6, "abcdef"),
        ("abcdef", 5, "abc…"),
        ("部署完成", 8, "部署完成"),
        ("部署完成", 7, "部署…"),
        ("abc", 2, "…"),
        ("abc", 1, ""),
        ("", 0, ""),
        ("e\u0301ab", 3, "e\u0301ab"),
    ],
)
def test_the_start_is_kept(text: str, columns: int, kept: str) -> None:
    assert keep_start(text, columns) == kept
    assert display_width(kept) <= columns
