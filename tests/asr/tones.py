"""A language of tones, and models that understand it, as sherpa-onnx loads them.

The models are real transducers of the library's simplest kind, with weights that are chosen
instead of trained: the encoder hears how loud the band of each tone is, the decoder keeps a token
from following itself, and the joiner adds both. A homophone sounds as another token does, and is
a little less likely; so it is only written when it is preferred.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

FREQUENCIES_HZ = (400, 700, 1100, 1600, 2200, 2900, 3700, 4600)

# The library's features: bands between these, in mel.
BANDS, _LOW_HZ, _HIGH_HZ = 80, 20.0, 8000.0 - 400.0

# What the encoder looks at and how far it goes on, in frames of 10 ms; and from how many of them
# it makes one.
WINDOW, _STEP, _SUBSAMPLING = 45, 32, 4

NEVER = -1000.0
LESS_LIKELY = -1.0


def tone(index: int, seconds: float = 0.25) -> bytes:
    """The sound of a token, 16 kHz mono s16le."""
    step = 2 * math.pi * FREQUENCIES_HZ[index] / 16_000
    samples = array("h", (round(9000 * math.sin(step * at)) for at in range(int(16_000 * seconds))))
    return samples.tobytes()


def silence(seconds: float) -> bytes:
    return bytes(2 * int(16_000 * seconds))


def say(*indices: int) -> bytes:
    """Tokens one after another."""
    return b"".join(map(tone, indices))


def build_model(
    folder: Path, tokens: Sequence[str], homophones: Mapping[int, int] | None = None
) -> Path:
    """Write a model.

    Args:
        folder: Made if it is missing.
        tokens: What it writes; the number of each is its tone's.
        homophones: Token to the one that it sounds like.

    Returns:
        The folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    size = len(tokens) + 1  # the first is the blank
    weights = numpy.zeros((BANDS, size), numpy.float32)
    bias = numpy.zeros(size, numpy.float32)
    after = numpy.zeros((size, size), numpy.float32)
    for token in range(1, size):
        like = (homophones or {}).get(token - 1, token - 1) + 1
        weights[band(FREQUENCIES_HZ[like - 1]), token] = 1.0
        bias[token] = 0.0 if like == token else LESS_LIKELY
        for other in {token, like}:
            after[token, other] = after[other, token] = NEVER
    save(folder / "encoder.onnx", _encoder(weights, bias), {
        "model_type": "lstm", "T": WINDOW, "decode_chunk_len": _STEP,
        "num_encoder_layers": 1, "rnn_hidden_size": 1, "d_model": 1,
    })  # fmt: skip
    save(folder / "decoder.onnx", _decoder(after), {"vocab_size": size, "context_size": 2})
    save(folder / "joiner.onnx", _joiner(size), {"joiner_dim": size})
    lines = [f"{token} {number}\n" for number, token in enumerate(["<blk>", *tokens])]
    (folder / "tokens.txt").write_text("".join(lines), encoding="utf-8")
    return folder


def set_metadata(path: Path, metadata: Mapping[str, object]) -> None:
    """Replace what a file says about itself."""
    model = onnx.load(path)
    helper.set_model_props(model, {key: str(value) for key, value in metadata.items()})
    onnx.save(model, path)


def _mel(frequency_hz: float) -> float:
    return 1127.0 * math.log(1.0 + frequency_hz / 700.0)


def band(frequency_hz: float) -> int:
    width = (_mel(_HIGH_HZ) - _mel(_LOW_HZ)) / (BANDS + 1)
    return round((_mel(frequency_hz) - _mel(_LOW_HZ)) / width) - 1


def value(name: str, *shape: str | int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def numbers(name: str, *numbers: int) -> onnx.TensorProto:
    return numpy_helper.from_array(numpy.array(numbers, numpy.int64), name)


def _encoder(
    weights: numpy.typing.NDArray[numpy.float32], bias: numpy.typing.NDArray[numpy.float32]
) -> onnx.GraphProto:
    states = [value("h", 1, "N", 1), value("c", 1, "N", 1)]
    next_states = [value("next_h", 1, "N", 1), value("next_c", 1, "N", 1)]
    return helper.make_graph(
        [
            helper.make_node("Slice", ["x", "first", "step", "time", "every"], ["frames"]),
            helper.make_node("MatMul", ["frames", "weights"], ["bands"]),
            helper.make_node("Add", ["bands", "bias"], ["encoder_out"]),
            helper.make_node("Identity", ["h"], ["next_h"]),
            helper.make_node("Identity", ["c"], ["next_c"]),
        ],
        "encoder",
        [value("x", "N", WINDOW, BANDS), *states],
        [value("encoder_out", "N", _STEP // _SUBSAMPLING, len(bias)), *next_states],
        [
            numbers("first", 0),
            numbers("step", _STEP),
            numbers("time", 1),
            numbers("every", _SUBSAMPLING),
            numpy_helper.from_array(weights, "weights"),
            numpy_helper.from_array(bias, "bias"),
        ],
    )


def _decoder(after: numpy.typing.NDArray[numpy.float32]) -> onnx.GraphProto:
    return helper.make_graph(
        [
            helper.make_node("Slice", ["y", "one", "two", "one"], ["last"]),
            helper.make_node("Gather", ["after", "last"], ["rows"]),
            helper.make_node("Squeeze", ["rows", "one"], ["decoder_out"]),
        ],
        "decoder",
        [helper.make_tensor_value_info("y", TensorProto.INT64, ["N", 2])],
        [value("decoder_out", "N", len(after))],
        [numbers("one", 1), numbers("two", 2), numpy_helper.from_array(after, "after")],
    )


def _joiner(size: int) -> onnx.GraphProto:
    return helper.make_graph(
        [helper.make_node("Add", ["encoder_out", "decoder_out"], ["logit"])],
        "joiner",
        [value("encoder_out", "N", size), value("decoder_out", "N", size)],
        [value("logit", "N", size)],
    )


def save(path: Path, graph: onnx.GraphProto, metadata: Mapping[str, object]) -> None:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    helper.set_model_props(model, {key: str(value) for key, value in metadata.items()})
    onnx.checker.check_model(model)
    onnx.save(model, path)
