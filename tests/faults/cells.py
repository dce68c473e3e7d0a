"""The cells of the fault matrix, and the rules by which some are left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """What goes wrong."""

    REFUSED = "refused"
    DNS = "dns"
    CERTIFICATE = "certificate"
    TLS = "tls"
    RESET = "reset"
    HALF_OPEN = "half-open"
    HTTP_401 = "401"
    HTTP_429 = "429"
    HTTP_500 = "500"
    GARBAGE = "garbage"
    ERROR = "error"
    CLOSE = "close"
    CLOSE_1011 = "1011"
    EOF = "eof"
    CUT = "cut"
    STALL = "stall"
    TRICKLE = "trickle"


class Phase(StrEnum):
    """When it goes wrong."""

    CONNECTING = "connecting"
    EARLY = "early"
    LATE = "late"
    RELEASED = "released"
    CORRECTING = "correcting"


STREAMING = ("doubao", "qwen")
UPLOADING = ("glm", "mimo")
LOCAL = ("moonshine", "sherpa-onnx")
ENGINES = (*STREAMING, *UPLOADING, *LOCAL)

# Faults of an attempt to connect. In later phases the connection is reset first, and the attempts
# that follow meet them.
OF_CONNECTING = frozenset({
    Fault.REFUSED, Fault.DNS, Fault.CERTIFICATE, Fault.TLS,
    Fault.HTTP_401, Fault.HTTP_429, Fault.HTTP_500,
})  # fmt: skip

# Another try is in vain.
PERMANENT = frozenset({Fault.HTTP_401})

# Slow is not lost: it is waited for.
SLOW = frozenset({Fault.TRICKLE})

# Met when the name of a service is looked up.
NAMES = frozenset({Fault.REFUSED, Fault.DNS})
_WEBSOCKET_ONLY = frozenset({Fault.CLOSE, Fault.CLOSE_1011})

# Who goes on, in the cells with a fall-back, and the faults that are tried there.
_FALLBACKS = {"doubao": "qwen", "qwen": "doubao", "glm": "doubao", "mimo": "qwen"}
_WITH_FALLBACK = (Fault.REFUSED, Fault.HTTP_401, Fault.RESET, Fault.CLOSE, Fault.STALL)

# What can go wrong in an engine that computes on this machine, by phase: it can't be loaded, fails
# in order, has a bug, ends by itself, hangs for some seconds, computes slowly.
_LOCAL_FAULTS = {
    Phase.CONNECTING: (Fault.REFUSED, Fault.GARBAGE, Fault.STALL),
    Phase.EARLY: (Fault.ERROR, Fault.GARBAGE, Fault.CLOSE, Fault.STALL, Fault.TRICKLE),
    Phase.LATE: (Fault.ERROR, Fault.GARBAGE, Fault.CLOSE, Fault.STALL, Fault.TRICKLE),
    Phase.RELEASED: (Fault.ERROR, Fault.GARBAGE, Fault.STALL),
}


@dataclass(frozen=True)
class Cell:
    """One dictation in which one thing goes wrong.

    Attributes:
        is_lasting: It goes wrong from then on; else once.
        fallback: The engine that ``asr.fallback`` names; empty: none.
    """

    engine: str
    phase: Phase
    fault: Fault
    is_lasting: bool = False
    fallback: str = ""

    def __str__(self) -> str:
        times = "lasting" if self.is_lasting else "once"
        parts = [self.engine, self.phase, self.fault, times, self.fallback]
        return "/".join(part for part in parts if part)

    @property
    def recovers(self) -> bool:
        """Whether all that was said has to be delivered."""
        if self.fault in SLOW or self.fallback or self.phase is Phase.CORRECTING:
            return True
        return not self.is_lasting and self.fault not in PERMANENT


def every_cell() -> list[Cell]:
    """The whole matrix."""
    return [
        *(cell for engine in STREAMING for cell in _streaming(engine)),
        *(cell for engine in UPLOADING for cell in _uploading(engine)),
        *(cell for engine in LOCAL for cell in _local(engine)),
        *_correcting(),
        *_with_fallback(),
    ]


def _streaming(engine: str) -> Iterator[Cell]:
    for phase in (Phase.CONNECTING, Phase.EARLY, Phase.LATE, Phase.RELEASED):
        for fault in Fault:
            yield from _both(engine, phase, fault)


def _uploading(engine: str) -> Iterator[Cell]:
    """An upload service is not contacted while the user speaks, and sends no close frames.

    With glm, the second of two uploads fails after the release; with mimo, which takes all of the
    recording at once, the first does when half of its answer has come, so no fault of an attempt.
    """
    for phase in (Phase.CONNECTING, Phase.RELEASED):
        for fault in Fault:
            is_too_late = engine == "mimo" and phase is Phase.RELEASED and fault in OF_CONNECTING
            if fault not in _WEBSOCKET_ONLY and not is_too_late:
                yield from _both(engine, phase, fault)


def _local(engine: str) -> Iterator[Cell]:
    """One that hangs for good is bounded by the length of the speech, and too long to wait for.

    One that is slow is slow from then on.
    """
    for phase, faults in _LOCAL_FAULTS.items():
        for fault in faults:
            if fault is Fault.STALL:
                yield Cell(engine, phase, fault)
            elif fault in SLOW:
                yield Cell(engine, phase, fault, is_lasting=True)
            else:
                yield from _both(engine, phase, fault)


def _correcting() -> Iterator[Cell]:
    """The engine is done by then: one that streams and one that computes here will do.

    The client for language models looks names up past Python, so no name can be mended.
    """
    for engine in ("doubao", "moonshine"):
        for fault in Fault:
            if fault in _WEBSOCKET_ONLY:
                continue
            if fault not in NAMES:
                yield Cell(engine, Phase.CORRECTING, fault)
            yield Cell(engine, Phase.CORRECTING, fault, is_lasting=True)


def _with_fallback() -> Iterator[Cell]:
    for engine, fallback in _FALLBACKS.items():
        is_streaming = engine in STREAMING
        late = (Phase.EARLY, Phase.LATE, Phase.RELEASED) if is_streaming else ()
        for phase in (Phase.CONNECTING, *late):
            for fault in _WITH_FALLBACK:
                if is_streaming or fault not in _WEBSOCKET_ONLY:
                    yield Cell(engine, phase, fault, is_lasting=True, fallback=fallback)
        yield Cell(engine, Phase.CONNECTING, Fault.HTTP_401, fallback=fallback)
    # Speech, of which the imitations understand nothing, and the engine on this machine all.
    for engine in STREAMING:
        for phase in (Phase.CONNECTING, Phase.LATE, Phase.RELEASED):
            yield Cell(engine, phase, Fault.RESET, is_lasting=True, fallback="moonshine")


def _both(engine: str, phase: Phase, fault: Fault) -> Iterator[Cell]:
    yield Cell(engine, phase, fault)
    yield Cell(engine, phase, fault, is_lasting=True)
