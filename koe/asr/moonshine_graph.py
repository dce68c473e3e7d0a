"""The networks of Moonshine (tiny) with the weights of the package, in fewer nodes.

The package's files come from a general converter. Half of the time of its decoder goes into nodes
that compute shapes, and that lengthen the heads of the attention from 36 to 40 numbers, those of
the audio with each token. The networks of this module compute the same numbers with a third of the
nodes, and what depends on the audio alone is computed by the encoder, once. Sources: Jeffries et
al., Moonshine: Speech Recognition for Live Transcription and Voice Commands, 2024, and the files.
"""

from __future__ import annotations

from koe.asr.onnx_graph import OnnxGraph, Size
from koe.asr.ort_file import FLOAT, INT64, Constant, OrtFile

LAYERS, HEADS, HEAD_SIZE = 6, 8, 36
"""Of the encoder and of the decoder: layers, the heads of a layer, and the numbers of a head."""

_WIDTH = HEADS * HEAD_SIZE

# The numbers of a head that are rotated, in pairs, by the position of the token, and the base of
# their frequencies (Su et al., RoFormer, 2021).
_ROTATED = 32
_BASE = 10_000

_SCALE = HEAD_SIZE**-0.5
_EPSILON = 1e-5

# The convolutions of the encoder: kernels and strides.
_KERNELS, _STRIDES = (127, 7, 3), (64, 3, 2)

# Orders of dimensions: from (1, tokens, heads, size) to heads of rows, and to heads of columns.
_ROWS, _COLUMNS = (0, 2, 1, 3), (0, 2, 3, 1)

# The shapes of what the encoder computes for each layer of the decoder.
_AUDIO_SHAPES: dict[str, tuple[Size, ...]] = {
    "key": (1, HEADS, HEAD_SIZE, "frames"),
    "value": (1, HEADS, "frames", HEAD_SIZE),
}

# The shapes of what the decoder knows of the tokens, before a run and after it.
_KNOWN, _ALL = ((1, HEADS, count, HEAD_SIZE) for count in ("p", "p + n"))

_DECODER = "/model/decoder/"


def encoder(file: OrtFile, decoder_file: OrtFile) -> bytes:
    """Return the network that turns audio into what the decoder needs of it.

    Its input is ``samples`` (1, n), 16 kHz. Its outputs are, for each layer of the decoder,
    ``audio.<layer>.key`` (1, heads, head size, frames) and ``audio.<layer>.value`` (1, heads,
    frames, head size).

    Args:
        file: The encoder of the package.
        decoder_file: Its decoder.

    Raises:
        ValueError: A file is another than that of Moonshine (tiny).
    """
    graph = _Network(file)
    states = graph.frames(graph.input("samples", 1, "n"))
    shape = graph.node("Shape", states)
    frames = graph.node("Gather", shape, graph.constant(_integer(1)), axis=0)
    count = graph.node("Range", graph.constant(_integer(0)), frames, graph.constant(_integer(1)))
    graph.set_positions(graph.node("Cast", count, to=FLOAT))
    for layer in range(LAYERS):
        name = f"/layers.{layer}/"
        normal = graph.normalised(states, f"{name}input_layernorm/LayerNormalization")
        names = [f"{name}self_attn/{part}_proj" for part in "qkv"]
        query, key, value = map(graph.heads, graph.split(graph.linear(normal, *names), 3))
        query = graph.node("Transpose", graph.rotated(query), perm=_ROWS)
        key = graph.node("Transpose", graph.rotated(key), perm=_COLUMNS)
        value = graph.node("Transpose", value, perm=_ROWS)
        scores = graph.node("FusedMatMul", query, key, alpha=_SCALE)
        found = graph.attended(scores, value)
        states = graph.node("Add", states, graph.linear(found, f"{name}self_attn/o_proj"))
        normal = graph.normalised(states, f"{name}post_attention_layernorm/LayerNormalization")
        inner = graph.node("Gelu", graph.linear(normal, f"{name}mlp/fc1"))
        states = graph.node("Add", states, graph.linear(inner, f"{name}mlp/fc2"))
    # The last sum and the last normalisation are one node of the file.
    states = graph.normalised(states, "SkipLayerNormalization")
    graph.file = decoder_file
    names = [
        f"{_DECODER}layers.{layer}/encoder_attn/{part}_proj"
        for layer in range(LAYERS)
        for part in "kv"
    ]
    memory = graph.split(graph.linear(states, *names), len(names))
    for index, part in enumerate(memory):
        name, order = ("value", _ROWS) if index % 2 else ("key", _COLUMNS)
        output = f"audio.{index // 2}.{name}"
        graph.node("Transpose", graph.heads(part), perm=order, output=output)
        graph.output(output, *_AUDIO_SHAPES[name])
    return graph.model()


def decoder(file: OrtFile) -> bytes:
    """Return the network that finds the best token after each token.

    Inputs:
        tokens: (1, n), int64: new tokens.
        positions: (n,), float: their places in the text.
        mask: (n, p + n), float: what is added to the scores of each known and each new token.
        past.<layer>.key, past.<layer>.value: (1, heads, p, head size): ``present`` of a run before.
        audio.<layer>.key, audio.<layer>.value: the outputs of the encoder.

    Outputs:
        best: (1, n), int64: the most likely token after each new one.
        present.<layer>.key, present.<layer>.value: (1, heads, p + n, head size).

    Args:
        file: The decoder of the package.

    Raises:
        ValueError: The file is another than that of Moonshine (tiny).
    """
    graph = _Network(file)
    tokens = graph.input("tokens", 1, "n", kind=INT64)
    graph.set_positions(graph.input("positions", "n"))
    mask = graph.input("mask", "n", "p + n")
    states = graph.embedded(tokens)
    for layer in range(LAYERS):
        name = f"{_DECODER}layers.{layer}/"
        past = [graph.input(f"past.{layer}.{part}", *_KNOWN) for part in _AUDIO_SHAPES]
        audio = [graph.input(f"audio.{layer}.{part}", *it) for part, it in _AUDIO_SHAPES.items()]
        normal = graph.normalised(states, f"{name}input_layernorm/LayerNormalization")
        names = [f"{name}self_attn/{part}_proj" for part in "qkv"]
        query, key, value = map(graph.heads, graph.split(graph.linear(normal, *names), 3))
        query, key, value = (
            graph.node("Transpose", part, perm=_ROWS)
            for part in (graph.rotated(query), graph.rotated(key), value)
        )
        presents = [f"present.{layer}.{part}" for part in _AUDIO_SHAPES]
        for old, new, present in zip(past, (key, value), presents, strict=True):
            graph.node("Concat", old, new, axis=2, output=present)
            graph.output(present, *_ALL)
        scores = graph.node("FusedMatMul", query, presents[0], transB=1, alpha=_SCALE)
        found = graph.attended(graph.node("Add", scores, mask), presents[1])
        states = graph.node("Add", states, graph.linear(found, f"{name}self_attn/o_proj"))
        normal = graph.normalised(states, f"{name}post_attention_layernorm/LayerNormalization")
        query = graph.heads(graph.linear(normal, f"{name}encoder_attn/q_proj"))
        query = graph.node("Transpose", query, perm=_ROWS)
        scores = graph.node("FusedMatMul", query, audio[0], alpha=_SCALE)
        found = graph.attended(scores, audio[1])
        states = graph.node("Add", states, graph.linear(found, f"{name}encoder_attn/o_proj"))
        normal = graph.normalised(states, f"{name}final_layernorm/LayerNormalization")
        value, gate = graph.split(graph.linear(normal, f"{name}mlp/fc1"), 2)
        inner = graph.node("Mul", graph.node("QuickGelu", gate, alpha=1.0), value)
        states = graph.node("Add", states, graph.linear(inner, f"{name}mlp/fc2"))
    states = graph.normalised(states, f"{_DECODER}norm/LayerNormalization")
    scores = graph.linear(states, "/proj_out")
    graph.node("ArgMax", scores, axis=-1, keepdims=0, output="best")
    graph.output("best", 1, "n", kind=INT64)
    return graph.model()


class _Network(OnnxGraph):
    """Adds parts of a network.

    Args:
        file: Has the weights.

    Attributes:
        file: The same.
    """

    def __init__(self, file: OrtFile) -> None:
        super().__init__()
        self.file = file
        self._by_heads = self.integers(0, 0, HEADS, HEAD_SIZE)
        self._flat = self.integers(0, 0, _WIDTH)
        # Cosines and sines of the angles of each position.
        self._cosines = self._sines = ""
        # Exchanges the two numbers of each pair, and negates the first of them.
        self._exchange = self.floats(_exchange(), HEAD_SIZE, HEAD_SIZE)

    def set_positions(self, positions: str) -> None:
        """Set the places (n,) of the tokens or frames."""
        half = range(0, _ROTATED, 2)
        frequencies = [_BASE ** (-index / _ROTATED) for index in half for _ in range(2)]
        unchanged = [0.0] * (HEAD_SIZE - _ROTATED)
        column = self.node("Unsqueeze", positions, self.integers(1, 2))
        frequency = self.floats([*frequencies, *unchanged], HEAD_SIZE)
        angles = self.node("Mul", column, frequency)
        self._cosines, self._sines = self.node("Cos", angles), self.node("Sin", angles)

    def frames(self, samples: str) -> str:
        """The frames (1, n, width) of audio."""
        sound = self.node("Unsqueeze", samples, self.integers(1))
        (weight,) = self.file.constants("/conv1/Conv")
        sound = self.node(
            "FusedConv",
            sound,
            self.constant(weight),
            activation="Tanh",
            kernel_shape=_KERNELS[:1],
            strides=_STRIDES[:1],
        )
        shape = self.node("Shape", sound)
        line = self.node("Reshape", sound, self.integers(0, 1, -1))
        line = self.node(
            "InstanceNormalization",
            line,
            self.floats([1.0], 1),
            self.floats([0.0], 1),
            epsilon=_EPSILON,
        )
        sound = self.node("Reshape", line, shape)
        for operator in ("Mul", "Add"):
            (weight,) = self.file.constants(f"/groupnorm/{operator}")
            sound = self.node(operator, sound, self.constant(weight))
        for index in (1, 2):
            weights = map(self.constant, self.file.constants(f"/conv{index + 1}/Conv"))
            kernel, stride = _KERNELS[index : index + 1], _STRIDES[index : index + 1]
            sound = self.node("Conv", sound, *weights, kernel_shape=kernel, strides=stride)
            sound = self.node("Gelu", sound)
        return self.node("Transpose", sound, perm=(0, 2, 1))

    def embedded(self, tokens: str) -> str:
        """The first states (1, n, width) of tokens."""
        (weights,) = self.file.constants(f"{_DECODER}embed_tokens/Gather")
        rest = self.file.constants(f"{_DECODER}embed_tokens/Gather_output_0_DequantizeLinear")
        rows = self.node("Gather", self.constant(weights), tokens, axis=0)
        return self.node("DequantizeLinear", rows, *map(self.constant, rest))

    def normalised(self, states: str, node: str) -> str:
        """Normalise states with the weights of a node."""
        weight = self.constant(self.file.constants(node)[0])
        return self.node("LayerNormalization", states, weight, axis=-1, epsilon=_EPSILON)

    def linear(self, states: str, *layers: str) -> str:
        """Multiply states by the weights of layers, whose results are joined."""
        found = [self.file.constants(f"{layer}/MatMul_quant") for layer in layers]
        weights, scale, zero = map(_joined, zip(*(it[:3] for it in found), strict=True))
        inputs = [states, *map(self.constant, (weights, scale, zero))]
        if len(found) == 1 and len(found[0]) > 3:
            inputs.append(self.constant(found[0][3]))
        return self.node("DynamicQuantizeMatMul", *inputs)

    def heads(self, states: str) -> str:
        """Cut states into heads: (1, n, heads, head size)."""
        return self.node("Reshape", states, self._by_heads)

    def rotated(self, heads: str) -> str:
        """Rotate the numbers of heads by their positions."""
        straight = self.node("Mul", heads, self._cosines)
        exchanged = self.node("MatMul", heads, self._exchange)
        return self.node("Add", straight, self.node("Mul", exchanged, self._sines))

    def attended(self, scores: str, values: str) -> str:
        """The values (1, heads, n, head size) that scores select, as states."""
        share = self.node("Softmax", scores, axis=-1)
        heads = self.node("Transpose", self.node("MatMul", share, values), perm=_ROWS)
        return self.node("Reshape", heads, self._flat)


def _exchange() -> list[float]:
    matrix = [0.0] * HEAD_SIZE**2
    for first in range(0, _ROTATED, 2):
        matrix[(first + 1) * HEAD_SIZE + first] = -1.0
        matrix[first * HEAD_SIZE + first + 1] = 1.0
    return matrix


def _integer(value: int) -> Constant:
    return Constant((), INT64, value.to_bytes(8, "little"))


def _joined(parts: tuple[Constant, ...]) -> Constant:
    """Join weights of layers, or their scales or zero points, so that each column has its own."""
    if len(parts) == 1:
        return parts[0]
    kind = parts[0].type
    if not parts[0].shape:
        data = b"".join(bytes(part.data) * _WIDTH for part in parts)
        return Constant((_WIDTH * len(parts),), kind, data)
    rows = parts[0].shape[0]
    cut = (part.data[row * _WIDTH : (row + 1) * _WIDTH] for row in range(rows) for part in parts)
    return Constant((rows, _WIDTH * len(parts)), kind, b"".join(cut))
