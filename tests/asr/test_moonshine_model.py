"""The real model, with drafts that are right and drafts that are wrong."""

from __future__ import annotations

import random
import re
import threading
import time
import wave
from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from koe.asr import moonshine_model
from koe.asr.moonshine_model import MoonshineModel
from koe.asr.moonshine_package import load_transcriber, model_folder, runtime_library
from koe.asr.onnx_runtime import InferenceSession, Tensor
from koe.asr.samples import float_samples
from koe.errors import AsrProtocolError

pytestmark = pytest.mark.model

PATIENCE = 30.0


@pytest.fixture(scope="module")
def model() -> Iterator[MoonshineModel]:
    with (
        closing(load_transcriber({"skip_transcription": "true"})) as transcriber,
        closing(MoonshineModel(runtime_library(transcriber), model_folder())) as model,
    ):
        yield model


@pytest.fixture(scope="module")
def speech(recordings: Path) -> array[float]:
    """Ten seconds: "Ever tried. Ever failed. No matter. Try again. …"."""
    with wave.open(str(recordings / "beckett.wav")) as recording:
        return float_samples(recording.readframes(recording.getnframes()))


@pytest.fixture(scope="module")
def tokens(model: MoonshineModel, speech: array[float]) -> list[int]:
    return model.recognise(speech)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of tokens of each run of the decoder."""
    found = list[int]()
    run = InferenceSession.run

    def count(
        session: InferenceSession, inputs: Mapping[str, Tensor], outputs: Sequence[str]
    ) -> list[Tensor]:
        if "tokens" in inputs:
            found.append(inputs["tokens"].shape()[1])
        return run(session, inputs, outputs)

    monkeypatch.setattr(InferenceSession, "run", count)
    return found


def test_what_was_said(model: MoonshineModel, tokens: list[int]) -> None:
    text = model.text(tokens).lower().replace(",", "").replace(".", "")
    assert text == "ever tried ever failed no matter try again fail again fail better"


def test_a_right_draft_takes_one_run(
    model: MoonshineModel, speech: array[float], tokens: list[int], runs: list[int]
) -> None:
    assert model.recognise(speech, tokens) == tokens
    assert runs == [1 + len(tokens)]


def test_a_draft_of_the_beginning_saves_its_tokens(
    model: MoonshineModel, speech: array[float], tokens: list[int], runs: list[int]
) -> None:
    assert model.recognise(speech, tokens[:-3]) == tokens
    assert runs[0] == len(tokens) - 2
    assert len(runs) <= 4


def test_a_wrong_draft_changes_nothing(
    model: MoonshineModel, speech: array[float], tokens: list[int], runs: list[int]
) -> None:
    middle = len(tokens) // 2
    for draft in (
        [*tokens[:middle], 700, *tokens[middle + 1 :]],
        [*tokens[:middle], *tokens[middle + 1 :]],
        [*tokens[:middle], 700, 701, *tokens[middle:]],
        [*tokens, *tokens],
        [700] * 100,
        tokens[::-1],
    ):
        runs.clear()
        assert model.recognise(speech, draft) == tokens
        # One token each, as without a draft, at most.
        assert len(runs) <= 1 + len(tokens)
    runs.clear()
    model.recognise(speech, [*tokens[:middle], 700, *tokens[middle + 1 :]])
    assert len(runs) <= 3


def test_a_text_has_an_end(model: MoonshineModel, tokens: list[int], runs: list[int]) -> None:
    """At most ten tokens a second, however long the draft is, also within a run."""
    source = random.Random(17)
    noise = array("f", (source.gauss(0.0, 0.1) for _ in range(16_000)))
    for draft in ([], [700] * 1_000, tokens * 5, [2] * 50, [*tokens, 2, *tokens]):
        heard = model.recognise(noise, draft)
        assert len(heard) <= 10
        assert min(heard, default=3) > 2
        assert max(runs) <= 11


def test_silence(model: MoonshineModel) -> None:
    assert len(model.recognise(array("f", bytes(4 * 16_000)))) <= 10


def test_tokens_are_spelled(model: MoonshineModel) -> None:
    """Tokens of one byte form characters, and a token of two bytes of length is read whole."""
    assert model.text([3 + byte for byte in "日é".encode()]) == "日é"
    assert model.text([1, 2]) == ""
    assert model.text([32_000]) == ""  # a mark that is not text


def test_a_damaged_file_of_tokens() -> None:
    data = (model_folder() / "tokenizer.bin").read_bytes()
    for damaged in (b"", b"\x85", data[:100_000], data[:-1], data + b"\x01a"):
        with pytest.raises(AsrProtocolError, match="install the package moonshine-voice again"):
            moonshine_model._read_tokens(damaged)


def test_a_damaged_file_of_a_network(tmp_path: Path) -> None:
    for path in model_folder().iterdir():
        (tmp_path / path.name).symlink_to(path)
    for name in ("decoder_model_merged.ort", "encoder_model.ort"):
        (tmp_path / name).unlink()
        (tmp_path / name).write_bytes(b"no model")
        message = re.escape(f"protocol error: {name} (it is not in the format ORT) is damaged")
        with (
            closing(load_transcriber({"skip_transcription": "true"})) as transcriber,
            pytest.raises(AsrProtocolError, match=message),
        ):
            MoonshineModel(runtime_library(transcriber), tmp_path)


def test_a_network_that_cannot_be_loaded_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the threads of the other network nor that of the model."""
    monkeypatch.setattr(moonshine_model, "decoder", lambda file: b"no model")
    with closing(load_transcriber({"skip_transcription": "true"})) as transcriber:
        threads = threads_of_this_process()
        for _ in range(3):
            with pytest.raises(AsrProtocolError, match="ONNX Runtime failed"):
                MoonshineModel(runtime_library(transcriber), model_folder())
        ends = time.monotonic() + PATIENCE
        # The system lists a thread for a moment after it has ended, and does not report that.
        while threads_of_this_process() > threads:
            assert time.monotonic() < ends
            threading.Event().wait(0.01)


def threads_of_this_process() -> int:
    """Also those that Python does not know; 0 where the system does not list them."""
    tasks = Path("/proc/self/task")
    return len(list(tasks.iterdir())) if tasks.is_dir() else 0
