"""A session as C sees it: its rules, its audio, its notices.

The first session or the loop's thread imports it, because the start does not need it.
"""

from __future__ import annotations

from _koe_native import ffi, lib

from koe.boundary.entry import utf8
from koe.diagnostics import report
from koe.events import (
    BYTES_PER_SECOND,
    AnnounceReady,
    Deliver,
    HandOverRewritten,
    Mode,
    Notice,
    ReportError,
    ReportHeard,
    ShowInterim,
    ShowState,
    Warn,
)
from koe.session_rules import SessionRules

# The largest number of bytes that one read takes from the ring: one second of speech, which is much
# more than arrives between two reads.
_READ_BYTES = BYTES_PER_SECOND


def session_rules(bits: int) -> SessionRules:
    """Return what the shell expects of a session, from the bits of seam.h."""
    return SessionRules(
        ready_after_connect=bool(bits & lib.KOE_READY_AFTER_CONNECT),
        silence_is_error=bool(bits & lib.KOE_SILENCE_IS_ERROR),
        closing_states=bool(bits & lib.KOE_CLOSING_STATES),
        finish_superseded=bool(bits & lib.KOE_FINISH_SUPERSEDED),
        rebuild_at_reload_only=bool(bits & lib.KOE_REBUILD_AT_RELOAD_ONLY),
    )


def mode_of(code: int) -> Mode:
    """Return how the key was used; an unknown code means HOLD."""
    return Mode.TOGGLE if code == Mode.TOGGLE else Mode.HOLD


class RingAudio:
    """A session's audio, out of the ring that the shell pushes into."""

    def __init__(self, session: int) -> None:
        self._session = session
        self._buffer = ffi.new("uint8_t[]", _READ_BYTES)

    def read(self) -> bytes:
        """Take all audio in the ring."""
        audio = b""
        while size := lib.koe_read_audio(self._session, self._buffer, _READ_BYTES):
            audio += ffi.buffer(self._buffer, size)[:]
        return audio

    @property
    def lost_bytes(self) -> int:
        """Bytes that were dropped because the ring was full."""
        return int(lib.koe_lost_audio(self._session))

    def close(self) -> None:
        """Drop all audio that is pushed from now on."""
        lib.koe_end_audio(self._session)


def tell(core: int, token: int, notice: Notice) -> None:
    """Call the shell. The GIL is released meanwhile, as around every call of C."""
    match notice:
        case AnnounceReady():
            lib.koe_notify(core, token, lib.KOE_NOTICE_READY, ffi.NULL)
        case ShowState(state):
            lib.koe_notify(core, token, lib.KOE_NOTICE_STATE, utf8(state))
        case ShowInterim(text):
            lib.koe_notify(core, token, lib.KOE_NOTICE_INTERIM, utf8(text))
        case ReportHeard(text):
            lib.koe_notify(core, token, lib.KOE_NOTICE_HEARD, utf8(text))
        case Warn(message):
            lib.koe_notify(core, token, lib.KOE_NOTICE_WARNING, utf8(message))
        case ReportError(message):
            lib.koe_notify(core, token, lib.KOE_NOTICE_ERROR, utf8(message))
        case HandOverRewritten(text):
            lib.koe_notify(core, token, lib.KOE_NOTICE_REWRITTEN, utf8(text))
        case Deliver(text, heard, engine, corrected, remark, _):
            if remark:  # no callback of the contract carries it (spec abi §4.3)
                report(remark)
            lib.koe_deliver(core, token, utf8(text), utf8(heard), utf8(engine), corrected)
