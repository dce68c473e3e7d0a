"""What is kept of sessions, from their begin to another try; tests/journal tests the parts."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import wave
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest

import koe.core
import koe.records
from koe.config.schema import HistoryConfig
from koe.dictation import OpenCore, open_core
from koe.errors import AsrConnectionError, HistoryError, LlmProfileError
from koe.events import Deliver, Notice, ReportError, Warn
from koe.journal.entries import Why
from koe.journal.folder import files, journal_directory, path_of
from koe.journal.format import End, JournalRecords, Kind
from koe.journal.history import History
from koe.journal.recording import Ended
from koe.journal.writer import remedy_for
from tests.asynchronous import on_loop
from tests.journal.making import packed, records, write
from tests.scripted import ScriptedEngine
from tests.test_core import configure as configure_model
from tests.test_core import service
from tests.test_runner import PATIENCE

REMEDY = remedy_for("last")

SPEECH = b"\1\2" * 8000

TEXT = "hello brave new world of koe"
"""What the engines say; long enough for a model's answer to it to be plausible."""


class Engines:
    """Gives engines by name."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.by_name = {name: ScriptedEngine() for name in ("moonshine", "qwen")}
        for engine in self.by_name.values():
            engine.answer = TEXT
        monkeypatch.setattr(koe.core, "open_engine", lambda asr, terms: self.by_name[asr.provider])

    def refuse(self, name: str) -> None:
        """Have an engine fail for good."""
        self.by_name[name].connect_error = AsrConnectionError("no key", is_permanent=True)


@pytest.fixture
def engines(monkeypatch: pytest.MonkeyPatch) -> Engines:
    # The end of a core leaves files to the next start when the computer is too busy to write.
    monkeypatch.setattr(koe.records, "CLOSE_TIMEOUT", PATIENCE)
    return Engines(monkeypatch)


def configure(directory: Path, text: str) -> None:
    directory.mkdir()
    (directory / "config.yaml").write_text(text, encoding="utf-8")


def history_in(directory: Path) -> History:
    return History(directory, HistoryConfig())


def block(folder: Path) -> None:
    """Put a file where a folder should be."""
    folder.write_bytes(b"")


def ids_in(directory: Path) -> list[str]:
    return [entry.id for entry in history_in(directory).list()]


async def dictate(core: OpenCore) -> list[Notice]:
    session = core.begin()
    await session.feed(SPEECH)
    session.end()
    async with asyncio.timeout(PATIENCE):
        return [notice async for notice in session]


@on_loop
async def test_a_failed_session_can_be_tried_again(directory: Path, engines: Engines) -> None:
    engines.refuse("moonshine")
    async with open_core(directory) as core:
        assert ReportError(f"ASR connection failed: no key. {REMEDY}") in await dictate(core)
    history = history_in(directory)
    (entry,) = history.list()
    assert (entry.why, entry.engine, entry.seconds) == (Why.FAILED, "moonshine", 0.5)
    history.export("last", directory / "out.wav")
    with wave.open(str(directory / "out.wav")) as exported:
        assert exported.readframes(99_999) == SPEECH

    async with open_core(directory) as core:
        session = core.retry("last", engine="qwen")
        async with asyncio.timeout(PATIENCE):
            notices = [notice async for notice in session]
    assert notices[-1] == Deliver(TEXT, TEXT, "qwen", corrected=False)
    assert engines.by_name["qwen"].heard == SPEECH
    (entry,) = history.list()
    assert (entry.why, entry.engine, entry.text) == (Why.COMPLETE, "qwen", TEXT)


@on_loop
async def test_a_damaged_recording_gives_no_whole_text(directory: Path, engines: Engines) -> None:
    engines.refuse("moonshine")
    async with open_core(directory) as core:
        await dictate(core)
    history = history_in(directory)
    path = history.recording_of("last")
    made = list(JournalRecords(BytesIO(path.read_bytes()).read))
    (audio,) = (it for it in made if it.kind == Kind.AUDIO)
    at = made.index(audio)
    made[at : at + 1] = [
        audio._replace(payload=audio.payload[start : start + 1000])
        for start in range(0, len(audio.payload), 1000)
    ]
    content = bytearray(packed(made))
    content[len(content) // 2] ^= 1
    path.write_bytes(content)

    recorded = history.export("last", directory / "out.wav")
    assert 0 < recorded.samples < len(SPEECH) // 2
    assert "at the end of the recording are missing: the record at byte" in recorded.flaw
    async with open_core(directory) as core, asyncio.timeout(PATIENCE):
        notices = [notice async for notice in core.retry("last", engine="qwen")]
    assert Warn(recorded.flaw) in notices
    assert notices[-1] == Deliver(TEXT, TEXT, "qwen", corrected=False, is_whole=False)
    (entry,) = history.list()
    assert (entry.why, entry.text, entry.has_audio) == (Why.INCOMPLETE, TEXT, True)


@on_loop
async def test_a_killed_process_leaves_half_of_a_record(directory: Path, engines: Engines) -> None:
    """It lacks some milliseconds, so the text of the rest counts as whole."""
    engines.refuse("moonshine")
    async with open_core(directory) as core:
        await dictate(core)
    path = history_in(directory).recording_of("last")
    path.write_bytes(path.read_bytes()[:-1])
    async with open_core(directory) as core, asyncio.timeout(PATIENCE):
        notices = [notice async for notice in core.retry("last", engine="qwen")]
    assert notices[-1] == Deliver(TEXT, TEXT, "qwen", corrected=False)


@on_loop
async def test_a_correction_does_not_complete_a_text(directory: Path, engines: Engines) -> None:
    engines.refuse("moonshine")
    async with open_core(directory) as core:
        await dictate(core)
    history = history_in(directory)
    part = End("completed", "one", "one", "qwen", is_whole=False)
    assert history.retried("last", part).why is Why.INCOMPLETE
    async with open_core(directory) as core, asyncio.timeout(PATIENCE):
        notices = [notice async for notice in core.recorrect("last")]
    assert Warn("the end of the text may be missing") in notices
    (entry,) = history.list()
    assert (entry.why, entry.text, entry.is_whole) == (Why.INCOMPLETE, "one", False)


@on_loop
async def test_a_part_replaces_no_longer_text(directory: Path, engines: Engines) -> None:
    engines.refuse("moonshine")
    async with open_core(directory) as core:
        await dictate(core)
    history = history_in(directory)
    longer = End("completed", "one two", "one two", "qwen", is_whole=False)
    shorter = End("completed", "one", "one", "glm", is_whole=False)
    kept = history.retried("last", longer)
    assert history.retried("last", shorter) == kept
    assert history.retried("last", replace(shorter, is_whole=True)).text == "one"


@on_loop
async def test_what_is_not_kept_is_not_offered(
    directory: Path, engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("koe.journal.threads.Writer.start", lambda writer: False)
    engines.refuse("moonshine")
    async with open_core(directory) as core:
        session = core.begin()
        assert session.not_kept.endswith("allows no more threads; dictation continues without it")
        async with asyncio.timeout(PATIENCE):
            notices = [notice async for notice in session]
    assert ReportError("ASR connection failed: no key") in notices


@on_loop
async def test_a_try_in_vain_changes_nothing(directory: Path, engines: Engines) -> None:
    engines.refuse("moonshine")
    async with open_core(directory) as core:
        await dictate(core)
    (before,) = history_in(directory).list()
    async with open_core(directory) as core, asyncio.timeout(PATIENCE):
        assert any(isinstance(it, ReportError) for it in [it async for it in core.retry("last")])
    assert history_in(directory).list() == [before]


@on_loop
async def test_a_delivered_session_leaves_nothing(directory: Path, engines: Engines) -> None:
    async with open_core(directory) as core:
        assert isinstance((await dictate(core))[-1], Deliver)
    assert history_in(directory).list() == []
    assert files(journal_directory(directory)) == []


@on_loop
async def test_a_failed_session_is_the_last_one_at_once(directory: Path, engines: Engines) -> None:
    """Also while it goes on recording, because the user may not have noticed the failure."""
    engines.refuse("moonshine")
    async with open_core(directory) as core, asyncio.timeout(PATIENCE):
        await dictate(core)
        session = core.begin()
        await session.feed(2 * SPEECH)
        async for notice in session:
            if isinstance(notice, ReportError):
                assert core.newest_recording() not in ids_in(directory)
                retried = core.retry("last", engine="qwen")
                assert isinstance([it async for it in retried][-1], Deliver)
                break
    assert engines.by_name["qwen"].heard == 2 * SPEECH
    newest, before = history_in(directory).list()
    assert (newest.text, newest.seconds, before.text) == (TEXT, 1.0, "")


@on_loop
async def test_a_session_that_is_not_over_is_not_tried_again(
    directory: Path, engines: Engines
) -> None:
    """It would give its text twice, and the one before it is not meant."""
    engines.refuse("moonshine")
    async with open_core(directory) as core:
        await dictate(core)
    (before,) = history_in(directory).list()
    async with open_core(directory) as core:
        core.begin()
        for call in (core.retry, lambda entry_id: core.newest_recording()):
            with pytest.raises(HistoryError, match="the newest dictation is not over"):
                call("last")
        session = core.retry(before.id, engine="qwen")
        assert isinstance([it async for it in session][-1], Deliver)


@on_loop
async def test_a_session_that_cannot_be_listed_is_no_obstacle(
    directory: Path, engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(history: History, ended: Ended) -> None:
        raise HistoryError("the disk is full")

    engines.refuse("moonshine")
    async with open_core(directory) as core:
        await dictate(core)
        before = core.newest_recording()
        monkeypatch.setattr(History, "record", refuse)
        await dictate(core)
        assert core.newest_recording() == before


@on_loop
async def test_a_session_without_a_record_is_no_obstacle(
    directory: Path, engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    engines.refuse("moonshine")
    async with open_core(directory) as core:
        await dictate(core)
    async with open_core(directory) as core:
        before = core.newest_recording()
        monkeypatch.setattr("koe.journal.threads.Writer.start", lambda writer: False)
        core.begin()
        assert core.newest_recording() == before


@on_loop
async def test_a_try_in_vain_names_its_recording(directory: Path, engines: Engines) -> None:
    """`last` may be another one."""
    engines.refuse("moonshine")
    async with open_core(directory) as core:
        await dictate(core)
        await dictate(core)
    _, before = history_in(directory).list()
    async with open_core(directory) as core, asyncio.timeout(PATIENCE):
        notices = [it async for it in core.retry(before.id)]
    assert ReportError(f"ASR connection failed: no key. {remedy_for(before.id)}") in notices


@on_loop
async def test_a_recording_that_cannot_be_written(
    directory: Path, engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No warning speaks of it: `last` is another one."""
    loop, warned = asyncio.get_running_loop(), engines.by_name["moonshine"].may_connect
    monkeypatch.setattr("koe.records.report", lambda said: loop.call_soon_threadsafe(warned.set))
    configure(directory, "")
    block(journal_directory(directory))
    engines.refuse("moonshine")
    warned.clear()
    async with open_core(directory) as core:
        assert ReportError("ASR connection failed: no key") in await dictate(core)


@on_loop
async def test_a_core_closes_without_more_threads(
    directory: Path, engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that has its text must not get an exception instead."""

    async def to_thread(work: object) -> None:
        raise RuntimeError("can't start new thread")

    engines.refuse("moonshine")
    async with open_core(directory) as core:
        await dictate(core)
        monkeypatch.setattr(asyncio, "to_thread", to_thread)
    assert len(history_in(directory).list()) == 1


@on_loop
async def test_nothing_is_kept(directory: Path, engines: Engines) -> None:
    """And no warning speaks of a recording that is kept."""
    configure(directory, "history: {audio: nothing}\n")
    engines.refuse("moonshine")
    async with open_core(directory) as core:
        assert ReportError("ASR connection failed: no key") in await dictate(core)
    assert not journal_directory(directory).exists()
    assert not (directory / "history.db").exists()


@on_loop
async def test_texts_are_kept_without_their_sound(directory: Path, engines: Engines) -> None:
    configure(directory, "history: {audio: nothing, text: true}\n")
    async with open_core(directory) as core:
        await dictate(core)
    assert not journal_directory(directory).exists()
    (entry,) = history_in(directory).list()
    assert (entry.text, entry.seconds, entry.has_audio) == (TEXT, 0.5, False)


@on_loop
async def test_the_fall_back_of_the_settings(directory: Path, engines: Engines) -> None:
    configure(directory, "asr: {provider: qwen, fallback: [qwen, moonshine]}\n")
    engines.refuse("qwen")
    async with open_core(directory) as core:
        notices = await dictate(core)
    assert Warn("ASR connection failed: no key; moonshine recognises the rest") in notices
    assert notices[-1] == Deliver(TEXT, TEXT, "moonshine", corrected=False)


@on_loop
async def test_a_text_is_corrected_once_more(directory: Path, engines: Engines) -> None:
    """The text that was recognised is corrected as it is; no engine hears anything again."""
    async with service() as (_, server):
        configure_model(directory, server, enabled="false")
        with (directory / "config.yaml").open("a", encoding="utf-8") as config:
            config.write("history: {audio: all}\n")
        async with open_core(directory) as core:
            assert (await dictate(core))[-1] == Deliver(TEXT, TEXT, "moonshine", corrected=False)
        async with open_core(directory) as core, asyncio.timeout(PATIENCE):
            notices = [notice async for notice in core.recorrect("last", profile="lab")]
    corrected = f"{TEXT}!!"
    assert notices[-1] == Deliver(corrected, TEXT, "moonshine", corrected=True)
    (entry,) = history_in(directory).list()
    assert (entry.text, entry.heard, entry.is_corrected) == (corrected, TEXT, True)
    assert engines.by_name["moonshine"].calls.count("connect") == 1


@on_loop
async def test_what_can_not_be_tried_again(directory: Path, engines: Engines) -> None:
    async with open_core(directory) as core:
        with pytest.raises(HistoryError, match="the history is empty"):
            core.retry("last")
    engines.refuse("moonshine")
    async with open_core(directory) as core:
        await dictate(core)
    async with open_core(directory) as core:
        with pytest.raises(LlmProfileError, match="another"):
            core.retry("last", profile="another")
        with pytest.raises(HistoryError, match="has no text that could be corrected"):
            core.recorrect("last")


@on_loop
async def test_what_an_earlier_process_left(
    directory: Path, engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("koe.records.RECOVERY_DELAY", 0.0)
    configure(directory, "history: {audio_days: 10000}\n")
    path = path_of(journal_directory(directory), "20260714T093005.007Z-42-1")
    path.parent.mkdir(parents=True)
    write(path, records(end=None))
    async with open_core(directory):
        await asyncio.sleep(0.01)  # the recovery begins, and leaving waits for it
    (entry,) = history_in(directory).list()
    assert (entry.why, entry.heard) == (Why.INTERRUPTED, "one two 部署")


def test_a_start_does_not_wait_for_the_history() -> None:
    """What keeps it is loaded when there is something to keep."""
    code = "import sys, koe.core; sys.exit(bool({'sqlite3', 'wave'} & {*sys.modules}))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
