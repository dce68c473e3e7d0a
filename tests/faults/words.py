"""A language that a program can hear for certain: each word is a number, in four tones.

A word begins with the lowest tone, which is in no other place, so a listener that is dropped into
the middle of it knows where the next one begins. Of a word that was cut it hears nothing, or
something wrong, as real engines do. The low numbers are written in Latin letters, the high ones as
one Chinese character each, so that a text has places with and without spaces.
"""

from __future__ import annotations

import difflib
import functools
import itertools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy
from numpy.typing import NDArray

from koe.events import SAMPLE_RATE_HZ
from koe.text import join_segments

Samples = NDArray[numpy.int16]

# Each is a whole number of waves in a frame; the first is the mark that begins a word.
_TONES_HZ = (400, 700, 1100, 1600, 2200, 2900, 3700, 4600)
_FRAME = SAMPLE_RATE_HZ // 100
_TONE_FRAMES = 8
_AMPLITUDE = 9000

# A frame is silent below this part of the strength that a tone has. A tone may be cut by the edge
# of a frame, and is one if so many frames have it.
_SILENT_PART = 0.25
_FEWEST_FRAMES = 6

WORD_SECONDS = 4 * _TONE_FRAMES / 100
GAP_SECONDS = 0.06
PAUSE_SECONDS = 0.7
"""Between words, and between sentences."""

# So much silence ends a sentence for a listener.
_ENDING_FRAMES = 40

# The numbers that have a code: no tone follows itself.
_CODES = [
    (0, *code)
    for code in itertools.product(range(1, 8), repeat=3)
    if code[0] != code[1] and code[1] != code[2]
]
_NUMBERS = {code: number for number, code in enumerate(_CODES)}
COUNT = len(_CODES)
FIRST_CHINESE = COUNT // 2

# What a listener makes of the end of a word whose beginning it did not hear.
MUMBLED = "uh"


def written(number: int) -> str:
    """How a number is written."""
    return f"w{number}" if number < FIRST_CHINESE else chr(0x4E00 + number)


def sentence_text(numbers: Sequence[int], *, ended: bool = True) -> str:
    """How a sentence is written; with a full stop if it has ended."""
    words = [MUMBLED if number < 0 else written(number) for number in numbers]
    text = join_segments(words)
    if not ended or not text:
        return text
    return text + ("." if text[-1].isascii() else "。")


def tokens(text: str) -> list[str]:
    """The words of a text, without its marks."""
    return re.findall(r"[A-Za-z0-9']+|[\u4e00-\u9fff]", text)


@functools.cache
def _sound(number: int) -> bytes:
    time = numpy.arange(_TONE_FRAMES * _FRAME) * (2 * math.pi / SAMPLE_RATE_HZ)
    waves = [_AMPLITUDE * numpy.sin(time * _TONES_HZ[tone]) for tone in _CODES[number]]
    return numpy.concatenate(waves).round().astype("<i2").tobytes()


def silence(seconds: float) -> bytes:
    """So many seconds of silence, 16 kHz mono s16le."""
    return bytes(2 * round(seconds * SAMPLE_RATE_HZ))


@dataclass(frozen=True)
class Speech:
    """What a user says.

    Attributes:
        sentences: The numbers of each.
        pauses: Seconds of silence before each sentence, and after the last.
    """

    sentences: tuple[tuple[int, ...], ...]
    pauses: tuple[float, ...]

    @functools.cached_property
    def pcm(self) -> bytes:
        """The sound, 16 kHz mono s16le."""
        gap, parts = silence(GAP_SECONDS), []
        for pause, numbers in zip(self.pauses, self.sentences, strict=False):
            parts += [silence(pause), gap.join(map(_sound, numbers))]
        return b"".join([*parts, silence(self.pauses[-1])])

    @property
    def text(self) -> str:
        """What an engine writes that hears all of it."""
        return join_segments(map(sentence_text, self.sentences))

    def end_of(self, sentence: int, word: int) -> int:
        """Where a word of a sentence ends, in bytes of the sound."""
        seconds = sum(self.pauses[: sentence + 1])
        seconds += sum(map(_seconds_of, self.sentences[:sentence]))
        seconds += _seconds_of(self.sentences[sentence][: word + 1])
        return 2 * round(seconds * SAMPLE_RATE_HZ)


def _seconds_of(numbers: Sequence[int]) -> float:
    return len(numbers) * (WORD_SECONDS + GAP_SECONDS) - GAP_SECONDS


def speech(lengths: Sequence[int], pauses: Sequence[float] = (), first: int = 1) -> Speech:
    """Make sentences of so many words, in turn English and Chinese.

    Every sentence of one script begins with the same word, as people begin with "and".
    """
    sentences, english, chinese = [], first, FIRST_CHINESE + first
    for index, length in enumerate(lengths):
        if index % 2:
            sentences.append((FIRST_CHINESE, *range(chinese, chinese + length - 1)))
            chinese += length - 1
        else:
            sentences.append((0, *range(english, english + length - 1)))
            english += length - 1
    usual = (0.3, *[PAUSE_SECONDS] * (len(lengths) - 1), 0.3)
    return Speech(tuple(sentences), tuple(pauses) or usual)


@dataclass(frozen=True)
class Word:
    """A word that was heard.

    Attributes:
        number: Which; -1: the end of one whose beginning was not heard.
        start: Its first sample, to a hundredth of a second.
        end: The sample behind it, likewise.
    """

    number: int
    start: int
    end: int


class Ear:
    """Hears words in sound that comes in pieces, however it is cut."""

    def __init__(self) -> None:
        # Sound that is no frame yet.
        self._rest = b""
        # The run of frames that goes on: its tone, -1 for silence, its first frame, and its length.
        self._tone, self._start, self._length = -1, 0, 0
        # The tones of the word that goes on, and where it begins.
        self._code: list[int] = []
        self._began = 0
        # Frames heard.
        self.frames = 0
        # The words that were heard, in order.
        self.words: list[Word] = []

    @property
    def samples(self) -> int:
        """How much was heard."""
        return self.frames * _FRAME + len(self._rest) // 2

    @property
    def silent_samples(self) -> int:
        """For how long it has been silent."""
        return self._length * _FRAME if self._tone < 0 else 0

    def hear(self, pcm: bytes) -> None:
        """Take 16 kHz mono s16le."""
        pcm = self._rest + pcm
        count = len(pcm) // (2 * _FRAME)
        self._rest = pcm[count * 2 * _FRAME :]
        if not count:
            return
        frames = numpy.frombuffer(pcm, "<i2", count * _FRAME).reshape(count, _FRAME)
        strengths = numpy.abs(numpy.fft.rfft(frames))[:, [hz // 100 for hz in _TONES_HZ]]
        loud = strengths.max(axis=1) > _SILENT_PART * _AMPLITUDE * _FRAME / 2
        for tone in numpy.where(loud, strengths.argmax(axis=1), -1).tolist():
            if tone != self._tone:
                self._end_run(tone)
            self._length += 1
            self.frames += 1

    def end(self) -> None:
        """Note that no more sound comes."""
        self._end_run(-1)

    def _end_run(self, following: int) -> None:
        tone, start, length = self._tone, self._start, self._length
        self._tone, self._start, self._length = following, self.frames, 0
        if length < _FEWEST_FRAMES:
            return
        if tone < 0:
            self._code.clear()
            return
        if tone == 0:
            self._code, self._began = [0], start
            return
        if not self._code:
            self._code, self._began = [tone], start
        else:
            self._code.append(tone)
        if self._code[0] != 0:
            # The end of a word; of several tones, the last one counts.
            self._mumble()
        elif len(self._code) == 4:
            self._add(_NUMBERS.get(tuple(self._code), -1), self.frames)
            self._code.clear()

    def _mumble(self) -> None:
        if self.words and self.words[-1].number < 0:
            self.words.pop()
        self._add(-1, self.frames)

    def _add(self, number: int, end: int) -> None:
        self.words.append(Word(number, self._began * _FRAME, end * _FRAME))


@dataclass(frozen=True)
class Count:
    """How a text differs from what was said, in words."""

    lost: int
    doubled: int
    invented: int

    def __str__(self) -> str:
        return f"-{self.lost} *{self.doubled} +{self.invented}"


def compare(said: str, text: str) -> Count:
    """Count the words that a text lacks, has twice, and makes up."""
    right, wrong = tokens(said), tokens(text)
    lost = doubled = invented = 0
    matcher = difflib.SequenceMatcher(None, right, wrong, autojunk=False)
    for kind, start, end, first, last in matcher.get_opcodes():
        if kind in ("delete", "replace"):
            lost += end - start
        if kind in ("insert", "replace"):
            doubled += sum(word in right for word in wrong[first:last])
            invented += sum(word not in right for word in wrong[first:last])
    return Count(lost, doubled, invented)
