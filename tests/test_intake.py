from __future__ import annotations

import subprocess
import sys
from array import array
from typing import Any

import numpy
import pytest

from koe.errors import AudioError
from koe.intake import Intake
from tests.wav import as_floats, as_integers, samples_of, tone, wav

SPOKEN = tone(0.5)


def refusal(audio: Any, rate: int | None = 16_000) -> str:
    with pytest.raises(AudioError) as caught:
        Intake(rate).add(audio)
    return str(caught.value)


def test_bytes_pass_as_they_are() -> None:
    pcm = as_integers(SPOKEN, 16)
    assert Intake().add(pcm) == pcm
    assert Intake(16_000).add(bytearray(pcm)) == pcm
    assert Intake().add(memoryview(array("h", [1, 2]))) == array("h", [1, 2]).tobytes()
    assert Intake().finish() == b""


@pytest.mark.parametrize("kind", ["int16", ">i2", "float32", "float64", "float16"])
def test_arrays(kind: str) -> None:
    samples = numpy.array(SPOKEN)
    scale = 32_767 if kind in ("int16", ">i2") else 1
    heard = Intake(16_000).add((samples * scale).astype(kind))
    assert samples_of(heard) == pytest.approx(SPOKEN, abs=1e-3)


@pytest.mark.parametrize("audio", [[0.5, -0.5], (0.5, -0.5), array("f", [0.5, -0.5])])
def test_what_numpy_makes_an_array_of(audio: Any) -> None:
    assert samples_of(Intake(16_000).add(audio)) == pytest.approx([0.5, -0.5], abs=1e-4)


def test_rates_and_channels() -> None:
    left = numpy.array(tone(0.5, 48_000), dtype=numpy.float32)
    intake = Intake(48_000)
    stereo = numpy.stack([left, left], axis=1)
    pcm = intake.add(stereo[:10_000]) + intake.add(stereo[10_000:]) + intake.finish()
    assert samples_of(pcm)[2_000:6_000] == pytest.approx(SPOKEN[2_000:6_000], abs=0.01)


def test_nothing_is_no_mistake_in_a_stream() -> None:
    """Filters and resamplers often give an empty array first."""
    intake = Intake(48_000)
    assert intake.add(numpy.empty(0)) == b""
    assert intake.finish() == b""
    assert intake.finish() == b""


@pytest.mark.parametrize(
    ("audio", "sentence"),
    [
        (b"abc", "3 bytes are no whole number of 16-bit samples"),
        (as_floats(SPOKEN), "these bytes are 32-bit floats"),
        (as_floats([0.0] * 500 + SPOKEN), "these bytes are 32-bit floats"),
        (numpy.array(SPOKEN).tobytes(), "these bytes are 64-bit floats"),
        (wav(b"\0\0"), "these bytes are a file with a header"),
        (memoryview(array("f", [0.5])), "a memoryview of the format 'f'"),
        ("talk.wav", "str is no type of audio; pass a numpy array"),
        (None, "NoneType is no type of audio; pass a numpy array"),
        (numpy.array(["a"]), "samples of the type <U1 are not understood"),
        (numpy.zeros(9, dtype="uint8"), "samples of the type uint8"),
        (numpy.zeros(9, dtype="int32"), "samples of the type int32"),
        ([1, 2, 3], "samples of the type int64"),
        (numpy.zeros(9, dtype="complex64"), "samples of the type complex64"),
        (numpy.float32(1), r"an array of the shape ()"),
        (numpy.zeros((2, 2, 2)), "an array of the shape (2, 2, 2) is no audio"),
        (numpy.zeros((2, 48_000)), "transpose it: array.T"),
        (numpy.array([0.5, numpy.nan]), "values that are no numbers"),
        (numpy.array([0.5, numpy.inf]), "values that are no numbers"),
        (numpy.array([0.5, -20_000.0]), "floats up to 20000, and samples lie between -1 and 1"),
    ],
)
def test_what_is_no_audio(audio: Any, sentence: str) -> None:
    assert sentence in refusal(audio)


def test_a_rate_is_needed_and_must_be_one() -> None:
    assert refusal(numpy.zeros(9), None).startswith("the sample rate of the array is missing")
    assert refusal(b"\0\0", 48_000).startswith("bytes are always 16000 Hz")
    with pytest.raises(AudioError, match="a sample rate of 0 Hz"):
        Intake(0)


def test_floats_in_small_blocks() -> None:
    intake, pcm = Intake(), as_floats(SPOKEN)
    with pytest.raises(AudioError, match="32-bit floats"):
        for at in range(0, len(pcm), 512):
            intake.add(pcm[at : at + 512])


@pytest.mark.parametrize("loudness", [1, 300, 15_000, 32_767])
def test_real_samples_are_no_floats(loudness: int) -> None:
    """Whatever their level: a square wave, noise and a tone."""
    random = numpy.random.default_rng(1)
    for samples in (
        numpy.sign(numpy.array(SPOKEN)) * loudness,
        random.uniform(-loudness, loudness, 8_000),
        numpy.array(SPOKEN) * 2 * loudness,
        numpy.full(8_000, loudness),
    ):
        pcm = samples.astype("<i2").tobytes()
        assert Intake().add(pcm) == pcm


def test_bytes_need_no_numpy() -> None:
    code = (
        "import sys; from koe.intake import Intake; Intake().add(bytes(8000));"
        "sys.exit(bool({'numpy', 'soxr'} & {*sys.modules}))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
