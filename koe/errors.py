"""Every exception that koe raises, in one tree.

    KoeError
    ├── StateError              a bug in koe: an event in a state that does not accept it
    ├── RuntimeStoppedError     the loop thread is gone; nothing can be submitted
    ├── ConfigError             a configuration file that cannot be read or written
    ├── AudioError              a recording, an array or a microphone without usable audio
    ├── DictationError          a dictation that failed, without a text (koe.transcription)
    ├── EndpointError           an address to which nothing may be sent
    ├── ProxyError              a proxy whose address can't be read
    ├── HttpError               a request over HTTP (koe.http.errors)
    │   ├── HttpConfigError     it can't be sent at all: its address, a header, the certificates
    │   ├── HttpConnectionError the server could not be reached, or the connection broke
    │   ├── HttpTimeoutError    the whole reply did not come in time
    │   └── HttpReplyError      the reply can't be used: it is too large, compressed, not HTTP
    │       └── HttpRedirectError  a redirect to an address to which nothing may be sent
    ├── InputError              the input of a command can't be used
    ├── OutputError             the command's output cannot be written
    ├── DesktopError            the daemon, or a service of the desktop, that can't be used
    ├── JournalError            a recording of the journal that cannot be read
    ├── HistoryError            an entry of the history that is missing, or cannot be changed
    ├── BundleError             a bundle that can't be made here
    ├── LibraryError            the C library is missing (koe.library)
    ├── ModelError              a model's folder, manifest or files
    │   ├── ModelPathError      a path or name that leaves its folder, or goes through a link
    │   ├── ManifestError       a manifest that is missing, wrong, or cannot be made
    │   ├── DownloadError       a file that could not be fetched or written
    │   │   └── UnusableRangeError  the server does not send the rest of a file
    │   └── IntegrityError      a fetched file that differs from its manifest
    ├── AsrError                speech recognition
    │   ├── AsrConnectionError  the engine could not be started or reached
    │   │   └── EngineUnavailableError  the engine is unknown or its package is missing
    │   ├── AsrTimeoutError     the result did not come in time
    │   ├── AsrProtocolError    the engine or the service broke its protocol
    │   └── AsrPieceError       a piece of the speech could not be recognised
    └── LlmError                correction by a language model
        ├── LlmConfigError      the profile can't be used
        │   └── LlmProfileError the active profile does not exist
        ├── LlmConnectionError  the server could not be reached, or the connection broke
        ├── LlmTimeoutError     the whole reply did not come in time
        ├── LlmStatusError      the server refused, with an HTTP status
        └── LlmReplyError       the server's reply makes no sense, or holds no text

Exceptions carry data and compose their sentence in ``__str__``, because shells show it
to people. Foreign exceptions are mapped once, where they enter, with ``raise … from exc``.
"""

from __future__ import annotations


class KoeError(Exception):
    """Base of everything that koe raises on purpose."""


class StateError(KoeError):
    """A session received an event that its state does not accept.

    This is a bug in koe: `koe.session.ACCEPTS` lists what each state accepts.
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
    """A configuration file is missing, not UTF-8 or not YAML, or can't be read or changed.

    Args:
        path: The file.
        reason: What is wrong with the file, with the line if that is known.
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"config error: {self.path}: {self.reason}"


class AudioError(KoeError):
    """A recording, an array or a microphone cannot be used; the sentence says what to do."""


class EndpointError(KoeError):
    """A service's address is not a URL, or keys and speech would be sent there unencrypted.

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


class ProxyError(KoeError):
    """A proxy is set whose address can't be read; the sentence says where, and what to do."""


class InputError(KoeError):
    """The input of a command can't be used; the sentence says why."""


class OutputError(KoeError):
    """The output of a command cannot be written.

    Args:
        reason: Why, in the system's words.
        unread: The reader of the pipe has ended, so that no message is needed.
    """

    def __init__(self, reason: str, *, unread: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.unread = unread

    def __str__(self) -> str:
        return f"the output cannot be written: {self.reason}"


class DesktopError(KoeError):
    """The daemon or a service of the desktop can't be used; the sentence says what to do."""


class JournalError(KoeError):
    """A recording of the journal, or a part of it, cannot be read.

    Args:
        recording: Its path or its ID.
        reason: What is wrong with it.
    """

    def __init__(self, recording: str, reason: str) -> None:
        super().__init__(recording, reason)
        self.recording = recording
        self.reason = reason

    def __str__(self) -> str:
        return f"recording {self.recording}: {self.reason}"


class HistoryError(KoeError):
    """The history, or an entry of it, can't be used; the sentence says why and what to do."""


class BundleError(KoeError):
    """A bundle can't be made here."""


class ModelError(KoeError):
    """Base of the errors about models; shells show the sentence (spec abi §4.14).

    Args:
        message: What is wrong.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return f"config error: {self.message}"


class ModelPathError(ModelError):
    """A path or the name of a file is not safe: it leaves its folder or goes through a link."""


class ManifestError(ModelError):
    """A manifest is missing, cannot be used, or cannot be made."""


class DownloadError(ModelError):
    """A file could not be fetched or written.

    Args:
        name: The file, as the manifest has it.
        reason: What went wrong.
        is_temporary: Another try may succeed.
    """

    def __init__(self, name: str, reason: str, is_temporary: bool = False) -> None:
        super().__init__(f"download {name}: {reason}")
        self.name = name
        self.reason = reason
        self.is_temporary = is_temporary


class UnusableRangeError(DownloadError):
    """A server does not send the rest of a file; it may send the whole file."""


class IntegrityError(ModelError):
    """A file is not what the manifest says.

    Args:
        what: ``size`` or ``sha256``.
        name: The file, as the manifest has it.
        expected: What the manifest says.
        actual: What was found.
    """

    def __init__(self, what: str, name: str, expected: str | int, actual: str | int) -> None:
        super().__init__(f"{what} mismatch for {name}: expected {expected}, got {actual}")
        self.what = what
        self.name = name
        self.expected = expected
        self.actual = actual


class AsrError(KoeError):
    """Base of the speech recognition errors (spec asr §1.2: the wording is shown to users).

    Args:
        message: What went wrong, without any key.
        is_permanent: Another try would fail in the same way: a refused key, a wrong setting.
        retry_after: Seconds to wait before another try; None: the service did not say.
    """

    prefix = "ASR error"

    def __init__(
        self, message: str, *, is_permanent: bool = False, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.is_permanent = is_permanent
        self.retry_after = retry_after

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
        super().__init__(f"speech engine '{name}' is not available: {remedy}", is_permanent=True)
        self.name = name
        self.remedy = remedy


class AsrTimeoutError(AsrError):
    """The result did not come in time.

    Args:
        message: What did not come in time, as a sentence.
        is_permanent: As in `AsrError`.
    """

    def __init__(
        self, message: str = "ASR result timed out", *, is_permanent: bool = False
    ) -> None:
        super().__init__(message, is_permanent=is_permanent)

    def __str__(self) -> str:
        return self.message


class AsrProtocolError(AsrError):
    """The engine or the service broke its own protocol, or failed while it worked."""

    prefix = "ASR protocol error"


class AsrPieceError(AsrError):
    """The engine could not recognise a piece of the speech; it can go on after that piece."""


class LlmError(KoeError):
    """Base of the correction errors (spec llm §3.8: the wording is shown to users).

    Args:
        message: What went wrong, without any key.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return f"LLM correction failed: {self.message}"


class LlmConfigError(LlmError):
    """The profile can't be used: its address, key or provider is wrong or missing."""


class LlmProfileError(LlmConfigError):
    """The active profile is not among the profiles.

    Args:
        profile: Its id (``llm.active_profile``).
    """

    def __init__(self, profile: str) -> None:
        super().__init__(f"LLM profile not found: {profile}")
        self.profile = profile

    def __str__(self) -> str:
        return f"config error: {self.message}"


class LlmConnectionError(LlmError):
    """The server could not be reached, or the connection broke before the reply was there."""


class LlmTimeoutError(LlmError):
    """The whole reply did not come in time.

    Args:
        timeout_seconds: The time limit (``llm.timeout_ms``).
    """

    def __init__(self, timeout_seconds: float) -> None:
        super().__init__(f"no reply within {timeout_seconds:g} s")
        self.timeout_seconds = timeout_seconds

    def __str__(self) -> str:
        return "LLM correction timed out"


class LlmStatusError(LlmError):
    """The server answered with a status other than 200 to 299.

    Args:
        status: The HTTP status.
        message: The server's own message; may be empty.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status

    def __str__(self) -> str:
        status = f"HTTP {self.status} {reason_phrase(self.status)}".rstrip()
        said = f"{status}: {self.message}" if self.message else status
        return f"LLM correction failed: {said}"


class LlmReplyError(LlmError):
    """The reply breaks the protocol, or has no text."""


def reason_phrase(status: int) -> str:
    """Return the reason phrase of a status; empty if it has none."""
    from http import HTTPStatus  # the import takes milliseconds, and is rarely needed

    # Python 3.13 renamed these two; the sentence should not depend on that.
    phrases = {413: "Payload Too Large", 422: "Unprocessable Entity"}
    try:
        return phrases.get(status) or HTTPStatus(status).phrase
    except ValueError:
        return ""
