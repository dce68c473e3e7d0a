"""The library itself, with a model that understands two tones (see `tests.asr.whispering`)."""

from __future__ import annotations

from array import array
from pathlib import Path

import pytest

from koe.asr.samples import float_samples
from koe.asr.whisper_files import find_whisper_files
from koe.asr.whisper_model import WhisperModel
from koe.errors import AsrConnectionError, AsrProtocolError
from tests.asr.whispering import build_whisper, high, low, silence

pytestmark = pytest.mark.model

SECOND = 16_000


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> WhisperModel:
    return WhisperModel(find_whisper_files(build_whisper(tmp_path_factory.mktemp("tones"))), 1)


@pytest.mark.parametrize(
    ("language", "speech", "text"), [("zh", low(), "你好"), ("en", high(), "hello")]
)
def test_a_word(model: WhisperModel, language: str, speech: bytes, text: str) -> None:
    encoded = model.encode(float_samples(speech))
    guess = model.write(encoded, language)
    assert guess.text == text
    assert not guess.is_doubtful
    assert guess.no_speech < 0.1


def test_what_is_short_is_not_filled_up(model: WhisperModel) -> None:
    assert model.encode(float_samples(low())).values.shape[1] == 250
    assert model.encode(float_samples(low(10.0))).values.shape[1] == 600
    assert model.encode(float_samples(low()), fully=True).values.shape[1] == 1500
    assert model.encode(float_samples(low(28.0))).values.shape[1] == 1500


def test_the_language_of_a_part(model: WhisperModel) -> None:
    speech = float_samples(low() + silence(0.5) + high())
    encoded = model.encode(speech)
    assert model.find_languages(encoded, 0, SECOND)["zh"] > 0.9
    assert model.find_languages(encoded, 3 * SECOND // 2, len(speech))["en"] > 0.9


def test_a_model_of_more_bands(tmp_path: Path) -> None:
    model = WhisperModel(find_whisper_files(build_whisper(tmp_path, bands=128)), 1)
    assert model.write(model.encode(float_samples(low())), "zh").text == "你好"


def test_silence(model: WhisperModel) -> None:
    encoded = model.encode(array("f", bytes(4 * SECOND)))
    assert model.write(encoded, "en").no_speech > 0.5


def test_weights_that_are_cut_off(tmp_path: Path) -> None:
    files = find_whisper_files(build_whisper(tmp_path))
    files.weights.write_bytes(files.weights.read_bytes()[:-1000])
    with pytest.raises(AsrConnectionError, match="whisper could not load"):
        WhisperModel(files, 1)


def test_a_failure_of_the_library(model: WhisperModel) -> None:
    encoded = model.encode(float_samples(low()))
    encoded.values = encoded.values[:, :, :3]
    with pytest.raises(AsrProtocolError, match="whisper failed: "):
        model.write(encoded, "zh")
