"""Chunks: the speech that a recogniser gets as a whole, and the pauses where it may be cut. Pure.

A chunk ends in a pause; the longer it is, the shorter a pause may be that ends it. This depends on
the samples alone, not on the sizes in which they arrive.
"""

from __future__ import annotations

from array import array

from koe.asr.pauses import quietest
from koe.events import SAMPLE_RATE_HZ
from koe.loudness import FRAME, Loudness

MAX_CHUNK = 28.0
"""The longest chunk in seconds. Models fail with longer ones."""

FRAMES_PER_SECOND = SAMPLE_RATE_HZ // FRAME

# A pause has at least PAUSE quiet frames, 0.2 s, as between most phrases. The speech before a pause
# ends MARGIN frames after its last loud frame; with half as many, more words were wrong.
PAUSE = 10
MARGIN = 8

# If no pause follows, the last speech ends this number of frames after its last loud frame: 60 ms.
ENDING = 3

_MAX_FRAMES = round(MAX_CHUNK * FRAMES_PER_SECOND)

# A pause of 2 s ends a chunk of any length, the shortest pause ends one of 15 s, and lengths
# between these are interpolated: 5 of 265 words in 17 recordings were wrong. Chunks of 6 to 12 s
# had 9 to 12, because a sentence with a pause in it was cut.
_LONGEST_PAUSE = 2 * FRAMES_PER_SECOND
_CUT_FRAMES = 15 * FRAMES_PER_SECOND


class Chunk:
    """The newest audio, from the end of the previous chunk on.

    Attributes:
        start: The position of its first sample in the whole audio.
        samples: Floats between -1 and 1, 16 kHz, one channel.
        loud: The number of its frames up to and including the last loud one; 0: none is loud.
    """

    def __init__(self) -> None:
        self.start = 0
        self.samples = array("f")
        self.loud = 0
        self._loudness = Loudness()
        # The power of each frame, and whether it is loud.
        self._frames: list[tuple[float, bool]] = []

    @property
    def quiet(self) -> int:
        """The number of frames since the last loud one."""
        return len(self._frames) - self.loud

    @property
    def pause_end(self) -> int:
        """The sample at which speech ends and a pause has begun; 0: there is no pause."""
        return (self.loud + MARGIN) * FRAME if self.loud and self.quiet >= MARGIN else 0

    @property
    def end(self) -> int:
        """The sample at which the last speech ends, if no audio follows."""
        margin = MARGIN if self.quiet >= PAUSE else ENDING
        is_quiet = self.loud > 0 and self.quiet >= margin
        return (self.loud + margin) * FRAME if is_quiet else len(self.samples)

    def has_frame(self) -> bool:
        """Whether there are enough samples for one more frame."""
        return len(self.samples) >= (len(self._frames) + 1) * FRAME

    def add_frame(self) -> int:
        """Examine the next frame; return the frame before which the chunk ends, or 0 if it goes on.

        The chunk ends when speech goes on after a long enough pause. During the pause it ends only
        after 2 s of silence, because the user may end the recording in a pause and wait for the
        text. A chunk that reaches the longest length ends at the quietest place of its second half.
        """
        begin = len(self._frames) * FRAME
        self._frames.append(self._loudness.add(self.samples[begin : begin + FRAME]))
        frames, is_loud = len(self._frames), self._frames[-1][1]
        quiet = frames - is_loud - self.loud
        needed = _LONGEST_PAUSE
        if is_loud:
            needed = max(_LONGEST_PAUSE * (_CUT_FRAMES - self.loud) // _CUT_FRAMES, PAUSE)
        if self.loud and quiet >= needed:
            return self.loud + MARGIN
        if is_loud:
            self.loud = frames
        if not self.loud or frames < _MAX_FRAMES:
            return 0
        return quietest([power for power, _ in self._frames], frames // 2)

    def drop(self, frames: int) -> None:
        """Drop the first frames."""
        self.start += frames * FRAME
        del self.samples[: frames * FRAME]
        del self._frames[:frames]
        self.loud = max((at for at, loud in enumerate(self.are_loud(), 1) if loud), default=0)

    def are_loud(self, begin: int = 0, end: int | None = None) -> list[bool]:
        """Which frames between two samples are loud."""
        last = None if end is None else end // FRAME
        return [is_loud for _, is_loud in self._frames[begin // FRAME : last]]

    def pauses(self, begin: int, end: int) -> list[int]:
        """The samples after ``begin`` and up to ``end`` at which a pause begins.

        The last pause may go on to the end of the audio.
        """
        found, last = list[int](), 0
        for at, is_loud in enumerate(self.are_loud(), 1):
            if is_loud:
                last = at
            elif last and at - last == PAUSE:
                found.append((last + MARGIN) * FRAME)
        return [pause for pause in found if begin < pause <= end]

    def speech(self, begin: int, end: int) -> float:
        """The seconds of loud audio between two samples."""
        return sum(self.are_loud(begin, end)) / FRAMES_PER_SECOND
