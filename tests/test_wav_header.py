from __future__ import annotations

import io

import pytest

from koe.wav_header import DeclaredLength, read_declared_length, streamed_length
from tests.wav import wav


def test_the_promise() -> None:
    file = io.BytesIO(wav(bytes(10), declared_bytes=32_000, rate_hz=8_000, channels=2))
    assert read_declared_length(file) == DeclaredLength(44 + 32_000, 32_000)
    assert file.tell() == 0


def test_chunks_before_the_samples() -> None:
    plain = wav(bytes(10))
    more = b"LIST\3\0\0\0abc\0"  # an odd one is padded
    file = io.BytesIO(plain[:12] + more + plain[12:])
    assert read_declared_length(file) == DeclaredLength(44 + len(more) + 10, 32_000)


@pytest.mark.parametrize("size", [0x7FFF_FFFF, 0x7FFF_F000, 0x8000_0000, 0xFFFF_FFFF, 0xFFFF_FFDB])
def test_who_writes_a_stream_does_not_know_its_length(size: int) -> None:
    declared = read_declared_length(io.BytesIO(wav(b"", declared_bytes=size)))
    assert declared is not None
    assert declared.end is None


@pytest.mark.parametrize("content", [b"", b"RIFF", b"fLaC" * 20, wav(b"")[:36], b"RIFF0000WAVE"])
def test_what_promises_nothing(content: bytes) -> None:
    assert read_declared_length(io.BytesIO(content)) is None


def test_the_length_of_what_still_comes() -> None:
    assert streamed_length(wav(bytes(100))[:12]) == len(wav(bytes(100)))
    assert streamed_length(b"OggS12345678") is None
    assert streamed_length(b"RIFF") is None
    assert streamed_length(b"") is None
