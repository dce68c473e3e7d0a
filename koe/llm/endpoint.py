r"""Which addresses may be asked, and where a redirect may lead (spec llm §§6.1, 6.3).

What is judged must be what is contacted, so addresses are parsed by the HTTP client's own parser,
once, and the parsed address is the one that is sent. It reads them as browsers do (WHATWG): in
``http://evil.example\@localhost/`` the host is ``evil.example``.

Addresses in messages have no user info, query or fragment: there may be a key in them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from koe.errors import LlmConfigError, LlmReplyError
from koe.llm.library import Url as Url
from koe.llm.refusal import presentable

# How many redirects one request may follow (spec llm §6.3).
MAX_REDIRECTS = 10


def parse(text: str) -> Url:
    """Parse an address and check that it may be asked.

    Raises:
        LlmConfigError: It is no absolute address, or it is not allowed.
    """
    try:
        url = Url.parse(text)
    except ValueError as exc:
        raise _refusal(_without_secrets(text)) from exc
    check(url)
    return url


def parse_http(text: str) -> Url:
    """Like `parse`, for what is asked by HTTP.

    Raises:
        LlmConfigError: As above, or it is the address of a WebSocket.
    """
    url = parse(text)
    if url.scheme in ("ws", "wss"):
        raise LlmConfigError(
            f"{shown(url)} is the address of a WebSocket: language models are asked by https://"
        )
    return url


def check(url: Url) -> None:
    """Allow what is encrypted, and what does not leave this computer.

    Raises:
        LlmConfigError: It is neither.
    """
    if url.scheme in ("https", "wss"):
        return
    if url.scheme in ("http", "ws") and _is_loopback(url):
        return
    raise _refusal(shown(url))


def check_redirect(chain: Sequence[Url], target: Url) -> None:
    """Allow a redirect within the origin of the first address only.

    The key goes along, and whoever answers must not be able to send us to local services.

    Args:
        chain: The addresses asked so far, the first one first.
        target: Where the last one sends us.

    Raises:
        LlmReplyError: It must not be followed.
    """
    if len(chain) > MAX_REDIRECTS:
        raise LlmReplyError(f"too many redirects: {shown(chain[0])} leads nowhere")
    if not chain:
        raise LlmReplyError("redirect blocked: no original request URL to compare against")
    try:
        check(target)
    except LlmConfigError as exc:
        raise LlmReplyError(f"redirect blocked: {exc.message}") from exc
    if origin(target) != origin(chain[0]):
        raise LlmReplyError(
            f"redirect blocked: {shown(target)} is a different origin than {shown(chain[0])}; "
            "if it is the right one, it belongs into base_url"
        )


def origin(url: Url) -> str:
    """Scheme, host and port, in one spelling."""
    return url.origin_ascii


def shown(url: Url) -> str:
    """The address for messages, without anything that may be a secret."""
    if url.host_str is None:  # user:password@host is such a one, and localhost:11434
        _, at, host = url.path.rpartition("@")
        return f"…@{host}" if at else f"{url.scheme}:{host}"
    port = "" if url.port is None else f":{url.port}"
    return f"{url.scheme}://{url.host_str}{port}{url.path}"


def _is_loopback(url: Url) -> bool:
    """Whether nothing else can be reached there, whatever a resolver says."""
    if url.domain is not None:
        return url.domain == "localhost"
    # The parser has brought all spellings of an IP address into one.
    host = url.host_str or ""
    return host.startswith("127.") or host == "[::1]"


def _without_secrets(text: str) -> str:
    """What was configured as an address and is none, for messages: it may be the key."""
    place = re.split("[?#]", text, maxsplit=1)[0]
    return presentable(re.sub("//.*@", "//", place), "")


def _refusal(address: str) -> LlmConfigError:
    return LlmConfigError(
        f"insecure endpoint {address}: use https:// or wss:// "
        "(plain http/ws is only allowed for localhost)"
    )
