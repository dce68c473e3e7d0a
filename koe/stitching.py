"""Joins the legs of a session: where a new one begins in the audio, and how the texts join. Pure.

When an engine is lost, a new run, called a leg, takes its place. The new leg begins a few seconds
before the end of the known text, so that both engines heard the same words there. `find_pause`
chooses where it begins; `stitch` joins its text to the known text, so that no word appears twice.

The last tokens of the known text (the head) are aligned with the first tokens of the new text (the
tail). The best local alignment wins (Smith and Waterman, 1981). An alignment scores less the
further it is from the end of the head as estimated by time, and repeated words score less, as in
"no, no, no". If nothing aligns, time alone decides; if the time is not known, both texts are kept
whole, since a doubled word can be seen and removed. ``python -m bench.seams`` measures the errors.
"""

from __future__ import annotations

import sys
from array import array
from collections import Counter
from itertools import accumulate
from typing import NamedTuple

from koe.text import join_segments
from koe.tokens import Token, first_tokens, last_tokens

# How many tokens of the tail are aligned: this number at least, and this number for each second
# that both legs heard; of the head, half as many. The fastest speakers say seven characters or five
# words per second.
_TAIL_TOKENS = 24
_TOKENS_PER_SECOND = 8

# The most tokens that are aligned, because the time grows with the square of their number.
_MOST_TOKENS = 60

# Penalties of an alignment: for a token that differs or is in one text only, and for each token of
# distance to the place where the time puts the end of the head. An equal token gains 1. These
# values and the next one lose and double the fewest words in simulations with other speech.
_DIFFERENT = 0.7
_FAR = 0.2

# The lowest score of an alignment that is used.
_ENOUGH = 0.3

# Added to the number of tokens that are cut by time before it is rounded down.
_ROUNDED = 0.25

# How fast people speak, in tokens per second: words, characters of unspaced scripts, and letters of
# unspaced scripts that have some for each syllable: Thai to Tibetan, Burmese, Khmer.
_WORDS = 2.8
_CHARACTERS = 4.5
_LETTERS = 10.0
_LETTER_RANGES = ((0x0E00, 0x109F), (0x1780, 0x17FF))

# Ends of sentences. An engine may end a head with one although the sentence goes on.
_PAUSES = " .。"

# The length over which loudness is compared, and the steps in which it is measured, in samples.
_QUIET_FRAME = 3200
_QUIET_STEP = 800


class Seam(NamedTuple):
    """Where two texts are cut.

    Attributes:
        kept: How many characters of the head stay.
        taken: How many characters of the tail are dropped.
        is_aligned: Whether both end with the same word there.
    """

    kept: int
    taken: int
    is_aligned: bool


def stitch(head: str, tail: str, overlap: float = 3.0, tail_seconds: float | None = None) -> str:
    """Join the known text with that of a new leg, whose beginning repeats the end of the head.

    After the words that both have, the text of the tail is used, because the tail's engine heard
    the words there in context. But as long as the tail has no more words there than the head, the
    whole head stays, and nothing of the tail is used.

    Args:
        head: The text that is known.
        tail: The text of the leg, so far or final.
        overlap: The seconds of audio that both heard; 0: none.
        tail_seconds: The seconds of audio that the tail covers, silence included; None: not known.
    """
    kept, taken, is_aligned = find_seam(head, tail, overlap, tail_seconds)
    left, right = head[:kept], tail[taken:]
    return left + right if is_aligned else join_segments((left, right))


def find_seam(
    head: str, tail: str, overlap: float = 3.0, tail_seconds: float | None = None
) -> Seam:
    """Choose where to cut two texts; the arguments are those of `stitch`."""
    if overlap <= 0:
        return Seam(len(head), 0, False)
    most = min(max(int(overlap * _TOKENS_PER_SECOND), _TAIL_TOKENS), _MOST_TOKENS)
    if any(_is_letter(token) for token in first_tokens(tail, _TAIL_TOKENS)):
        most = round(most * _LETTERS / _CHARACTERS)
    old, new = last_tokens(head, most // 2), first_tokens(tail, most)
    if not old:
        return Seam(len(head), 0, False)
    if not new:
        return Seam(len(head), len(tail), False)
    expected = _expected(tail, new, overlap, tail_seconds)
    ends = _align(old, new, expected)
    if ends is None:
        taken = 0 if tail_seconds is None else int(expected + _ROUNDED)
        return _cut_by_time(head, tail, new, taken)
    kept, taken = ends
    # Only the first tokens of the tail were looked at.
    left_over = len(new) - taken if len(new) < most else most
    if left_over <= len(old) - kept:
        # The tail has no more words than the head; it may not have reached that place yet.
        return Seam(len(head), len(tail), False)
    return Seam(old[kept - 1].end, new[taken - 1].end, True)


def _expected(tail: str, new: list[Token], overlap: float, tail_seconds: float | None) -> float:
    """Estimate how many tokens of the tail the head has, by time alone."""
    ends = list(accumulate(_seconds(token) for token in new))
    scale = 1.0
    if tail_seconds is not None:
        # The rest of the tail is assumed to be spoken as fast as these tokens.
        scale = tail_seconds / (ends[-1] * max(1.0, len(tail) / (new[-1].end + 1)))
    begin = 0.0
    for index, end in enumerate(ends):
        if end * scale > overlap:
            return index + (overlap / scale - begin) / (end - begin)
        begin = end
    return len(new)


def _seconds(token: Token) -> float:
    if not token.is_character:
        return 1 / _WORDS
    return 1 / _LETTERS if _is_letter(token) else 1 / _CHARACTERS


def _is_letter(token: Token) -> bool:
    """Whether it is one of several letters of a syllable, in an unspaced script."""
    code_point = ord(token.key[0])
    return any(first <= code_point <= last for first, last in _LETTER_RANGES)


def _align(old: list[Token], new: list[Token], expected: float) -> tuple[int, int] | None:
    """Find the pair of equal tokens at which the best alignment is cut.

    Of several pairs, it is the one that leaves the most tokens in the joined text.

    Returns:
        The number of tokens of each text up to and including this pair; None: nothing aligns.
    """
    in_old, in_new = (Counter(token.key for token in side) for side in (old, new))
    best, found = _ENOUGH, None
    nowhere = 0, 0
    # For each token of the tail: what the best alignment that ends there is worth, and where it
    # is cut.
    above = [(0.0, nowhere)] * (len(new) + 1)
    for i, left in enumerate(old, 1):
        row = [(0.0, nowhere)]
        for j, right in enumerate(new, 1):
            worth, cut = above[j - 1]
            if left.key == right.key:
                if worth == 0 or i - j >= cut[0] - cut[1]:
                    cut = i, j
                worth += 1 / max(in_old[left.key], in_new[left.key])
                near = worth - _FAR * abs(len(old) - i + j - expected)
                if near >= best:
                    best, found = near, cut
                row.append((worth, cut))
            else:
                worth, cut = max((worth, cut), above[j], row[j - 1])
                worth -= _DIFFERENT
                row.append((worth, cut) if worth > 0 else (0.0, nowhere))
        above = row
    return found


def _cut_by_time(head: str, tail: str, new: list[Token], taken: int) -> Seam:
    """Drop this many tokens of the tail, and the punctuation at the end of the head."""
    if taken == 0:
        return Seam(len(head), 0, False)
    if taken >= len(new):
        return Seam(len(head), len(tail), False)
    return Seam(len(head.rstrip(_PAUSES)), new[taken - 1].end, False)


def find_pause(pcm: bytes, latest: int) -> int:
    """Find the quietest moment of a piece of audio, where a new leg may begin.

    Args:
        pcm: 16 kHz mono s16le.
        latest: The sample before which the moment has to be.

    Returns:
        The sample in the middle of the quietest fifth of a second, the last of equally quiet ones;
        0 for less audio than that.
    """
    samples = array("h", pcm[: min(2 * latest, len(pcm)) & ~1])
    if sys.byteorder == "big":
        samples.byteswap()
    # Measured from the end, so that of equally quiet frames the last one is found first.
    ends = range(len(samples), _QUIET_STEP - 1, -_QUIET_STEP)
    steps = [sum(map(abs, samples[end - _QUIET_STEP : end])) for end in ends]
    frame = _QUIET_FRAME // _QUIET_STEP
    frames = [sum(steps[at : at + frame]) for at in range(len(steps) - frame + 1)]
    if not frames:
        return 0
    quietest = frames.index(min(frames))
    return len(samples) - quietest * _QUIET_STEP - _QUIET_FRAME // 2
