"""Which addresses models may be asked at (spec llm §6.1).

The rules are those of `koe.endpoint`. Here they are raised as errors of corrections, and what was
configured as an address may be the key: no message shows it.
"""

from __future__ import annotations

from koe.endpoint import check_endpoint, is_private, shown
from koe.errors import EndpointError, LlmConfigError
from koe.llm.exchange import presentable


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
