"""The core: settings, and at most one session that records.

A core does not depend on the kind of its host. For each session the host gives it two things: a
source of audio, and a function that takes the notices.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine
from functools import partial

from koe.asr import Engine, open_engine
from koe.config.llm import LlmProfile
from koe.config.schema import AsrConfig, Config
from koe.config.settings import Settings
from koe.config.store import Snapshot
from koe.diagnostics import report
from koe.errors import LlmError, RuntimeStoppedError
from koe.events import HandOverRewritten, Mode, Notice, Warn
from koe.finishing import finish
from koe.http.request import HttpSettings
from koe.journal.format import Header
from koe.journal.replay import RecordedAudio
from koe.journal.writer import SessionJournal
from koe.llm.asking import SessionModel
from koe.llm.service import Answer, LlmService, Question
from koe.records import Record, Records
from koe.runner import EngineOpener, Runner
from koe.session import Session
from koe.session_rules import SessionRules
from koe.spool import NO_AUDIO, AudioSource, Spool
from koe.text import trim

# The most doublings of the wait for a silent engine, one for each leg: from 2 s to 128 s.
_DOUBLINGS = 6

log = logging.getLogger(__name__)


class Core:
    """Begins and ends sessions, rewrites texts. Only coroutines have to run on the loop's thread.

    Args:
        settings: The configuration, loaded.
        rules: What the host expects of a session.
        loop: Where sessions run.
    """

    def __init__(
        self, settings: Settings, rules: SessionRules, loop: asyncio.AbstractEventLoop
    ) -> None:
        self.settings = settings
        self._rules = rules
        self._loop = loop
        # Guards _current.
        self._lock = threading.Lock()
        # The session that end, cancel and accept act on; None before the first and after a cancel.
        self._current: Runner | None = None
        # The running sessions: the current one, and superseded ones that have not finished yet.
        self._running: dict[asyncio.Task[None], Runner] = {}
        # Asks the language models that correct and rewrite.
        self._llm = LlmService(HttpSettings(settings.current.config.llm.timeout))
        # The records and the history of the sessions.
        self.records = Records(settings, loop)
        # Rewrites and questions to models that are running.
        self._asking: set[asyncio.Task[None]] = set()
        # close was called; from then on nothing is started.
        self._closed = False
        if self._correcting_profile(settings.current) is not None:
            self._call_soon(self._llm.open)

    def begin(
        self,
        mode: Mode,
        audio: AudioSource,
        notify: Callable[[Notice], None],
        *,
        is_file: bool = False,
        profile: str = "",
    ) -> Runner:
        """Begin a session with the settings as they are on disk now.

        The session before it is ended or cancelled first, as the rules say. Everything
        that can go wrong comes as a notice.

        Args:
            mode: Whether the key is held or toggled.
            audio: The session's audio, from its first sample.
            notify: Called on the loop's thread, in order.
            is_file: The audio is an existing recording: its length is added to the final wait.
            profile: The profile that corrects the text; empty: as the settings say.

        Raises:
            LlmProfileError: There is no such profile.
            RuntimeStoppedError: The loop has ended; no session was begun.
        """
        snapshot = self.settings.chosen("", profile)
        engine, llm = snapshot.config.asr.provider, snapshot.config.llm
        named = "" if self._correcting_profile(snapshot) is None else llm.active_profile
        record = self.records.begin(Header(engine=engine, profile=named, mode=mode))
        return self._begin(snapshot, mode, audio, notify, record=record, is_file=is_file)

    def retry(
        self, entry_id: str, notify: Callable[[Notice], None], engine: str = "", profile: str = ""
    ) -> Runner:
        """Begin a session with a recording of the history; its text replaces the old one.

        Args:
            entry_id: See `koe.journal.history.History.entry`. Reading the recording blocks.
            notify: As for `begin`.
            engine: Which engine recognises it; empty: as the settings say.
            profile: The profile that corrects it; empty: as the settings say.

        Raises:
            HistoryError: There is no such recording.
            JournalError: The recording can't be read.
            LlmProfileError: There is no such profile.
            RuntimeStoppedError: As `begin`.
        """
        found, recorded = self.records.recording(entry_id)
        audio = RecordedAudio(recorded.path, recorded.samples)
        runner = self._begin(
            self.settings.chosen(engine, profile),
            recorded.header.mode,
            NO_AUDIO,
            notify,
            record=self.records.again(found),
            spool=Spool(audio, stored=recorded.samples),
            is_file=True,
        )
        self._call_soon(runner.end_input, recorded.flaw)
        return runner

    def recorrect(
        self, entry_id: str, notify: Callable[[Notice], None], profile: str = ""
    ) -> Runner:
        """Correct the recognised text of an entry again, in a new session; arguments as `retry`.

        Raises:
            HistoryError: There is no such entry, or nothing was heard.
            LlmProfileError: There is no such profile.
            RuntimeStoppedError: As `begin`.
        """
        from koe.asr.known_text import KnownText  # only this method needs it

        entry = self.records.heard(entry_id)
        runner = self._begin(
            self.settings.chosen(entry.engine, profile),
            Mode.HOLD,
            NO_AUDIO,
            notify,
            record=self.records.again(entry.id),
            open_engine=lambda name, leg: KnownText(entry.heard),
        )
        flaw = "" if entry.is_whole else "the end of the text may be missing"
        self._call_soon(runner.end_input, flaw)
        return runner

    def end(self) -> None:
        """End the input of the current session; its text follows. Does nothing without a session.

        Raises:
            RuntimeStoppedError: The loop has ended, and the session with it.
        """
        with self._lock:
            if self._current is not None:
                self._call_soon(self._current.end_input)

    def cancel(self) -> None:
        """End the current session without text. Does nothing without a session.

        Raises:
            RuntimeStoppedError: The loop has ended, and the session with it.
        """
        with self._lock:
            if self._current is not None:
                self._call_soon(self._current.cancel)
                self._current = None

    def accept(self) -> bool:
        """Ask the current session to deliver what was heard, uncorrected.

        Returns:
            Whether there is a session whose text has not been handed over yet.
        """
        with self._lock:
            if self._current is None or self._current.finished:
                return False
            self._call_soon(self._current.accept)
            return True

    def reload(self) -> None:
        """Read the settings again, even if the files are unchanged; running sessions keep theirs.

        Raises:
            ConfigError: The settings can't be read. The old ones stay in force.
            LlmConfigError: No client for language models can be built from them; the old ones stay.
        """
        self.settings.reload(self._rebuild_client)

    def rewrite(self, index: int, text: str, notify: Callable[[Notice], None]) -> bool:
        """Rewrite a text by a template; the result comes as a notice.

        It does not matter whether correction is on. A blank text comes back at once, on this
        thread; otherwise ``notify`` is called on the loop's thread.

        Args:
            index: The place of the template among all templates in force, from 0.
            text: What to rewrite. If that fails, it comes back unchanged, after a warning.
            notify: Called with the result.

        Returns:
            Whether there is such a template, with a prompt.

        Raises:
            RuntimeStoppedError: The loop has ended.
        """
        snapshot = self.settings.current
        templates = snapshot.config.prompt_templates
        if not 0 <= index < len(templates):
            return False
        instruction = self.settings.instruction(templates[index])
        if instruction is None:
            return False
        if trim(text):
            self._call_soon(self._start_rewrite, snapshot, text, instruction, notify)
        else:
            notify(HandOverRewritten(text))
        return True

    async def ask(self, question: Question[Answer]) -> Answer:
        """Ask a model something, by the settings in force; on the loop's thread.

        The question is cancelled when the core is closed.

        Raises:
            LlmError: The question failed.
        """
        self._follow_settings()
        answers: list[Answer] = []

        async def ask() -> None:
            prompts = self.settings.prompts()
            answers.append(await question(self._llm, self.settings.current, prompts))

        await self._start_asking(ask())
        return answers[0]

    async def close(self) -> None:
        """End all sessions without further notices; on the loop's thread."""
        self._closed = True
        tasks = [*self._running, *self._asking]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._llm.aclose()
        await self.records.close()

    def abandon(self) -> None:
        """Have all engines release what the sessions of another core may be waiting for.

        It is for a core whose loop is stuck in a callback, so that close can't run. The sessions
        themselves end when the callback returns.
        """
        for runner in list(self._running.values()):
            runner.abandon()

    def _begin(
        self,
        snapshot: Snapshot,
        mode: Mode,
        audio: AudioSource,
        notify: Callable[[Notice], None],
        *,
        record: Record | None,
        spool: Spool | None = None,
        is_file: bool = False,
        open_engine: EngineOpener | None = None,
    ) -> Runner:
        """Begin a session by the settings of a snapshot; see `begin`.

        Without a record, the session is not recorded; without a spool, its audio is kept in memory
        and in its record; without an opener, the settings choose the engines.
        """
        correcting = None
        if (profile := self._correcting_profile(snapshot)) is not None:
            correcting = self._llm.for_session(snapshot, profile, self.settings.prompts)
        asr = snapshot.config.asr.with_models_in(self.settings.models)
        session = Session(
            engine=asr.provider,
            fallbacks=tuple(name for name in asr.fallback if name != asr.provider),
            mode=mode,
            final_wait=asr.final_wait_timeout,
            is_file=is_file,
            rules=self._rules,
            corrects=correcting is not None,
            finish=partial(finish, snapshot.terms, snapshot.config.text.cleanup),
            remedy=record.remedy if record is not None else "",
        )
        runner = Runner(
            session,
            open_engine or partial(_open_engine, asr, snapshot.terms),
            audio,
            notify,
            correct=None if correcting is None else correcting.correct,
            spool=spool or Spool(record if isinstance(record, SessionJournal) else None),
            record=record,
        )
        with self._lock:
            self._call_soon(self._start, runner, correcting, self._current)
            self._call_soon(session.finish, "")  # it loads its data while the user speaks
            self._current = runner
        return runner

    def _correcting_profile(self, snapshot: Snapshot) -> LlmProfile | None:
        """The profile that corrects the text; None if there is none, or if it lacks its key."""
        profile = snapshot.config.llm.correcting_profile
        return None if profile is None or profile.lacks_key else profile

    def _call_soon(self, callback: Callable[..., object], *arguments: object) -> None:
        """Call on the loop's thread, from any thread; raise if the loop has ended."""
        try:
            self._loop.call_soon_threadsafe(callback, *arguments)
        except RuntimeError as exc:
            raise RuntimeStoppedError("it has stopped") from exc

    def _start(
        self, runner: Runner, correcting: SessionModel | None, previous: Runner | None
    ) -> None:
        if self._closed:
            runner.give_up()
            return
        if previous is not None:
            # First, because the audio that is in the buffer belongs to the previous session.
            if self._rules.finish_superseded:
                previous.end_input()
            else:
                previous.cancel()
        self._follow_settings()
        # Texts are delivered in the order of speech, except texts of files, which may take minutes.
        earlier = [it for it in self._running.values() if it.is_live and runner.is_live]
        task = runner.start(after=earlier)
        self._running[task] = runner
        task.add_done_callback(self._running.pop)
        if correcting is not None:
            correcting.prepare()

    def _start_rewrite(
        self, snapshot: Snapshot, text: str, instruction: str, notify: Callable[[Notice], None]
    ) -> None:
        if self._closed:
            return
        self._start_asking(self._rewrite(snapshot, text, instruction, notify))

    def _start_asking(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        task = self._loop.create_task(work)
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)
        return task

    async def _rewrite(
        self, snapshot: Snapshot, text: str, instruction: str, notify: Callable[[Notice], None]
    ) -> None:
        try:
            prompts = self.settings.prompts()
            result = await self._llm.rewrite(snapshot, prompts, text, instruction)
        except LlmError as exc:
            reason = str(exc)
        except Exception as exc:  # a bug in koe must not cost the text
            log.exception("a rewrite failed unexpectedly")
            reason = type(exc).__name__
        else:
            if result.remark:  # no callback of the contract carries it (spec abi §4.12)
                report(result.remark)
            notify(HandOverRewritten(result.text))
            return
        notify(Warn(f"Rewrite failed: {reason}"))
        notify(HandOverRewritten(text))

    def _rebuild_client(self, config: Config) -> None:
        transport = HttpSettings(config.llm.timeout)
        self._llm.rebuild(transport, always=self._rules.rebuild_at_reload_only)

    def _follow_settings(self) -> None:
        """Rebuild the client if its settings have changed, which also happens without a reload."""
        if self._rules.rebuild_at_reload_only:
            return
        try:
            self._rebuild_client(self.settings.current.config)
        except LlmError as exc:
            report(f"the client for language models stays as it was: {exc}")


def _open_engine(asr: AsrConfig, terms: tuple[str, ...], name: str, leg: int) -> Engine:
    """Make an engine for a leg; each leg waits longer for a silent engine than the one before."""
    patience = asr.stall * 2 ** min(leg - 1, _DOUBLINGS)
    return open_engine(asr.replace(provider=name, stall=patience), terms)
