"""Speech engines: what one is, which there are, and how to get one.

An engine serves exactly one session. Its name is one string everywhere: the value of
``asr.provider``, the key in ``ENGINES``, and the module in this package that opens it (in whose
name a hyphen is an underscore).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from importlib import import_module

from koe.config import engines
from koe.config.schema import AsrConfig
from koe.errors import AsrError, EngineUnavailableError
from koe.events import DefiniteHeard, EngineClosed, Event, FinalHeard


class Engine(ABC):
    """Streaming speech recognition, driven by one event loop.

    The order of calls: ``connect`` once; then ``send_audio`` any number of times and
    ``finish_input`` once, while another task awaits ``next_event`` again and again until it
    returns ``EngineClosed``; ``close`` at any time, and always at the end.

    Attributes:
        is_repeatable: It computes on this machine, so that the same audio gives the same text.
        is_persistent: It tries again by itself, once it is connected; when it fails nevertheless,
            another try is in vain.
    """

    is_repeatable = False
    is_persistent = False

    @abstractmethod
    async def connect(self) -> None:
        """Start the engine.

        Raises:
            AsrConnectionError: It cannot be started or reached; the sentence says why.
            AsrProtocolError: It was reached, and does not do what was agreed.
        """

    @abstractmethod
    async def send_audio(self, pcm: bytes) -> None:
        """Hand over audio: 16 kHz mono s16le of any length, also odd and zero.

        Raises:
            AsrError: The engine is lost.
        """

    @abstractmethod
    async def finish_input(self) -> None:
        """Tell the engine that no audio follows. A second call changes nothing.

        Raises:
            AsrError: The engine is lost.
        """

    @abstractmethod
    async def next_event(self) -> Event:
        """Wait for what the engine says next.

        Returns:
            InterimHeard, DefiniteHeard, FinalHeard, EngineWorking or EngineErred; and
            EngineClosed, after which it must not be called again.

        Raises:
            AsrError: The engine is lost.
        """

    @abstractmethod
    async def close(self) -> None:
        """Release everything, soon and without waiting for results. Never raises."""

    def abandon(self) -> None:  # noqa: B027 - most engines need no time for it
        """Let go of what other sessions may wait for; on any thread, and without waiting.

        For an engine whose loop hangs, so that it can't be closed.
        """


WORKING_INTERVAL = engines.SHORTEST_FINAL_WAIT / 2
"""Seconds between two words of an engine that it works; a session waits for twice as long."""


def before_the_end(event: Event) -> Event:
    """Turn a final event that comes before the end of the audio into one that is not final."""
    match event:
        case FinalHeard(text, upto):
            return DefiniteHeard(text, upto)
        case EngineClosed(reason, _, is_cut):
            return EngineClosed(reason, is_early=True, is_cut=is_cut)
    return event


ENGINES = engines.ENGINES
"""The engines of this build, in the order in which they are shown."""

LOCAL_ENGINES = ("apple-speech", "mlx", "moonshine", "sherpa-onnx", "whisper")
"""Those of them that compute on this machine."""

# Names that configurations carry over from before, and why they will not work.
_PRIVATE_INTERFACES = frozenset({"doubaoime", "wetype"})


def local_engines() -> tuple[str, ...]:
    """The engines that compute on this machine and are there; models may be missing."""
    return tuple(name for name in LOCAL_ENGINES if obstacle_of(name) is None)


def open_engine(config: AsrConfig, terms: tuple[str, ...] = ()) -> Engine:
    """Make the configured engine, not yet connected. Loads no model and opens no connection.

    Args:
        config: The ``asr`` section; models are absolute paths.
        terms: The user's dictionary, for engines that take hints.

    Raises:
        EngineUnavailableError: No such engine, or something that it needs is missing.
        AsrConnectionError: The engine's settings can't be used; the sentence names them.
    """
    name = config.provider
    if name in _PRIVATE_INTERFACES:
        raise EngineUnavailableError(
            name,
            "it relies on a private interface that koe does not use; "
            f"set asr.provider to one of: {', '.join(ENGINES)}",
        )
    if name not in ENGINES:
        raise EngineUnavailableError(
            name, f"this version knows: {', '.join(ENGINES)}; set asr.provider to one of these"
        )
    opener: Callable[[AsrConfig, tuple[str, ...]], Engine] = import_module(
        f"koe.asr.{name.replace('-', '_')}"
    ).open_engine
    return opener(config, terms)


def fault_of(name: str, config: AsrConfig) -> str | None:
    """Tell what an engine lacks, as a clause with a remedy, without loading or contacting it.

    Args:
        name: The engine, which need not be the configured one.
        config: As for `open_engine`.

    Returns:
        None if nothing is known to be missing.
    """
    try:
        open_engine(config.replace(provider=name))
    except EngineUnavailableError as exc:
        return exc.remedy
    except AsrError as exc:
        return exc.message
    return None


def obstacle_of(name: str) -> str | None:
    """Tell what keeps an engine of this machine from working, as a clause with a remedy.

    Models don't count, for they can be brought.

    Returns:
        None if nothing is known that does.
    """
    try:
        open_engine(AsrConfig(provider=name))
    except EngineUnavailableError as exc:
        return exc.remedy
    except AsrError:
        pass
    return None
