"""Recognition by content, in the place of `tests.servers.listener.Listener`."""

from __future__ import annotations

from koe.events import SAMPLE_RATE_HZ
from koe.text import join_segments
from tests.faults.words import Ear, Word, sentence_text
from tests.servers.listener import Listener, Sentence

# This much silence ends a sentence.
_PAUSE_SAMPLES = 4 * SAMPLE_RATE_HZ // 10

# A service writes a word so long after it was said.
LAG_SAMPLES = SAMPLE_RATE_HZ


class WordListener(Listener):
    """Hears the words of `tests.faults.words`; it lags behind, until the sound has ended."""

    def __init__(self) -> None:
        super().__init__()
        self._ear = Ear()

    def hear(self, pcm: bytes) -> None:
        self._ear.hear(pcm)

    def sentences(self, first: int = 0, *, ended: bool = False) -> list[Sentence]:
        if ended:
            self._ear.end()
        heard = self._ear.words
        written = self._ear.samples if ended else self._ear.samples - LAG_SAMPLES
        sentences: list[Sentence] = []
        words: list[Word] = []
        for index, word in enumerate(heard):
            if word.end > written:
                break
            words.append(word)
            if self._ends_sentence(index, ended=ended):
                sentences.append(_sentence(words, is_complete=True))
                words = []
        if words:
            sentences.append(_sentence(words, is_complete=False))
        return sentences[first:]

    def _ends_sentence(self, index: int, *, ended: bool) -> bool:
        heard = self._ear.words
        if index + 1 < len(heard):
            return heard[index + 1].start - heard[index].end >= _PAUSE_SAMPLES
        return ended or self._ear.silent_samples >= _PAUSE_SAMPLES


def spoken_in(pcm: bytes) -> str:
    """The text of some sound."""
    listener = WordListener()
    listener.hear(pcm)
    return join_segments(sentence.text for sentence in listener.sentences(ended=True))


def _sentence(words: list[Word], *, is_complete: bool) -> Sentence:
    text = sentence_text([word.number for word in words], ended=is_complete)
    start, end = words[0].start, words[-1].end
    return Sentence(text, is_complete, _ms(start), _ms(end))


def _ms(samples: int) -> int:
    return samples * 1000 // SAMPLE_RATE_HZ
