"""Audio samples in the format of local engines. Pure."""

from __future__ import annotations

import sys
from array import array

_FULL_SCALE = 32_768.0  # of 16-bit audio (spec asr §1.8)


def float_samples(pcm: bytes) -> array[float]:
    """Convert s16le, whole samples, to 32-bit floats between -1 and 1."""
    samples = array("h", pcm)
    if sys.byteorder == "big":
        samples.byteswap()
    return array("f", [sample / _FULL_SCALE for sample in samples])
