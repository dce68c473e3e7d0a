"""The networks compute what those of the package compute."""

from __future__ import annotations

import wave
from array import array
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from koe.asr.moonshine_graph import AUDIO, HEAD_SIZE, HEADS, decoder, encoder
from koe.asr.moonshine_model import MoonshineModel
from koe.asr.moonshine_package import load_transcriber, model_folder, runtime_library
from koe.asr.onnx_runtime import OnnxRuntime
from koe.asr.ort_file import FLOAT, OrtFile
from koe.asr.samples import float_samples

if TYPE_CHECKING:
    from koe.asr.moonshine_package import Transcriber

pytestmark = pytest.mark.model

RATE_HZ = 16_000


@pytest.fixture(scope="module")
def transcriber() -> Iterator[Transcriber]:
    """The package; with this threshold each piece is one line."""
    with closing(load_transcriber({"vad_threshold": 0.0})) as transcriber:
        yield transcriber


@pytest.fixture(scope="module")
def files() -> list[bytes]:
    names = ("encoder_model.ort", "decoder_model_merged.ort")
    return [(model_folder() / name).read_bytes() for name in names]


def speech(recordings: Path, name: str, begin: int, end: int) -> array[float]:
    with wave.open(str(recordings / name)) as recording:
        step = recording.getframerate() // RATE_HZ
        samples = float_samples(recording.readframes(recording.getnframes()))[::step]
    return samples[begin * RATE_HZ : end * RATE_HZ]


@pytest.mark.parametrize(
    ("name", "begin", "end"),
    [
        ("two_cities.wav", 0, 4),
        ("two_cities.wav", 3, 9),
        ("two_cities.wav", 20, 29),
        ("beckett.wav", 0, 4),
        ("beckett.wav", 3, 10),
    ],
)
def test_the_text_of_the_package(
    transcriber: Transcriber, recordings: Path, name: str, begin: int, end: int
) -> None:
    samples = speech(recordings, name, begin, end)
    (line,) = transcriber.transcribe_without_streaming(list(samples), RATE_HZ).lines
    with closing(MoonshineModel(runtime_library(transcriber), model_folder())) as model:
        assert model.text(model.recognise(samples)) == line.text


def test_the_audio_as_the_decoder_gets_it(
    transcriber: Transcriber, recordings: Path, files: list[bytes]
) -> None:
    """Keys and values from the states of the package's encoder, computed here with floats."""
    samples = speech(recordings, "two_cities.wav", 0, 3)
    parts = OrtFile(files[0]), OrtFile(files[1])
    with closing(OnnxRuntime(runtime_library(transcriber))) as runtime:
        audio = runtime.tensor(samples, 1, len(samples))
        with closing(runtime.session(files[0], 1)) as session:
            mask = runtime.tensor(array("q", [1]) * len(samples), 1, len(samples))
            inputs = {"input_values": audio, "attention_mask": mask}
            (found,) = session.run(inputs, ["last_hidden_state"])
            states = np.frombuffer(found.floats(), np.float32).reshape(found.shape())[0]
        with closing(runtime.session(encoder(*parts), 1)) as session:
            tensors = session.run({"samples": audio}, AUDIO)
        for index, tensor in enumerate(tensors):
            weights = floats(parts[1], index // 2, "kv"[index % 2])
            heads = (states @ weights).reshape(len(states), HEADS, HEAD_SIZE)
            expected = heads.transpose(1, 0, 2)
            got = np.frombuffer(tensor.floats(), np.float32).reshape(tensor.shape())[0]
            assert got.shape == expected.shape
            # The weights and the states are rounded to 8 bits.
            assert np.abs(got - expected).mean() < 0.05 * np.abs(expected).mean()


def floats(file: OrtFile, layer: int, part: str) -> NDArray[np.float32]:
    node = f"/model/decoder/layers.{layer}/encoder_attn/{part}_proj/MatMul_quant"
    weights, scale, zero = (
        np.frombuffer(it.data, np.float32 if it.type == FLOAT else np.uint8).astype(np.float32)
        for it in file.constants(node)
    )
    return ((weights - zero) * scale).reshape(HEADS * HEAD_SIZE, -1)


def test_there_are_fewer_nodes(files: list[bytes]) -> None:
    """The decoder of the package has about 900 nodes for each token, its encoder about 600."""
    parts = OrtFile(files[0]), OrtFile(files[1])
    for network in (encoder(*parts), decoder(parts[1])):
        model = onnx.load_model_from_string(network)
        onnx.checker.check_model(model)
        assert len(model.graph.node) < 150


def test_the_file_of_another_model(files: list[bytes]) -> None:
    with pytest.raises(ValueError, match="there is no node"):
        decoder(OrtFile(files[0]))
