"""The real model and the real voice detector."""

from __future__ import annotations

import random
import re
import wave
from array import array
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from koe.asr import moonshine_whole
from koe.asr.moonshine import MoonshineRecogniser, load_stream_model
from koe.asr.moonshine_package import forget_voice_detector
from koe.asr.moonshine_whole import VoiceDetector, WholeModel, WholeMoonshine, load_model
from koe.asr.passes import WholePasses
from koe.asr.samples import float_samples
from koe.errors import AsrConnectionError, AsrProtocolError
from tests.asr.contract import final_text

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def model() -> Iterator[WholeModel]:
    with closing(load_model()) as model:
        yield model


@pytest.fixture
def speech(recordings: Path) -> array[float]:
    """Three seconds: "Ever tried. Ever failed."."""
    with wave.open(str(recordings / "beckett.wav")) as recording:
        return float_samples(recording.readframes(3 * 16_000))


def words_of(text: str) -> str:
    """Without punctuation, which the model is not sure of."""
    return re.sub(r"[^a-z ]", "", text.lower())


def test_a_piece_is_recognised_to_its_last_sample(model: WholeModel, speech: array[float]) -> None:
    whole = WholeMoonshine(model)
    for size in (len(speech), len(speech) - 1, len(speech) - 300):
        text = whole.recognise(speech[:size])
        assert words_of(text) == "ever tried ever failed"


def test_no_sample_at_all(model: WholeModel) -> None:
    assert WholeMoonshine(model).recognise(array("f")) == ""


def test_a_forgotten_voice_detector_is_not_missed(model: WholeModel, speech: array[float]) -> None:
    """Recognising needs none, whenever it is forgotten; the library would crash if it did."""
    whole = WholeMoonshine(model)
    for _ in range(3):
        forget_voice_detector(model.detector)
        assert words_of(whole.recognise(speech)) == "ever tried ever failed"
    with closing(load_stream_model()) as transcriber:
        for _ in range(2):
            with closing(MoonshineRecogniser(transcriber, 0.5)):
                forget_voice_detector(transcriber)
                assert words_of(whole.recognise(speech)) == "ever tried ever failed"


def hear(model: WholeModel, samples: array[float], size: int) -> list[bool]:
    """Whether there is speech in each half second, heard in pieces."""
    with closing(VoiceDetector(model)) as voice:
        for begin in range(0, len(samples), size):
            voice.feed(samples[begin : begin + size])
        return [voice.has_speech(at, at + 8_000) for at in range(0, len(samples), 8_000)]


def test_a_voice_detector_that_cannot_be_made(
    model: WholeModel, speech: array[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    from moonshine_voice.errors import MoonshineError

    def create_stream(**options: object) -> None:
        raise MoonshineError("no memory")

    monkeypatch.setattr(model.detector, "create_stream", create_stream)
    failed = pytest.raises(AsrProtocolError, match="moonshine failed: no memory")
    with closing(VoiceDetector(model)) as voice, failed:
        voice.feed(speech)


def test_speech_and_silence(model: WholeModel, speech: array[float]) -> None:
    silence = array("f", bytes(4 * 32_000))
    heard = hear(model, silence + speech[:24_000] + silence, 1_000)
    assert heard[:3] == [False] * 3
    assert heard[4:7] == [True] * 3
    assert heard[8:] == [False] * 3
    assert hear(model, silence + speech[:24_000] + silence, 100_000) == heard


@pytest.mark.parametrize("amplitude", [0.0, 0.001, 0.01, 0.1])
def test_noise_is_no_speech(model: WholeModel, amplitude: float) -> None:
    source = random.Random(7)
    noise = array("f", (source.gauss(0.0, amplitude) for _ in range(48_000)))
    assert not any(hear(model, noise, 4_800))


def test_what_ends_within_a_sound_is_not_said_again(
    model: WholeModel, speech: array[float]
) -> None:
    """Without silence after it, this came as "Ever tried, have I tried, have I tried?"."""
    assert WholeMoonshine(model).recognise(speech[:32_000]) == "Ever tried."


def test_a_whole_is_recognised_with_the_texts_of_its_parts(
    model: WholeModel, speech: array[float]
) -> None:
    """The parts decide how soon the text comes, not what it is, even if they are wrong."""
    whole = WholeMoonshine(model)
    parts = [whole.recognise(speech[:24_000]), whole.recognise(speech[24_000:])]
    for known in (parts, parts[:1], parts[::-1], ["never recognised"]):
        assert words_of(whole.recognise_whole(speech, known)) == "ever tried ever failed"


def test_no_words_are_made_of_silence(model: WholeModel, recordings: Path) -> None:
    """ "You" was added to the text, because the detector ends speech late."""
    with wave.open(str(recordings / "beckett.wav")) as recording:
        pcm = recording.readframes(11 * 16_000 // 2)
    with closing(VoiceDetector(model)) as gate:
        passes = WholePasses(WholeMoonshine(model), gate=gate)
        passes.feed(pcm + bytes(2 * 16_000 * 23 // 10))
        text = final_text(passes.finish())
    assert words_of(text) == "ever tried ever failed no matter try again"


def test_a_damaged_model_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tokenizer.bin").write_bytes(b"damaged")
    monkeypatch.setattr(moonshine_whole, "model_folder", lambda: tmp_path)
    with pytest.raises(AsrConnectionError) as raised:
        load_model()
    assert str(raised.value) == (
        "ASR connection failed: moonshine could not load its model: tokenizer.bin is damaged; "
        "install the package moonshine-voice again"
    )
