"""How a client moves bytes: its settings, apart from what is asked."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """What a client is built from; when one of these changes, it is built anew (spec llm §1.1).

    Everything but the first three is fixed, and a parameter for the sake of tests and
    measurements. All times are seconds.

    Attributes:
        timeout: For a whole request that `Client.send` sends, from its start to the last byte of
            the reply (``llm.timeout_ms``). 0 expires at once.
        connect_timeout: Until a connection is there; None is no limit.
        read_timeout: Until the next byte of a reply; None is no limit.
        pool_idle: How long an unused connection is kept.
        ping_interval: How often an HTTP/2 connection is tried, used or not.
        ping_timeout: It is closed when a try is not answered for so long.
        http2: Whether HTTP/2 is offered; the server chooses.
        leaves_origin: A redirect may lead to another server, to which no key goes.
        keeps_body: A redirect that would drop the body is an error.
        setting: What a person would correct if the address is wrong, for messages.
        roots: Certificates in PEM, trusted besides those of the system.
    """

    timeout: float = math.inf
    connect_timeout: float | None = None
    read_timeout: float | None = None
    pool_idle: float = 90.0
    ping_interval: float = 30.0
    ping_timeout: float = 30.0
    http2: bool = True
    leaves_origin: bool = False
    keeps_body: bool = False
    setting: str = "base_url"
    roots: bytes = b""
