"""The speech recognition of macOS, through the Swift package KoeAppleSpeech (spec asr §3.2)."""

from __future__ import annotations

import ctypes
import threading

from koe.asr import Engine
from koe.asr.bridge import CALLBACK, Package, find_functions, open_session
from koe.asr.local import LocalEngine
from koe.config.schema import AsrConfig
from koe.errors import AsrConnectionError, EngineUnavailableError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from koe.asr.bridge import Signature

_REMEDY = (
    "the program that runs koe does not contain it; "
    "use Koe.app on macOS 26 or newer, or choose another engine"
)

_SIGNATURES: dict[str, Signature] = {
    "koe_apple_speech_start_session": (
        ctypes.c_uint64,
        (ctypes.c_char_p, ctypes.c_char_p, ctypes.c_uint32, CALLBACK, ctypes.c_void_p),
    ),
    "koe_apple_speech_feed_audio": (None, (ctypes.c_char_p, ctypes.c_uint32, ctypes.c_uint64)),
    "koe_apple_speech_stop": (None, (ctypes.c_uint64,)),
    "koe_apple_speech_cancel": (None, (ctypes.c_uint64,)),
}
# Shells call this function themselves, and some of them do not export it.
_AVAILABLE: dict[str, Signature] = {"koe_apple_speech_is_available": (ctypes.c_int32, ())}

_turn = threading.Lock()


def open_engine(config: AsrConfig, terms: tuple[str, ...]) -> Engine:
    """Make the engine; it gets the dictionary as hints.

    Raises:
        EngineUnavailableError: This process has no such package, or macOS is too old.
    """
    package = AppleSpeech(config.apple_speech.locale, terms)
    return LocalEngine("apple-speech", lambda closed: open_session(package, closed))


def _is_available() -> bool:
    """Whether the package can work on this system; True if that is not known before its start."""
    try:
        functions = find_functions("apple-speech", _AVAILABLE, _REMEDY)
    except EngineUnavailableError:
        return True
    return any(function() for function in functions.values())


class AppleSpeech(Package):
    """The package's functions, for one locale and one dictionary."""

    turn = _turn
    failure = "failed to start Apple Speech session"

    def __init__(self, locale: str, terms: tuple[str, ...]) -> None:
        self._locale = locale
        # The dictionary, separated by NUL, so a term with a NUL is left out.
        self._terms = "\0".join(term for term in terms if "\0" not in term).encode(
            "utf-8", "replace"
        )
        # The functions, by name.
        self._functions = find_functions("apple-speech", _SIGNATURES, _REMEDY)
        if not _is_available():
            raise EngineUnavailableError(
                "apple-speech",
                "it needs macOS 26 or newer; choose another engine with asr.provider",
            )

    def start(self, callback: object) -> int:
        """Start; the first time, the system asks for permission, and this waits for the answer."""
        if "\0" in self._locale:
            raise AsrConnectionError("invalid locale string")
        locale = self._locale.encode("utf-8", "replace")
        terms = self._terms or None
        function = self._functions["koe_apple_speech_start_session"]
        return function(locale, terms, len(self._terms), callback, None) or 0

    def feed(self, pcm: bytes, session: int) -> None:
        """Hand over audio as it is."""
        self._functions["koe_apple_speech_feed_audio"](pcm, len(pcm), session)

    def stop(self, session: int) -> None:
        """End the input."""
        self._functions["koe_apple_speech_stop"](session)

    def cancel(self, session: int) -> None:
        """End the session."""
        self._functions["koe_apple_speech_cancel"](session)
