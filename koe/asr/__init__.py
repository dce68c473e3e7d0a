"""Speech engines: their interface, their names, and how to open one.

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

    The order of calls: ``connect`` once; then ``send_audio`` any number of times, perhaps
    ``expect_end``, and ``finish_input`` once, while another task awaits ``next_event`` again and
    again until it returns ``EngineClosed``; ``close`` at any time, and always at the end.

    Attributes:
        is_repeatable: It computes on this machine, so that the same audio gives the same text.
        is_persistent: Once it is connected it retries by itself, so that after a failure another
            try would fail, too.
    """

    is_repeatable = False
    is_persistent = False

    @abstractmethod
    async def connect(self) -> None:
        """Start the engine.

        Raises:
            AsrConnectionError: It cannot be started or reached; the sentence says why.
            AsrProtocolError: It was reached, and breaks its protocol.
        """

    @abstractmethod
    async def send_audio(self, pcm: bytes) -> None:
        """Hand over audio: 16 kHz mono s16le of any length, also an odd number of bytes.

        Raises:
            AsrError: The engine is lost.
        """

    def expect_end(self) -> None:  # noqa: B027 - most engines can't use it
        """Prepare for the end of the input: most likely only silence follows, for a moment."""

    @abstractmethod
    async def finish_input(self) -> None:
        """Tell the engine that no audio follows. A second call has no effect.

        Raises:
            AsrError: The engine is lost.
        """

    @abstractmethod
    async def next_event(self) -> Event:
        """Wait for the next event of the engine.

        Returns:
            InterimHeard, DefiniteHeard, FinalHeard, EngineWorking, EngineErred or EngineClosed.
            After EngineClosed this must not be called again.

        Raises:
            AsrError: The engine is lost.
        """

    @abstractmethod
    async def close(self) -> None:
        """Release everything, soon and without waiting for results. Never raises."""

    def abandon(self) -> None:  # noqa: B027 - most engines need no time for it
        """Release what other sessions may wait for; on any thread, and without waiting.

        It is for an engine whose loop is stuck, so that it can't be closed.
        """


WORKING_INTERVAL = engines.SHORTEST_FINAL_WAIT / 2
"""Seconds between two EngineWorking events; a session waits for twice as long."""


def before_the_end(event: Event) -> Event:
    """Turn a final event that comes before the end of the audio into one that is not final."""
    match event:
        case FinalHeard(text, upto):
            return DefiniteHeard(text, upto)
        case EngineClosed(reason, _, is_cut):
            return EngineClosed(reason, is_early=True, is_cut=is_cut)
    return event


ENGINES = engines.ENGINES
"""The engines, in the order in which they are shown."""

LOCAL_ENGINES = ("apple-speech", "mlx", "moonshine", "sherpa-onnx", "whisper")
"""The engines that compute on this machine."""

# Engines that older configurations name. koe does not have them, because they need private
# interfaces.
_PRIVATE_INTERFACES = frozenset({"doubaoime", "wetype"})


def local_engines() -> tuple[str, ...]:
    """The engines on this machine that are installed; their models may be missing."""
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
    """Return what an engine lacks, as a clause with a remedy, without loading or contacting it.

    Args:
        name: The engine, which need not be the configured one.
        config: The ``asr`` section, as for `open_engine`.

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
    """Return why an engine of this machine can't work, as a clause with a remedy.

    Missing models don't count, because they can be downloaded.

    Returns:
        None if no reason is known.
    """
    try:
        open_engine(AsrConfig(provider=name))
    except EngineUnavailableError as exc:
        return exc.remedy
    except AsrError:
        pass
    return None
