"""The package ``moonshine-voice``: loading its model, mapping its errors, and workarounds.

The version is 0.1.0, the last whose wheel carries the English model.
"""

from __future__ import annotations

import ctypes
import sys
from array import array
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from koe.errors import AsrConnectionError, AsrProtocolError, EngineUnavailableError
from koe.events import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from moonshine_voice.transcriber import Stream as Stream
    from moonshine_voice.transcriber import Transcriber as Transcriber
    from moonshine_voice.transcriber import Transcript as Transcript

# The package's default is 0.5. A lower value keeps quiet and clipped words; a missed word costs the
# user more than a pause that is recognised as speech.
VOICE_THRESHOLD = 0.3

_INSTALL = "run: pip install 'moonshine-voice==0.1.0'"
_MACHINES = "Linux (x86_64, aarch64), macOS 15 (Apple silicon) and Windows (x86_64)"

# A file of the model, in the package's folder.
_MODEL = "assets/tiny-en/encoder_model.ort"


def check_package() -> None:
    """Check that the package and its model exist, without importing it.

    Raises:
        EngineUnavailableError: The package is not installed, or its version has no model.
    """
    package = find_spec("moonshine_voice")
    if package is None or not package.submodule_search_locations:
        raise EngineUnavailableError(
            "moonshine", f"its package is not installed; {_INSTALL} (available for {_MACHINES})"
        )
    if not Path(package.submodule_search_locations[0], _MODEL).is_file():
        raise EngineUnavailableError("moonshine", f"its package contains no model; {_INSTALL}")


def load_transcriber(options: Mapping[str, object]) -> Transcriber:
    """Load the model. Blocks for 0.4 s.

    Args:
        options: The package's options; see ``parse_transcriber_options`` in its C API.

    Raises:
        EngineUnavailableError: The package is not installed, or its version has no model.
        AsrConnectionError: The model can't be loaded.
    """
    _load_runtime_of_sherpa_onnx()
    # Imported here because the package brings an HTTP client, which takes 0.3 s to import. A bundle
    # leaves out the package's __init__, so there the import is fast.
    try:
        from moonshine_voice.errors import MoonshineError
        from moonshine_voice.moonshine_api import ModelArch
        from moonshine_voice.transcriber import Transcriber
    except ImportError as exc:
        raise EngineUnavailableError(
            "moonshine", f"its package is not installed ({exc}); {_INSTALL}"
        ) from exc
    model = model_folder()
    if not (model / "encoder_model.ort").is_file():
        raise EngineUnavailableError("moonshine", f"its package contains no model; {_INSTALL}")
    # Without this option every update would copy all audio heard so far into Python lists.
    every = {**options, "return_audio_data": "false"}
    try:
        return Transcriber(_for_its_library(model), ModelArch.TINY, options=every)
    except MoonshineError as exc:
        raise AsrConnectionError(f"moonshine could not load its model: {exc}") from exc


def model_folder() -> Path:
    """The folder of the model's files; the package must be installed."""
    from moonshine_voice.utils import get_model_path

    folder: Path = get_model_path("tiny-en")
    return folder


def runtime_library(transcriber: Transcriber, platform: str = sys.platform) -> ctypes.CDLL:
    """The library in which ONNX Runtime is found, once a transcriber is loaded.

    Except on Windows, a symbol is looked up in a library and in those that it depends on, so the
    package's library serves. On Windows, the ``onnxruntime.dll`` that is loaded is returned.
    """
    library: ctypes.CDLL = transcriber._lib
    return ctypes.CDLL("onnxruntime.dll") if platform == "win32" else library


def _for_its_library(path: Path, platform: str = sys.platform) -> Path:
    """Return a path that the package's library can open.

    On Windows the library reads UTF-8 as the system's code page, so only ASCII is safe there. Each
    file has a short name in ASCII too, except on disks where short names are switched off.
    """
    if platform != "win32" or str(path).isascii():
        return path
    size = 32768  # the longest path that Windows has
    short = ctypes.create_unicode_buffer(size)
    system = ctypes.CDLL("kernel32")
    found = system.GetShortPathNameW(str(path), short, size)
    return Path(short.value) if found else path


def _load_runtime_of_sherpa_onnx(platform: str = sys.platform) -> None:
    """Let moonshine and sherpa-onnx work in one process on Windows.

    Windows loads one library per name. Each of the two packages brings an ``onnxruntime.dll``, and
    the first one that is loaded serves both. That of sherpa-onnx is newer and can serve both; with
    that of moonshine, sherpa-onnx ends the process.
    """
    package = find_spec("sherpa_onnx") if platform == "win32" else None
    if package is not None and package.submodule_search_locations:
        path = Path(package.submodule_search_locations[0], "lib", "onnxruntime.dll")
        with suppress(OSError):  # this version has no such file
            ctypes.CDLL(str(path))


def forget_voice_detector(transcriber: Transcriber) -> None:
    """Have the next stream make a new voice detector; the old one must not be in use.

    A stream that was made before must not detect voices any more: the library would crash.

    The package has no function for this, but its library exports the C++ variable that holds the
    detector, and the destructor (not on Windows, where the detector stays). The detector is made
    with ``new``, which is ``malloc``, and the library exports its ``free``. Feeding silence between
    two sessions does not help: after 20 s of it, lines still began at other samples.
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


def add_audio(transcriber: Transcriber, stream: Stream, samples: array[float]) -> None:
    """Give a stream the next samples (32-bit floats, 16 kHz, one channel).

    The package's own function makes a Python object of each sample, which takes 3 ms per second of
    audio.
    """
    from moonshine_voice.errors import check_error

    address, count = samples.buffer_info()
    memory = ctypes.cast(address, ctypes.POINTER(ctypes.c_float))
    add = transcriber._lib.moonshine_transcribe_add_audio_to_stream
    check_error(add(transcriber._handle, stream._handle, memory, count, SAMPLE_RATE_HZ, 0))


def update(transcriber: Transcriber, stream: Stream) -> Transcript:
    """Recognise the new audio at once; by itself, the package waits for half a second of audio."""
    return stream.update_transcription(transcriber.MOONSHINE_FLAG_FORCE_UPDATE)


@contextmanager
def mapped_errors() -> Iterator[None]:
    """Turn the package's errors into errors of koe."""
    from moonshine_voice.errors import MoonshineError

    try:
        yield
    except MoonshineError as exc:
        raise AsrProtocolError(f"moonshine failed: {exc}") from exc
