"""Turns, mailbox and search; sessions with packages are in test_apple_speech and test_mlx."""

from __future__ import annotations

import ctypes
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from koe.asr.bridge import BridgeRecogniser, Mailbox, Package, find_functions, open_session
from koe.errors import AsrConnectionError, EngineUnavailableError
from koe.events import (
    DefiniteHeard,
    EngineClosed,
    EngineErred,
    Event,
    FinalHeard,
    InterimHeard,
)
from tests.asr.contract import PATIENCE
from tests.asr.packages import compile_packages

INTERIM, DEFINITE, FINAL, ERROR, CONNECTED, CLOSED = range(6)


def test_mailbox_keeps_the_order() -> None:
    mailbox = Mailbox()
    for code, text in ((CONNECTED, None), (INTERIM, b"a"), (DEFINITE, b"b"), (FINAL, b"c")):
        mailbox.put(code, text)
    assert mailbox.take() == [InterimHeard("a"), DefiniteHeard("b"), FinalHeard("c")]
    assert mailbox.take() == []


def test_mailbox_keeps_the_newest_of_each_kind() -> None:
    mailbox = Mailbox()
    for number in range(10_000):
        mailbox.put(INTERIM, b"%d" % number)
        if number == 5000:
            mailbox.put(DEFINITE, b"half")
    assert mailbox.take() == [DefiniteHeard("half"), InterimHeard("9999")]


@pytest.mark.parametrize(
    ("code", "text", "ending"),
    [
        (CLOSED, None, []),
        (ERROR, b"no", [EngineErred("no")]),
        (ERROR, None, [EngineErred("Unknown error")]),
    ],
)
def test_nothing_follows_an_ending(
    code: int, text: bytes | None, ending: list[EngineErred]
) -> None:
    mailbox = Mailbox()
    mailbox.put(INTERIM, b"a")
    mailbox.put(code, text)
    for late in (INTERIM, FINAL, ERROR, CLOSED):
        mailbox.put(late, b"late")
    assert mailbox.ended.is_set()
    assert mailbox.take() == [InterimHeard("a"), *ending, EngineClosed()]


@pytest.mark.parametrize("code", [-1, 6, 99])
def test_unknown_codes(code: int) -> None:
    mailbox = Mailbox()
    mailbox.put(code, b"a")
    assert mailbox.take() == []


def test_what_is_not_unicode_is_nothing() -> None:
    mailbox = Mailbox()
    mailbox.put(INTERIM, b"\xff\xfe")
    mailbox.put(FINAL, None)
    assert mailbox.take() == [InterimHeard(""), FinalHeard("")]


class Parrot(Package):
    """Starts if it may."""

    turn = threading.Lock()
    failure = "failed to start it"

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.session = 1

    def start(self, callback: object) -> int:
        self.calls.append("start")
        return self.session

    def feed(self, pcm: bytes, session: int) -> None:
        self.calls.append("feed")

    def stop(self, session: int) -> None:
        self.calls.append("stop")

    def cancel(self, session: int) -> None:
        self.calls.append("cancel")


def test_sessions_take_turns() -> None:
    first, second = Parrot(), Parrot()

    def take() -> None:
        with open_session(second, lambda: False):
            pass

    with open_session(first, lambda: False) as recogniser:
        other = threading.Thread(target=take)
        other.start()
        recogniser.feed(b"\0\0")
        assert second.calls == []
    other.join(PATIENCE)
    assert (first.calls, second.calls) == (["start", "feed", "cancel"], ["start", "cancel"])


def test_a_start_that_fails_gives_up_its_turn() -> None:
    package = Parrot()
    package.session = 0
    for _ in range(2):
        with (
            pytest.raises(AsrConnectionError, match="failed to start it"),
            open_session(package, lambda: False),
        ):
            pass
    assert package.calls == ["start", "start"]


def test_a_wait_for_the_end_ends_when_the_session_is_closed() -> None:
    """And it is no end: what was heard is not all."""
    closed = threading.Event()
    with open_session(Parrot(), closed.is_set) as recogniser:
        said: list[Event] = []
        waiting = threading.Thread(target=lambda: said.extend(recogniser.finish()))
        waiting.start()
        closed.set()
        waiting.join(PATIENCE)
        assert said == [EngineClosed(is_early=True)]


@pytest.mark.parametrize(
    ("said", "events"),
    [
        ([(CLOSED, None)], [FinalHeard("")]),
        ([(INTERIM, b""), (CLOSED, None)], [InterimHeard(""), FinalHeard("")]),
        (
            [(FINAL, b"all"), (INTERIM, b"a"), (CLOSED, None)],
            [InterimHeard("a"), FinalHeard("all")],
        ),
        ([(INTERIM, b"a"), (CLOSED, None)], [InterimHeard("a"), EngineClosed(is_cut=True)]),
        ([(ERROR, b"no")], [EngineErred("no"), EngineClosed(is_cut=True)]),
    ],
)
def test_the_end(said: list[tuple[int, bytes | None]], events: list[Event]) -> None:
    """A package says no final text when nothing was heard; when something was, that is a cut."""
    mailbox = Mailbox()

    class Ending(Parrot):
        def stop(self, session: int) -> None:
            for code, text in said:
                mailbox.put(code, text)

    assert BridgeRecogniser(Ending(), 1, mailbox, lambda: False).finish() == events


@pytest.mark.parametrize(
    ("said", "events"),
    [
        ([(CLOSED, None)], []),
        ([(ERROR, b"no")], [EngineErred("no")]),
        ([(FINAL, b"half"), (CLOSED, None)], [DefiniteHeard("half")]),
    ],
)
def test_an_end_between_the_last_audio_and_the_stop(
    said: list[tuple[int, bytes | None]], events: list[Event]
) -> None:
    """It is an end before the end of the audio, as one during the feeding is."""
    package, mailbox = Parrot(), Mailbox()
    recogniser = BridgeRecogniser(package, 1, mailbox, lambda: False)
    recogniser.feed(b"\0\0")
    for code, text in said:
        mailbox.put(code, text)
    assert recogniser.finish() == [*events, EngineClosed(is_early=True)]
    assert package.calls == ["feed"]


def test_a_function_that_is_not_there() -> None:
    with pytest.raises(EngineUnavailableError) as caught:
        find_functions("parrot", {"koe_parrot_start": (None, ())}, "buy one")
    assert str(caught.value) == (
        "ASR connection failed: speech engine 'parrot' is not available: buy one"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such search")
def test_a_function_of_this_process() -> None:
    signature = (ctypes.c_int32, (ctypes.c_int32,))
    assert find_functions("c", {"abs": signature}, "")["abs"](-3) == 3


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such packages")
def test_a_process_that_brings_the_packages(tmp_path: Path) -> None:
    """In a process of its own, because what a process shows to others it can't take back."""
    program = """
import asyncio, ctypes, sys
ctypes.CDLL(sys.argv[1], ctypes.RTLD_GLOBAL)
from koe.asr import open_engine
from koe.config.engines import AsrConfig
from tests.asr.contract import dictate, final_text
for name in ("apple-speech", "mlx"):
    engine = open_engine(AsrConfig(provider=name))
    print(final_text(asyncio.run(dictate(engine, [b"1" * 6400]))))
"""
    command = [sys.executable, "-c", program, str(compile_packages(tmp_path))]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=PATIENCE)
    assert done.stdout.split("\n") == ["3200 samples", "3200 samples", ""]
