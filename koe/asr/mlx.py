"""Qwen3-ASR on Apple silicon, through the Swift package KoeMLX (spec asr §3.3).

It does not take the dictionary.
"""

from __future__ import annotations

import ctypes
import os
import threading

from koe.asr import Engine
from koe.asr.bridge import CALLBACK, Package, find_functions, open_session
from koe.asr.local import LocalEngine
from koe.asr.samples import float_samples
from koe.config.engines import MlxConfig
from koe.config.schema import AsrConfig
from koe.errors import AsrConnectionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from koe.asr.bridge import Signature

_REMEDY = (
    "the program that runs koe does not contain it; "
    "use Koe.app built with MLX on Apple silicon, or choose another engine"
)

_SIGNATURES: dict[str, Signature] = {
    "koe_mlx_load_model": (ctypes.c_int32, (ctypes.c_char_p,)),
    "koe_mlx_start_session": (
        ctypes.c_uint64,
        (ctypes.c_char_p, ctypes.c_char_p, CALLBACK, ctypes.c_void_p),
    ),
    "koe_mlx_feed_audio": (None, (ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint64)),
    "koe_mlx_stop": (None, (ctypes.c_uint64,)),
    "koe_mlx_cancel": (None, (ctypes.c_uint64,)),
}

_turn = threading.Lock()


def open_engine(config: AsrConfig, terms: tuple[str, ...]) -> Engine:
    """Make the engine.

    Raises:
        EngineUnavailableError: This process has no such package.
    """
    package = Mlx(config.mlx)
    return LocalEngine("mlx", lambda closed: open_session(package, closed))


class Mlx(Package):
    """The package's functions, for one model."""

    turn = _turn
    failure = "failed to start MLX session"

    def __init__(self, config: MlxConfig) -> None:
        self._config = config
        # The functions, by name.
        self._functions = find_functions("mlx", _SIGNATURES, _REMEDY)

    def start(self, callback: object) -> int:
        """Load the model, unless it is loaded already, and start."""
        config = self._config
        if "\0" in config.model:
            raise AsrConnectionError("invalid model path")
        code = self._functions["koe_mlx_load_model"](os.fsencode(config.model))
        if code:
            raise AsrConnectionError(f"failed to load MLX model (code {code}): {config.model}")
        language = config.language.replace("\0", "").encode("utf-8", "replace")
        preset = config.delay_preset.encode()
        function = self._functions["koe_mlx_start_session"]
        return function(language, preset, callback, None) or 0

    def feed(self, pcm: bytes, session: int) -> None:
        """Feed audio, converted to floats."""
        samples = float_samples(pcm)
        address, count = samples.buffer_info()
        self._functions["koe_mlx_feed_audio"](address, count, session)

    def stop(self, session: int) -> None:
        """End the input."""
        self._functions["koe_mlx_stop"](session)

    def cancel(self, session: int) -> None:
        """End the session."""
        self._functions["koe_mlx_cancel"](session)
