"""The real model, with drafts that are right and drafts that are wrong."""

from __future__ import annotations

import wave
from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from koe.asr import moonshine_model
from koe.asr.moonshine_model import MoonshineModel
from koe.asr.moonshine_package import load_transcriber, model_folder, runtime_library
from koe.asr.onnx_runtime import InferenceSession, Tensor
from koe.asr.samples import float_samples

pytestmark = pytest.mark.model


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
        if "input_ids" in inputs:
            found.append(inputs["input_ids"].shape()[1])
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


def test_a_text_has_an_end(model: MoonshineModel, speech: array[float]) -> None:
    """At most ten tokens a second, however long the draft is."""
    samples = speech[:16_000]
    assert len(model.recognise(samples, [700] * 1_000)) <= 10


def test_silence(model: MoonshineModel) -> None:
    assert len(model.recognise(array("f", bytes(4 * 16_000)))) <= 10


def test_tokens_are_spelled(model: MoonshineModel) -> None:
    """Tokens of one byte form characters, and a token of two bytes of length is read whole."""
    assert model.text([3 + byte for byte in "日é".encode()]) == "日é"
    assert model.text([1, 2]) == ""
    spelled = moonshine_model._read_tokens(b"\x01a\x80\x01" + b"b" * 128 + b"\x00\x02cd")
    assert spelled == [b"a", b"b" * 128, b"", b"cd"]


def test_the_model_of_the_largest_number_is_what_its_comment_says() -> None:
    graph = helper.make_graph(
        [helper.make_node("ArgMax", ["logits"], ["tokens"], axis=-1, keepdims=0)],
        "argmax",
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, None)],
        [helper.make_tensor_value_info("tokens", TensorProto.INT64, None)],
    )
    version = helper.make_opsetid("", 13)
    model = helper.make_model(graph, opset_imports=[version], ir_version=8)
    assert onnx.load_model_from_string(moonshine_model._ARGMAX) == model
