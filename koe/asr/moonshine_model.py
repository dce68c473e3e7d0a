"""The model of Moonshine, with speculative decoding.

The package runs the decoder once for each token. But most of a text is known before the whole is
recognised, because its parts were recognised while the user spoke. This module gives these texts to
the decoder as a draft. In one run the decoder chooses a token for each place of the draft; the
draft is kept up to the first token that the decoder would not have chosen. Source: Leviathan et
al., Fast Inference from Transformers via Speculative Decoding, 2023. There, a smaller model writes
the draft.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING

from koe.asr.model_thread import ModelThread
from koe.asr.onnx_runtime import InferenceSession, OnnxRuntime, Tensor
from koe.errors import AsrProtocolError
from koe.events import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    import ctypes

# The tokens per second after which a text ends. The package's limit, 6.5, is exceeded by fast
# speech.
_MAX_TOKENS_PER_SECOND = 10

# The first token of the decoder, and the one that ends a text; tokens up to it have no characters.
_START, _END = 1, 2

# The number of all tokens.
_TOKENS = 32_768

# The decoder: its layers, the heads of a layer, and the numbers in a head.
_LAYERS, _HEADS, _HEAD_SIZE = 6, 8, 36

# Its memory of the tokens and of the audio: names of inputs and of outputs without their prefixes.
_PAST, _PRESENT = "past_key_values.", "present."
_OF_TOKENS = [f"{layer}.decoder.{part}" for layer in range(_LAYERS) for part in ("key", "value")]
_OF_AUDIO = [f"{layer}.encoder.{part}" for layer in range(_LAYERS) for part in ("key", "value")]

# A token that is not the one of the draft is looked for in this number of places before and after.
_NEAR = 6

# The most tokens that are checked in one run, after a token that was not in the draft.
_MAX_GUESSES = 16

# More threads than this make no pass faster.
_MAX_THREADS = 4

# The model "tokens = ArgMax(logits, axis=-1, keepdims=0)", as the file of ONNX (opset 13): of the
# 32,768 numbers of a token only the place of the largest is needed.
_ARGMAX = (
    b'\x08\x08:i\n?\n\x06logits\x12\x06tokens"\x06ArgMax*\x14\n\x04axis\x18\xff\xff\xff\xff\xff'
    b"\xff\xff\xff\xff\x01\xa0\x01\x02*\x0f\n\x08keepdims\x18\x00\xa0\x01\x02\x12\x06argmaxZ\x0e\n"
    b"\x06logits\x12\x04\n\x02\x08\x01b\x0e\n\x06tokens\x12\x04\n\x02\x08\x07B\x04\n\x00\x10\r"
)


class MoonshineModel:
    """Recognises a piece of speech; used by one thread at a time.

    Args:
        library: ONNX Runtime, or a library that depends on it.
        folder: The files of the model.

    Attributes:
        thread: The one that loads and runs the model.

    Raises:
        AsrProtocolError: From all methods, too: ONNX Runtime failed, or a file is damaged.
        OSError: The file of the tokens can't be read.
    """

    def __init__(self, library: ctypes.CDLL, folder: Path) -> None:
        self._tokens = _read_tokens((folder / "tokenizer.bin").read_bytes())
        threads = min(os.cpu_count() or 1, _MAX_THREADS)
        with ExitStack() as opened:
            self._runtime = opened.enter_context(closing(OnnxRuntime(library)))
            self.thread = opened.enter_context(closing(ModelThread()))

            def load(model: Path | bytes, threads: int) -> InferenceSession:
                session = self.thread.run(self._runtime.session, model, threads)
                return opened.enter_context(closing(session))

            self._encoder = load(folder / "encoder_model.ort", threads)
            self._decoder = load(folder / "decoder_model_merged.ort", threads)
            self._argmax = load(_ARGMAX, 1)
            # Frees all of them.
            self._opened = opened.pop_all()

    def close(self) -> None:
        """Free the memory."""
        self._opened.close()

    def recognise(self, samples: array[float], draft: Sequence[int] = ()) -> list[int]:
        """Return the tokens of the text.

        Args:
            samples: 32-bit floats between -1 and 1, 16 kHz, one channel; at least 1,000.
            draft: The tokens that are expected. The fewer of them are wrong, the sooner the text
                comes. A draft can also decide between words that are nearly as likely, because the
                model rounds the numbers of all tokens of a run together. The same draft gives the
                same text.
        """
        return self.thread.run(self._recognise, samples, draft)

    def text(self, tokens: Sequence[int]) -> str:
        """Return the text of tokens, without white space around it."""
        spelled = b"".join(self._tokens[token] for token in tokens if token > _END)
        return spelled.decode(errors="replace").replace("▁", " ").strip()

    def _recognise(self, samples: array[float], draft: Sequence[int]) -> list[int]:
        decoder = self._begin(samples)
        limit = len(samples) * _MAX_TOKENS_PER_SECOND // SAMPLE_RATE_HZ
        draft = [token for token in draft if token > _END]
        tokens, at = list[int](), 0
        last, guesses = _START, draft[:limit]
        while True:
            best = decoder.add([last, *guesses])
            right = _count_equal(guesses, best)
            tokens += guesses[:right]
            decoder.keep(1 + len(tokens))
            last = best[right]
            if last == _END or len(tokens) >= limit:
                return tokens[:limit]
            tokens.append(last)
            at = _place_after(draft, at + right, last)
            guesses = draft[at : at + _MAX_GUESSES]

    def _begin(self, samples: array[float]) -> _Decoding:
        mask = self._runtime.tensor(array("q", [1]) * len(samples), 1, len(samples))
        audio = self._runtime.tensor(samples, 1, len(samples))
        inputs = {"input_values": audio, "attention_mask": mask}
        (states,) = self._encoder.run(inputs, ["last_hidden_state"])
        return _Decoding(self._runtime, self._decoder, self._argmax, states, mask)


class _Decoding:
    """The text of one piece while it is made.

    Args:
        decoder: The model.
        argmax: Finds the most likely tokens.
        states: The encoded audio.
        mask: A one for each sample.
    """

    def __init__(
        self,
        runtime: OnnxRuntime,
        decoder: InferenceSession,
        argmax: InferenceSession,
        states: Tensor,
        mask: Tensor,
    ) -> None:
        self._runtime, self._decoder, self._argmax = runtime, decoder, argmax
        empty = runtime.tensor(array("f"), 1, _HEADS, 0, _HEAD_SIZE)
        self._inputs = {
            "encoder_hidden_states": states,
            "encoder_attention_mask": mask,
            "use_cache_branch": runtime.tensor(array("b", [0]), 1),
            **{_PAST + name: empty for name in _OF_TOKENS + _OF_AUDIO},
        }
        # The tokens that the decoder remembers.
        self._count = 0

    def add(self, tokens: Sequence[int]) -> Sequence[int]:
        """Have the decoder read and remember tokens; return the best next one after each."""
        inputs = {"input_ids": self._runtime.tensor(array("q", tokens), 1, len(tokens))}
        # After the first run the memory of the audio stays as it is.
        parts = _OF_TOKENS if self._count else _OF_TOKENS + _OF_AUDIO
        outputs = ["logits", *(_PRESENT + name for name in parts)]
        logits, *memory = self._decoder.run(self._inputs | inputs, outputs)
        self._inputs.update(zip((_PAST + name for name in parts), memory, strict=True))
        if not self._count:
            self._inputs["use_cache_branch"] = self._runtime.tensor(array("b", [1]), 1)
        self._count += len(tokens)
        (best,) = self._argmax.run({"logits": logits}, ["tokens"])
        return best.integers()

    def keep(self, count: int) -> None:
        """Forget all tokens but the first ones."""
        if count == self._count:
            return
        for name in (_PAST + name for name in _OF_TOKENS):
            numbers, head = self._inputs[name].floats(), self._count * _HEAD_SIZE
            kept = array("f")
            for begin in range(0, len(numbers), head):
                kept += numbers[begin : begin + count * _HEAD_SIZE]
            self._inputs[name] = self._runtime.tensor(kept, 1, _HEADS, count, _HEAD_SIZE)
        self._count = count


def _count_equal(guesses: Sequence[int], tokens: Sequence[int]) -> int:
    """The number of guesses up to the first that is wrong."""
    pairs = zip(guesses, tokens, strict=False)
    return next((at for at, (guess, token) in enumerate(pairs) if guess != token), len(guesses))


def _place_after(draft: Sequence[int], at: int, token: int) -> int:
    """The place in a draft after a token that may be another than the one at a place.

    The token may be said near that place; else it was said instead of the one there.
    """
    near = range(max(0, at - _NEAR), min(len(draft), at + _NEAR))
    places = [place + 1 for place in near if draft[place] == token]
    return min(places, key=lambda place: abs(place - at), default=at + 1)


def _read_tokens(data: bytes) -> list[bytes]:
    """Read the file of the tokens: for each its length, in one or two bytes, and its characters.

    Marks that are not text, such as "<<ST_0>>", get no characters.
    """
    tokens, at = list[bytes](), 0
    while at < len(data):
        size, at = data[at], at + 1
        if size >= 128 and at < len(data):
            size, at = size - 128 + data[at] * 128, at + 1
        token = data[at : at + size]
        tokens.append(b"" if token.startswith(b"<<ST_") else token)
        at += size
    if at != len(data) or len(tokens) != _TOKENS:
        raise AsrProtocolError(
            "tokenizer.bin is damaged; install the package moonshine-voice again"
        )
    return tokens
