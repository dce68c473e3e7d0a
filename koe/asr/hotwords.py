"""The user's dictionary in a model's own tokens, for sherpa-onnx. Pure.

A transducer writes tokens, and prefers a term if its tokens are preferred. Depending on the model,
tokens are characters, pieces of words, or pieces of bytes; only the tokens themselves show which. A
term with parts for which a model has no tokens is left out: the library would prefer the other
parts.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from koe.text import is_unspaced

# The sign before a piece that begins a word (U+2581, not an underscore).
_WORD_BEGIN = "▁"

# The notation of pieces of bytes: each byte is a printable character (icefall's byte_utils).
_BYTE_RANGES = (
    (256, 287), (32, 126), (288, 305), (308, 318), (321, 328), (330, 382), (384, 422),
)  # fmt: skip
_BYTE_CHARACTERS = [chr(it) for first, last in _BYTE_RANGES for it in range(first, last + 1)]
_BYTES_PER_WORD = 3  # the library cuts a term every 3 bytes, the size of a Chinese character

# The library cuts a word into the pieces with the highest sum of scores, and gives 0 to a letter
# that is no piece. Scores of pieces are logarithms, below 0. This bonus for each byte makes any
# piece better than none, and does not change the choice between two complete ways to cut a word.
_SCORE_OF_BYTE = 50.0

# Signs that the library reads as instructions, or as the end of a term.
_SPECIAL = re.compile(r"(?:^|\s)[:#@]|/")

# A run of letters and digits, or any other single character.
_PARTS = re.compile(r"[A-Za-z0-9]+|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Hotwords:
    """Terms in the form that the library takes.

    Attributes:
        terms: The terms that the model can write, in upper or lower case as the model writes.
        modeling_unit: The library's name for the kind of the model's tokens.
        vocabulary: The model's pieces and their scores, in the library's format; empty: not needed.
    """

    terms: tuple[str, ...]
    modeling_unit: str
    vocabulary: str

    @property
    def text(self) -> str:
        """All terms as one argument."""
        return "/".join(self.terms)


def prepare_hotwords(
    terms: Iterable[str], tokens: Mapping[str, int], bpe_vocab: str = ""
) -> Hotwords:
    """Convert terms so that a model with these tokens prefers them.

    Args:
        terms: The user's dictionary.
        tokens: The tokens that the model writes, with their numbers.
        bpe_vocab: The content of the model's ``bpe.vocab``; empty: it has no such file.
    """
    unit = _modeling_unit(tokens)
    cased = [_in_case_of(tokens, term) for term in terms]
    known = tuple(dict.fromkeys(term for term in cased if _is_writable(term, tokens, unit)))
    vocabulary = "" if unit == "cjkchar" else _vocabulary(tokens, bpe_vocab)
    return Hotwords(known, unit, vocabulary)


def _modeling_unit(tokens: Mapping[str, int]) -> str:
    pieces = [token.removeprefix(_WORD_BEGIN) for token in tokens if not token.startswith("<")]
    letters = set("".join(pieces))
    if letters <= set(_BYTE_CHARACTERS) and any(ord(it) > 255 for it in letters):
        return "bbpe"
    has_characters = any(len(token) == 1 and is_unspaced(token) for token in tokens)
    has_pieces = any(token.startswith(_WORD_BEGIN) for token in tokens)
    if has_characters:
        return "cjkchar+bpe" if has_pieces else "cjkchar"
    return "bpe"


def _in_case_of(tokens: Mapping[str, int], term: str) -> str:
    """Return a term in the case that the model writes; many models write one case only."""
    letters = "".join(token for token in tokens if not token.startswith("<"))
    if not re.search("[a-z]", letters):
        return term.upper()
    return term if re.search("[A-Z]", letters) else term.lower()


def _is_writable(term: str, tokens: Mapping[str, int], unit: str) -> bool:
    if _SPECIAL.search(term):
        return False
    words = term.split()
    return bool(words) and all(_is_writable_word(word, tokens, unit) for word in words)


def _is_writable_word(word: str, tokens: Mapping[str, int], unit: str) -> bool:
    if unit == "bpe":
        return _has_pieces(_WORD_BEGIN + word, tokens)
    if unit == "bbpe":
        text = "".join(_BYTE_CHARACTERS[byte] for byte in word.encode("utf-8", "replace"))
        starts = range(0, len(text), _BYTES_PER_WORD)
        return all(_has_pieces(_WORD_BEGIN + text[at : at + _BYTES_PER_WORD], tokens)
                   for at in starts)  # fmt: skip
    has_pieces = unit == "cjkchar+bpe"
    return all(
        _has_pieces(_WORD_BEGIN + part, tokens)
        if has_pieces and part[0].isascii() and part[0].isalpha()
        else part in tokens
        for part in _PARTS.findall(word)
    )


def _has_pieces(text: str, tokens: Mapping[str, int]) -> bool:
    """Whether a text can be composed of tokens."""
    reached = {0}
    for end in range(1, len(text) + 1):
        if any(text[start:end] in tokens for start in reached):
            reached.add(end)
    return len(text) in reached


def _vocabulary(tokens: Mapping[str, int], bpe_vocab: str) -> str:
    scores = _scores(bpe_vocab)
    if not scores:
        # Pieces are numbered by frequency, which falls according to Zipf's law.
        pieces = sorted(tokens, key=tokens.__getitem__)
        least = math.log(len(pieces) + 1)
        scores = {it: -math.log(rank) - least for rank, it in enumerate(pieces, 1)}
    return "".join(
        f"{piece}\t{score + len(piece.encode()) * _SCORE_OF_BYTE:.4f}\n"
        for piece, score in scores.items()
        if piece in tokens and piece != " " and not piece.startswith("<")
    )


def _scores(bpe_vocab: str) -> dict[str, float]:
    """The pieces of a file with their scores; empty if the file contains anything else."""
    scores: dict[str, float] = {}
    for line in bpe_vocab.splitlines():
        words = line.split()
        try:
            piece, score = words[0], float(words[1])
        except (IndexError, ValueError):
            return {}
        if len(words) != 2 or not math.isfinite(score):
            return {}
        scores[piece] = score
    return scores
