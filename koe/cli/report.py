"""How a dictation is reported, to a person and to a program."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from koe import daemon_threads
from koe.cli import Exit, print_error, print_line, writing
from koe.cli.live_line import LiveLine
from koe.errors import KoeError, OutputError
from koe.events import (
    AnnounceReady,
    Deliver,
    Notice,
    ReportError,
    ReportHeard,
    ShowInterim,
    ShowState,
    Warn,
)

# Seconds of a recording from which on the user wants to know how far its recognition is.
_LONG_RECORDING = 30.0


@dataclass(slots=True)
class DictationProgress:
    """How far a dictation is.

    Attributes:
        duration: Seconds of the whole recording; None while that is not known.
        handed_over: Seconds of it that the core was given.
        recognised: Seconds of it of which the text is certain.
        began: When, by ``time.monotonic``.
    """

    duration: float | None = None
    handed_over: float = 0.0
    recognised: float = 0.0
    began: float = field(default_factory=time.monotonic)


class Report(ABC):
    """Reports a dictation's notices.

    Attributes:
        progress: How far the dictation is.
        status: The exit status as things stand.

    Args:
        progress: How far the dictation is.
        name: Of the recording, where there are several; empty: it needs none.
    """

    def __init__(self, progress: DictationProgress, name: str = "") -> None:
        self.progress = progress
        self.status = Exit.NO_SPEECH
        # Of the recording; empty: it needs none.
        self._name = name
        # What was heard so far; empty once the text is delivered.
        self._interim = ""

    def show(self, notice: Notice) -> None:
        """Tell one notice.

        Raises:
            OutputError: It cannot be written.
        """
        match notice:
            case ShowInterim(text):
                self._interim = text
            case Deliver(is_whole=is_whole):
                self._interim = ""
                self.status = Exit.OK if is_whole else Exit.ERROR
            case ReportError() | Warn() if self.status is not Exit.OK:
                # Trouble and no text is a failure; where text follows, the trouble was survived.
                self.status = Exit.ERROR
        with writing():
            self._write(notice)

    def advance(self, seconds: float) -> None:
        """Note that so much more audio was handed over."""
        self.progress.handed_over += seconds

    def interrupt(self) -> None:
        """Tell that the user broke off, and what was heard until then."""
        self.status = Exit.INTERRUPTED
        with writing():
            self._write_interrupted()

    def close(self) -> None:
        """Tell what is left to tell, when the dictation is over or was given up."""
        if self.status is Exit.NO_SPEECH:
            print_error(self._named("no speech was recognised"))

    def _named(self, sentence: str) -> str:
        """A sentence that says which recording it is about, where there are several."""
        is_clear = not self._name or self._name in sentence
        return sentence if is_clear else f"{self._name}: {sentence}"

    @abstractmethod
    def _write_interrupted(self) -> None: ...

    @abstractmethod
    def _write(self, notice: Notice) -> None: ...


class TextReport(Report):
    """For a person: the text on stdout, everything else on stderr."""

    def __init__(self, progress: DictationProgress, name: str = "") -> None:
        super().__init__(progress, name)
        # The text so far, and how far the recognition of a long recording is.
        self._line = LiveLine(sys.stderr)

    def close(self) -> None:
        """Leave no half text behind, and tell that there was no speech."""
        with writing():
            self._line.clear()
        super().close()

    def _write_interrupted(self) -> None:
        self._line.clear()
        if self._interim.strip():
            self._print_text(self._interim)
        print_error(self._named("interrupted"))

    def _print_text(self, text: str) -> None:
        print_line(f"{self._name}: {text}" if self._name else text)

    def _write(self, notice: Notice) -> None:
        match notice:
            case AnnounceReady() if not self._head:
                pass
            case AnnounceReady() | ShowInterim():
                self._line.show(self._head, self._interim)
            case Warn(message):
                self._line.clear()
                print_error(self._named(f"warning: {message}"))
            case ReportError(message):
                self._line.clear()
                print_error(self._named(message))
            case Deliver(text, remark=remark):
                self._line.clear()
                if remark:
                    print_error(self._named(f"not corrected: {remark}"))
                self._print_text(text)

    @property
    def _head(self) -> str:
        """Whose text it is, and how far its recognition is, if it is long."""
        duration, recognised = self.progress.duration, self.progress.recognised
        parts = [self._name] if self._name else []
        if duration is not None and duration >= _LONG_RECORDING:
            parts.append(f"recognised {_clock(recognised)} of {_clock(duration)}")
        return f"[{', '.join(parts)}] " if parts else ""


class JsonReport(Report):
    """For a program: one JSON object per notice and line on stdout."""

    def _write_interrupted(self) -> None:
        self._print_event("interrupted", text=self._interim)

    def _write(self, notice: Notice) -> None:
        match notice:
            case ShowState(state):
                self._print_event("state", state=str(state))
            case AnnounceReady():
                self._print_event("ready")
            case ShowInterim(text):
                self._print_event("interim", text=text)
            case ReportHeard(text):
                self._print_event("heard", text=text)
            case Warn(message):
                self._print_event("warning", message=message)
            case ReportError(message):
                self._print_event("error", message=message)
            case Deliver(text, heard, engine, corrected, remark, is_whole):
                self._print_event(
                    "final",
                    text=text,
                    heard=heard,
                    engine=engine,
                    corrected=corrected,
                    remark=remark,
                    whole=is_whole,
                    audio_seconds=round(self.progress.handed_over, 3),
                    seconds=round(time.monotonic() - self.progress.began, 3),
                )

    def _print_event(self, event: str, **fields: str | float | bool) -> None:
        file = {"file": self._name} if self._name else {}
        print(json.dumps({"event": event, **file, **fields}, ensure_ascii=False), flush=True)


def run_session(report: Report, session: Coroutine[object, object, None]) -> Exit:
    """Run what follows a session to its end, and report what it raises.

    Returns:
        The exit status.

    Raises:
        OutputError: The output cannot be written, so nothing can be reported.
    """
    try:
        daemon_threads.run(reported(report, session))
    except KeyboardInterrupt:
        if report.status is not Exit.INTERRUPTED:
            raise
    return report.status


async def reported(report: Report, session: Coroutine[object, object, None]) -> None:
    """Follow a session to its end, and report what it raises. Ctrl-C cancels it.

    Raises:
        OutputError: The output cannot be written, so nothing can be reported.
    """
    try:
        with reporting_interrupts(report):
            await session
    except OutputError:
        raise
    except KoeError as exc:
        report.show(ReportError(str(exc)))
    report.close()


@contextmanager
def reporting_interrupts(report: Report) -> Iterator[None]:
    """Enter to have a Ctrl-C reported at once; another one ends the process at once.

    Else both would wait until the engine has let go.
    """
    try:
        yield
    except asyncio.CancelledError:
        if report.status is not Exit.INTERRUPTED:
            report.interrupt()
            signal.signal(signal.SIGINT, signal.SIG_DFL)
        raise


def _clock(seconds: float) -> str:
    minutes, second = divmod(int(seconds), 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour}:{minute:02}:{second:02}" if hour else f"{minute}:{second:02}"
