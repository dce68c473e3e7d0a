"""Engines in the host process: Swift packages behind C functions (spec abi §8.6).

A package pushes its results from its own threads, and receives audio on a thread of koe. It has one
session at a time, and a new session would end the old one, so sessions take turns.
"""

from __future__ import annotations

import ctypes
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from koe.asr import before_the_end
from koe.asr.local import Recogniser
from koe.asr.turn import taken_turn
from koe.errors import AsrConnectionError, EngineUnavailableError
from koe.events import (
    DefiniteHeard,
    EngineClosed,
    EngineErred,
    Event,
    FinalHeard,
    InterimHeard,
)
from koe.registered import address_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    Signature = tuple[type | None, Sequence[type]]
    Function = Callable[..., int | None]

# The callback of a package: its context, the kind of event, and a text or NULL.
CALLBACK = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int32, ctypes.c_char_p)

# The kinds of events (spec asr §3.2.1). Kind 4, connected, is ignored: a session is connected when
# its start returns.
_HEARD: Mapping[int, type[InterimHeard | DefiniteHeard | FinalHeard]] = {
    0: InterimHeard, 1: DefiniteHeard, 2: FinalHeard,
}  # fmt: skip
_ERRED, _CLOSED = 3, 5

# Seconds between two checks whether the session that a thread works for was closed.
_LOOK_INTERVAL = 0.02


class Mailbox:
    """The events of a package that were not taken yet. Any thread may put and take.

    Each result covers everything heard, so only the newest of each kind is kept. A flood of results
    takes no memory, and can't displace an end.
    """

    def __init__(self) -> None:
        # Guards the events.
        self._lock = threading.Lock()
        # By kind, in order of arrival.
        self._events: dict[type[Event], Event] = {}
        # A result that is not empty arrived.
        self.has_heard = False
        # The package closed, or reported an error, after which some packages do not close.
        self.ended = threading.Event()

    def put(self, code: int, text: bytes | None) -> None:
        """Take an event of the package; waits for nothing but another put or take."""
        words = _decode(text)
        with self._lock:
            if self.ended.is_set():
                return
            if kind := _HEARD.get(code):
                self._events.pop(kind, None)
                self._events[kind] = kind(words)
                self.has_heard |= bool(words)
            elif code == _ERRED:
                self._events[EngineErred] = EngineErred(words or "Unknown error")
            if code in (_ERRED, _CLOSED):
                self.ended.set()

    def take(self) -> list[Event]:
        """Return the events since the last call, in order; at the end, EngineClosed is the last."""
        with self._lock:
            events = list(self._events.values())
            self._events.clear()
            return [*events, EngineClosed()] if self.ended.is_set() else events


class Package(ABC):
    """The functions of one package; all of them are called on one thread."""

    # The lock that a session holds during its turn.
    turn: threading.Lock

    # The message when a session does not start and the package gives no reason.
    failure: str

    @abstractmethod
    def start(self, callback: object) -> int:
        """Start a session, which may call back from now on, even before this returns.

        Returns:
            The session's number; 0: it did not start. The package may have reported the reason.

        Raises:
            AsrConnectionError: The start could not be attempted.
        """

    @abstractmethod
    def feed(self, pcm: bytes, session: int) -> None:
        """Feed whole samples."""

    @abstractmethod
    def stop(self, session: int) -> None:
        """End the input; the last results follow."""

    @abstractmethod
    def cancel(self, session: int) -> None:
        """End the session; once this has returned, there are no more callbacks."""


@contextmanager
def open_session(package: Package, closed: Callable[[], bool]) -> Iterator[BridgeRecogniser]:
    """Wait for the turn, start a session, and yield its recogniser.

    Leaving the block ends the session and the turn.

    Args:
        package: The package.
        closed: Returns whether the session is no longer wanted.

    Raises:
        AsrConnectionError: The session could not be started, or is no longer wanted.
    """
    with taken_turn(package.turn, closed):
        mailbox = Mailbox()
        # Referenced until the cancel has returned: the package may use it up to then.
        callback = CALLBACK(lambda context, code, text: mailbox.put(code, text))
        session = package.start(callback)
        if not session:
            raise AsrConnectionError(_first_error(mailbox.take()) or package.failure)
        try:
            yield BridgeRecogniser(package, session, mailbox, closed)
        finally:
            package.cancel(session)


class BridgeRecogniser(Recogniser):
    """One started session of a package.

    Args:
        package: The package.
        session: The package's number of the session.
        mailbox: Receives the events of the package.
        closed: Returns whether the session is no longer wanted.
    """

    def __init__(
        self, package: Package, session: int, mailbox: Mailbox, closed: Callable[[], bool]
    ) -> None:
        self._package = package
        self._session = session
        self._mailbox = mailbox
        self._closed = closed

    def feed(self, pcm: bytes) -> list[Event]:
        """Hand over audio, and return the events that were pushed meanwhile."""
        self._package.feed(pcm, self._session)
        return self._mailbox.take()

    def finish(self) -> list[Event]:
        """End the input and wait for the last results, unless the session is closed."""
        if self._mailbox.ended.is_set():
            return [before_the_end(event) for event in self._mailbox.take()]
        self._package.stop(self._session)
        while not self._mailbox.ended.wait(_LOOK_INTERVAL):
            if self._closed():
                return [*map(before_the_end, self._mailbox.take()), EngineClosed(is_early=True)]
        events = [event for event in self._mailbox.take() if not isinstance(event, EngineClosed)]
        final = [event for event in events if isinstance(event, FinalHeard)]
        if not final and (self._mailbox.has_heard or _first_error(events)):
            return [*events, EngineClosed(is_cut=True)]
        # A package pushes no final result if nothing was heard.
        others = [event for event in events if not isinstance(event, FinalHeard)]
        return [*others, *(final or [FinalHeard("")])]


def find_functions(
    engine: str, signatures: Mapping[str, Signature], remedy: str
) -> dict[str, Function]:
    """Find C functions of this process: registered ones first, then exported ones by name.

    Args:
        engine: The engine that needs them.
        signatures: The names of the functions, with the types of their results and arguments.
        remedy: The clause for the error when a function is missing.

    Raises:
        EngineUnavailableError: A function is missing.
    """
    functions: dict[str, Function] = {}
    for name, (result, arguments) in signatures.items():
        if address := address_of(engine, name):
            functions[name] = ctypes.CFUNCTYPE(result, *arguments)(address)
            continue
        try:
            function = host()[name]
        except (AttributeError, OSError, TypeError) as exc:  # Windows has no such handle
            raise EngineUnavailableError(engine, remedy) from exc
        function.restype = result
        function.argtypes = list(arguments)
        functions[name] = function
    return functions


def host() -> ctypes.CDLL:
    """This process: the program and the libraries with exported symbols."""
    return ctypes.CDLL(None)


def _first_error(events: list[Event]) -> str:
    return next((event.message for event in events if isinstance(event, EngineErred)), "")


def _decode(text: bytes | None) -> str:
    """Decode a text; one that is not UTF-8 counts as empty (spec asr §3.2.1)."""
    try:
        return (text or b"").decode()
    except UnicodeDecodeError:
        return ""
