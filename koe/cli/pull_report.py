"""Reports the progress of a download, to a person or to a program."""

from __future__ import annotations

import io
import json
import threading
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path
from typing import Never, Self, TextIO

from tqdm import tqdm

from koe.cli import print_error, print_line, sentence_of
from koe.cli.live_line import display_width
from koe.errors import DownloadError
from koe.models.transfer import Progress, Retry
from koe.models.verification import Status

# Widths of the columns, the same as in the upstream (spec models §10.5).
_NAME_COLUMNS = 25
_STATE_COLUMNS = 9
_FORMAT = "{desc} {bar:20} {n_fmt}/{total_fmt}"
_FORMAT_WITHOUT_TOTAL = "{desc} {n_fmt}"
_RATE = " {rate_fmt}"


class PullReport(ABC):
    """Reports the download of a model. Enter it as a context manager during the download."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @abstractmethod
    def show(self, notice: Progress | Retry) -> None:
        """Report progress or a retry."""

    @abstractmethod
    def close(self) -> None:
        """End the report of the download."""

    @abstractmethod
    def begin_verification(self) -> None:
        """Report that the check of the files begins."""

    @abstractmethod
    def end_verification(self, status: Status) -> None:
        """Report the result of the check."""

    @abstractmethod
    def fail(self, message: str) -> None:
        """Report why the model is not installed."""

    @abstractmethod
    def finish(self, model: str, directory: Path) -> None:
        """Report that the model is installed, and where."""


class BarsReport(PullReport):
    """For a person: progress bars on a terminal, one per file, in the order in which they begin.

    Args:
        terminal: The stream to draw on. If it is not a terminal, no bars are drawn; if it is closed
            (None), nothing is written.
    """

    def __init__(self, terminal: TextIO | None) -> None:
        self._terminal = io.StringIO() if terminal is None else terminal
        # The bars, by the index of the file.
        self._bars: dict[int, tqdm[Never]] = {}
        # The states (pulling, done, exists), by the index of the file.
        self._states: dict[int, str] = {}
        # Why a file was tried again, if nothing was received since; else empty.
        self._reason = ""
        # One thread draws, so a lock between threads is enough; tqdm would create a semaphore that
        # other processes share.
        tqdm.set_lock(threading.RLock())
        tqdm.monitor_interval = 0

    def show(self, notice: Progress | Retry) -> None:
        if isinstance(notice, Retry):
            # Without a network, all files fail at once and for the same reason.
            error = notice.error
            reason = error.reason if isinstance(error, DownloadError) else str(error)
            is_known, self._reason = reason == self._reason, reason
            if is_known:
                return
            with tqdm.external_write_mode(self._terminal):
                print_error(f"warning: {sentence_of(error)}; trying again in {notice.pause:g} s")
            return
        self._reason = ""
        if notice.index not in self._bars:
            self._bars[notice.index] = self._make_bar(notice)
        bar = self._bars[notice.index]
        # The difference may be negative: a download may begin again.
        bar.update(notice.bytes_there - bar.n)
        state = _state(notice)
        if self._states.get(notice.index) != state:
            self._states[notice.index] = state
            bar.bar_format = _FORMAT if notice.total_bytes else _FORMAT_WITHOUT_TOTAL
            if state == "pulling":
                bar.bar_format += _RATE
            bar.set_description_str(f"{_name(notice)} {state:<{_STATE_COLUMNS}}")

    def close(self) -> None:
        for bar in self._bars.values():
            bar.close()

    def begin_verification(self) -> None:
        self._tell("Verifying...")

    def end_verification(self, status: Status) -> None:
        self._tell(" ok\n" if status is Status.INSTALLED else " failed\n")

    def fail(self, message: str) -> None:
        print_error(message)

    def finish(self, model: str, directory: Path) -> None:
        print_line(f"{model}: pull complete")
        print_line(f"Path: {directory}")

    def _tell(self, text: str) -> None:
        """Write progress; write errors are ignored, as in `print_error`."""
        with suppress(OSError):
            self._terminal.write(text)
            self._terminal.flush()

    def _make_bar(self, notice: Progress) -> tqdm[Never]:
        return tqdm(
            total=notice.total_bytes or None,
            initial=notice.bytes_there if notice.already_exists else 0,
            position=len(self._bars),
            leave=True,
            unit="B",
            unit_scale=True,
            file=self._terminal,
            disable=None,  # None: disabled unless the stream is a terminal
        )


class JsonPullReport(PullReport):
    """For a program: one JSON object per line on stdout."""

    def show(self, notice: Progress | Retry) -> None:
        if isinstance(notice, Retry):
            _print_event(
                "retry", file=notice.name, message=sentence_of(notice.error), seconds=notice.pause
            )
        else:
            _print_event(
                "progress",
                file=notice.name,
                index=notice.index,
                files=notice.count,
                bytes=notice.bytes_there,
                total=notice.total_bytes,
                exists=notice.already_exists,
            )

    def close(self) -> None:
        """Do nothing: every line is already complete."""

    def begin_verification(self) -> None:
        _print_event("verifying")

    def end_verification(self, status: Status) -> None:
        """Print nothing: the next event contains the result."""

    def fail(self, message: str) -> None:
        _print_event("error", message=message)

    def finish(self, model: str, directory: Path) -> None:
        _print_event("done", model=model, directory=str(directory))


def _state(notice: Progress) -> str:
    if notice.already_exists:
        return "exists"
    return "done" if notice.bytes_there == notice.total_bytes else "pulling"


def _name(notice: Progress) -> str:
    name = notice.name
    while display_width(name) > _NAME_COLUMNS:
        name = name[:-1]
    return name + " " * (_NAME_COLUMNS - display_width(name))


def _print_event(event: str, **fields: str | float | bool) -> None:
    print_line(json.dumps({"event": event, **fields}, ensure_ascii=False))
