"""The thread around a recogniser, with a recogniser that can block and fail on command."""

from __future__ import annotations

import asyncio
import contextlib
import random
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing

import pytest

from koe.asr import Engine
from koe.asr.local import FEED_LIMIT_BYTES, INBOX_LIMIT_BYTES, LocalEngine, Recogniser
from koe.errors import AsrConnectionError, AsrProtocolError, AsrTimeoutError
from koe.events import (
    Began,
    DefiniteHeard,
    EngineClosed,
    EngineConnected,
    EngineWorking,
    Event,
    FinalHeard,
    InputEnded,
    InterimHeard,
    ReportHeard,
    StartFinalWait,
)
from koe.session import Session
from tests.asr.contract import PATIENCE, EngineContract, dictate, events_to_close


class Counter(Recogniser):
    """Recognises how many bytes it heard, unless all of them are 0."""

    def __init__(self) -> None:
        self.fed: list[int] = []
        self.heard = 0
        self.threads = {threading.get_ident()}
        self.feeding = threading.Event()
        self.may_feed = threading.Event()
        self.may_feed.set()
        self.may_finish = threading.Event()
        self.may_finish.set()
        self.fails = False
        self.closed = threading.Event()

    @property
    def text(self) -> str:
        return f"{self.heard} bytes" if self.heard else ""

    def feed(self, pcm: bytes) -> list[Event]:
        self.threads.add(threading.get_ident())
        self.feeding.set()
        self.may_feed.wait(PATIENCE)
        if self.fails:
            raise AsrProtocolError("it broke")
        self.fed.append(len(pcm))
        self.heard += len(pcm) if any(pcm) else 0
        return [InterimHeard(self.text)]

    def finish(self) -> list[Event]:
        self.threads.add(threading.get_ident())
        self.may_finish.wait(PATIENCE)
        return [FinalHeard(self.text)]

    def close(self) -> None:
        self.threads.add(threading.get_ident())
        self.closed.set()


class TestLocalEngine(EngineContract):
    def open(self) -> Engine:
        return LocalEngine("counter", lambda closed: closing(Counter()))

    @pytest.fixture
    def speech(self) -> bytes:
        return b"\1\2" * 40_000

    def is_right(self, text: str) -> bool:
        return text == "80000 bytes"


async def connected(recognisers: list[Counter]) -> LocalEngine:
    def load(closed: Callable[[], bool]) -> closing[Counter]:
        recognisers.append(Counter())
        return closing(recognisers[0])

    engine = LocalEngine("counter", load)
    await engine.connect()
    return engine


def test_what_nothing_waits_behind_is_recognised_for_a_live_text() -> None:
    looks = list[int]()

    class Busy(Counter):
        def recognise_so_far(self) -> list[Event]:
            looks.append(len(self.fed))
            return [InterimHeard(f"{self.heard} so far")]

    busy = Busy()

    async def run() -> None:
        engine = LocalEngine("counter", lambda closed: closing(busy))
        await engine.connect()
        await engine.send_audio(b"\1" * (2 * FEED_LIMIT_BYTES))  # two pieces
        while await engine.next_event() != InterimHeard(f"{2 * FEED_LIMIT_BYTES} so far"):
            pass
        await engine.send_audio(b"\1\1")
        await engine.finish_input()
        await events_to_close(engine)
        await engine.close()

    asyncio.run(run())
    assert len(busy.fed) == 3
    assert looks == [2]


def test_the_recogniser_prepares_for_an_end_that_is_expected() -> None:
    looks = list[str]()

    class Busy(Counter):
        def recognise_so_far(self) -> list[Event]:
            looks.append("so far")
            return []

        def recognise_before_end(self) -> list[Event]:
            looks.append("before the end")
            return []

    async def run() -> None:
        engine = LocalEngine("counter", lambda closed: closing(Busy()))
        await engine.connect()
        for _ in range(2):
            await engine.send_audio(b"\1\1")
            while await engine.next_event() != EngineWorking():
                pass
            engine.expect_end()
        await engine.close()

    asyncio.run(run())
    assert looks == ["so far", "before the end"]


def test_no_live_text_is_made_when_audio_came_meanwhile() -> None:
    looks = list[int]()

    class Slow(Counter):
        def feed(self, pcm: bytes) -> list[Event]:
            if not self.fed:
                feeding.set()
                assert go_on.wait(PATIENCE)
            return super().feed(pcm)

        def recognise_so_far(self) -> list[Event]:
            looks.append(len(self.fed))
            return [InterimHeard(f"{len(looks)}")]

    slow, feeding, go_on = Slow(), threading.Event(), threading.Event()

    async def run() -> None:
        engine = LocalEngine("counter", lambda closed: closing(slow))
        await engine.connect()
        await engine.send_audio(b"\1" * FEED_LIMIT_BYTES)
        listening = asyncio.create_task(engine.next_event())
        await asyncio.to_thread(feeding.wait, PATIENCE)
        await engine.send_audio(b"\1\1")
        go_on.set()
        event = await listening
        while event != InterimHeard("1"):
            event = await engine.next_event()
        await engine.close()

    asyncio.run(run())
    assert looks == [2]


def test_one_thread_that_is_not_the_loops() -> None:
    async def run() -> set[int]:
        recognisers: list[Counter] = []
        engine = await connected(recognisers)
        await engine.send_audio(b"\1\1")
        await engine.finish_input()
        await events_to_close(engine)
        await engine.close()
        assert recognisers[0].closed.wait(PATIENCE)
        return recognisers[0].threads

    threads = asyncio.run(run())
    assert len(threads) == 1
    assert threading.get_ident() not in threads


def test_what_waits_is_fed_in_large_pieces() -> None:
    """While the recogniser is busy audio is collected; it gets it at once, up to a limit."""

    async def run() -> list[int]:
        recognisers: list[Counter] = []
        engine = await connected(recognisers)
        for _ in range(100):
            await engine.send_audio(b"\1" * (FEED_LIMIT_BYTES // 40))
        await engine.finish_input()
        await events_to_close(engine)
        await engine.close()
        return recognisers[0].fed

    assert asyncio.run(run()) == [FEED_LIMIT_BYTES, FEED_LIMIT_BYTES, FEED_LIMIT_BYTES // 2]


def test_it_says_that_it_works() -> None:
    """So that no session gives up a long recording before it is through."""

    async def run() -> list[Event]:
        engine = await connected([])
        await engine.send_audio(b"\1" * (FEED_LIMIT_BYTES * 3))
        await engine.finish_input()
        events = await events_to_close(engine)
        await engine.close()
        return events

    assert asyncio.run(run()).count(EngineWorking()) == 3


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an engine say ten times as often that it works."""
    monkeypatch.setattr("koe.asr.local.WORKING_INTERVAL", 0.05)


@pytest.mark.usefixtures("hurry")
@pytest.mark.parametrize("call", ["may_feed", "may_finish"])
def test_a_session_waits_for_a_call_that_takes_long(call: str) -> None:
    """However long: each word of the engine begins the session's wait anew."""

    async def run() -> tuple[int, list[object]]:
        recognisers: list[Counter] = []
        engine = await connected(recognisers)
        may_go_on: threading.Event = getattr(recognisers[0], call)
        may_go_on.clear()
        session = Session("counter")
        for event in (Began(), EngineConnected(), InputEnded()):
            session.receive(event)
        await engine.send_audio(b"\1\1")
        await engine.finish_input()
        waits, effects = 0, list[object]()
        async with asyncio.timeout(PATIENCE):
            while ReportHeard("2 bytes") not in effects:
                effects = list(session.receive(await engine.next_event()))
                waits += sum(isinstance(effect, StartFinalWait) for effect in effects)
                if waits == 3:
                    may_go_on.set()
        await engine.close()
        return waits, effects

    waits, _ = asyncio.run(run())
    assert waits >= 3


@pytest.mark.usefixtures("hurry")
@pytest.mark.parametrize("call", ["may_feed", "may_finish"])
def test_a_recogniser_that_hangs_is_given_up(call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("koe.asr.local.PATIENCE", 0.1)
    monkeypatch.setattr("koe.asr.local.PATIENCE_PER_SECOND", 0.01)
    monkeypatch.setattr("koe.asr.local.RELEASE_TIMEOUT", 0.01)

    async def run() -> list[Event]:
        recognisers: list[Counter] = []
        engine = await connected(recognisers)
        may_go_on: threading.Event = getattr(recognisers[0], call)
        may_go_on.clear()
        await engine.send_audio(b"\1\1" * 4 * 16_000)
        await engine.finish_input()
        said: list[Event] = []
        with pytest.raises(AsrTimeoutError) as caught:
            async with asyncio.timeout(PATIENCE):
                while True:
                    said.append(await engine.next_event())
        assert str(caught.value) == (
            "counter hangs: 0 seconds were not enough for 4 seconds of speech; "
            "restart the program, or choose another engine with asr.provider"
        )
        assert caught.value.is_permanent
        await engine.close()
        may_go_on.set()
        return said

    said = asyncio.run(run())
    # The limit is 0.14 s, and two intervals are within it.
    assert said.count(EngineWorking()) == (2 if call == "may_feed" else 3)
    assert not any(isinstance(event, FinalHeard | EngineClosed) for event in said)


def test_a_recogniser_that_is_slow_but_goes_on_is_not_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its calls together take longer than one may."""
    monkeypatch.setattr("koe.asr.local.WORKING_INTERVAL", 0.05)
    monkeypatch.setattr("koe.asr.local.PATIENCE", 0.12)
    monkeypatch.setattr("koe.asr.local.PATIENCE_PER_SECOND", 0.0)
    fed = threading.Event()

    class Slow(Counter):
        def feed(self, pcm: bytes) -> list[Event]:
            events = super().feed(pcm)
            fed.set()
            return events

    async def run() -> int:
        recogniser = Slow()
        engine = LocalEngine("slow", lambda closed: closing(recogniser))
        await engine.connect()
        for calls in range(1, 6):
            for event_of_call in (recogniser.feeding, recogniser.may_feed, fed):
                event_of_call.clear()
            await engine.send_audio(b"\1\1")
            while (event := await engine.next_event()) == EngineWorking():
                if recogniser.feeding.is_set():
                    recogniser.may_feed.set()
                    fed.wait()  # however busy the machine is, its time does not count
            assert event == InterimHeard(f"{2 * calls} bytes")
        await engine.close()
        return calls

    assert asyncio.run(run()) == 5


@pytest.mark.usefixtures("hurry")
def test_a_wait_for_events_may_be_abandoned() -> None:
    """However often: no event is lost, and none comes twice."""
    speech = b"\1\1" * FEED_LIMIT_BYTES * 2

    async def impatiently() -> list[Event]:
        recognisers, events = list[Counter](), list[Event]()
        engine = await connected(recognisers)
        delays = random.Random(7)
        await engine.send_audio(speech)
        await engine.finish_input()
        while not events or not isinstance(events[-1], EngineClosed):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(delays.uniform(0, 0.001)):
                    events.append(await engine.next_event())
        await engine.close()
        return events

    def texts(events: list[Event]) -> list[Event]:
        return [event for event in events if not isinstance(event, EngineWorking)]

    patiently = LocalEngine("counter", lambda closed: closing(Counter()))
    assert texts(asyncio.run(impatiently())) == texts(asyncio.run(dictate(patiently, [speech])))


@pytest.mark.usefixtures("hurry")
def test_a_listener_of_an_engine_that_was_closed_does_not_wait_for_ever() -> None:
    """The thread has ended, and does not answer any more."""

    async def run() -> Event:
        recognisers: list[Counter] = []
        engine = await connected(recognisers)
        engine.abandon()
        assert await asyncio.to_thread(recognisers[0].closed.wait, PATIENCE)
        await engine.send_audio(b"\1\1")
        async with asyncio.timeout(PATIENCE):
            return await engine.next_event()

    assert asyncio.run(run()) == EngineClosed(is_early=True)


def test_a_recogniser_that_ends_early() -> None:
    """It has not heard all, so its text is not the final one."""

    class Hasty(Counter):
        def feed(self, pcm: bytes) -> list[Event]:
            return [FinalHeard("half"), EngineClosed("bye")]

    async def run() -> list[Event]:
        engine = LocalEngine("hasty", lambda closed: closing(Hasty()))
        await engine.connect()
        await engine.send_audio(b"\1\1")
        await engine.finish_input()
        events = await events_to_close(engine)
        await engine.close()
        return events

    assert asyncio.run(run()) == [DefiniteHeard("half"), EngineClosed("bye", is_early=True)]


def test_not_connected() -> None:
    async def run() -> None:
        engine = LocalEngine("counter", lambda closed: closing(Counter()))
        await engine.send_audio(b"\1\1")
        await engine.finish_input()
        with pytest.raises(AsrConnectionError, match="not connected"):
            await asyncio.wait_for(engine.next_event(), PATIENCE)
        await engine.close()

    asyncio.run(run())


def test_memory_is_bounded() -> None:
    """A sender is held back while a minute of audio waits, and goes on when some was taken."""

    async def run() -> None:
        engine = await connected([])
        await engine.send_audio(b"\1" * INBOX_LIMIT_BYTES)
        sending = asyncio.create_task(engine.send_audio(b"\1\1"))
        await asyncio.sleep(0)
        assert not sending.done()
        await engine.next_event()
        await sending
        await engine.finish_input()
        assert FinalHeard(f"{INBOX_LIMIT_BYTES + 2} bytes") in await events_to_close(engine)
        await engine.close()

    asyncio.run(run())


def test_a_sender_that_waits_for_nothing_leaves_others_their_turn() -> None:
    """Above all the one who listens, and has the recogniser work."""

    async def run() -> None:
        engine = await connected([])
        other = asyncio.create_task(asyncio.sleep(0))
        sent = 0
        while not other.done():
            await engine.send_audio(b"\1" * 6400)
            sent += 6400
            assert sent < INBOX_LIMIT_BYTES
        await engine.finish_input()
        assert FinalHeard(f"{sent} bytes") in await events_to_close(engine)
        await engine.close()

    asyncio.run(run())


def test_load_failure() -> None:
    def load(closed: Callable[[], bool]) -> closing[Counter]:
        raise AsrConnectionError("no model")

    async def run() -> None:
        engine = LocalEngine("broken", load)
        with pytest.raises(AsrConnectionError, match="no model"):
            await engine.connect()
        await engine.close()

    asyncio.run(run())


def test_a_load_that_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("koe.asr.local.CONNECT_TIMEOUT", 0.01)
    may_load = threading.Event()

    def load(closed: Callable[[], bool]) -> closing[Counter]:
        may_load.wait(PATIENCE)
        return closing(Counter())

    async def run() -> None:
        engine = LocalEngine("sleepy", load)
        with pytest.raises(AsrConnectionError, match="sleepy did not start within 0 seconds"):
            await engine.connect()
        may_load.set()
        await engine.close()

    asyncio.run(run())


def test_the_next_session_waits_while_the_last_one_computes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The turn passes on in time, so the next one is not lost by being next."""
    monkeypatch.setattr("koe.asr.local.CONNECT_TIMEOUT", 0.0)
    may_load = threading.Event()

    def load(closed: Callable[[], bool]) -> closing[Counter]:
        may_load.wait(PATIENCE)
        return closing(Counter())

    async def connecting_beside(name: str, is_closed: bool, is_ended: bool) -> bool:
        """Whether it waits on."""
        may_load.set()
        with monkeypatch.context() as patient:
            patient.setattr("koe.asr.local.CONNECT_TIMEOUT", PATIENCE)
            other = LocalEngine(name, load)
            await other.connect()
        may_load.clear()
        if is_ended:
            await other.finish_input()
        if is_closed:
            other.abandon()
        engine = LocalEngine("counter", load)
        connecting = asyncio.create_task(engine.connect())
        for _ in range(100):
            await asyncio.sleep(0)
        waits_on = not connecting.done()
        await other.close()
        with pytest.raises(AsrConnectionError, match="counter did not start within 0 seconds"):
            await connecting
        may_load.set()
        await engine.close()
        return waits_on

    async def run() -> None:
        assert await connecting_beside("counter", is_closed=False, is_ended=True)
        assert not await connecting_beside("counter", is_closed=False, is_ended=False)
        assert not await connecting_beside("counter", is_closed=True, is_ended=True)
        assert not await connecting_beside("another", is_closed=False, is_ended=True)

    asyncio.run(run())


def test_no_more_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many run, or Python is ending."""

    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    async def run() -> None:
        engine = LocalEngine("crowded", lambda closed: closing(Counter()))
        monkeypatch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(AsrConnectionError, match="crowded could not start: can't start new"):
            await engine.connect()
        await engine.close()

    asyncio.run(run())


def test_feed_failure() -> None:
    async def run() -> None:
        recognisers: list[Counter] = []
        engine = await connected(recognisers)
        recognisers[0].fails = True
        await engine.send_audio(b"\1\1")
        with pytest.raises(AsrProtocolError, match="it broke"):
            await engine.next_event()
        await engine.close()

    asyncio.run(run())


def test_close_waits_for_a_busy_recogniser() -> None:
    async def run() -> None:
        recognisers: list[Counter] = []
        engine = await connected(recognisers)
        recognisers[0].may_feed.clear()
        await engine.send_audio(b"\1\1")
        listening = asyncio.create_task(engine.next_event())
        await asyncio.to_thread(recognisers[0].feeding.wait, PATIENCE)
        listening.cancel()
        asyncio.get_running_loop().call_soon(recognisers[0].may_feed.set)
        await engine.close()
        assert recognisers[0].closed.is_set()

    asyncio.run(run())


def test_close_does_not_wait_for_a_recogniser_that_hangs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("koe.asr.local.RELEASE_TIMEOUT", 0.01)

    async def run() -> Counter:
        recognisers: list[Counter] = []
        engine = await connected(recognisers)
        recognisers[0].may_feed.clear()
        await engine.send_audio(b"\1\1")
        listening = asyncio.create_task(engine.next_event())
        await asyncio.to_thread(recognisers[0].feeding.wait, PATIENCE)
        listening.cancel()
        await engine.close()
        assert not recognisers[0].closed.is_set()
        return recognisers[0]

    recogniser = asyncio.run(run())
    recogniser.may_feed.set()
    assert recogniser.closed.wait(PATIENCE)


def test_close_while_it_loads_releases_what_was_loaded() -> None:
    may_load = threading.Event()
    loaded: list[Counter] = []

    def load(closed: Callable[[], bool]) -> closing[Counter]:
        may_load.wait(PATIENCE)
        loaded.append(Counter())
        return closing(loaded[0])

    async def run() -> None:
        engine = LocalEngine("slow", load)
        connecting = asyncio.create_task(engine.connect())
        await asyncio.sleep(0)
        connecting.cancel()
        asyncio.get_running_loop().call_soon(may_load.set)
        await engine.close()

    asyncio.run(run())
    assert loaded[0].closed.is_set()


def test_a_load_can_see_that_it_is_not_awaited() -> None:
    seen: list[bool] = []
    closing_began = threading.Event()

    def load(closed: Callable[[], bool]) -> closing[Counter]:
        closing_began.wait(PATIENCE)
        seen.append(closed())
        raise AsrConnectionError("not wanted")

    async def run() -> None:
        engine = LocalEngine("late", load)
        connecting = asyncio.create_task(engine.connect())
        await asyncio.sleep(0)
        connecting.cancel()
        asyncio.get_running_loop().call_soon(closing_began.set)
        await engine.close()

    asyncio.run(run())
    assert seen == [True]


def test_a_release_that_fails_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    class Clinging(Counter):
        def close(self) -> None:
            raise OSError("it does not let go")

    async def run() -> None:
        engine = LocalEngine("clinging", lambda closed: closing(Clinging()))
        await engine.connect()
        await engine.close()

    asyncio.run(run())
    assert "releasing clinging failed" in caplog.text


def test_abandon_needs_no_loop() -> None:
    """The loop hangs, and the recogniser is released all the same."""

    async def run() -> None:
        recognisers: list[Counter] = []
        engine = await connected(recognisers)
        abandoning = threading.Thread(target=engine.abandon)
        abandoning.start()
        assert recognisers[0].closed.wait(PATIENCE)  # holds up the loop
        abandoning.join()
        await engine.close()

    asyncio.run(run())


HANGING = """
import asyncio, sys, threading
from contextlib import closing
from koe.asr import local
from tests.asr.test_local import Counter

local.RELEASE_TIMEOUT = local.END_SECONDS = 0.01
where = sys.argv[1]
hanging = threading.Event()

class Hanging(Counter):
    def feed(self, pcm):
        if where == "feed":
            hang()
        return super().feed(pcm)

    def close(self):
        if where == "close":
            hang()

def hang():
    hanging.set()
    threading.Event().wait()

def load(closed):
    if where == "load":
        hang()
    return closing(Hanging())

async def run():
    engine = local.LocalEngine("hanging", load)
    connecting = asyncio.create_task(engine.connect())
    if where == "load":
        await asyncio.to_thread(hanging.wait)
        connecting.cancel()
    else:
        await connecting
    await engine.send_audio(b"\\1\\1")
    listening = asyncio.create_task(engine.next_event())
    if where == "feed":
        await asyncio.to_thread(hanging.wait)
    listening.cancel()
    if where != "nothing":
        await engine.close()

asyncio.run(run())
print("done", flush=True)
"""


@pytest.mark.parametrize("where", ["load", "feed", "close", "nothing"])
def test_the_process_ends_whatever_hangs(where: str) -> None:
    """Also when the engine was not closed."""
    ended = subprocess.run(
        [sys.executable, "-c", HANGING, where],
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "done\n", "")


def test_nothing_after_close_reaches_the_recogniser() -> None:
    async def run() -> None:
        recognisers: list[Counter] = []
        engine = await connected(recognisers)
        await engine.close()
        await engine.send_audio(b"\1\1")
        await engine.finish_input()
        assert recognisers[0].fed == []

    asyncio.run(run())


def test_events_end_with_closed() -> None:
    async def run() -> list[Event]:
        engine = await connected([])
        await engine.finish_input()
        events = await events_to_close(engine)
        await engine.close()
        return events

    assert asyncio.run(run()) == [FinalHeard(""), EngineClosed()]
