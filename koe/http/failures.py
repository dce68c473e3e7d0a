"""Converts exceptions of the HTTP libraries into errors of koe, with sentences for users."""

from __future__ import annotations

import re

import httpx

from koe.endpoint import host_of
from koe.http.errors import HttpConfigError, HttpConnectionError, HttpError, HttpReplyError
from koe.masking import one_line

# Messages of libraries, and sentences for the user. {host} is the server, {setting} the setting
# with its address.
_MEANINGS = {
    # First, because such a message is about the proxy, and not about the server.
    r"(?i)tunnel|proxy": "the proxy does not connect to {host}",
    r"certificate.*(NotValidYet|not valid yet|not yet valid)": (
        "the certificate of {host} is not valid yet: is this computer's clock right?"
    ),
    r"certificate.*expired": (
        "the certificate of {host} has expired, or this computer's clock is wrong"
    ),
    r"certificate.*(NotValidForName|not valid for|name does not match)": (
        "{host} shows a certificate for another name: is {setting} right?"
    ),
    r"InvalidContentType|(?i:wrong.version.number|unknown.protocol|record layer failure)": (
        "{host} answers without encryption, but https:// and wss:// need it: is {setting} right?"
    ),
    r"certificate.*(UnknownIssuer|CaUsedAsEndEntity|self[- ]signed|get (local )?issuer|trusted)": (
        "this computer does not trust the authority that issued the certificate of {host}; if the "
        "server is your own or your company's, add its authority to those that the system trusts"
    ),
    r"(?i)certificate.*revoked": "the certificate of {host} has been revoked",
    r"dns error|(?i:name or service not known|name resolution|nodename nor|getaddrinfo failed)": (
        "there is no server named {host}, or no network: is {setting} right?"
    ),
    r"(?i)connection refused|(os error|errno|winerror) (61|111|10061)\b": (
        "{host} refuses connections: is the server running?"
    ),
    r"(?i)timed out|timeout": "{host} does not answer",
}

# Messages about a server that closed the connection without an answer, which may still speak HTTP.
_SILENT_END = re.compile(r"disconnected|without sending|Terminated|StreamReset", re.IGNORECASE)


def failure(
    exc: httpx.HTTPError | httpx.InvalidURL | ValueError, url: str, setting: str
) -> HttpError:
    """Turn a failure before the reply began into an error of koe.

    Args:
        exc: The exception of a transport.
        url: The address of the request.
        setting: The setting to correct if the address is wrong, for the message.
    """
    host = host_of(url)
    causes = reasons(exc)
    said = one_line(causes[-1])
    if isinstance(exc, httpx.ConnectTimeout):
        return HttpConnectionError(f"connecting to {host} timed out")
    if isinstance(exc, httpx.ReadTimeout):
        return HttpConnectionError(f"{host} does not answer in time")
    if not isinstance(exc, httpx.TransportError) or isinstance(
        exc, httpx.LocalProtocolError | httpx.UnsupportedProtocol
    ):
        return HttpConfigError(f"nothing can be sent to {host}: {said}")
    if isinstance(exc, httpx.RemoteProtocolError) and not _SILENT_END.search(" ".join(causes)):
        return HttpReplyError(f"{host} does not answer in HTTP: {said}")
    for pattern, meaning in _MEANINGS.items():
        if any(re.search(pattern, cause) for cause in causes):
            sentence = f"{meaning.format(host=host, setting=setting)} ({said})"
            return HttpConnectionError(sentence, is_lasting="certificate" in meaning)
    return HttpConnectionError(f"the connection to {host} broke: {said}", is_temporary=True)


def interruption(exc: httpx.TransportError, url: str) -> HttpConnectionError:
    """Turn a failure after the reply had begun into an error of koe."""
    host, said = host_of(url), one_line(reasons(exc)[-1])
    if isinstance(exc, httpx.ReadTimeout):
        return HttpConnectionError(f"{host} does not answer in time", is_temporary=True)
    sentence = f"the connection to {host} broke in the middle of the reply: {said}"
    return HttpConnectionError(sentence, is_temporary=True)


def reasons(exc: BaseException) -> list[str]:
    """Return the messages of an exception and its causes, outermost first; never empty."""
    said: list[str] = []
    cause: BaseException | None = exc
    while cause is not None:
        details = getattr(cause, "details", None)
        if details is not None:  # pyreqwest lists all causes; the first has the address
            return [it["message"] for it in details["causes"] or ()][1:] or [str(cause.args[0])]
        said += [str(it) for it in (cause, *getattr(cause, "exceptions", ()))]
        cause = cause.__cause__ or cause.__context__
    return list(filter(None, said)) or [type(exc).__name__]
