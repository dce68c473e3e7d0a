"""Reports a dictation, to a person or to a program."""

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

# Recordings that are at least this long, in seconds, show how much of them is recognised.
_LONG_RECORDING = 30.0


@dataclass(slots=True)
class DictationProgress:
    """The progress of a dictation.

    Attributes:
        duration: The length of the whole recording in seconds; None while it is unknown.
        handed_over: The seconds of audio that the core has received.
        recognised: The seconds of audio whose text is final.
        began: The time at which it began, by ``time.monotonic``.
    """

    duration: float | None = None
    handed_over: float = 0.0
    recognised: float = 0.0
    began: float = field(default_factory=time.monotonic)


class Report(ABC):
    """Reports the notices of a dictation.

    Attributes:
        progress: The progress of the dictation.
        status: The exit status if the dictation ended now.

    Args:
        progress: The progress of the dictation.
        name: The name of the recording, if there are several; else empty.
    """

    def __init__(self, progress: DictationProgress, name: str = "") -> None:
        self.progress = progress
        self.status = Exit.NO_SPEECH
        # The name of the recording, if there are several; else empty.
        self._name = name
        # The text so far; empty after the final text was delivered.
        self._interim = ""

    def show(self, notice: Notice) -> None:
        """Report a notice.

        Raises:
            OutputError: The output cannot be written.
        """
        match notice:
            case ShowInterim(text):
                self._interim = text
            case Deliver(is_whole=is_whole):
                self._interim = ""
                self.status = Exit.OK if is_whole else Exit.ERROR
            case ReportError() | Warn() if self.status is not Exit.OK:
                # A problem is a failure unless a whole text follows, which sets the status to OK.
                self.status = Exit.ERROR
        with writing():
            self._write(notice)

    def advance(self, seconds: float) -> None:
        """Add to the seconds of audio that the core has received."""
        self.progress.handed_over += seconds

    def interrupt(self) -> None:
        """Report that the user interrupted the dictation, and the text so far."""
        self.status = Exit.INTERRUPTED
        with writing():
            self._write_interrupted()

    def close(self) -> None:
        """Finish the report after the end of the dictation."""
        if self.status is Exit.NO_SPEECH:
            print_error(self._named("no speech was recognised"))

    def _named(self, sentence: str) -> str:
        """The sentence, after the name of the recording unless the sentence contains the name."""
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
        # Shows the text so far, and the progress of a long recording.
        self._line = LiveLine(sys.stderr)

    def close(self) -> None:
        """Clear the line with the text so far, and report if there was no speech."""
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
        """The name of the recording and, for a long one, how much of it is recognised."""
        duration, recognised = self.progress.duration, self.progress.recognised
        parts = [self._name] if self._name else []
        if duration is not None and duration >= _LONG_RECORDING:
            parts.append(f"recognised {_clock(recognised)} of {_clock(duration)}")
        return f"[{', '.join(parts)}] " if parts else ""


class JsonReport(Report):
    """For a program: one JSON object per notice, each on a line of stdout."""

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
    """Run a coroutine that follows a session to its end, and report its errors.

    Returns:
        The exit status.

    Raises:
        OutputError: The output cannot be written, so errors can't be reported.
    """
    try:
        daemon_threads.run(reported(report, session))
    except KeyboardInterrupt:
        if report.status is not Exit.INTERRUPTED:
            raise
    return report.status


async def reported(report: Report, session: Coroutine[object, object, None]) -> None:
    """Await a coroutine that follows a session to its end, and report its errors.

    Ctrl-C cancels it.

    Raises:
        OutputError: The output cannot be written, so errors can't be reported.
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
    """Report Ctrl-C at once, when it cancels the block; a second Ctrl-C then ends the process.

    Without this, the report and a second Ctrl-C would wait until the engine has ended.
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
