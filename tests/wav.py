"""WAV files as bytes, also wrong ones: no library would write those."""

from __future__ import annotations

import math
import struct
from array import array

PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE

# The end of every WAVE_FORMAT_EXTENSIBLE subformat, KSDATAFORMAT_SUBTYPE_*.
_GUID_TAIL = bytes.fromhex("000000001000800000aa00389b71")


def wav(
    data: bytes,
    *,
    rate_hz: int = 16_000,
    channels: int = 1,
    bits: int = 16,
    coding: int = PCM,
    declared_bytes: int | None = None,
    extensible: bool = False,
) -> bytes:
    """Build a file.

    Args:
        data: The samples.
        rate_hz: Samples per second.
        channels: How many.
        bits: Of one sample.
        coding: PCM or FLOAT.
        declared_bytes: What the header says about the size of ``data``; None: the truth.
        extensible: Whether the header is the long one.
    """
    frame_bytes = channels * bits // 8
    tag = EXTENSIBLE if extensible else coding
    rate_bytes = rate_hz * frame_bytes % 2**32
    header = struct.pack("<HHIIHH", tag, channels, rate_hz, rate_bytes, frame_bytes, bits)
    if extensible:
        header += struct.pack("<HHIH", 22, bits, 0, coding) + _GUID_TAIL
    size = len(data) if declared_bytes is None else declared_bytes
    chunks = b"WAVEfmt " + struct.pack("<I", len(header)) + header
    chunks += b"data" + struct.pack("<I", size)
    whole = min(len(chunks) + size, 2**32 - 1)
    return b"RIFF" + struct.pack("<I", whole) + chunks + data


def tone(seconds: float, rate_hz: int = 16_000, pitch_hz: float = 440.0) -> list[float]:
    """Half as loud as can be."""
    step = 2 * math.pi * pitch_hz / rate_hz
    return [0.5 * math.sin(step * index) for index in range(round(seconds * rate_hz))]


def as_integers(samples: list[float], bits: int) -> bytes:
    """Encode as WAV does: 8 bits without a sign, more with one, low byte first."""
    full_scale = 2 ** (bits - 1) - 1
    offset = 128 if bits == 8 else 0
    return b"".join(
        (round(sample * full_scale) + offset).to_bytes(bits // 8, "little", signed=bits > 8)
        for sample in samples
    )


def as_floats(samples: list[float], bits: int = 32) -> bytes:
    """Encode as IEEE floats."""
    return struct.pack(f"<{len(samples)}{'f' if bits == 32 else 'd'}", *samples)


def samples_of(pcm: bytes) -> list[float]:
    """Decode s16le, to samples between -1 and 1."""
    return [sample / 32_767 for (sample,) in struct.iter_unpack("<h", pcm)]


def loudness(samples: list[float]) -> float:
    """Root mean square."""
    values = array("d", samples)
    return math.sqrt(sum(value * value for value in values) / len(values))
