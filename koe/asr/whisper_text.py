"""Turn the output of a Whisper model into text, and judge whether a person can have said it. Pure.

The measures are those of the paper (A. Radford et al., 2022, 4.5), the limits a little tighter: for
music, noise and clicks, the certainty of the smallest usable model was below -0.95 and its
probability of silence above 0.5; for speech they were above -0.6 and below 0.25.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

# A text that can be compressed by more than this factor repeats itself.
_MOST_REPETITION = 2.4

# The average log-probability of a token below which a text is not trusted.
_LEAST_CERTAINTY = -0.9

# The probability of silence above which an uncertain text is dropped.
_NO_SPEECH = 0.5

# The same phrase six times; compression does not find loops in short texts.
_LOOP = re.compile(r"(.{2,}?)(?:\W*\1){5,}", re.DOTALL)

# The whole text twice, which models write for some short pieces.
_TWICE = re.compile(r"(.{3,})\W*\1\W*$", re.DOTALL)

# The characters for bytes in the vocabulary: printable bytes stand for themselves, others are
# characters from 256 on (the convention of GPT-2).
_PRINTABLE = [*range(33, 127), *range(161, 173), *range(174, 256)]
_OTHERS = [byte for byte in range(256) if byte not in _PRINTABLE]
_BYTES = {chr(byte): byte for byte in _PRINTABLE}
_BYTES.update({chr(256 + number): byte for number, byte in enumerate(_OTHERS)})

_SPECIAL = re.compile(r"<\|.*\|>")


@dataclass(frozen=True, slots=True)
class Guess:
    """The output of a model for a piece of speech.

    Attributes:
        certainty: The average log-probability of a token.
        no_speech: The probability that there is no speech.
        is_cut: Whether the text did not end within the most tokens that can be spoken.
    """

    text: str
    certainty: float
    no_speech: float
    is_cut: bool

    @property
    def is_loop(self) -> bool:
        """Whether the text is a loop, which models write and people do not say."""
        return self.is_cut or repeats_itself(self.text)

    @property
    def is_doubtful(self) -> bool:
        """Whether the piece should be recognised again, with more computation."""
        return self.certainty < _LEAST_CERTAINTY or self.is_loop or is_double(self.text)


def best_guess(guesses: Sequence[Guess]) -> Guess:
    """Choose one of several outputs for the same speech; return an empty text for silence.

    Args:
        guesses: The outputs of several tries.
    """
    best = max(guesses, key=lambda it: (not it.is_loop, not is_double(it.text), it.certainty))
    no_speech = max(guess.no_speech for guess in guesses)
    if no_speech > _NO_SPEECH and (best.is_loop or best.certainty < _LEAST_CERTAINTY):
        return replace(best, text="", is_cut=False)
    return best


def is_double(text: str) -> bool:
    """Whether a text consists of the same phrase twice, and nothing else."""
    return _TWICE.match(text) is not None


def decode_tokens(tokens: Iterable[str]) -> str:
    """Join tokens of a vocabulary to a text, without special tokens."""
    written = "".join(token for token in tokens if not _SPECIAL.fullmatch(token))
    encoded = bytes(_BYTES[character] for character in written if character in _BYTES)
    # The last character may be incomplete.
    return encoded.decode("utf-8", "ignore").strip()


def repeats_itself(text: str) -> bool:
    """Whether a text repeats itself many times."""
    encoded = text.encode()
    ratio = len(encoded) / len(zlib.compress(encoded)) if encoded else 0.0
    return ratio > _MOST_REPETITION or _LOOP.search(text) is not None
