"""ONNX Runtime through its C API, from a library that is already in the process.

The package of a recogniser brings this library for itself. So koe can run networks of its own
without a second copy of the library, which takes 20 MB. Source of names and places in the table:
``onnxruntime_c_api.h``; the table only grows at its end.
"""

from __future__ import annotations

import ctypes
from array import array
from collections.abc import Mapping, Sequence
from ctypes import byref, c_char_p, c_int, c_int64, c_size_t, c_uint32, c_void_p
from math import prod

from koe.errors import AsrProtocolError

# The version of the table that has all functions below.
_API_VERSION = 13

# The functions: their place in the table, and the types of their arguments.
_FUNCTIONS: Mapping[str, tuple[int, Sequence[type]]] = {
    "GetErrorMessage": (2, [c_void_p]),
    "CreateEnv": (3, [c_int, c_char_p, c_void_p]),
    "CreateSessionFromArray": (8, [c_void_p, c_char_p, c_size_t, c_void_p, c_void_p]),
    "Run": (9, [*[c_void_p] * 4, c_size_t, c_void_p, c_size_t, c_void_p]),
    "CreateSessionOptions": (10, [c_void_p]),
    "DisableCpuMemArena": (19, [c_void_p]),
    "SetIntraOpNumThreads": (24, [c_void_p, c_int]),
    "CreateTensorWithDataAsOrtValue": (
        49,
        [c_void_p, c_void_p, c_size_t, c_void_p, c_size_t, c_int, c_void_p],
    ),
    "GetTensorMutableData": (51, [c_void_p] * 2),
    "GetDimensionsCount": (61, [c_void_p] * 2),
    "GetDimensions": (62, [c_void_p, c_void_p, c_size_t]),
    "GetTensorTypeAndShape": (65, [c_void_p] * 2),
    "CreateCpuMemoryInfo": (69, [c_int, c_int, c_void_p]),
    "ReleaseEnv": (92, [c_void_p]),
    "ReleaseStatus": (93, [c_void_p]),
    "ReleaseMemoryInfo": (94, [c_void_p]),
    "ReleaseSession": (95, [c_void_p]),
    "ReleaseValue": (96, [c_void_p]),
    "ReleaseTensorTypeAndShapeInfo": (99, [c_void_p]),
    "ReleaseSessionOptions": (100, [c_void_p]),
    "AddSessionConfigEntry": (130, [c_void_p, c_char_p, c_char_p]),
}

# Errors are returned as statuses, so only fatal ones are logged.
_LOG_FATAL = 4

# For `CreateCpuMemoryInfo`: memory of the process, by the default allocator.
_DEVICE_ALLOCATOR = _DEFAULT_MEMORY = 0

# The library's type of elements for each type code of an array: float and int64.
_ELEMENT_TYPES = {"f": 1, "q": 7}

# Between two operators a thread keeps its core busy, because to wake it takes as long as a small
# operator; after the last operator of a run it sleeps at once. So a run takes a tenth to a third
# less time, and a quarter more if other programs keep all cores busy.
_OPTIONS = {b"session.force_spinning_stop": b"1"}


class OnnxRuntime:
    """The library; makes sessions and tensors, which must be freed before it is closed.

    Args:
        library: The library, or one that depends on it.

    Raises:
        AsrProtocolError: From here and from all functions of this module: the library has no such
            function, is too old, or failed.
    """

    def __init__(self, library: ctypes.CDLL) -> None:
        try:
            base = library.OrtGetApiBase
        except AttributeError as exc:
            raise AsrProtocolError(f"there is no ONNX Runtime in {library._name}") from exc
        base.restype = ctypes.POINTER(_ApiBase)
        table = base().contents.GetApi(_API_VERSION)
        if not table:
            raise AsrProtocolError(f"the ONNX Runtime in {library._name} is too old")
        addresses = ctypes.cast(table, ctypes.POINTER(c_void_p))
        self._functions = {
            name: ctypes.CFUNCTYPE(c_void_p, *types)(addresses[place])
            for name, (place, types) in _FUNCTIONS.items()
        }
        self._memory = self.pointer("CreateCpuMemoryInfo", _DEVICE_ALLOCATOR, _DEFAULT_MEMORY)
        self._environment = self.pointer("CreateEnv", _LOG_FATAL, b"koe")

    def close(self) -> None:
        """Free the memory."""
        self.release("MemoryInfo", self._memory)
        self.release("Env", self._environment)

    def session(self, model: bytes, threads: int) -> InferenceSession:
        """Load a model. Blocks.

        Args:
            model: The bytes of its file.
            threads: The most threads that one run uses.
        """
        options = self.pointer("CreateSessionOptions")
        try:
            self.call("SetIntraOpNumThreads", options, threads)
            # Without the arena, the memory of a long run is freed after it. This costs no time.
            self.call("DisableCpuMemArena", options)
            for key, value in _OPTIONS.items():
                self.call("AddSessionConfigEntry", options, key, value)
            arguments = (self._environment, model, len(model), options)
            handle = self.pointer("CreateSessionFromArray", *arguments)
        finally:
            self.release("SessionOptions", options)
        return InferenceSession(self, handle)

    def tensor(self, values: array[float] | array[int], *shape: int) -> Tensor:
        """Make a tensor of the memory of an array.

        Args:
            values: Of type ``f`` (float) or ``q`` (int64). Its length can't change as long as the
                tensor exists.
            shape: The number of elements in each dimension.
        """
        address, count = values.buffer_info()
        handle = self.pointer(
            "CreateTensorWithDataAsOrtValue",
            self._memory,
            address,
            count * values.itemsize,
            (c_int64 * len(shape))(*shape),
            len(shape),
            _ELEMENT_TYPES[values.typecode],
        )
        return Tensor(self, handle, memoryview(values))

    def call(self, name: str, *args: object) -> None:
        """Call a function that returns a status."""
        status = self._functions[name](*args)
        if status:
            message = ctypes.string_at(self._functions["GetErrorMessage"](status))
            self.release("Status", status)
            raise AsrProtocolError(f"ONNX Runtime failed: {message.decode(errors='replace')}")

    def release(self, kind: str, handle: int) -> None:
        """Free an object."""
        self._functions[f"Release{kind}"](handle)

    def pointer(self, name: str, *args: object) -> int:
        """Call a function whose last argument receives a pointer, and return that."""
        received = c_void_p()
        self.call(name, *args, byref(received))
        return received.value or 0


class Tensor:
    """An array of any number of dimensions; freed with its last reference.

    Args:
        memory: Keeps the array that has its elements; None: the library has them.
    """

    def __init__(self, runtime: OnnxRuntime, handle: int, memory: object = None) -> None:
        self._runtime = runtime
        self._memory = memory
        self.handle = handle

    def __del__(self) -> None:
        self._runtime.release("Value", self.handle)

    def shape(self) -> list[int]:
        """The number of elements in each dimension."""
        info = self._runtime.pointer("GetTensorTypeAndShape", self.handle)
        try:
            count = c_size_t()
            self._runtime.call("GetDimensionsCount", info, byref(count))
            sizes = (c_int64 * count.value)()
            self._runtime.call("GetDimensions", info, sizes, count)
        finally:
            self._runtime.release("TensorTypeAndShapeInfo", info)
        return list(sizes)

    def floats(self) -> array[float]:
        """A copy of the elements, which must be floats."""
        return array("f", self._bytes(4))

    def integers(self) -> array[int]:
        """A copy of the elements, which must be int64."""
        return array("q", self._bytes(8))

    def _bytes(self, item_size: int) -> bytes:
        address = self._runtime.pointer("GetTensorMutableData", self.handle)
        return ctypes.string_at(address, prod(self.shape()) * item_size)


class InferenceSession:
    """A model that is loaded."""

    def __init__(self, runtime: OnnxRuntime, handle: int) -> None:
        self._runtime = runtime
        self._handle = handle

    def run(self, inputs: Mapping[str, Tensor], outputs: Sequence[str]) -> list[Tensor]:
        """Compute the outputs of these names. Blocks."""
        results = (c_void_p * len(outputs))()
        self._runtime.call(
            "Run",
            self._handle,
            None,
            _names(list(inputs)),
            (c_void_p * len(inputs))(*(tensor.handle for tensor in inputs.values())),
            len(inputs),
            _names(outputs),
            len(outputs),
            results,
        )
        return [Tensor(self._runtime, handle or 0) for handle in results]

    def close(self) -> None:
        """Free the memory."""
        self._runtime.release("Session", self._handle)


class _ApiBase(ctypes.Structure):
    """The structure that the library's ``OrtGetApiBase`` returns."""

    _fields_ = (("GetApi", ctypes.CFUNCTYPE(c_void_p, c_uint32)),)


def _names(names: Sequence[str]) -> ctypes.Array[c_char_p]:
    return (c_char_p * len(names))(*(name.encode() for name in names))
