"""The real library, with small models."""

from __future__ import annotations

import ctypes
from array import array
from collections.abc import Iterator
from contextlib import closing

import onnx
import pytest
from onnx import TensorProto, helper

from koe.asr.moonshine_package import load_transcriber, runtime_library
from koe.asr.onnx_runtime import OnnxRuntime
from koe.errors import AsrProtocolError

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def runtime() -> Iterator[OnnxRuntime]:
    with (
        closing(load_transcriber({"skip_transcription": "true"})) as transcriber,
        closing(OnnxRuntime(runtime_library(transcriber))) as runtime,
    ):
        yield runtime


def model_of(*nodes: onnx.NodeProto, element: int = TensorProto.FLOAT) -> bytes:
    """A model from "x", floats, to "y"."""
    graph = helper.make_graph(
        nodes,
        "test",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, None)],
        [helper.make_tensor_value_info("y", element, None)],
    )
    version = helper.make_opsetid("", 13)
    model = helper.make_model(graph, opset_imports=[version], ir_version=8)
    return bytes(model.SerializeToString())


DOUBLE = model_of(helper.make_node("Add", ["x", "x"], ["y"]))
SHAPE = model_of(helper.make_node("Shape", ["x"], ["y"]), element=TensorProto.INT64)


def test_outputs_are_inputs_of_the_next_run(runtime: OnnxRuntime) -> None:
    with closing(runtime.session(DOUBLE, 1)) as session:
        x = runtime.tensor(array("f", [1.0, 2.0, 3.5, 0.0, -1.0, 4.0]), 2, 3)
        (y,) = session.run({"x": x}, ["y"])
        assert y.shape() == [2, 3]
        assert list(y.floats()) == [2.0, 4.0, 7.0, 0.0, -2.0, 8.0]
        (z,) = session.run({"x": y}, ["y"])
        assert z.floats()[5] == 16.0


def test_integers_and_no_element_at_all(runtime: OnnxRuntime) -> None:
    with closing(runtime.session(SHAPE, 2)) as session:
        (y,) = session.run({"x": runtime.tensor(array("f"), 1, 0, 36)}, ["y"])
        assert list(y.integers()) == [1, 0, 36]


def test_failures_are_sentences(runtime: OnnxRuntime) -> None:
    with pytest.raises(AsrProtocolError, match="ONNX Runtime failed: "):
        runtime.session(b"no model", 1)
    with closing(runtime.session(DOUBLE, 1)) as session:
        x = runtime.tensor(array("f", [1.0]), 1)
        with pytest.raises(AsrProtocolError, match="q"):
            session.run({"q": x}, ["y"])
        with pytest.raises(AsrProtocolError, match="tensor"):
            session.run({"x": runtime.tensor(array("q", [1]), 1)}, ["y"])


def test_another_library() -> None:
    with pytest.raises(AsrProtocolError, match="there is no ONNX Runtime in"):
        OnnxRuntime(ctypes.pythonapi)


def test_an_array_cannot_grow_while_a_tensor_has_its_memory(runtime: OnnxRuntime) -> None:
    values = array("f", [1.0])
    tensor = runtime.tensor(values, 1)
    with pytest.raises(BufferError):
        values.append(2.0)
    assert list(tensor.floats()) == [1.0]
    del tensor
    values.append(2.0)
