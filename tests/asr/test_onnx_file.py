from __future__ import annotations

import contextlib
from pathlib import Path

import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper

from koe.asr.onnx_file import Ports, read_metadata, read_ports
from tests.asr.tones import build_model, save, value


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Three inputs, of which one has weights, and two outputs."""
    weights = helper.make_tensor("weights", TensorProto.FLOAT, [2], [1.0, 2.0])
    graph = helper.make_graph(
        [
            helper.make_node("Add", ["x", "y"], ["sum"]),
            helper.make_node("Mul", ["sum", "weights"], ["product"]),
        ],
        "graph",
        [value("x", 2), value("y", 2), value("weights", 2)],
        [value("sum", 2), value("product", 2)],
        [weights],
    )
    save(tmp_path / "model.onnx", graph, {"model_type": "模型", "T": 45})
    return tmp_path / "model.onnx"


def test_what_a_file_says(path: Path) -> None:
    assert read_metadata(path) == {"model_type": "模型", "T": "45"}
    assert read_ports(path) == Ports(2, 2)


def test_a_file_without_a_graph(tmp_path: Path) -> None:
    (tmp_path / "empty.onnx").touch()
    assert read_metadata(tmp_path / "empty.onnx") == {}
    assert read_ports(tmp_path / "empty.onnx") == Ports(0, 0)


def test_weights_are_passed_over(path: Path) -> None:
    """However large they are, and whatever is in them."""
    model = onnx.load(path)
    model.graph.initializer[0].CopyFrom(
        helper.make_tensor("weights", TensorProto.FLOAT, [500_000], b"\xff" * 2_000_000, raw=True)
    )
    onnx.save(model, path)
    assert read_ports(path) == Ports(2, 2)


def test_every_beginning_of_a_file_is_too_short(path: Path) -> None:
    whole = path.read_bytes()
    for size in range(len(whole) - 40, len(whole)):
        path.write_bytes(whole[:size])
        try:
            metadata = read_metadata(path)
        except ValueError:
            continue
        assert metadata != {"model_type": "模型", "T": "45"}


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_metadata(tmp_path / "none.onnx")
    with pytest.raises(FileNotFoundError):
        read_ports(tmp_path / "none.onnx")


@given(content=st.binary())
def test_other_files(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "any.onnx"
    path.write_bytes(content)
    for read in (read_metadata, read_ports):
        with contextlib.suppress(ValueError):
            read(path)


def test_a_file_that_was_replaced_is_read_anew(path: Path) -> None:
    assert read_ports(path) == Ports(2, 2)
    model = onnx.load(path)
    del model.graph.output[1]
    onnx.save(model, path)
    assert read_ports(path) == Ports(2, 1)


def test_the_parts_of_a_transducer(tmp_path: Path) -> None:
    folder = build_model(tmp_path, "甲乙")
    assert [read_ports(folder / f"{part}.onnx").inputs for part in ("encoder", "joiner")] == [3, 2]
