"""Moonshine: speech recognition on the device, usable at once, without a key or a network.

Its stream cuts speech into lines at pauses, and recognises a line again and again while it grows.
Where the lines are cut depends on the samples alone, not on how they are handed over, so the same
recording gives the same final text at any speed. Half of the errors come from cutting into lines.
So the final text is recognised in larger pieces, unless ``asr.second_pass`` is ``off``.

One fault of the package is corrected here: the voice detector that finds the pauses exists once per
process, and remembers what it heard. So sessions take turns, and each gets a new detector; else the
words of a session would depend on the sound of another.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from koe.asr import Engine
from koe.asr.loaded import Loaded
from koe.asr.local import LocalEngine, Recogniser
from koe.asr.moonshine_package import (
    VOICE_THRESHOLD,
    add_audio,
    check_package,
    forget_voice_detector,
    load_transcriber,
    mapped_errors,
    update,
)
from koe.asr.moonshine_whole import VoiceDetector, WholeModel, WholeMoonshine, load_model
from koe.asr.passes import WholePasses
from koe.asr.samples import float_samples
from koe.asr.turn import taken_turn
from koe.config.schema import AsrConfig
from koe.events import SAMPLE_RATE_HZ, DefiniteHeard, Event, FinalHeard, InterimHeard
from koe.text import join_segments

if TYPE_CHECKING:
    from koe.asr.moonshine_package import Transcriber, Transcript

# The model for streams, and the model for whole pieces; each takes at most 0.4 s and 150 MB.
_stream_model: Loaded[Transcriber] = Loaded(lambda transcriber: transcriber.close())
_whole_model: Loaded[WholeModel] = Loaded(WholeModel.close)

# Held by the session that has its turn.
_turn = threading.Lock()


def open_engine(config: AsrConfig, terms: tuple[str, ...]) -> Engine:
    """Make the engine. The model takes no dictionary; terms are corrected in the finished text.

    Raises:
        EngineUnavailableError: The package is not installed, or its version has no model.
    """
    check_package()
    return LocalEngine("moonshine", lambda closed: open_recogniser(config, closed))


@contextmanager
def open_recogniser(config: AsrConfig, closed: Callable[[], bool]) -> Iterator[Recogniser]:
    """Wait for the turn, load the model, and give a recogniser; leaving the block ends the turn.

    Args:
        config: The ``asr`` section.
        closed: Returns whether the session was closed; asked while it waits.

    Raises:
        AsrConnectionError: The session was closed.
        AsrError: The model or the recogniser can't be made.
    """
    minutes, interval = config.keep_loaded_minutes, config.moonshine.update_interval
    with taken_turn(_turn, closed):
        if config.second_pass == "off":
            with (
                _stream_model.used(None, load_stream_model, minutes) as transcriber,
                closing(MoonshineRecogniser(transcriber, interval)) as streaming,
            ):
                yield streaming
        else:
            with (
                _whole_model.used(None, load_model, minutes) as model,
                closing(VoiceDetector(model)) as voice,
            ):
                yield WholePasses(WholeMoonshine(model), gate=voice, update_interval=interval)


def load_stream_model() -> Transcriber:
    """Load the model for streams. Blocks; raises the errors of `load_transcriber`."""
    return load_transcriber({"vad_threshold": VOICE_THRESHOLD})


class MoonshineRecogniser(Recogniser):
    """One stream of the model; only one may exist at a time.

    Args:
        transcriber: The model.
        update_interval: Seconds of new audio between two partial texts.

    Raises:
        AsrProtocolError: The package failed.
    """

    def __init__(self, transcriber: Transcriber, update_interval: float) -> None:
        forget_voice_detector(transcriber)
        with mapped_errors():
            # By default, the stream updates itself at intervals. With an infinite interval it never
            # does, and `feed` updates it.
            self._stream = transcriber.create_stream(update_interval=float("inf"))
            self._stream.start()
        self._transcriber = transcriber
        # Samples between two updates.
        self._update_samples = round(update_interval * SAMPLE_RATE_HZ)
        # Samples since the last update, and all samples.
        self._unheard = 0
        self._fed = 0
        # The last definite text and the last interim text that were reported.
        self._reported = ("", "")

    def feed(self, pcm: bytes) -> list[Event]:
        """Add audio; when an update is due, recognise the open line again."""
        with mapped_errors():
            add_audio(self._transcriber, self._stream, float_samples(pcm))
            self._unheard += len(pcm) // 2
            self._fed += len(pcm) // 2
            if self._unheard < self._update_samples:
                return []
            return self._changes(self._update())

    def finish(self) -> list[Event]:
        """Recognise the rest, and return the whole text.

        The update comes before the stop: a stopped stream leaves audio unheard.
        """
        with mapped_errors():
            transcript = self._update()
            self._stream.stop()
        return [*self._changes(transcript), FinalHeard(_text_of(transcript), self._fed)]

    def close(self) -> None:
        """Free the stream; the model stays loaded for the next session."""
        self._stream.close()

    def _update(self) -> Transcript:
        """Recognise the new audio."""
        self._unheard = 0
        return update(self._transcriber, self._stream)

    def _changes(self, transcript: Transcript) -> list[Event]:
        """Return the events for changes.

        The complete lines are the definite text, and all lines are the interim text.
        """
        last_definite, last_interim = self._reported
        definite, interim = _text_of(transcript, complete=True), _text_of(transcript)
        self._reported = (definite, interim)
        events: list[Event] = []
        if definite != last_definite:
            events.append(DefiniteHeard(definite, _end_of_lines(transcript)))
        if interim not in (last_interim, definite):
            events.append(InterimHeard(interim))
        return events


def _end_of_lines(transcript: Transcript) -> int:
    """The sample at which the complete lines end.

    The package gives a line a part of the pause after it, and the next line a part of the pause
    before it; these parts may overlap.
    """
    ends = [line.start_time + line.duration for line in transcript.lines if line.is_complete]
    starts = [line.start_time for line in transcript.lines if not line.is_complete]
    seconds: float = min([max(ends, default=0.0), *starts])
    return round(seconds * SAMPLE_RATE_HZ)


def _text_of(transcript: Transcript, *, complete: bool = False) -> str:
    lines = (line for line in transcript.lines if line.is_complete or not complete)
    return join_segments(line.text for line in lines)
