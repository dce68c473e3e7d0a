"""Final text from whole passes: speech is recognised in chunks that are as long as possible.

Half of the errors of a streaming recogniser are made by cutting, not by hearing. A recogniser that
gets a whole chunk at once has the context of every word. So the final text of a chunk
(`koe.asr.chunk`) comes from one pass over it.

At the end of the audio the user waits, so there is no time for that. So during speech, whenever a
chunk goes on after a pause, it is recognised as a whole up to that pause; at the end only the rest
is left. And when the gate finds that speech has ended, a short chunk is recognised as a whole
again. A recogniser that is quicker with the texts of the parts (``reuses_parts``) gets them with
every piece, and recognises the whole at the end, too; if the end is expected, it does so as soon as
the last sound is over. The final text depends on the samples alone, not on how or how fast they are
handed over; a live text is made only when neither more audio nor the end waits for the thread.

To use it, implement `WholeRecogniser` and yield a `WholePasses` from the opener of a
`koe.asr.local.LocalEngine`::

    @contextmanager
    def opener(closed: Callable[[], bool]) -> Iterator[Recogniser]:
        with taken_turn(_loading, closed):
            model = load_model(...)
        yield WholePasses(model)

`koe.asr.loaded.Loaded` keeps the model between sessions, as ``asr.keep_loaded_minutes`` says. In
this example the live text comes only at pauses. If a pass over some seconds of speech takes a small
part of a second, the engine also gives an ``update_interval``.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from itertools import pairwise
from time import monotonic
from typing import NamedTuple

from koe.asr.chunk import ENDING, FRAMES_PER_SECOND, MARGIN, PAUSE, Chunk
from koe.asr.local import Recogniser
from koe.asr.pauses import pauses
from koe.asr.pieces import Pieces
from koe.asr.samples import float_samples
from koe.asr.whole import SpeechGate, WholeRecogniser
from koe.errors import AsrPieceError
from koe.events import (
    SAMPLE_RATE_HZ,
    DefiniteHeard,
    Event,
    FinalHeard,
    InterimHeard,
    SpeechMissed,
)
from koe.loudness import FRAME
from koe.text import join_segments
from koe.tokens import tokens

# Silence before speech that is longer than _SILENCE frames is shortened to _LEAD frames.
_SILENCE = 2 * FRAMES_PER_SECOND
_LEAD = FRAMES_PER_SECOND // 2

# The longest chunk that is recognised as a whole at the end of the audio, and for live text, in
# engines with live text between pauses. With longer ones, users would wait more than twice as long
# as for a streaming recogniser.
_WHOLE_AT_ONCE = 5 * SAMPLE_RATE_HZ // 2

# The number of live texts while the piece after the last pause doubles its length, if parts do not
# help.
_UPDATES = 3

# The next live text within speech is made only after this many times as much new audio as the last
# one took time: if the user releases the key during such a pass, the last text waits for the pass.
_REST = 4

# The gate is asked every _LOOK samples whether speech has ended: it has if the last _LOOK samples
# have no speech. These 0.2 s are enough, since gates end speech late. Without a gate, speech has
# ended after _ENDED quiet frames: 0.6 s.
_LOOK = SAMPLE_RATE_HZ // 5
_ENDED = 3 * FRAMES_PER_SECOND // 5

# A gate reports speech for up to half a second after the last sound. So in the first _HANG_OVER
# samples after a chunk it may still report the speech of that chunk.
_HANG_OVER = SAMPLE_RATE_HZ // 2

# Speech has three to six words, or characters of Chinese, per second. A text with fewer tokens than
# this per second of speech counts as incomplete.
_LEAST_TOKENS_PER_SECOND = 0.5


class _Heard(NamedTuple):
    """The text of a piece.

    Attributes:
        text: Empty if there is no speech.
        missed: Why a part of the text is missing, as a sentence; empty: none is.
    """

    text: str
    missed: str = ""


class WholePasses(Recogniser):
    """Makes a recogniser for the audio of a session from one for whole pieces.

    Args:
        whole: Recognises a piece.
        gate: Finds out which pieces have speech; None: those that are louder than the rest.
        update_interval: Seconds of new audio between two live texts within speech; None: live text
            comes at pauses only.
        clock: Returns seconds. A live text that takes long is made less often.
    """

    def __init__(
        self,
        whole: WholeRecogniser,
        *,
        gate: SpeechGate | None = None,
        update_interval: float | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._whole = whole
        self._longest_whole = round(whole.longest_whole * SAMPLE_RATE_HZ)
        self._gate = gate
        # Samples that the gate got, from the first of the session.
        self._gated = 0
        self._chunk = Chunk()
        # The sample of the session up to which the gate may report the speech of the last chunk.
        self._hung_over = 0
        # The texts of pieces of the chunk, by their first sample, the one after their last, and
        # whether marks were used for them.
        self._texts: dict[tuple[int, int, bool], _Heard] = {}
        # The text of all earlier chunks.
        self._settled = ""
        # Samples between two live texts within speech; 0: there are none.
        self._interval = round((update_interval or 0.0) * SAMPLE_RATE_HZ)
        longest = _WHOLE_AT_ONCE if update_interval else self._longest_whole
        self._pieces = Pieces(self._chunk, longest, self._interval)
        # The samples of the chunk at the last live text.
        self._updated = 0
        self._clock = clock
        # Seconds that the last live text took.
        self._taken = 0.0
        # The sample of the session at which the gate was last asked whether speech has ended.
        self._looked = 0
        # The last text that was shown.
        self._shown = ""

    def feed(self, pcm: bytes) -> list[Event]:
        """Take audio; recognise a chunk that is complete."""
        events: list[Event] = []
        self._chunk.samples.extend(float_samples(pcm))
        while self._chunk.has_frame():
            if cut := self._chunk.add_frame():
                events += self._settle(cut)
            elif not self._chunk.loud and self._chunk.quiet >= _SILENCE:
                self._skip_silence()
        return events

    def recognise_so_far(self) -> list[Event]:
        """Recognise what is to be shown, and what will be needed at the end."""
        if not self._chunk.loud:
            return []
        size = len(self._chunk.samples)
        is_due = self._chunk.start + size - self._looked >= _LOOK
        if is_due:
            self._looked = self._chunk.start + size
        ended = self._speech_end() if is_due else 0
        cuts = self._pieces.cuts(size)
        if cuts and not self._chunk.pause_end:
            self._recognise(0, cuts[0], heard=size)
        began = self._clock()
        if ended or self._is_pause_new():
            heard = self._recognise_open(ended)
        elif mark := self._due_mark(max(cuts, default=0)):
            heard = self._recognise_pieces(cuts, mark)
        else:
            return []
        self._updated = size
        text = join_segments([self._settled, heard.text])
        self._taken = self._clock() - began
        if not text or text == self._shown:
            return []
        self._shown = text
        return [InterimHeard(text)]

    def recognise_before_end(self) -> list[Event]:
        """Recognise the last speech as soon as it may have ended.

        If it goes on, the text is not used.
        """
        if not self._whole.reuses_parts or not self._chunk.loud or not self._chunk.quiet:
            return self.recognise_so_far()
        if self._chunk.quiet >= ENDING:
            self._recognise_last(self._speech_end())
        return []

    def finish(self) -> list[Event]:
        """Recognise the rest; most was recognised during speech."""
        ended = self._speech_end()
        if self._whole.reuses_parts:
            rest = self._recognise_last(ended)
        else:
            rest = self._recognise_open(ended)
        text = join_segments([self._settled, rest.text])
        return [*_missed(rest), FinalHeard(text, self._chunk.start + len(self._chunk.samples))]

    def _skip_silence(self) -> None:
        """Drop the silence before speech, unless the gate hears quiet speech in it."""
        size = self._chunk.quiet * FRAME
        if self._gate and self._has_speech(0, size, heard=size):
            self._chunk.loud = self._chunk.quiet
        else:
            self._chunk.drop(self._chunk.quiet - _LEAD)

    def _settle(self, cut: int) -> list[Event]:
        """Recognise the chunk up to a frame, and begin the next chunk there."""
        size = (self._chunk.loud + self._chunk.quiet) * FRAME
        chunk = self._recognise(0, cut * FRAME, heard=size, is_final=True)
        self._chunk.drop(cut)
        self._hung_over = self._chunk.start + _HANG_OVER
        self._texts, self._updated = {}, 0
        if not chunk.text:
            return _missed(chunk)
        self._settled = join_segments([self._settled, chunk.text])
        return [*_missed(chunk), DefiniteHeard(self._settled, self._chunk.start)]

    def _is_pause_new(self) -> bool:
        """Whether a pause has begun before which there is speech that was not shown yet."""
        return self._chunk.quiet >= PAUSE and self._chunk.pause_end > self._updated

    def _due_mark(self, begin: int) -> int:
        """The sample up to which a live text is due within speech; 0: none is.

        With ``reuses_parts`` the sample is a mark, so that the text can be reused later. The slower
        the computer, the longer a text takes, so texts are made less often. In a gap, a text is
        delayed a little, because the gap may become a pause, and the text is better then.

        Args:
            begin: The last cut.
        """
        size, gap = len(self._chunk.samples), PAUSE * FRAME if self._chunk.quiet else 0
        if not self._interval or self._chunk.loud * FRAME <= self._updated:
            return 0
        due = round(_REST * self._taken * SAMPLE_RATE_HZ)
        if not self._whole.reuses_parts:
            due = max(due, self._interval, (size - begin) // _UPDATES) + gap
        if size - self._updated < due:
            return 0
        mark = self._pieces.mark(begin, size - gap) if self._whole.reuses_parts else size
        is_known = (begin, mark, False) in self._texts
        return 0 if is_known or not self._has_speech(self._updated, size, heard=size) else mark

    def _speech_end(self) -> int:
        """The sample at which speech has ended, by the gate; 0: it goes on, or has just paused."""
        size = len(self._chunk.samples)
        if self._gate is None:
            return self._chunk.pause_end if self._chunk.quiet >= _ENDED else 0
        end = size
        while end > 0 and not self._has_speech(end - FRAME, size, heard=size):
            end -= FRAME
        if size - end < _LOOK:
            return 0
        # A last sound that the gate does not hear must not be cut off.
        return max((end // FRAME + MARGIN) * FRAME, self._chunk.pause_end)

    def _recognise_last(self, ended: int) -> _Heard:
        """Recognise the open chunk as the last one; ``ended`` as for `_recognise_open`."""
        end = ended or self._chunk.end
        return self._recognise(0, end, len(self._chunk.samples), is_final=True)

    def _recognise_open(self, ended: int) -> _Heard:
        """Recognise the open chunk soon: in pieces, or as a whole if a piece gives too little text.

        Args:
            ended: The sample at which speech has ended; 0: it goes on.
        """
        heard = len(self._chunk.samples)
        if 0 < ended <= self._longest_whole:
            return self._recognise(0, ended, heard, is_final=True)
        end = self._chunk.pause_end or ended or heard
        return self._recognise_pieces(self._pieces.cuts(end), end)

    def _recognise_pieces(self, cuts: Sequence[int], end: int) -> _Heard:
        """Recognise the chunk in pieces, or as a whole if a piece gives too little text."""
        heard = len(self._chunk.samples)
        edges = [0, *cuts, end]
        pieces = [self._recognise(*piece, heard) for piece in pairwise(edges)]
        texts = [piece.text for piece in pieces]
        if len(texts) > 1 and any(map(self._is_too_little, texts, edges, edges[1:])):
            return self._recognise(0, end, heard)
        return _joined(pieces)

    def _recognise(self, begin: int, end: int, heard: int, *, is_final: bool = False) -> _Heard:
        """Recognise the chunk between two samples, if the gate finds speech there.

        Args:
            begin: The first one.
            end: The one after the last.
            heard: How much of the audio, from the first sample of the chunk, the gate hears.
            is_final: The text is no live text.
        """
        has_marks = is_final and self._whole.reuses_parts and not self._pieces.is_pause(end)
        is_speech = self._has_speech(begin, end, heard)
        return self._known(begin, end, has_marks) if is_speech else _Heard("")

    def _known(self, begin: int, end: int, has_marks: bool) -> _Heard:
        """Recognise a piece, unless its text is known; ``has_marks`` as for `Pieces.parts`.

        The gate is not asked about the parts of a piece: the gate answers late, and the texts must
        not depend on when it is asked. Most parts were recognised for live texts.
        """
        key = (begin, end, has_marks)
        if key not in self._texts:
            parts = list[str]()
            if self._whole.reuses_parts:
                edges = self._pieces.parts(begin, end, has_marks=has_marks)
                parts = [self._known(*part, has_marks=False).text for part in pairwise(edges)]
            piece = self._recognise_piece(self._chunk.samples[begin:end], parts)
            if piece.missed or self._is_too_little(piece.text, begin, end):
                piece = max(piece, self._recognise_parts(begin, end) or piece, key=_worth)
            self._texts[key] = piece
        return self._texts[key]

    def _recognise_piece(self, samples: array[float], parts: Sequence[str] = ()) -> _Heard:
        try:
            return _Heard(self._whole.recognise_whole(samples, parts))
        except AsrPieceError as exc:
            return _Heard("", str(exc))

    def _has_speech(self, begin: int, end: int, heard: int) -> bool:
        """Whether the chunk has speech between two samples; ``heard`` as for `_recognise`."""
        start = self._chunk.start
        if self._gate is None:
            return any(self._chunk.are_loud(begin, end))
        self._gate.feed(self._chunk.samples[self._gated - start : heard])
        self._gated = max(self._gated, start + heard)
        if not self._chunk.loud:
            begin = max(begin, self._hung_over - start)
        return self._gate.has_speech(start + begin, start + end)

    def _is_too_little(self, text: str, begin: int, end: int) -> bool:
        """Whether a text is too short for the speech between two samples of the chunk."""
        return _count_tokens(text) < _LEAST_TOKENS_PER_SECOND * self._chunk.speech(begin, end)

    def _recognise_parts(self, begin: int, end: int) -> _Heard | None:
        """Recognise the parts between the pauses of a piece; None: it has no pauses."""
        cuts = [begin + cut * FRAME for cut in pauses(self._chunk.are_loud(begin, end), PAUSE)]
        parts = pairwise([begin, *cuts, end])
        pieces = [self._chunk.samples[first:last] for first, last in parts if last > first]
        if len(pieces) < 2:
            return None
        return _joined([self._recognise_piece(piece) for piece in pieces])


def _joined(pieces: Sequence[_Heard]) -> _Heard:
    missed = next((piece.missed for piece in pieces if piece.missed), "")
    return _Heard(join_segments(piece.text for piece in pieces), missed)


def _missed(piece: _Heard) -> list[Event]:
    return [SpeechMissed(piece.missed)] if piece.missed else []


def _worth(piece: _Heard) -> tuple[bool, int]:
    return not piece.missed, _count_tokens(piece.text)


def _count_tokens(text: str) -> int:
    return sum(1 for _ in tokens(text))
