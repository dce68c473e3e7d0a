"""How a dictation is reported, to a person and to a program."""

from __future__ import annotations

import json
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Coroutine
from dataclasses import dataclass, field

from koe import daemon_threads
from koe.cli import Exit, print_error, tell, writing
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

# Seconds of a recording from which on the user wants to know how far it is. A shorter one is handed
# over at once, because the core has room for as much.
_LONG_RECORDING = 90.0


@dataclass(slots=True)
class DictationProgress:
    """How far a dictation is.

    Attributes:
        duration: Seconds of the whole recording; None while the user still speaks.
        handed_over: Seconds of it that the core was given.
        began: When, by ``time.monotonic``.
    """

    duration: float | None = None
    handed_over: float = 0.0
    began: float = field(default_factory=time.monotonic)


class Report(ABC):
    """Reports a dictation's notices.

    Attributes:
        progress: How far the dictation is.
        status: The exit status as things stand.
    """

    def __init__(self, progress: DictationProgress) -> None:
        self.progress = progress
        self.status = Exit.NO_SPEECH

    def tell(self, notice: Notice) -> None:
        """Tell one notice.

        Raises:
            OutputError: It cannot be written.
        """
        match notice:
            case Deliver(is_whole=is_whole):
                self.status = Exit.OK if is_whole else Exit.ERROR
            case ReportError() | Warn() if self.status is not Exit.OK:
                # Trouble and no text is a failure; where text follows, the trouble was survived.
                self.status = Exit.ERROR
        with writing():
            self._write(notice)

    def advance(self, seconds: float) -> None:
        """Note that so much more audio was handed over."""
        self.progress.handed_over += seconds

    @abstractmethod
    def close(self) -> None:
        """Tell what is left to tell, when the dictation is over or was given up."""

    @abstractmethod
    def _write(self, notice: Notice) -> None: ...


class TextReport(Report):
    """For a person: the text on stdout, everything else on stderr."""

    def __init__(self, progress: DictationProgress) -> None:
        super().__init__(progress)
        # The text so far, and how far a long recording is.
        self._line = LiveLine(sys.stderr)
        self._interim = ""

    def advance(self, seconds: float) -> None:
        """Note it, and show it when the recording is long."""
        super().advance(seconds)
        if self._head:
            with writing():
                self._show_line()

    def close(self) -> None:
        """Leave no half text behind."""
        with writing():
            self._line.clear()

    def _write(self, notice: Notice) -> None:
        match notice:
            case ShowInterim(text):
                self._interim = text
                self._show_line()
            case Warn(message):
                self._line.clear()
                print_error(f"warning: {message}")
            case ReportError(message):
                self._line.clear()
                print_error(message)
            case Deliver(text, remark=remark):
                self._line.clear()
                if remark:
                    print_error(f"not corrected: {remark}")
                tell(text)

    @property
    def _head(self) -> str:
        """How far a long recording is read; empty for others, and when all of it is."""
        duration, read = self.progress.duration, self.progress.handed_over
        if duration is None or duration < _LONG_RECORDING or read >= duration:
            return ""
        return f"[read {_clock(read)} of {_clock(duration)}] "

    def _show_line(self) -> None:
        self._line.show(self._head, self._interim)


class JsonReport(Report):
    """For a program: one JSON object per notice and line on stdout."""

    def close(self) -> None:
        """Every line is complete already."""

    def _write(self, notice: Notice) -> None:
        match notice:
            case ShowState(state):
                _print_event("state", state=str(state))
            case AnnounceReady():
                _print_event("ready")
            case ShowInterim(text):
                _print_event("interim", text=text)
            case ReportHeard(text):
                _print_event("heard", text=text)
            case Warn(message):
                _print_event("warning", message=message)
            case ReportError(message):
                _print_event("error", message=message)
            case Deliver(text, heard, engine, corrected, remark, is_whole):
                _print_event(
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


def run_session(report: Report, session: Coroutine[object, object, None]) -> Exit:
    """Run what follows a session to its end, and report what it raises.

    Returns:
        The exit status.

    Raises:
        OutputError: The output cannot be written, so nothing can be reported.
    """
    try:
        daemon_threads.run(session)
    except OutputError:
        raise
    except KoeError as exc:
        report.tell(ReportError(str(exc)))
    finally:
        report.close()
    if report.status is Exit.NO_SPEECH:
        print_error("no speech was recognised")
    return report.status


def _print_event(event: str, **fields: str | float | bool) -> None:
    print(json.dumps({"event": event, **fields}, ensure_ascii=False), flush=True)


def _clock(seconds: float) -> str:
    minutes, second = divmod(int(seconds), 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour}:{minute:02}:{second:02}" if hour else f"{minute}:{second:02}"
