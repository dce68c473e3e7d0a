"""A `sounddevice` whose microphone hears a file: put this folder first on the path.

It does what the real one does with a raw input stream: a thread of its own calls back with
borrowed memory, block by block, and `abort` returns after the last call. Unlike the real one it
hears the file as fast as it can; after that it hears silence, five times as fast as it would last.

KOE_FAKE_MICROPHONE names the file (mono s16le, 16 kHz unless RATES is changed); KOE_FAKE_OVERFLOWS
says how many of the first blocks report that sound was lost before them. When it has heard the
file, it makes another one beside it, whose name ends with ``.heard``.
"""

from __future__ import annotations

import os
import threading
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

# What a test may change.
DEFAULT_INPUT: str | None = "Fake Microphone"
CHANNELS = 1
# The rate that it says is its own, and those that it takes; what it hears is in the taken one.
DEFAULT_RATE = 48_000
RATES = {16_000}
OPEN_ERROR: Exception | None = None
# A microphone that was plugged in after PortAudio was started, which does not know it.
PLUGGED_IN: str | None = None


class PortAudioError(Exception):
    """As there: a message, then a code."""


@dataclass
class CallbackFlags:
    input_overflow: bool = False


class RawInputStream:
    """Remembers the last one that was made."""

    last: RawInputStream

    def __init__(
        self,
        *,
        samplerate: int,
        channels: int,
        dtype: str,
        blocksize: int,
        callback: Callable[[memoryview, int, object, CallbackFlags], None],
        finished_callback: Callable[[], None],
    ) -> None:
        if OPEN_ERROR is not None:
            raise OPEN_ERROR
        if samplerate not in RATES:
            raise PortAudioError("Invalid sample rate", -9997)
        self.format = (samplerate, channels, dtype)
        self.closed = False
        self._frames = blocksize
        self._channels = channels
        self._callback = callback
        self._finished = finished_callback
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._hear)
        RawInputStream.last = self

    def start(self) -> None:
        self._thread.start()

    def abort(self, ignore_errors: bool = True) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
            self._finished()

    def close(self, ignore_errors: bool = True) -> None:
        self.abort()
        self.closed = True

    def unplug(self) -> None:
        """End as a device does that is not there any more; call it after it heard the file."""
        self.abort()

    def _hear(self) -> None:
        path = os.environ.get("KOE_FAKE_MICROPHONE")
        heard = Path(path).read_bytes() if path else b""
        overflows = int(os.environ.get("KOE_FAKE_OVERFLOWS", "0"))
        size = 2 * self._frames
        memory = bytearray(size * self._channels)
        while not self._stopping.is_set():
            memory[:] = self._of_channels(heard[:size].ljust(size, b"\0"))
            self._callback(memoryview(memory), self._frames, None, CallbackFlags(overflows > 0))
            overflows -= 1
            if not heard:
                self._stopping.wait(0.004)
            elif path and len(heard) <= size:
                Path(f"{path}.heard").touch()
            heard = heard[size:]
            memory[:] = b"\xff" * len(memory)  # it must not be read any more

    def _of_channels(self, heard: bytes) -> bytes:
        """The same sound in every channel, but in each other one upside down."""
        if self._channels == 1:
            return heard
        signs = [1, -1] * (self._channels // 2)
        samples = (max(it, -32767) for it in array("h", heard))
        return array("h", (it * sign for it in samples for sign in signs)).tobytes()


def query_devices(*, kind: str) -> dict[str, object]:
    if DEFAULT_INPUT is None:
        raise PortAudioError("Error querying device -1")
    return {
        "name": DEFAULT_INPUT,
        "max_input_channels": CHANNELS,
        "default_samplerate": float(DEFAULT_RATE),
    }


def _terminate() -> None:
    pass


def _initialize() -> None:
    global DEFAULT_INPUT
    DEFAULT_INPUT = PLUGGED_IN or DEFAULT_INPUT


def get_portaudio_version() -> tuple[int, str]:
    return 1246976, "PortAudio Fake"
