"""How a client moves bytes: its settings, apart from what is asked."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Transport:
    """What a client is built from; when one of these changes, it is built anew (spec llm §1.1).

    Everything but ``timeout`` is fixed, and a parameter for the sake of tests and measurements.
    All are seconds.

    Attributes:
        timeout: For a whole request, from its start to the last byte of the reply
            (``llm.timeout_ms``). 0 expires at once.
        pool_idle: How long a connection is kept that nobody uses.
        ping_interval: How often an HTTP/2 connection is tried, used or not.
        ping_timeout: It is closed when a try is not answered for so long.
        http2: Whether HTTP/2 is offered; the server chooses.
        roots: Certificates in PEM, trusted besides those of the system.
    """

    timeout: float
    pool_idle: float = 90.0
    ping_interval: float = 30.0
    ping_timeout: float = 30.0
    http2: bool = True
    roots: bytes = b""
