"""Where a chunk is cut into pieces for a text that is needed soon. Pure.

All places depend on the samples alone, not on when they are asked for.
"""

from __future__ import annotations

from koe.asr.chunk import Chunk
from koe.events import SAMPLE_RATE_HZ
from koe.loudness import FRAME

# If a chunk is longer than ``longest``, its part up to a pause is recognised as a whole again when
# that part has grown by _GROWTH samples, and by half. A piece after that part has at least
# _LEAST_SPEECH seconds of speech; shorter pieces are misheard.
_GROWTH = 2 * SAMPLE_RATE_HZ
_LEAST_SPEECH = 1.0

# The number of marks while the piece after the last pause doubles its length.
_UPDATES = 6

# A live text that was begun this number of samples before the end is usually known at the end.
_LATEST = SAMPLE_RATE_HZ // 5


class Pieces:
    """The pieces of the open chunk.

    Args:
        chunk: The chunk; its owner changes it.
        longest: The most samples that are not cut.
        interval: Samples between two marks of a short piece; 0: there are no marks.
    """

    def __init__(self, chunk: Chunk, longest: int, interval: int) -> None:
        self._chunk = chunk
        self._longest = longest
        self._interval = interval

    def cuts(self, end: int) -> list[int]:
        """The cuts of the chunk up to a sample.

        Each cut is in a pause, so that the part before the last one can be recognised early. The
        first cut is as late as possible.
        """
        if end <= self._longest:
            return []
        chunk, cuts = self._chunk, list[int]()
        for pause in chunk.pauses(0, end):
            if chunk.speech(pause, end) < _LEAST_SPEECH:
                break
            head = cuts[0] if cuts else 0
            if pause - head >= max(_GROWTH, head // 2):
                cuts = [pause]
            elif cuts and chunk.speech(cuts[-1], pause) >= _LEAST_SPEECH:
                cuts.append(pause)
        return cuts

    def is_pause(self, end: int) -> bool:
        """Whether a pause begins at a sample."""
        return bool(self._chunk.pauses(end - 1, end))

    def parts(self, begin: int, end: int, *, has_marks: bool) -> list[int]:
        """The edges of the parts of a piece; they may end before the piece does.

        The last part ends in a pause with enough speech before and after it, so that there are not
        many short parts, which would take longer than they save. With ``has_marks`` it may end at a
        mark.
        """
        cuts = self.cuts(end) if begin == 0 else []
        edges = [begin, *cuts]
        last = self.mark(edges[-1], end - _LATEST) if has_marks else 0
        if not last and cuts and self.is_pause(end):
            last = end
        if not last:
            pauses = reversed(self._chunk.pauses(edges[-1], end))
            speech = self._chunk.speech
            last = next((at for at in pauses if speech(at, end) >= _LEAST_SPEECH), 0)
            if speech(edges[-1], last) < _LEAST_SPEECH:
                last = 0
        return [*edges, last] if last else edges

    def mark(self, begin: int, end: int) -> int:
        """The last place of a piece at which a live text of it is due; 0: there is none.

        That is its last pause, or a mark after that. The longer the piece is, the longer its text
        takes, so the fewer marks it has.

        Args:
            begin: The first sample of the piece.
            end: The one after its last.
        """
        last = max([begin, *self._chunk.pauses(begin, end)])
        mark = last
        while self._interval:
            step = max(self._interval, (mark - begin) // _UPDATES, FRAME) // FRAME * FRAME
            if mark + step > end:
                break
            mark += step
        if not any(self._chunk.are_loud(last, mark)):
            mark = last
        return mark if mark > begin else 0
