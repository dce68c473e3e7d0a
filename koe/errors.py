"""Every exception that koe raises, in one tree.

    KoeError
    ├── StateError              our bug: an event in a state that does not accept it
    ├── RuntimeStoppedError     the loop thread is gone; nothing can be submitted
    ├── ConfigError             a configuration file that cannot be read at all
    ├── AudioError              a WAV file or microphone that gives no usable audio
    ├── EndpointError           an address to which nothing may be sent
    ├── RedirectError           a server that sends us to where nothing may be sent
    ├── OutputError             the command's output cannot be written
    └── AsrError                speech recognition
        ├── AsrConnectionError  the engine could not be started or reached
        │   └── EngineUnavailableError  the engine is unknown or its package is missing
        ├── AsrTimeoutError     the result did not come in time
        └── AsrProtocolError    the engine or server said something it should not

Exceptions carry data and compose their sentence in ``__str__``, because shells show it
to people. Foreign exceptions are mapped once, where they enter, with ``raise … from exc``.
"""

from __future__ import annotations


class KoeError(Exception):
    """Base of everything that koe raises on purpose."""


class StateError(KoeError):
    """A session received an event that its state does not accept.

    The sentence is that of the contract (spec abi §4.13).
    """

    def __init__(self, state: str, event: str) -> None:
        super().__init__(state, event)
        self.state = state
        self.event = event

    def __str__(self) -> str:
        return f"invalid state transition: {self.event} in {self.state}"


class RuntimeStoppedError(KoeError):
    """Work was handed to a loop thread that has stopped or could not start."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"the koe runtime is not running: {self.reason}"


class ConfigError(KoeError):
    """A configuration file is missing, unreadable, not UTF-8, or not YAML.

    Args:
        path: The file.
        reason: What is wrong with it, with the line where there is one.
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"config error: {self.path}: {self.reason}"


class AudioError(KoeError):
    """A recording or a microphone cannot be used; the sentence says why and what to do."""


class EndpointError(KoeError):
    """A service's address is no URL, or one that would send keys and speech unencrypted.

    Args:
        url: The address, without what may be secret in it.
    """

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url

    def __str__(self) -> str:
        return (
            f"insecure endpoint {self.url}: use https:// or wss:// "
            "(plain http/ws is only allowed for localhost)"
        )


class RedirectError(KoeError):
    """A server sends us to where nothing may be sent.

    Args:
        reason: Where to, without what may be secret in it.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"redirect blocked: {self.reason}"


class OutputError(KoeError):
    """What a command has to say cannot be written where it belongs.

    Args:
        reason: Why, in the system's words.
        unread: Nobody reads it any more, which is how a pipe ends and no news to anybody.
    """

    def __init__(self, reason: str, *, unread: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.unread = unread

    def __str__(self) -> str:
        return f"the output cannot be written: {self.reason}"


class AsrError(KoeError):
    """Base of the speech recognition errors (spec asr §1.2: the wording is shown to users)."""

    prefix = "ASR error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return f"{self.prefix}: {self.message}"


class AsrConnectionError(AsrError):
    """The engine could not be started, or the service not reached."""

    prefix = "ASR connection failed"


class EngineUnavailableError(AsrConnectionError):
    """The configured engine is unknown, or a package that it needs is not installed.

    Args:
        name: The engine as configured (``asr.provider``).
        remedy: What the user can do about it, as a clause.
    """

    def __init__(self, name: str, remedy: str) -> None:
        super().__init__(f"speech engine '{name}' is not available: {remedy}")
        self.name = name
        self.remedy = remedy


class AsrTimeoutError(AsrError):
    """The result did not come in time."""

    def __init__(self) -> None:
        super().__init__("ASR result timed out")

    def __str__(self) -> str:
        return self.message


class AsrProtocolError(AsrError):
    """The engine or the service broke its own protocol, or failed while it worked."""

    prefix = "ASR protocol error"
