"""The microphone, as a stream of 16 kHz mono s16le on the event loop.

The only module that knows PortAudio, which is loaded when it is needed, because it examines every
sound device of the machine when it starts.

    async with Microphone() as microphone:
        async for pcm in microphone:
            ...  # until another task calls microphone.stop()
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol

from koe.channels import Mixer
from koe.errors import AudioError
from koe.events import SAMPLE_RATE_HZ
from koe.resampling import Resampler

if TYPE_CHECKING:
    from sounddevice import RawInputStream

# 20 ms. A block that is incomplete when the recording stops is lost, so a block is much shorter
# than the time from the last word to the key.
BLOCK_SAMPLES = 320

# A device with more channels is a sound server, not hardware. It mixes the channels of the hardware
# to any number, so two are enough.
_MOST_CHANNELS = 8
_OF_A_SERVER = 2

# Seconds without a block after which a device counts as gone, whether or not PortAudio reports it.
# Some devices take two seconds to start.
_STALLED = 4.0

_INVALID_SAMPLE_RATE = -9997  # paInvalidSampleRate in portaudio.h

_INSTALL = {
    "darwin": "brew install portaudio",
    "win32": "pip install --force-reinstall sounddevice",
}
_INSTALL_ELSEWHERE = "apt install libportaudio2 (Debian, Ubuntu) or dnf install portaudio (Fedora)"

_GONE = "the microphone stopped recording: was it unplugged?"

_LIST = "to list sound devices, run: python -m sounddevice"


class _CallbackFlags(Protocol):
    """What PortAudio says about a block (``sounddevice.CallbackFlags``)."""

    input_overflow: bool


class Microphone:
    """The default microphone, which records inside its ``async with`` block.

    Everything but the two callbacks of PortAudio runs on the event loop.
    """

    # The number of microphones that record now, in this process.
    _recording: ClassVar[int] = 0

    def __init__(self) -> None:
        # The number of blocks before which sound was lost, because the computer was too busy.
        self.overflows = 0
        # Blocks that no iteration has taken yet; None or an error marks the end.
        self._blocks: asyncio.Queue[bytes | AudioError | None] = asyncio.Queue()
        # stop was called.
        self._stopped = False
        # Mixes the channels of the device into one.
        self._mixer = Mixer(1)
        # Converts its rate to 16 kHz.
        self._resampler = Resampler(SAMPLE_RATE_HZ)
        # Set while the context is entered.
        self._stream: RawInputStream | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __aenter__(self) -> Microphone:
        """Open the device and record.

        Raises:
            AudioError: There is no PortAudio, no microphone, or it cannot be used.
        """
        sounddevice = _import_sounddevice()
        self._loop = asyncio.get_running_loop()
        try:
            self._open(sounddevice)
        except AudioError:
            if Microphone._recording:
                raise
            # PortAudio only knows the devices that existed when it was started.
            sounddevice._terminate()
            sounddevice._initialize()
            self._open(sounddevice)
        Microphone._recording += 1
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        self._close()
        Microphone._recording -= 1

    @property
    def is_out_of_phase(self) -> bool:
        """Whether the device's channels cancel each other out; one of them is used then."""
        return self._mixer.is_out_of_phase

    def stop(self) -> None:
        """Stop recording; the iteration ends after what was recorded. Later calls do nothing."""
        if self._stopped or self._stream is None:
            return
        self._stopped = True
        # Not stream.stop, which waits for the device: for ever if it has just been unplugged.
        self._stream.abort(ignore_errors=True)
        # Queued behind the blocks that were handed to the loop and not taken yet.
        asyncio.get_running_loop().call_soon(self._end, None)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the audio while it is recorded: 16 kHz mono s16le, whole samples.

        Raises:
            AudioError: The microphone has gone.
        """
        while (block := await self._next()) is not None:
            if isinstance(block, AudioError):
                raise block
            yield block

    async def _next(self) -> bytes | AudioError | None:
        try:
            async with asyncio.timeout(_STALLED):
                return await self._blocks.get()
        except TimeoutError:
            # If the loop was blocked, blocks are waiting in the queue.
            return AudioError(_GONE) if self._blocks.empty() else self._blocks.get_nowait()

    def _open(self, sounddevice: ModuleType) -> None:
        device = _default_input(sounddevice)
        channels = device.channels if device.channels <= _MOST_CHANNELS else _OF_A_SERVER
        self._mixer = Mixer(channels)
        try:
            rate_hz = self._start(sounddevice, device, channels)
        except sounddevice.PortAudioError as exc:
            raise _unusable(device.name, exc) from exc
        # The device is started first, because it takes a tenth of a second to make the first
        # resampler.
        self._resampler = Resampler(rate_hz)

    def _start(self, sounddevice: ModuleType, device: _Device, channels: int) -> int:
        """Start the device, and return its rate: its own if it refuses 16 kHz."""
        try:
            self._start_at(SAMPLE_RATE_HZ, sounddevice, channels)
        except sounddevice.PortAudioError as exc:
            if _INVALID_SAMPLE_RATE not in exc.args or device.rate_hz == SAMPLE_RATE_HZ:
                raise
            self._start_at(device.rate_hz, sounddevice, channels)
            return device.rate_hz
        return SAMPLE_RATE_HZ

    def _start_at(self, rate_hz: int, sounddevice: ModuleType, channels: int) -> None:
        try:
            self._stream = sounddevice.RawInputStream(
                samplerate=rate_hz,
                channels=channels,
                dtype="int16",
                blocksize=BLOCK_SAMPLES * rate_hz // SAMPLE_RATE_HZ,
                callback=self._on_block,
                finished_callback=self._on_finished,
            )
            self._stream.start()
        except sounddevice.PortAudioError:
            self._stopped = True  # the end of a stream that failed to start is not reported
            self._close()
            self._stopped = False
            raise

    def _close(self) -> None:
        if self._stream is not None:
            self._stream.close(ignore_errors=True)
            self._stream = None

    def _on_block(self, block: bytes, frames: int, time: object, status: _CallbackFlags) -> None:
        """Hand a block to the loop; on PortAudio's thread, which must not be held up."""
        assert self._loop is not None
        # The memory is PortAudio's, so it is copied.
        self._loop.call_soon_threadsafe(self._take, bytes(block), status.input_overflow)

    def _on_finished(self) -> None:
        """Tell the loop that no block follows; on a thread of PortAudio's, or in stop."""
        if not self._stopped:
            assert self._loop is not None
            self._loop.call_soon_threadsafe(self._end, AudioError(_GONE))

    def _take(self, block: bytes, overflowed: bool) -> None:
        self.overflows += overflowed
        self._put(self._resampler.add_pcm(self._mixer.mix(block)))

    def _end(self, last: AudioError | None) -> None:
        """Queue the rest that the resampler holds back, and then the end."""
        self._put(self._resampler.finish())
        self._blocks.put_nowait(last)

    def _put(self, pcm: bytes) -> None:
        if pcm:
            self._blocks.put_nowait(pcm)


@dataclass(frozen=True, slots=True)
class MicrophoneInfo:
    """What a recording would use.

    Attributes:
        device: The name of the default microphone.
        portaudio: PortAudio's version, as it writes it.
    """

    device: str
    portaudio: str


def describe_microphone() -> MicrophoneInfo:
    """Look at the default microphone without opening it.

    Raises:
        AudioError: There is no PortAudio or no microphone.
    """
    sounddevice = _import_sounddevice()
    _, version = sounddevice.get_portaudio_version()
    return MicrophoneInfo(_default_input(sounddevice).name, version)


def _import_sounddevice() -> ModuleType:
    try:
        import sounddevice
    except ImportError as exc:
        raise AudioError(
            f"the microphone needs a package that is not installed ({exc}); "
            "run: pip install sounddevice"
        ) from exc
    except OSError as exc:
        install = _INSTALL.get(sys.platform, _INSTALL_ELSEWHERE)
        raise AudioError(
            f"the microphone needs the PortAudio library ({exc}); install it: {install}"
        ) from exc
    module: ModuleType = sounddevice
    return module


class _Device(NamedTuple):
    """A microphone: its name, its number of channels, and its own sample rate."""

    name: str
    channels: int
    rate_hz: int


def _default_input(sounddevice: ModuleType) -> _Device:
    """Return the default microphone."""
    try:
        facts = sounddevice.query_devices(kind="input")
        return _Device(
            str(facts["name"]),
            int(facts["max_input_channels"]),
            round(facts["default_samplerate"]),
        )
    except (sounddevice.PortAudioError, ValueError) as exc:  # ValueError: an output device
        raise AudioError(
            f"no microphone was found; connect one, or allow access to it; {_LIST}"
        ) from exc


def _unusable(name: str, exc: Exception) -> AudioError:
    if _INVALID_SAMPLE_RATE in exc.args:
        return AudioError(
            f"the microphone '{name}' records neither at {SAMPLE_RATE_HZ} Hz nor at the rate that "
            f"it reports; make another one the system's default; {_LIST}"
        )
    return AudioError(
        f"the microphone '{name}' cannot be opened ({exc}); connect it, close other programs "
        "that record, and allow access to it in the system's privacy settings"
    )
