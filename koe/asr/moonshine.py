"""Moonshine: speech recognition on the device, from the first run, with no key and no network.

Source: the package ``moonshine-voice`` 0.1.0, the last whose wheel carries the English model.
Its stream cuts speech into lines at pauses, and recognises a line again and again while it
grows. Where the lines are cut depends on the samples alone, not on how they are handed over, so
the same recording gives the same final text at any speed.

One thing the package gets wrong is mended here: the voice detector that finds the pauses exists
once in a process, and remembers what it heard. So sessions take turns, and each gets a new one;
else the words of a session would depend on the sound of another.
"""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from koe.asr import Engine
from koe.asr.local import LocalEngine, Recogniser
from koe.asr.samples import float_samples
from koe.asr.turn import taken_turn
from koe.config.schema import AsrConfig
from koe.errors import (
    AsrConnectionError,
    AsrProtocolError,
    EngineUnavailableError,
)
from koe.events import SAMPLE_RATE_HZ, DefiniteHeard, Event, FinalHeard, InterimHeard
from koe.text import join_segments

if TYPE_CHECKING:
    from moonshine_voice.transcriber import Transcriber, Transcript

# The package's default is 0.5. Lower keeps quiet and clipped words, and a missed word costs the
# user more than a pause that is recognised in vain.
VOICE_THRESHOLD = 0.3

_INSTALL = "run: pip install 'moonshine-voice==0.1.0'"
_MACHINES = "Linux (x86_64, aarch64), macOS 15 (Apple silicon) and Windows (x86_64)"

# A file of the model, in the package's folder.
_MODEL = "assets/tiny-en/encoder_model.ort"

# The loaded model: one load (0.4 s, 130 MB) serves every session of the process.
_transcriber: Transcriber | None = None

# Held by the session whose turn it is.
_turn = threading.Lock()


def open_engine(config: AsrConfig, terms: tuple[str, ...]) -> Engine:
    """Make the engine. The dictionary has no effect: this model can't be told what to expect.

    Raises:
        EngineUnavailableError: The package is not installed, or is one without a model.
    """
    package = find_spec("moonshine_voice")
    if package is None or not package.submodule_search_locations:
        raise EngineUnavailableError(
            "moonshine", f"its package is not installed; {_INSTALL}; there are some for {_MACHINES}"
        )
    if not Path(package.submodule_search_locations[0], _MODEL).is_file():
        raise EngineUnavailableError("moonshine", f"its package carries no model; {_INSTALL}")
    update_interval = config.moonshine.update_interval
    return LocalEngine("moonshine", lambda closed: open_recogniser(update_interval, closed))


@contextmanager
def open_recogniser(
    update_interval: float, closed: Callable[[], bool]
) -> Iterator[MoonshineRecogniser]:
    """Wait for the turn, load the model, and give a recogniser; leaving passes the turn on.

    Args:
        update_interval: Seconds of new audio between two partial texts.
        closed: Returns whether it is no longer wanted, while it waits.

    Raises:
        AsrConnectionError: It is wanted no more.
        AsrError: The model or the recogniser can't be made.
    """
    with (
        taken_turn(_turn, closed),
        closing(MoonshineRecogniser(load_model(), update_interval)) as made,
    ):
        yield made


def load_model() -> Transcriber:
    """Return the model, loaded on the first call. Blocks; for one thread at a time.

    Raises:
        EngineUnavailableError: The package is not installed, or is one without a model.
        AsrConnectionError: The model can't be loaded.
    """
    global _transcriber
    if _transcriber is None:
        _transcriber = _load()
    return _transcriber


def _load() -> Transcriber:
    _load_runtime_of_sherpa_onnx()
    # Here and not above: the package brings an HTTP client and costs 0.3 s; but not in a bundle,
    # which has no __init__ of it.
    try:
        from moonshine_voice.errors import MoonshineError
        from moonshine_voice.moonshine_api import ModelArch
        from moonshine_voice.transcriber import Transcriber
        from moonshine_voice.utils import get_model_path
    except ImportError as exc:
        raise EngineUnavailableError(
            "moonshine", f"its package is not installed ({exc}); {_INSTALL}"
        ) from exc
    model = get_model_path("tiny-en")
    if not (model / "encoder_model.ort").is_file():
        raise EngineUnavailableError("moonshine", f"its package carries no model; {_INSTALL}")
    # Without the second option every update would copy all audio heard so far into Python lists.
    options = {"vad_threshold": VOICE_THRESHOLD, "return_audio_data": "false"}
    try:
        return Transcriber(model, ModelArch.TINY, options=options)
    except MoonshineError as exc:
        raise AsrConnectionError(f"moonshine could not load its model: {exc}") from exc


def _load_runtime_of_sherpa_onnx(platform: str = sys.platform) -> None:
    """Let both engines work in one process on Windows, which takes libraries of one name for one.

    Each package brings an ``onnxruntime.dll``, and the first that is loaded serves both. The newer
    one, of sherpa-onnx, can; with the other one sherpa-onnx would end the process.
    """
    package = find_spec("sherpa_onnx") if platform == "win32" else None
    if package is not None and package.submodule_search_locations:
        path = Path(package.submodule_search_locations[0], "lib", "onnxruntime.dll")
        with suppress(OSError):  # then there is none, and each is on its own
            ctypes.CDLL(str(path))


class MoonshineRecogniser(Recogniser):
    """One stream of the model; there may be one at a time.

    Args:
        transcriber: The model.
        update_interval: Seconds of new audio between two partial texts.

    Raises:
        AsrProtocolError: The package failed.
    """

    def __init__(self, transcriber: Transcriber, update_interval: float) -> None:
        _forget_voice_detector(transcriber)
        with _mapped_errors():
            # The stream would update by a count of its own; so it never does, and feed does.
            self._stream = transcriber.create_stream(update_interval=float("inf"))
            self._stream.start()
        self._transcriber = transcriber
        # Samples between two updates.
        self._update_samples = round(update_interval * SAMPLE_RATE_HZ)
        # Samples since the last update, and all.
        self._unheard = 0
        self._fed = 0
        # What was last reported as definite, and as interim.
        self._told = ("", "")

    def feed(self, pcm: bytes) -> list[Event]:
        """Add audio; when an update is due, recognise the open line anew."""
        with _mapped_errors():
            self._stream.add_audio(float_samples(pcm).tolist(), SAMPLE_RATE_HZ)
            self._unheard += len(pcm) // 2
            self._fed += len(pcm) // 2
            if self._unheard < self._update_samples:
                return []
            return self._tell(self._update())

    def finish(self) -> list[Event]:
        """Recognise the rest, and say all of it.

        The update comes before the stop: a stopped stream leaves audio unheard.
        """
        with _mapped_errors():
            transcript = self._update()
            self._stream.stop()
        return [*self._tell(transcript), FinalHeard(_text_of(transcript), self._fed)]

    def close(self) -> None:
        """Free the stream; the model stays loaded for the next session."""
        self._stream.close()

    def _update(self) -> Transcript:
        """Recognise what is new. Forced, or the package would wait for half a second of it."""
        self._unheard = 0
        return self._stream.update_transcription(self._transcriber.MOONSHINE_FLAG_FORCE_UPDATE)

    def _tell(self, transcript: Transcript) -> list[Event]:
        """Return what changed: the complete lines are definite, all of them are the interim."""
        told_definite, told_interim = self._told
        definite, interim = _text_of(transcript, complete=True), _text_of(transcript)
        self._told = (definite, interim)
        events: list[Event] = []
        if definite != told_definite:
            events.append(DefiniteHeard(definite, _end_of_lines(transcript)))
        if interim not in (told_interim, definite):
            events.append(InterimHeard(interim))
        return events


def _forget_voice_detector(transcriber: Transcriber) -> None:
    """Have the next stream make a new voice detector; the old one must not be in use.

    The package has no function for it, but its library shows the C++ variable that holds the
    detector, and the destructor (not on Windows, where the detector has to stay). It is made with
    ``new``, which is ``malloc``, and the library gives us its ``free``. A silence that is heard
    in between is no remedy: after 20 s of it, lines still began at other samples than before.
    """
    library: ctypes.CDLL = transcriber._lib
    try:
        detector = ctypes.c_void_p.in_dll(library, "_ZN21VoiceActivityDetector10silero_vadE")
        destroy = library["_ZN9SileroVadD1Ev"]
    except (AttributeError, ValueError):
        return
    old, detector.value = detector.value, None
    if old is not None:
        destroy(ctypes.c_void_p(old))
        library.moonshine_free_buffer(ctypes.c_void_p(old))


def _end_of_lines(transcript: Transcript) -> int:
    """Where the complete lines end, in samples.

    The package gives a line a part of the pause after it, and the next one a part of the pause
    before it, and these may overlap.
    """
    ends = [line.start_time + line.duration for line in transcript.lines if line.is_complete]
    starts = [line.start_time for line in transcript.lines if not line.is_complete]
    seconds: float = min([max(ends, default=0.0), *starts])
    return round(seconds * SAMPLE_RATE_HZ)


def _text_of(transcript: Transcript, *, complete: bool = False) -> str:
    lines = (line for line in transcript.lines if line.is_complete or not complete)
    return join_segments(line.text for line in lines)


@contextmanager
def _mapped_errors() -> Iterator[None]:
    """Turn the package's errors into ours."""
    from moonshine_voice.errors import MoonshineError

    try:
        yield
    except MoonshineError as exc:
        raise AsrProtocolError(f"moonshine failed: {exc}") from exc
