"""Final text from whole passes: speech is recognised in chunks that are as long as they may be.

Half of the errors of a streaming recogniser are made by cutting, not by hearing. A recogniser that
gets a whole chunk at once has the context of every word. Chunks are cut in the middle of pauses;
the longer a chunk is, the shorter a pause may be that ends it. So the final text depends on the
samples alone, not on how or how fast they are handed over.

To use it, implement `WholeRecogniser` and yield a `WholePasses` from the opener of a
`koe.asr.local.LocalEngine`::

    @contextmanager
    def opener(closed: Callable[[], bool]) -> Iterator[Recogniser]:
        with taken_turn(_loading, closed):
            model = load_model(...)
        yield WholePasses(model)

The live text comes at pauses then. An engine of which a pass over some seconds of speech takes a
small part of a second gives ``update_interval`` as well.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from array import array

from koe.asr.local import Recogniser
from koe.asr.pauses import FRAME, Loudness
from koe.asr.samples import float_samples
from koe.events import SAMPLE_RATE_HZ, DefiniteHeard, Event, FinalHeard, InterimHeard
from koe.text import join_segments

MAX_CHUNK = 28.0
"""Seconds of speech that a recogniser gets at most. Longer ones are beyond what models can do."""

_FRAMES_PER_SECOND = SAMPLE_RATE_HZ // FRAME
_MAX_FRAMES = round(MAX_CHUNK * _FRAMES_PER_SECOND)

# A pause: so many quiet frames. What is recognised ends after half of them.
_PAUSE = 16
_MARGIN = _PAUSE // 2

# A pause of the first length ends a chunk of the second, and a pause between them, in proportion,
# one that is shorter.
_LONGEST_PAUSE = 100
_CUT_FRAMES = 15 * _FRAMES_PER_SECOND

# Where there is no pause, a chunk is cut where so many frames together are quietest.
_CUT_WIDTH = 10

# Silence before speech of which more than the first is known is cut down to the second.
_SILENCE, _LEAD = 100, 25


class WholeRecogniser(ABC):
    """Recognises a whole piece of speech at once; on one thread, which is not the loop's."""

    @abstractmethod
    def recognise(self, samples: array[float]) -> str:
        """Return what is said, without white space around it; empty: nothing.

        Args:
            samples: 32-bit floats between -1 and 1, 16 kHz, one channel; at most `MAX_CHUNK`.
                ``numpy.frombuffer(samples, numpy.float32)`` copies nothing.

        Raises:
            AsrError: The recogniser is lost.
        """


class WholePasses(Recogniser):
    """Makes a recogniser of a session's audio from one of whole pieces.

    Args:
        whole: Recognises a piece.
        update_interval: Seconds of new audio between two live texts within speech; None: live text
            comes at pauses only.
    """

    def __init__(self, whole: WholeRecogniser, *, update_interval: float | None = None) -> None:
        self._whole = whole
        self._loudness = Loudness()
        # The open chunk: its first sample, all of them, and for each of its frames the power, and
        # whether it is loud.
        self._start = 0
        self._samples = array("f")
        self._frames: list[tuple[float, bool]] = []
        # The number of its frames up to the last loud one; 0: none is loud.
        self._loud = 0
        # What was recognised of the chunk up to a sample of it.
        self._passed = (0, "")
        # The text of the chunks before it.
        self._settled: list[str] = []
        # Samples between two live texts, and where the chunk was last recognised for one.
        self._update_samples = round((update_interval or 0.0) * SAMPLE_RATE_HZ)
        self._updated = 0
        # What was last told.
        self._told = ""

    def feed(self, pcm: bytes) -> list[Event]:
        """Take audio; recognise what has become a chunk, and what is worth showing."""
        events: list[Event] = []
        self._samples.extend(float_samples(pcm))
        while len(self._samples) >= (len(self._frames) + 1) * FRAME:
            begin = len(self._frames) * FRAME
            self._frames.append(self._loudness.add(self._samples[begin : begin + FRAME]))
            if self._frames[-1][1]:
                self._loud = len(self._frames)
            if cut := self._cut():
                events += self._settle(cut)
        return events + self._update()

    def finish(self) -> list[Event]:
        """Recognise the rest."""
        upto = self._start + len(self._samples)
        end = self._pause_end() or len(self._samples)
        text = self._recognise(end) if self._loud else ""
        return [FinalHeard(join_segments([*self._settled, text]), upto)]

    def _pause_end(self) -> int:
        """The sample with which speech ends and a pause has begun; 0: there is no pause."""
        is_pause = self._loud and len(self._frames) - self._loud >= _MARGIN
        return (self._loud + _MARGIN) * FRAME if is_pause else 0

    def _cut(self) -> int:
        """The frame before which the chunk ends; 0: it goes on."""
        frames = len(self._frames)
        if not self._loud:
            return frames - _LEAD if frames >= _SILENCE else 0
        pause = max(_LONGEST_PAUSE * (_CUT_FRAMES - self._loud) // _CUT_FRAMES, _PAUSE)
        if frames - self._loud >= pause:
            return self._loud + _MARGIN
        if frames < _MAX_FRAMES:
            return 0
        powers = [power for power, _ in self._frames]
        sums = [sum(powers[at : at + _CUT_WIDTH]) for at in range(frames // 2, frames - _CUT_WIDTH)]
        return frames // 2 + sums.index(min(sums)) + _CUT_WIDTH // 2

    def _settle(self, cut: int) -> list[Event]:
        """Recognise the chunk up to a frame, and begin the next one there."""
        text = self._recognise(cut * FRAME) if self._loud else ""
        self._start += cut * FRAME
        del self._samples[: cut * FRAME]
        del self._frames[:cut]
        loud = [at for at, (_, is_loud) in enumerate(self._frames, 1) if is_loud]
        self._loud = max(loud, default=0)
        self._passed, self._updated = (0, ""), 0
        if not text:
            return []
        self._settled = [join_segments([*self._settled, text])]
        return [DefiniteHeard(self._settled[0], self._start)]

    def _update(self) -> list[Event]:
        """Recognise what is new since the last pause, if it is time to."""
        if not self._loud:
            return []
        recognised = self._passed[0]
        if self._loud * FRAME > recognised and len(self._frames) - self._loud >= _PAUSE:
            text = self._recognise(self._pause_end())
        elif self._update_samples and len(self._samples) - self._updated >= self._update_samples:
            rest = self._whole.recognise(self._samples[recognised:])
            text = join_segments([self._passed[1], rest])
        else:
            return []
        self._updated = len(self._samples)
        text = join_segments([*self._settled, text])
        if not text or text == self._told:
            return []
        self._told = text
        return [InterimHeard(text)]

    def _recognise(self, end: int) -> str:
        """Recognise the chunk up to a sample, unless that was done before."""
        if self._passed[0] != end:
            self._passed = end, self._whole.recognise(self._samples[:end])
        return self._passed[1]
