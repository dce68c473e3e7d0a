"""The files of the package, and damaged ones."""

from __future__ import annotations

import random
import struct

import pytest

from koe.asr.moonshine_package import model_folder
from koe.asr.ort_file import FLOAT, UINT8, Constant, OrtFile


@pytest.fixture(scope="module")
def data() -> bytes:
    return (model_folder() / "encoder_model.ort").read_bytes()


@pytest.mark.model
def test_the_constants_of_a_node(data: bytes) -> None:
    weights, scale, zero, bias = OrtFile(data).constants("/layers.5/mlp/fc1/MatMul_quant")
    assert weights.shape == (288, 1152)
    assert weights.type == zero.type == UINT8
    assert len(weights.data) == 288 * 1152
    assert scale.shape == zero.shape == ()
    assert 0.0 < struct.unpack("<f", scale.data)[0] < 0.1
    assert bias == Constant((1152,), FLOAT, bias.data)


@pytest.mark.model
def test_a_node_of_a_graph_in_a_node() -> None:
    """Its weights are constants of the graph around it."""
    file = OrtFile((model_folder() / "decoder_model_merged.ort").read_bytes())
    inner = "/model/decoder/layers.0/encoder_attn/k_proj/MatMul_quant"
    assert [constant.shape for constant in file.constants(inner)] == [(288, 288), (), ()]


@pytest.mark.model
def test_a_node_that_does_not_exist(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"there is no node /layers\.6"):
        OrtFile(data).constants("/layers.6")


@pytest.mark.parametrize("other", [b"", b"no model", bytes(100), b"\xff" * 8])
def test_another_file(other: bytes) -> None:
    with pytest.raises(ValueError, match="not in the format ORT"):
        OrtFile(other)


def test_references_that_lead_nowhere() -> None:
    with pytest.raises(ValueError, match="invalid reference"):
        OrtFile(b"\xff\xff\xff\xffORTM")
    with pytest.raises(ValueError, match="a part is missing"):
        OrtFile(bytes(4) + b"ORTM" + bytes(100))


@pytest.mark.model
def test_a_truncated_file_raises_one_kind_of_error(data: bytes) -> None:
    source = random.Random(5)
    for size in (source.randrange(len(data) - 1_000) for _ in range(30)):
        with pytest.raises(ValueError, match=r"."):
            read_all(data[:size])


@pytest.mark.model
def test_damaged_bytes_raise_one_kind_of_error_or_none(data: bytes) -> None:
    """The tables are at the beginning and at the end, around the weights."""
    source = random.Random(6)
    refused = 0
    for _ in range(150):
        damaged = bytearray(data)
        for _ in range(5):
            damaged[source.randrange(-3_000, 140_000)] = source.randrange(256)
        try:
            read_all(damaged)
        except ValueError:
            refused += 1
    assert 0 < refused < 150


def read_all(data: bytes | bytearray) -> None:
    file = OrtFile(bytes(data))
    for node in list(file._nodes):
        file.constants(node)
