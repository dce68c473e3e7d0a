"""What the journal costs: the loop's thread, the processor, the disk; and reading it again."""

from __future__ import annotations

import random
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

from bench.report import Section, percentile, spread
from koe.events import SAMPLE_RATE_HZ, InterimHeard, ShowInterim
from koe.journal.folder import files
from koe.journal.format import End, Header
from koe.journal.reader import audio_of, read_session
from koe.journal.recording import Ended
from koe.journal.writer import Journal, SessionJournal

PIECE_S = 0.020
PIECE = bytes(range(256)) * 2 + bytes(128)
BURSTS = 400
BURST = 20
PIECES = 500
HOUR = 3600
INTERIMS_PER_SECOND = 4
WORDS_PER_SECOND = 2.5
CALL_AIM_US = 5
LATENCY_AIM_MS = 20


def measure(home: Path) -> Section:
    """Record for some seconds in real time, then an hour as fast as it goes, and read that."""
    warnings: list[str] = []
    journal = Journal(home / "journal", warnings.append, _ignore)
    session = journal.begin(Header())
    audio = _calls(journal, lambda: session.audio(PIECE))
    text = "word " * 1000
    events = _calls(journal, lambda: session.event(InterimHeard(text)))
    session.end(End())
    session = journal.begin(Header())
    delays = _delays(session)
    session.end(End())
    journal.flush(60)
    computed = time.process_time()
    _record_an_hour(journal)
    computed = time.process_time() - computed
    journal.close(60)
    assert not warnings, warnings[0]
    hour = files(home / "journal")[-1]
    size = hour.stat().st_size
    audio_bytes = HOUR * SAMPLE_RATE_HZ * 2
    start = time.perf_counter()
    assert read_session(hour).samples * 2 == audio_bytes
    seconds = time.perf_counter() - start
    peak = _peak(hour)
    return Section(
        title="Journal",
        method=(
            f"Calls: {BURSTS} times {BURST} of them, while the writing thread is at rest. Delays: "
            f"{PIECES} pieces of 20 ms in about real time. An hour: pieces of 20 ms, and every "
            "quarter of a second two events with everything said so far, as fast as they are "
            "written."
        ),
        columns=("", "", "aim"),
        rows=[
            ("audio(), µs", spread(audio, 1e6), f"< {CALL_AIM_US}"),
            ("event(), µs", spread(events, 1e6), f"< {CALL_AIM_US}"),
            ("from audio() to the file, ms", spread(delays, 1e3), ""),
            ("... 99 of 100, ms", f"{percentile(delays, 99) * 1e3:.1f}", f"< {LATENCY_AIM_MS}"),
            ("an hour: the processor's time, % of one", f"{computed / HOUR * 100:.2f}", ""),
            ("an hour: bytes beside the audio, %", f"{(size / audio_bytes - 1) * 100:.1f}", ""),
            ("an hour: reading, s", f"{seconds:.1f}", ""),
            ("an hour: memory while reading, MB", f"{peak / 1e6:.1f}", ""),
        ],
        raw={
            "audio_s": audio,
            "event_s": events,
            "delay_s": delays,
            "hour_cpu_s": computed,
            "hour_bytes": size,
            "hour_read_s": seconds,
            "hour_read_peak_bytes": peak,
        },
    )


def _ignore(ended: Ended) -> None:
    """Keep all files."""


def _calls(journal: Journal, call: Callable[[], None]) -> list[float]:
    """Seconds for one call, by bursts."""
    seconds = []
    for _ in range(BURSTS):
        journal.flush(60)
        start = time.perf_counter()
        for _ in range(BURST):
            call()
        seconds.append((time.perf_counter() - start) / BURST)
    return seconds


def _delays(session: SessionJournal) -> list[float]:
    chance = random.Random(1)  # keeps in step with no other clock
    seconds = []
    samples = 0
    for _ in range(PIECES):
        time.sleep(2 * PIECE_S * chance.random())
        samples += len(PIECE) // 2
        start = time.perf_counter()
        session.audio(PIECE)
        while session.persisted < samples:
            time.sleep(0.0002)
        seconds.append(time.perf_counter() - start)
    return seconds


def _record_an_hour(journal: Journal) -> None:
    session = journal.begin(Header())
    text, pieces_per_second = "", round(1 / PIECE_S)
    for second in range(HOUR):
        for _ in range(pieces_per_second):
            session.audio(PIECE)
        for part in range(INTERIMS_PER_SECOND):
            words = (second + part / INTERIMS_PER_SECOND) * WORDS_PER_SECOND
            text += "words " * (int(words) > len(text) // 6)
            session.event(InterimHeard(text))
            session.event(ShowInterim(text))
        if second % 10 == 0:
            journal.flush(60)
    session.end(End(text=text, heard=text))
    journal.flush(60)


def _peak(path: Path) -> int:
    """The most memory that reading all of a file takes."""
    tracemalloc.start()
    try:
        read_session(path)
        for _ in audio_of(path):
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
