"""The networks of Moonshine (tiny) with the weights of the package, in fewer nodes.

The package's files come from a general converter. In its decoder, half of the time goes into nodes
that compute shapes, and that pad the keys and values of the audio from 36 to 40 numbers, again for
each token. The networks of this module give the same results with a seventh (decoder) and a fifth
(encoder) of the nodes. The encoder computes once what depends only on the audio. Sources: Jeffries
et al., Moonshine: Speech Recognition for Live Transcription and Voice Commands, 2024, and the
files.
"""

from __future__ import annotations

import math

from koe.asr.onnx_graph import OnnxGraph
from koe.asr.ort_file import INT64, Constant, OrtFile

LAYERS, HEADS, HEAD_SIZE = 6, 8, 36
"""The layers of the encoder and of the decoder, the heads of a layer, and the numbers of a head."""

_PARTS = [f"{layer}.{part}" for layer in range(LAYERS) for part in ("key", "value")]

AUDIO = [f"audio.{part}" for part in _PARTS]
"""The keys and values of the audio, for each layer of the decoder."""

PAST, PRESENT = ([f"{kind}.{part}" for part in _PARTS] for kind in ("past", "present"))
"""The keys and values of the tokens, before and after a run of the decoder."""

_WIDTH = HEADS * HEAD_SIZE

# The numbers of a head that are rotated, in pairs, by the position of the token or frame, and the
# base of their frequencies (Su et al., RoFormer, 2021).
_ROTATED = 32
_BASE = 10_000

# The most frames of audio, 48 s, and the most tokens, 10 per second. ONNX Runtime checks the number
# of those in a run, but not their positions.
_FRAMES = 2_000
_TOKENS = 512

_SCALE = HEAD_SIZE**-0.5
_EPSILON = 1e-5

# The convolutions of the encoder: kernels and strides.
_KERNELS, _STRIDES = (127, 7, 3), (64, 3, 2)

_DECODER = "/model/decoder/"


def encoder(file: OrtFile, decoder_file: OrtFile) -> bytes:
    """Return the network that turns audio into what the decoder needs of it.

    Its input is ``samples`` (1, n), 16 kHz, at most 48 s. Its outputs are, for each layer of the
    decoder, ``audio.<layer>.key`` and ``audio.<layer>.value`` (1, heads, frames, head size).

    Args:
        file: The encoder of the package.
        decoder_file: Its decoder.

    Raises:
        ValueError: A file is not that of Moonshine (tiny).
    """
    graph = _Network(file, _FRAMES)
    states = graph.frames(graph.input("samples", 1, "n"))
    first = graph.integers(0)
    for layer in range(LAYERS):
        name = f"/layers.{layer}/"
        normal = graph.normalised(states, f"{name}input_layernorm/LayerNormalization")
        names = [f"{name}self_attn/{part}_proj" for part in "qkv"]
        query, key, value = graph.split(graph.linear(normal, *names), 3)
        found = graph.attention(graph.rotated(query, first), graph.rotated(key, first), value)
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
    by_heads = graph.integers(0, 0, HEADS, HEAD_SIZE)
    parts = graph.split(graph.linear(states, *names), len(names))
    for part, output in zip(parts, AUDIO, strict=True):
        heads = graph.node("Reshape", part, by_heads)
        graph.node("Transpose", heads, perm=(0, 2, 1, 3), output=output)
        graph.output(output, 1, HEADS, "frames", HEAD_SIZE)
    return graph.model()


def decoder(file: OrtFile) -> bytes:
    """Return the network that finds the best token after each token.

    Inputs:
        tokens: (1, n), int64: new tokens.
        position: (1,), int64: the place of the first of them in the text.
        past.<layer>.key, past.<layer>.value: (1, heads, p, head size): ``present`` of a run before.
        audio.<layer>.key, audio.<layer>.value: the outputs of the encoder.

    Outputs:
        best: (1, n), int64: the most likely token after each new one.
        present.<layer>.key, present.<layer>.value: (1, heads, p + n, head size).

    Args:
        file: The decoder of the package.

    Raises:
        ValueError: The file is not that of Moonshine (tiny).
    """
    graph = _Network(file, _TOKENS)
    tokens = graph.input("tokens", 1, "n", kind=INT64)
    position = graph.input("position", 1, kind=INT64)
    states = graph.embedded(tokens)
    for layer in range(LAYERS):
        name = f"{_DECODER}layers.{layer}/"
        past, present, audio = (it[2 * layer : 2 * layer + 2] for it in (PAST, PRESENT, AUDIO))
        for known, extended, heard in zip(past, present, audio, strict=True):
            graph.input(known, 1, HEADS, "p", HEAD_SIZE)
            graph.output(extended, 1, HEADS, "p + n", HEAD_SIZE)
            graph.input(heard, 1, HEADS, "frames", HEAD_SIZE)
        normal = graph.normalised(states, f"{name}input_layernorm/LayerNormalization")
        names = [f"{name}self_attn/{part}_proj" for part in "qkv"]
        query, key, value = graph.split(graph.linear(normal, *names), 3)
        query, key = graph.rotated(query, position), graph.rotated(key, position)
        found = graph.causal_attention(query, key, value, past, present)
        states = graph.node("Add", states, graph.linear(found, f"{name}self_attn/o_proj"))
        normal = graph.normalised(states, f"{name}post_attention_layernorm/LayerNormalization")
        found = graph.attention(graph.linear(normal, f"{name}encoder_attn/q_proj"), *audio)
        states = graph.node("Add", states, graph.linear(found, f"{name}encoder_attn/o_proj"))
        normal = graph.normalised(states, f"{name}final_layernorm/LayerNormalization")
        value, gate = graph.split(graph.linear(normal, f"{name}mlp/fc1"), 2)
        inner = graph.node("Mul", graph.node("QuickGelu", gate, alpha=1.0), value)
        states = graph.node("Add", states, graph.linear(inner, f"{name}mlp/fc2"))
    states = graph.normalised(states, f"{_DECODER}norm/LayerNormalization")
    graph.node("ArgMax", graph.linear(states, "/proj_out"), axis=-1, keepdims=0, output="best")
    graph.output("best", 1, "n", kind=INT64)
    return graph.model()


class _Network(OnnxGraph):
    """Adds parts of a network.

    Args:
        file: The file with the weights.
        positions: The number of positions of tokens or frames.

    Attributes:
        file: The file with the weights of the parts that are added next.
    """

    def __init__(self, file: OrtFile, positions: int) -> None:
        super().__init__()
        self.file = file
        frequencies = [_BASE ** (-index / _ROTATED) for index in range(0, _ROTATED, 2)]
        angles = [place * frequency for place in range(positions) for frequency in frequencies]
        shape = positions, len(frequencies)
        self._cosines = self.floats([math.cos(angle) for angle in angles], *shape)
        self._sines = self.floats([math.sin(angle) for angle in angles], *shape)

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
        weights = map(self.constant, self.file.constants(node))
        return self.node("LayerNormalization", states, *weights, axis=-1, epsilon=_EPSILON)

    def linear(self, states: str, *layers: str) -> str:
        """Multiply states by the weights of layers, whose results are joined."""
        found = [self.file.constants(f"{layer}/MatMul_quant") for layer in layers]
        weights, scale, zero = map(_joined, zip(*(it[:3] for it in found), strict=True))
        biases = [bias for it in found for bias in it[3:]]
        if len(found) > 1 and biases:
            raise ValueError(f"{layers[0]} has a bias")
        inputs = [states, *map(self.constant, (weights, scale, zero, *biases))]
        return self.node("DynamicQuantizeMatMul", *inputs)

    def rotated(self, states: str, position: str) -> str:
        """Rotate states by their positions; ``position`` is that of the first state."""
        return self.node(
            "RotaryEmbedding",
            states,
            position,
            self._cosines,
            self._sines,
            interleaved=1,
            num_heads=HEADS,
            rotary_embedding_dim=_ROTATED,
        )

    def attention(self, query: str, key: str, value: str) -> str:
        """The values that queries select; keys and values are states, or are cut into heads."""
        inputs = query, key, value
        return self.node("MultiHeadAttention", *inputs, num_heads=HEADS, scale=_SCALE)

    def causal_attention(
        self, query: str, key: str, value: str, past: list[str], present: list[str]
    ) -> str:
        """For each query, the values that it selects at its own and at earlier positions.

        Args:
            query: States.
            key: Likewise.
            value: Likewise.
            past: The known keys and values, cut into heads.
            present: The names of the outputs for these and the new ones.
        """
        found = self.new_name()
        # Three optional inputs are not given: a bias and two masks.
        inputs = [query, key, value, "", "", "", *past]
        attributes = {"num_heads": HEADS, "scale": _SCALE, "unidirectional": 1}
        self.add("MultiHeadAttention", inputs, [found, *present], **attributes)
        return found


def _joined(parts: tuple[Constant, ...]) -> Constant:
    """Join weights of layers; or scales or zero points, repeated for each column of their layer."""
    if len(parts) == 1:
        return parts[0]
    kind = parts[0].type
    if not parts[0].shape:
        data = b"".join(bytes(part.data) * _WIDTH for part in parts)
        return Constant((_WIDTH * len(parts),), kind, data)
    rows = parts[0].shape[0]
    cut = (part.data[row * _WIDTH : (row + 1) * _WIDTH] for row in range(rows) for part in parts)
    return Constant((rows, _WIDTH * len(parts)), kind, b"".join(cut))
