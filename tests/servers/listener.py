"""Recognition without recognising: two seconds of sound are a sentence, whatever the sound."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from operator import itemgetter

from koe.events import BYTES_PER_SECOND
from koe.text import join_segments

SENTENCE_BYTES = 2 * BYTES_PER_SECOND

# Of both kinds of script, so that it shows where there are spaces between sentences.
_SENTENCES = ("今天天气不错。", "我们去公园吧。", "Hello there.", "How are you?")


@dataclass(frozen=True, slots=True)
class Sentence:
    """What was heard of one sentence.

    Attributes:
        text: Its beginning, or all of it.
        is_complete: It is all of it.
        start_ms: Where in the sound it begins.
        end_ms: Where it ends, so far.
    """

    text: str
    is_complete: bool
    start_ms: int
    end_ms: int


class Listener:
    """Hears the sound of one session. Silence counts for nothing, but takes its time."""

    def __init__(self) -> None:
        # Sound, not silence.
        self._heard_bytes = 0
        # Where sound began, in the sound that was heard, and how much silence there was before.
        self._begun: list[tuple[int, int]] = [(0, 0)]
        # Silence.
        self._silent_bytes = 0
        # What does not change any more, of as many sentences as were asked for.
        self._complete: list[Sentence] = []

    def hear(self, pcm: bytes) -> None:
        """Take 16 kHz mono s16le."""
        if not any(pcm):
            self._silent_bytes += len(pcm)
            return
        if self._silent_bytes != self._begun[-1][1]:
            self._begun.append((self._heard_bytes, self._silent_bytes))
        self._heard_bytes += len(pcm)

    def sentences(self, first: int = 0, *, ended: bool = False) -> list[Sentence]:
        """What was said from the sentence ``first`` on; when it has ended, all is complete."""
        count, rest = divmod(self._heard_bytes, SENTENCE_BYTES)
        for index in range(len(self._complete), count):
            self._complete.append(self._sentence(index, SENTENCE_BYTES, ended=True))
        complete = self._complete[first:]
        return [*complete, self._sentence(count, rest, ended=ended)] if rest else complete

    def _sentence(self, index: int, size: int, *, ended: bool) -> Sentence:
        whole = _SENTENCES[index % len(_SENTENCES)]
        text = whole if ended else whole[: max(1, size * len(whole) // SENTENCE_BYTES)].rstrip()
        start = index * SENTENCE_BYTES
        return Sentence(text, ended, self._ms(start), self._ms(start + size - 1))

    def _ms(self, heard_bytes: int) -> int:
        """When a byte of the sound came, silence included."""
        _, silent = self._begun[bisect_right(self._begun, heard_bytes, key=itemgetter(0)) - 1]
        return -(-(heard_bytes + silent) * 1000 // BYTES_PER_SECOND)


def spoken_in(pcm: bytes, *, ended: bool = True) -> str:
    """The text that is right for some sound, in the end or before."""
    listener = Listener()
    listener.hear(pcm)
    return join_segments(sentence.text for sentence in listener.sentences(ended=ended))
