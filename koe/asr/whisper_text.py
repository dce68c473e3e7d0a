"""What a Whisper model wrote: tokens as text, and whether that can have been said. Pure.

The measures are those of the paper (A. Radford et al., 2022, 4.5), the limits a little tighter:
for music, noise and clicks, the smallest model of use was less certain than -0.95 in the end and
found silence more probable than 0.5; for speech it was more certain than -0.6 and found it less
probable than 0.25.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

# A text that can be compressed to less than 1 / this repeats itself.
_MOST_REPETITION = 2.4

# Log-probability of a token, on average, below which a text is not trusted.
_LEAST_CERTAINTY = -0.9

# How probable it must be that nothing is said, for an uncertain text to be nothing.
_NO_SPEECH = 0.5

# The same six times; compression does not tell a short text.
_LOOP = re.compile(r"(.{2,}?)(?:\W*\1){5,}", re.DOTALL)

# All of a text twice: what a model may make of a short piece.
_TWICE = re.compile(r"(.{3,})\W*\1\W*$", re.DOTALL)

# How bytes are written in the vocabulary: those that can be printed as they are, the others as
# characters from 256 on (the convention of GPT-2).
_PRINTABLE = [*range(33, 127), *range(161, 173), *range(174, 256)]
_OTHERS = [byte for byte in range(256) if byte not in _PRINTABLE]
_BYTES = {chr(byte): byte for byte in _PRINTABLE}
_BYTES.update({chr(256 + number): byte for number, byte in enumerate(_OTHERS)})

_SPECIAL = re.compile(r"<\|.*\|>")


@dataclass(frozen=True, slots=True)
class Guess:
    """What a model wrote for a piece of speech.

    Attributes:
        certainty: Log-probability of a token, on average.
        no_speech: How probable it is that nothing is said.
        is_cut: It had no end within as many tokens as can be said.
    """

    text: str
    certainty: float
    no_speech: float
    is_cut: bool

    @property
    def is_loop(self) -> bool:
        """Whether it says the same again and again, which models do and people don't."""
        return self.is_cut or repeats_itself(self.text)

    @property
    def is_doubtful(self) -> bool:
        """Whether to try again, with more computing."""
        return self.certainty < _LEAST_CERTAINTY or self.is_loop or is_double(self.text)


def best_guess(guesses: Sequence[Guess]) -> Guess:
    """Choose of what was written for the same speech; what is not said is no text.

    Args:
        guesses: Those of several tries.
    """
    best = max(guesses, key=lambda it: (not it.is_loop, not is_double(it.text), it.certainty))
    no_speech = max(guess.no_speech for guess in guesses)
    if no_speech > _NO_SPEECH and (best.is_loop or best.certainty < _LEAST_CERTAINTY):
        return replace(best, text="", is_cut=False)
    return best


def is_double(text: str) -> bool:
    """Tell whether a text is the same thing twice, and nothing else."""
    return _TWICE.match(text) is not None


def decode_tokens(tokens: Iterable[str]) -> str:
    """Join tokens as they stand in a vocabulary, without those that are not text."""
    written = "".join(token for token in tokens if not _SPECIAL.fullmatch(token))
    encoded = bytes(_BYTES[character] for character in written if character in _BYTES)
    # A character of which a part is missing was cut by the end.
    return encoded.decode("utf-8", "ignore").strip()


def repeats_itself(text: str) -> bool:
    """Find out whether a text is a loop."""
    encoded = text.encode()
    ratio = len(encoded) / len(zlib.compress(encoded)) if encoded else 0.0
    return ratio > _MOST_REPETITION or _LOOP.search(text) is not None
