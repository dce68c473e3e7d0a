"""Which addresses models may be asked at, and where a redirect may lead (spec llm §§6.1, 6.3).

The rules are those of `koe.endpoint`. Here they are told as errors of corrections, and what was
configured as an address may be the key: no message shows it.
"""

from __future__ import annotations

from collections.abc import Sequence

from koe.endpoint import check_endpoint, check_redirect, is_private, shown
from koe.errors import EndpointError, LlmConfigError, LlmReplyError, RedirectError
from koe.llm.refusal import presentable

# How many redirects one request may follow (spec llm §6.3).
MAX_REDIRECTS = 10


def check_address(text: str, *, allow_plain_http: bool = False) -> str:
    """Return an address in its normal form, if it may be asked by HTTP.

    Args:
        text: The address.
        allow_plain_http: Whether it may be unencrypted in a private network too.

    Raises:
        LlmConfigError: It is no absolute address, it is not allowed, or that of a WebSocket.
    """
    try:
        url = check_endpoint(text, allow_private=allow_plain_http)
    except EndpointError as exc:
        said = str(EndpointError(presentable(exc.url)))
        if allow_plain_http:
            said += "; allow_plain_http is for addresses such as 192.168.1.5, and for no names"
        elif is_private(text):
            said += "; with allow_plain_http: true in the profile, in a private network too"
        raise LlmConfigError(said) from exc
    if url.startswith("ws"):
        raise LlmConfigError(
            f"{shown(url)} is the address of a WebSocket: language models are asked by https://"
        )
    return url


def check_hop(chain: Sequence[str], target: str) -> None:
    """Allow a redirect within the origin of the first address only.

    The key goes along, and whoever answers must not be able to send us to local services.

    Args:
        chain: The addresses asked so far, the first one first.
        target: Where the last one sends us.

    Raises:
        LlmReplyError: It must not be followed.
    """
    if not chain:
        raise LlmReplyError("redirect blocked: no original request URL to compare against")
    if len(chain) > MAX_REDIRECTS:
        raise LlmReplyError(f"too many redirects: {shown(chain[0])} leads nowhere")
    try:
        check_redirect(target, chain[-1], chain[0])
    except RedirectError as exc:
        raise LlmReplyError(str(exc)) from exc
