"""Writes a model as an ONNX file: one message of Protocol Buffers.

The package ``onnx`` would write it, too, but takes 110 MB with the packages that it needs. Source
of the field numbers: ``onnx.proto``.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from koe.asr.ort_file import FLOAT, INT64, Constant

# The version of the format, and of the operators of ONNX and of ONNX Runtime.
_IR_VERSION = 8
_OPERATORS = 18
_CONTRIBUTED_OPERATORS = 1

# Operators of ONNX Runtime, and the domain that has them.
_CONTRIBUTED = frozenset(
    {
        "DynamicQuantizeMatMul",
        "FusedConv",
        "Gelu",
        "MultiHeadAttention",
        "QuickGelu",
        "RotaryEmbedding",
    }
)
_DOMAIN = "com.microsoft"

# Field numbers: of the model, its graph, its nodes, their attributes, and of constants.
_MODEL_IR_VERSION, _MODEL_GRAPH, _MODEL_OPERATORS = 1, 7, 8
_OPERATORS_DOMAIN, _OPERATORS_VERSION = 1, 2
_GRAPH_NODE, _GRAPH_NAME, _GRAPH_CONSTANT, _GRAPH_INPUT, _GRAPH_OUTPUT = 1, 2, 5, 11, 12
_NODE_INPUT, _NODE_OUTPUT, _NODE_OPERATOR, _NODE_ATTRIBUTE, _NODE_DOMAIN = 1, 2, 4, 5, 7
_ATTRIBUTE_NAME, _ATTRIBUTE_FLOAT, _ATTRIBUTE_INT, _ATTRIBUTE_TEXT = 1, 2, 3, 4
_ATTRIBUTE_INTS, _ATTRIBUTE_TYPE = 8, 20
_CONSTANT_DIMENSION, _CONSTANT_TYPE, _CONSTANT_NAME, _CONSTANT_DATA = 1, 2, 8, 9
_PORT_NAME, _PORT_TYPE, _TYPE_TENSOR = 1, 2, 1
_TENSOR_ELEMENT, _TENSOR_SHAPE, _SHAPE_DIMENSION = 1, 2, 1
_DIMENSION_SIZE, _DIMENSION_NAME = 1, 2

# The types of attributes.
_IS_FLOAT, _IS_INT, _IS_TEXT, _IS_INTS = 1, 2, 3, 7

# Wire types.
_VARINT, _BYTES, _FIXED32 = 0, 2, 5

Attribute = int | float | str | Sequence[int]
Size = int | str
"""The number of elements in a dimension, or a name for a number that differs from run to run."""


class OnnxGraph:
    """A graph of operators. Tensors are named by texts."""

    def __init__(self) -> None:
        # The parts of the message of the graph.
        self._parts: list[bytes | memoryview] = [_text(_GRAPH_NAME, "koe")]
        # The number of tensors that were named here.
        self._named = 0

    def input(self, name: str, *shape: Size, kind: int = FLOAT) -> str:
        """Add an input; return its name."""
        self._parts.append(_port(_GRAPH_INPUT, name, shape, kind))
        return name

    def output(self, name: str, *shape: Size, kind: int = FLOAT) -> None:
        """Make a tensor an output."""
        self._parts.append(_port(_GRAPH_OUTPUT, name, shape, kind))

    def constant(self, constant: Constant) -> str:
        """Add a constant."""
        name = self.new_name()
        head = b"".join(_int(_CONSTANT_DIMENSION, size) for size in constant.shape)
        head += _int(_CONSTANT_TYPE, constant.type) + _text(_CONSTANT_NAME, name)
        head += _tag(_CONSTANT_DATA, _BYTES) + _varint(len(constant.data))
        size = len(head) + len(constant.data)
        self._parts += [_tag(_GRAPH_CONSTANT, _BYTES) + _varint(size), head, constant.data]
        return name

    def integers(self, *values: int) -> str:
        """Add a list of integers as a constant."""
        return self.constant(
            Constant((len(values),), INT64, struct.pack(f"<{len(values)}q", *values))
        )

    def floats(self, values: Sequence[float], *shape: int) -> str:
        """Add floats as a constant."""
        data = struct.pack(f"<{len(values)}f", *values)
        return self.constant(Constant(shape, FLOAT, data))

    def new_name(self) -> str:
        """A name for a new tensor."""
        self._named += 1
        return f"t{self._named}"

    def add(
        self,
        operator: str,
        inputs: Sequence[str],
        outputs: Sequence[str],
        **attributes: Attribute,
    ) -> None:
        """Add a node.

        Args:
            operator: Its name in ONNX or in ONNX Runtime.
            inputs: Tensors; empty: this optional input is not given.
            outputs: The names of tensors that do not exist yet.
            **attributes: Those of the operator.
        """
        message = b"".join(
            [
                *(_text(_NODE_INPUT, name) for name in inputs),
                *(_text(_NODE_OUTPUT, name) for name in outputs),
                _text(_NODE_OPERATOR, operator),
                *(_attribute(name, value) for name, value in attributes.items()),
                _text(_NODE_DOMAIN, _DOMAIN if operator in _CONTRIBUTED else ""),
            ]
        )
        self._parts.append(_message(_GRAPH_NODE, message))

    def node(self, operator: str, *inputs: str, output: str = "", **attributes: Attribute) -> str:
        """Add a node that has one output; return that, by default with a new name."""
        output = output or self.new_name()
        self.add(operator, inputs, [output], **attributes)
        return output

    def split(self, tensor: str, parts: int) -> list[str]:
        """Cut a tensor into parts of the same size, along its last dimension."""
        outputs = [self.new_name() for _ in range(parts)]
        self.add("Split", [tensor], outputs, axis=-1, num_outputs=parts)
        return outputs

    def model(self) -> bytes:
        """Return the content of the ONNX file."""
        size = sum(map(len, self._parts))
        return b"".join(
            [
                _int(_MODEL_IR_VERSION, _IR_VERSION),
                _operators("", _OPERATORS),
                _operators(_DOMAIN, _CONTRIBUTED_OPERATORS),
                _tag(_MODEL_GRAPH, _BYTES) + _varint(size),
                *self._parts,
            ]
        )


def _attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, float):
        content = _tag(_ATTRIBUTE_FLOAT, _FIXED32) + struct.pack("<f", value)
        kind = _IS_FLOAT
    elif isinstance(value, int):
        content, kind = _int(_ATTRIBUTE_INT, value), _IS_INT
    elif isinstance(value, str):
        content, kind = _text(_ATTRIBUTE_TEXT, value), _IS_TEXT
    else:
        content, kind = b"".join(_int(_ATTRIBUTE_INTS, item) for item in value), _IS_INTS
    message = _text(_ATTRIBUTE_NAME, name) + content + _int(_ATTRIBUTE_TYPE, kind)
    return _message(_NODE_ATTRIBUTE, message)


def _port(field: int, name: str, shape: Sequence[Size], kind: int) -> bytes:
    dimensions = (
        _text(_DIMENSION_NAME, size) if isinstance(size, str) else _int(_DIMENSION_SIZE, size)
        for size in shape
    )
    sizes = b"".join(_message(_SHAPE_DIMENSION, dimension) for dimension in dimensions)
    tensor = _int(_TENSOR_ELEMENT, kind) + _message(_TENSOR_SHAPE, sizes)
    return _message(
        field, _text(_PORT_NAME, name) + _message(_PORT_TYPE, _message(_TYPE_TENSOR, tensor))
    )


def _operators(domain: str, version: int) -> bytes:
    return _message(
        _MODEL_OPERATORS, _text(_OPERATORS_DOMAIN, domain) + _int(_OPERATORS_VERSION, version)
    )


def _message(field: int, content: bytes) -> bytes:
    return _tag(field, _BYTES) + _varint(len(content)) + content


def _text(field: int, text: str) -> bytes:
    return _message(field, text.encode())


def _int(field: int, value: int) -> bytes:
    return _tag(field, _VARINT) + _varint(value)


def _tag(field: int, wire_type: int) -> bytes:
    return _varint(field << 3 | wire_type)


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    encoded = bytearray()
    while value > 127:
        encoded.append(value & 127 | 128)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
