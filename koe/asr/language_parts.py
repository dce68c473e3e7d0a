"""Division of speech into parts of one language each. Pure.

A model that is set to one language leaves out words of another. Speakers change the language
where they pause for a moment, so each part between two pauses may be in another language. The model
gives the probability of each language for a part; the shorter the part, the less reliable this is.
So the sequence of languages with the highest total probability is chosen, with a penalty for each
change (the Viterbi algorithm).
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from koe.asr.pauses import pauses
from koe.events import SAMPLE_RATE_HZ
from koe.loudness import FRAME, Loudness

# The quiet frames of a pause: 0.3 s.
_PAUSE = 15

# The price of a change of language, as a logarithm of probability: a clear word of another language
# between two pauses makes up for two changes.
_CHANGE = 2.5

# The lowest probability of a language, because the model may be wrong.
_LEAST_PROBABILITY = 1e-3


@dataclass(frozen=True, slots=True)
class LanguagePart:
    """Where a part begins and ends, in samples, and its language."""

    start: int
    end: int
    language: str


def find_parts(
    samples: array[float], find_languages: Callable[[int, int], Mapping[str, float]]
) -> list[LanguagePart]:
    """Divide speech into parts, at least one, which together are all of it.

    Args:
        samples: 32-bit floats between -1 and 1, 16 kHz.
        find_languages: Returns the probability of each language between two samples.
    """
    spans = list(pairwise([0, *_pauses(samples), len(samples)]))
    found = [find_languages(start, end) for start, end in spans]
    weights = [min((end - start) / SAMPLE_RATE_HZ, 1.0) for start, end in spans]
    parts: list[LanguagePart] = []
    for (start, end), language in zip(spans, _best_path(found, weights), strict=True):
        if parts and parts[-1].language == language:
            parts[-1] = LanguagePart(parts[-1].start, end, language)
        else:
            parts.append(LanguagePart(start, end, language))
    return parts


def _pauses(samples: array[float]) -> list[int]:
    """The samples in the middle of each pause that has speech on both sides."""
    loudness = Loudness()
    frames = range(0, len(samples) - FRAME + 1, FRAME)
    loud = [loudness.add(samples[at : at + FRAME])[1] for at in frames]
    return [frame * FRAME for frame in pauses(loud, _PAUSE)]


def _best_path(found: Sequence[Mapping[str, float]], weights: Sequence[float]) -> list[str]:
    """Choose a language for each part, among those that are the most probable in some part."""
    candidates = sorted({max(part, key=part.__getitem__) for part in found})
    # For each candidate language, the best path that ends with it, and its log-probability.
    paths: dict[str, tuple[float, list[str]]] = {language: (0.0, []) for language in candidates}
    for part, weight in zip(found, weights, strict=True):
        ends = list(paths.values())
        for language in candidates:
            score, path = max(
                (score - _CHANGE * (path[-1:] not in ([], [language])), path)
                for score, path in ends
            )
            likely = math.log(max(part.get(language, 0.0), _LEAST_PROBABILITY))
            paths[language] = (score + weight * likely, [*path, language])
    return max(paths.values())[1]
