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
import sys
from array import array
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING

from koe.asr.model_thread import ModelThread
from koe.asr.moonshine_graph import AUDIO, HEAD_SIZE, HEADS, PAST, PRESENT, decoder, encoder
from koe.asr.onnx_runtime import InferenceSession, OnnxRuntime, Tensor
from koe.asr.ort_file import OrtFile
from koe.errors import AsrProtocolError
from koe.events import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    import ctypes

# A text ends after this number of tokens per second of audio. Fast speech exceeds the package's
# limit, 6.5.
_MAX_TOKENS_PER_SECOND = 10

# The first token of the decoder, and the one that ends a text; tokens up to it have no characters.
_START, _END = 1, 2

# The number of all tokens.
_TOKENS = 32_768

# The files of the encoder and of the decoder.
_NETWORKS = ("encoder_model.ort", "decoder_model_merged.ort")

# A token that is not the one of the draft is looked for in this number of places before and after.
_NEAR = 6

# The number of tokens that are checked in one run after a token that was not in the draft. A run
# that checks four takes as long as one that checks none. The number doubles while all are right.
_GUESSES = 4

# More threads than this make no pass faster.
_MAX_THREADS = 4


class MoonshineModel:
    """Recognises a piece of speech; used by one thread at a time.

    Args:
        library: ONNX Runtime, or a library that depends on it.
        folder: The files of the model.

    Attributes:
        thread: The one that loads and runs the model.

    Raises:
        AsrProtocolError: From all methods, too: ONNX Runtime failed, or a file is damaged.
        OSError: A file of the model can't be read.
    """

    def __init__(self, library: ctypes.CDLL, folder: Path) -> None:
        self._tokens = _read_tokens((folder / "tokenizer.bin").read_bytes())
        threads = min(_processors(), _MAX_THREADS)
        with ExitStack() as opened:
            self._runtime = opened.enter_context(closing(OnnxRuntime(library)))
            self.thread = opened.enter_context(closing(ModelThread()))

            def load(network: bytes) -> InferenceSession:
                session = self.thread.run(self._runtime.session, network, threads)
                return opened.enter_context(closing(session))

            self._encoder, self._decoder = map(load, _networks(folder))
            # Frees all of them.
            self._opened = opened.pop_all()

    def close(self) -> None:
        """Free the memory."""
        self._opened.close()

    def recognise(self, samples: array[float], draft: Sequence[int] = ()) -> list[int]:
        """Return the tokens of the text.

        Args:
            samples: 32-bit floats between -1 and 1, 16 kHz, one channel: 1,000 of them at least,
                48 s at most.
            draft: The tokens that are expected. The fewer of them are wrong, the sooner the text
                comes. A draft can also decide between words that are almost equally likely, because
                the model rounds the numbers of all tokens of a run together. The same draft gives
                the same text.
        """
        return self.thread.run(self._recognise, samples, draft)

    def text(self, tokens: Sequence[int]) -> str:
        """Return the text of tokens, without white space around it."""
        spelled = b"".join(self._tokens[token] for token in tokens if token > _END)
        return spelled.decode(errors="replace").replace("▁", " ").strip()

    def _recognise(self, samples: array[float], draft: Sequence[int]) -> list[int]:
        decoding = self._begin(samples)
        limit = len(samples) * _MAX_TOKENS_PER_SECOND // SAMPLE_RATE_HZ
        draft = [token for token in draft if token > _END]
        tokens, at = list[int](), 0
        last, guesses, count = _START, draft[:limit], _GUESSES
        while True:
            best = decoding.add([last, *guesses])
            right = _count_equal(guesses, best)
            tokens += guesses[:right]
            decoding.keep(1 + len(tokens))
            last = best[right]
            if last == _END or len(tokens) >= limit:
                return tokens[:limit]
            tokens.append(last)
            at = _place_after(draft, at + right, last)
            count = 2 * count if 0 < right == len(guesses) else _GUESSES
            guesses = draft[at : at + min(count, limit - len(tokens))]

    def _begin(self, samples: array[float]) -> _Decoding:
        inputs = {"samples": self._runtime.tensor(samples, 1, len(samples))}
        audio = self._encoder.run(inputs, AUDIO)
        return _Decoding(self._runtime, self._decoder, dict(zip(AUDIO, audio, strict=True)))


class _Decoding:
    """Decodes the text of one piece.

    Args:
        runtime: Makes tensors.
        network: The decoder.
        audio: The keys and values of the audio, by the names of the decoder's inputs.
    """

    def __init__(
        self, runtime: OnnxRuntime, network: InferenceSession, audio: Mapping[str, Tensor]
    ) -> None:
        self._runtime, self._network, self._audio = runtime, network, audio
        empty = runtime.tensor(array("f"), 1, HEADS, 0, HEAD_SIZE)
        # What the decoder remembers of the tokens, and their number.
        self._past = dict.fromkeys(PAST, empty)
        self._count = 0

    def add(self, tokens: Sequence[int]) -> Sequence[int]:
        """Have the decoder read and remember tokens; return the best next one after each."""
        tensor = self._runtime.tensor
        inputs = {
            "tokens": tensor(array("q", tokens), 1, len(tokens)),
            "position": tensor(array("q", [self._count]), 1),
        }
        self._count += len(tokens)
        best, *present = self._network.run(
            {**self._audio, **self._past, **inputs}, ["best", *PRESENT]
        )
        self._past = dict(zip(PAST, present, strict=True))
        return best.integers()

    def keep(self, count: int) -> None:
        """Forget all tokens but the first ones."""
        if count == self._count:
            return
        for name, tensor in self._past.items():
            numbers, head = tensor.floats(), self._count * HEAD_SIZE
            kept = array("f")
            for begin in range(0, len(numbers), head):
                kept += numbers[begin : begin + count * HEAD_SIZE]
            self._past[name] = self._runtime.tensor(kept, 1, HEADS, count, HEAD_SIZE)
        self._count = count


def _count_equal(guesses: Sequence[int], tokens: Sequence[int]) -> int:
    """The number of guesses up to the first that is wrong."""
    pairs = zip(guesses, tokens, strict=False)
    return next((at for at, (guess, token) in enumerate(pairs) if guess != token), len(guesses))


def _place_after(draft: Sequence[int], at: int, token: int) -> int:
    """The place in a draft at which the draft goes on after a token of the decoder.

    If the token is in the draft near ``at``, this is the place after it. Otherwise the token
    replaces the one at ``at``, and this is the place after that.
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
        raise _damaged("tokenizer.bin")
    return tokens


def _networks(folder: Path) -> list[bytes]:
    """Write the encoder and the decoder with the weights of the package."""
    files = [_read_weights(folder / name) for name in _NETWORKS]
    try:
        return [encoder(*files), decoder(files[1])]
    except ValueError as exc:
        raise _damaged(f"{' or '.join(_NETWORKS)} ({exc})") from exc


def _read_weights(path: Path) -> OrtFile:
    try:
        return OrtFile(path.read_bytes())
    except ValueError as exc:
        raise _damaged(f"{path.name} ({exc})") from exc


def _processors() -> int:
    """The number of processors that this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _damaged(file: str) -> AsrProtocolError:
    return AsrProtocolError(f"{file} is damaged; install the package moonshine-voice again")
