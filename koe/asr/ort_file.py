"""The constants of a model in the format ORT: the file of ONNX Runtime, a FlatBuffer.

Source: ``ort.fbs`` of ONNX Runtime, and the format of FlatBuffers: a table begins with the distance
back to its list of fields, and each reference is a distance forward.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from typing import NamedTuple

# The place of each field in the list of the fields of its table, in bytes: 4 + 2 × its number in
# ``ort.fbs``.
_SESSION_MODEL, _MODEL_GRAPH = 6, 18
_GRAPH_CONSTANTS, _GRAPH_NODES = 4, 8
_NODE_NAME, _NODE_INPUTS, _NODE_ATTRIBUTES = 4, 20, 24
_ATTRIBUTE_GRAPH = 18
_CONSTANT_NAME, _CONSTANT_SHAPE, _CONSTANT_TYPE, _CONSTANT_DATA = 4, 8, 10, 12

# ONNX's numbers of the types of elements.
FLOAT, UINT8, INT64 = 1, 2, 7

_ELEMENT_BYTES = {FLOAT: 4, UINT8: 1, INT64: 8}


class Constant(NamedTuple):
    """A tensor that does not change: weights.

    Attributes:
        shape: The number of elements in each dimension.
        type: ONNX's number of the type of the elements, such as `FLOAT`.
        data: The elements, little-endian; the last index changes fastest.
    """

    shape: tuple[int, ...]
    type: int
    data: bytes | memoryview


class OrtFile:
    """Finds the constants that a node uses.

    Args:
        data: The whole file.

    Raises:
        ValueError: From all methods, too: it is not in the format ORT, or it is damaged.
    """

    def __init__(self, data: bytes | memoryview) -> None:
        self._data = memoryview(data)
        # The table of each node, by its name, and the tables of the constants that it may use.
        self._nodes: dict[str, tuple[int, dict[str, int]]] = {}
        if bytes(self._data[4:8]) != b"ORTM":
            raise ValueError("it is not in the format ORT")
        with _mapped_errors():
            model = self._reference(self._forward(0), _SESSION_MODEL)
            self._add_graph(self._reference(model, _MODEL_GRAPH), {})

    def constants(self, node: str) -> list[Constant]:
        """The constants among the inputs of a node, in their order."""
        if node not in self._nodes:
            raise ValueError(f"there is no node {node}")
        table, known = self._nodes[node]
        with _mapped_errors():
            inputs = self._texts(table, _NODE_INPUTS)
            return [self._constant(known[name]) for name in inputs if name in known]

    def _add_graph(self, graph: int, outer: dict[str, int]) -> None:
        """Add the nodes of a graph and of those in it.

        Args:
            graph: The place of its table.
            outer: The places of the constants of the graphs around it, by name.
        """
        tables = list(self._tables(graph, _GRAPH_CONSTANTS))
        known = outer | {self._text(table, _CONSTANT_NAME): table for table in tables}
        for node in self._tables(graph, _GRAPH_NODES):
            self._nodes.setdefault(self._text(node, _NODE_NAME), (node, known))
            for attribute in self._tables(node, _NODE_ATTRIBUTES):
                if self._field(attribute, _ATTRIBUTE_GRAPH):
                    self._add_graph(self._reference(attribute, _ATTRIBUTE_GRAPH), known)

    def _constant(self, table: int) -> Constant:
        begin, count = self._vector(table, _CONSTANT_SHAPE)
        shape = struct.unpack_from(f"<{count}q", self._data, begin)
        place = self._field(table, _CONSTANT_TYPE)
        kind = struct.unpack_from("<i", self._data, place)[0] if place else 0
        begin, size = self._vector(table, _CONSTANT_DATA)
        data = self._data[begin : begin + size]
        if kind in _ELEMENT_BYTES and len(data) != prod(shape) * _ELEMENT_BYTES[kind]:
            raise ValueError("the size of a constant is not that of its shape")
        return Constant(shape, kind, data)

    def _forward(self, place: int) -> int:
        """Follow the reference at a place."""
        return place + int(struct.unpack_from("<I", self._data, place)[0])

    def _field(self, table: int, field: int) -> int:
        """The place of a field; 0: the table does not have it."""
        fields = table - struct.unpack_from("<i", self._data, table)[0]
        if field >= struct.unpack_from("<H", self._data, fields)[0]:
            return 0
        offset = int(struct.unpack_from("<H", self._data, fields + field)[0])
        return table + offset if offset else 0

    def _reference(self, table: int, field: int) -> int:
        """Follow the reference in a field that must be there."""
        place = self._field(table, field)
        if not place:
            raise ValueError("a part is missing")
        return self._forward(place)

    def _vector(self, table: int, field: int) -> tuple[int, int]:
        """The place of the first element of a vector, and the number of its elements."""
        if not self._field(table, field):
            return 0, 0
        place = self._reference(table, field)
        return place + 4, int(struct.unpack_from("<I", self._data, place)[0])

    def _tables(self, table: int, field: int) -> Iterator[int]:
        begin, count = self._vector(table, field)
        return (self._forward(begin + 4 * index) for index in range(count))

    def _text(self, table: int, field: int) -> str:
        return self._string(self._reference(table, field)) if self._field(table, field) else ""

    def _texts(self, table: int, field: int) -> list[str]:
        return [self._string(place) for place in self._tables(table, field)]

    def _string(self, place: int) -> str:
        size = struct.unpack_from("<I", self._data, place)[0]
        return bytes(self._data[place + 4 : place + 4 + size]).decode()


@contextmanager
def _mapped_errors() -> Iterator[None]:
    try:
        yield
    except (struct.error, RecursionError) as exc:
        raise ValueError("it contains an invalid reference") from exc
