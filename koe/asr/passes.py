"""Final text from whole passes: speech is recognised in chunks that are as long as they may be.

Half of the errors of a streaming recogniser are made by cutting, not by hearing. A recogniser that
gets a whole chunk at once has the context of every word. Chunks are cut within pauses; the
longer a chunk is, the shorter a pause may be that ends it. So the final text depends on the
samples alone, not on how or how fast they are handed over.

A pass is also made in every pause that ends no chunk yet. If speech ends there, or the pause
becomes a long one, its text is the chunk's, and costs nothing more.

To use it, implement `WholeRecogniser` and yield a `WholePasses` from the opener of a
`koe.asr.local.LocalEngine`::

    @contextmanager
    def opener(closed: Callable[[], bool]) -> Iterator[Recogniser]:
        with taken_turn(_loading, closed):
            model = load_model(...)
        yield WholePasses(model)

`koe.asr.loaded.Loaded` keeps the model between sessions, as ``asr.keep_loaded_minutes`` says.
The live text comes at pauses then. An engine of which a pass over some seconds of speech takes a
small part of a second gives ``update_interval`` as well.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from array import array
from itertools import pairwise

from koe.asr.local import Recogniser
from koe.asr.pauses import FRAME, Loudness, pauses, quietest
from koe.asr.samples import float_samples
from koe.events import SAMPLE_RATE_HZ, DefiniteHeard, Event, FinalHeard, InterimHeard
from koe.text import join_segments
from koe.tokens import tokens

MAX_CHUNK = 28.0
"""Seconds of speech that a recogniser gets at most. Longer ones are beyond what models can do."""

_FRAMES_PER_SECOND = SAMPLE_RATE_HZ // FRAME
_MAX_FRAMES = round(MAX_CHUNK * _FRAMES_PER_SECOND)

# A pause: so many quiet frames, 0.2 s, as between most phrases. A chunk ends so many frames after
# the last loud one; with half of that more words were wrong.
_PAUSE = 10
_MARGIN = 8

# A pause of 2 s ends any chunk, the shortest one a chunk of 15 s, and a pause between them one
# between them, in proportion: 5 of 265 words in 17 recordings were wrong. Chunks of 6 to 12 s had
# 9 to 12, because a sentence with a pause in it was cut.
_LONGEST_PAUSE = 100
_CUT_FRAMES = 15 * _FRAMES_PER_SECOND

# A chunk of so many seconds is recognised as a whole at the end of the audio too. Of a longer one
# only what follows its last pause is, because the user waits.
_WHOLE_AT_END = 12

# Silence before speech of which more than the first is known is cut down to the second.
_SILENCE, _LEAD = 100, 25

# Speech has three to six words a second, or characters of Chinese.
_LEAST_TOKENS_PER_SECOND = 0.5


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


class SpeechGate(ABC):
    """Hears whether there is speech; without one, whatever is louder than the rest counts as such.

    A recogniser that is given noise or silence makes words of it.
    """

    @abstractmethod
    def feed(self, samples: array[float]) -> None:
        """Take the samples that follow. The answers must not depend on how they are cut."""

    @abstractmethod
    def has_speech(self, begin: int, end: int) -> bool:
        """Whether there is speech between two samples, of which the first one ever has number 0.

        Once that is so, samples that follow must not change it.
        """


class WholePasses(Recogniser):
    """Makes a recogniser of a session's audio from one of whole pieces.

    Args:
        whole: Recognises a piece.
        gate: Says which pieces are worth it; None: those that are louder than the rest.
        update_interval: Seconds of new audio between two live texts within speech; None: live text
            comes at pauses only.
    """

    def __init__(
        self,
        whole: WholeRecogniser,
        *,
        gate: SpeechGate | None = None,
        update_interval: float | None = None,
    ) -> None:
        self._whole = whole
        self._gate = gate
        # Samples that the gate was fed, from the first of all.
        self._gated = 0
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
        # What was last shown.
        self._shown = ""

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
        """Recognise the rest: of a long chunk only what follows its last pause, if anything."""
        size = len(self._samples)
        end = self._pause_end() or size
        text = self._recognise_in_two(end, heard=size) or self._recognise(end, heard=size)
        return [FinalHeard(join_segments([*self._settled, text]), self._start + size)]

    def _recognise_in_two(self, end: int, heard: int) -> str:
        """Recognise a long chunk up to its last pause, which was done, and what follows it.

        Empty if the chunk is to be recognised as a whole: it is short, or has no pause, or one of
        the two gives too little.
        """
        begin = self._last_pause_before(end)
        if not begin or end <= _WHOLE_AT_END * SAMPLE_RATE_HZ:
            return ""
        head, rest = self._recognise(begin, heard), ""
        if self._has_speech(end, heard, begin):
            rest = self._whole.recognise(self._samples[begin:end])
            if not rest or self._is_too_little(rest, begin, end):
                return ""
        return join_segments([head, rest])

    def _last_pause_before(self, end: int) -> int:
        """The sample up to which the last pause before another one had a pass made; 0: none."""
        frames = [is_loud for _, is_loud in self._frames[: end // FRAME]]
        last = 0
        for at in range(1, len(frames) - _PAUSE):
            if frames[at - 1] and not any(frames[at : at + _PAUSE]):
                last = at + _MARGIN
        return last * FRAME if any(frames[last:]) else 0

    def _pause_end(self) -> int:
        """The sample with which speech ends and a pause has begun; 0: there is no pause."""
        is_pause = self._loud and len(self._frames) - self._loud >= _MARGIN
        return (self._loud + _MARGIN) * FRAME if is_pause else 0

    def _cut(self) -> int:
        """The frame before which the chunk ends; 0: it goes on."""
        frames = len(self._frames)
        if not self._loud:
            if frames < _SILENCE:
                return 0
            if not self._gate or not self._has_speech(frames * FRAME, heard=frames * FRAME):
                return frames - _LEAD
            self._loud = frames  # the gate knows better
        pause = max(_LONGEST_PAUSE * (_CUT_FRAMES - self._loud) // _CUT_FRAMES, _PAUSE)
        if frames - self._loud >= pause:
            return self._loud + _MARGIN
        if frames < _MAX_FRAMES:
            return 0
        return quietest([power for power, _ in self._frames], frames // 2)

    def _settle(self, cut: int) -> list[Event]:
        """Recognise the chunk up to a frame, and begin the next one there."""
        text = self._recognise(cut * FRAME, heard=len(self._frames) * FRAME)
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
        size, recognised = len(self._samples), self._passed[0]
        pause_end = self._pause_end()
        if pause_end > recognised and len(self._frames) - self._loud >= _PAUSE:
            text = self._recognise(pause_end, heard=size)
        elif self._loud * FRAME > recognised and self._is_update_due(size - recognised):
            rest = ""
            if self._has_speech(size, heard=size, begin=recognised):
                rest = self._whole.recognise(self._samples[recognised:])
            text = join_segments([self._passed[1], rest])
        else:
            return []
        self._updated = size
        text = join_segments([*self._settled, text])
        if not text or text == self._shown:
            return []
        self._shown = text
        return [InterimHeard(text)]

    def _is_update_due(self, size: int) -> bool:
        """Whether so many samples, some of them new, are worth a look.

        The more there are, the longer that takes, so the seldomer it is done. In a gap it is put
        off a little, because that may become a pause, with a better text.
        """
        if not self._update_samples:
            return False
        due = max(self._update_samples, size // 4)
        if len(self._frames) > self._loud:
            due += _PAUSE * FRAME
        return len(self._samples) - self._updated >= due

    def _recognise(self, end: int, heard: int) -> str:
        """Recognise the chunk up to a sample, unless that was done before.

        Args:
            end: The sample.
            heard: How much of the audio, from the first sample of the chunk, decides whether there
                is speech.
        """
        if not self._has_speech(end, heard):
            return ""
        if self._passed[0] != end:
            text = self._whole.recognise(self._samples[:end])
            if self._is_too_little(text, 0, end):
                text = max(text, self._recognise_parts(end), key=_count_tokens)
            self._passed = end, text
        return self._passed[1]

    def _has_speech(self, end: int, heard: int, begin: int = 0) -> bool:
        """Whether there is speech in the chunk between two samples; ``heard`` as above."""
        if self._gate is None:
            return self._loud * FRAME > begin
        self._gate.feed(self._samples[self._gated - self._start : heard])
        self._gated = max(self._gated, self._start + heard)
        return self._gate.has_speech(self._start + begin, self._start + end)

    def _is_too_little(self, text: str, begin: int, end: int) -> bool:
        """Whether a text can't be all that was said between two samples of the chunk."""
        frames = self._frames[begin // FRAME : end // FRAME]
        seconds = sum(is_loud for _, is_loud in frames) / _FRAMES_PER_SECOND
        return _count_tokens(text) < _LEAST_TOKENS_PER_SECOND * seconds

    def _recognise_parts(self, end: int) -> str:
        """Recognise what is between the pauses of the chunk piece by piece, up to a sample."""
        cuts = [0, *pauses([is_loud for _, is_loud in self._frames[: end // FRAME]], _PAUSE)]
        edges = [*(cut * FRAME for cut in cuts), end]
        pieces = [self._samples[begin:stop] for begin, stop in pairwise(edges) if stop > begin]
        return join_segments(map(self._whole.recognise, pieces) if len(pieces) > 1 else [])


def _count_tokens(text: str) -> int:
    return sum(1 for _ in tokens(text))
