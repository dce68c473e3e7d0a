"""Files that ONNX's own package reads and checks, and that ONNX Runtime runs."""

from __future__ import annotations

from array import array
from contextlib import closing

import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from koe.asr.moonshine_package import load_transcriber, runtime_library
from koe.asr.onnx_graph import OnnxGraph
from koe.asr.onnx_runtime import OnnxRuntime
from koe.asr.ort_file import INT64, UINT8, Constant


def example() -> bytes:
    """Computes y = GELU(-x), and the maxima of the rows of x after a large negative number."""
    graph = OnnxGraph()
    x = graph.input("x", 2, "n")
    graph.node("Gelu", graph.node("Mul", x, graph.floats([-1.0])), output="y")
    best = graph.node("ArgMax", x, axis=-1, keepdims=0)
    graph.node("Add", best, graph.integers(-(10**12)), output="best")
    graph.output("y", 2, "n")
    graph.output("best", 2, kind=INT64)
    return graph.model()


def test_the_package_of_onnx_reads_it() -> None:
    model = onnx.load_model_from_string(example())
    onnx.checker.check_model(model)
    operators = [(node.op_type, node.domain) for node in model.graph.node]
    assert operators == [("Mul", ""), ("Gelu", "com.microsoft"), ("ArgMax", ""), ("Add", "")]
    assert [port.name for port in model.graph.input] == ["x"]
    assert [(port.name, port.type.tensor_type.elem_type) for port in model.graph.output] == [
        ("y", TensorProto.FLOAT),
        ("best", TensorProto.INT64),
    ]
    arrays = [numpy_helper.to_array(it).tolist() for it in model.graph.initializer]
    assert arrays == [-1.0, [-(10**12)]]


def test_attributes_of_each_type() -> None:
    graph = OnnxGraph()
    graph.node("Some", "", text="wörd", number=-3, real=0.5, list=(2, 0, 300), empty=())
    (node,) = onnx.load_model_from_string(graph.model()).graph.node
    found = {it.name: helper.get_attribute_value(it) for it in node.attribute}
    expected = {"text": "wörd".encode(), "number": -3, "real": 0.5, "list": [2, 0, 300]}
    assert found == {**expected, "empty": []}
    assert list(node.input) == [""]


def test_constants_and_parts() -> None:
    graph = OnnxGraph()
    name = graph.constant(Constant((2, 1), UINT8, b"\x07\xff"))
    first, second = graph.split(name, 2)
    model = onnx.load_model_from_string(graph.model())
    assert numpy_helper.to_array(model.graph.initializer[0]).tolist() == [[7], [255]]
    assert list(model.graph.node[0].output) == [first, second]


@pytest.mark.model
def test_onnx_runtime_runs_it() -> None:
    with (
        closing(load_transcriber({"skip_transcription": "true"})) as transcriber,
        closing(OnnxRuntime(runtime_library(transcriber))) as runtime,
        closing(runtime.session(example(), 1)) as session,
    ):
        x = runtime.tensor(array("f", [0.0, -3.0, 2.0, -1.0]), 2, 2)
        y, best = session.run({"x": x}, ["y", "best"])
        assert list(y.floats()) == pytest.approx([0.0, 2.99595, -0.0455, 0.84134], abs=1e-4)
        assert list(best.integers()) == [-(10**12), -(10**12)]
