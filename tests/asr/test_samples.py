from __future__ import annotations

import pytest

from koe.asr.samples import float_samples


def test_float_samples() -> None:
    samples = float_samples(b"\x00\x80\x00\x00\xff\x7f")
    assert samples.itemsize == 4
    assert list(samples) == pytest.approx([-1.0, 0.0, 32767 / 32768])
    assert len(float_samples(b"")) == 0
