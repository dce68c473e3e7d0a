"""Tests that are coroutines, and servers on their loops."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from typing import ParamSpec

P = ParamSpec("P")


# Steps of the loop from a connection that is accepted until the task that serves it has begun.
_STEPS = 6


async def stop_accepting(server: asyncio.Server) -> None:
    """Close a server. Connections that it has just accepted begin, and can be closed in order.

    Cancelled before that, asyncio leaves their sockets to the garbage collector, and what that says
    fails another test.
    """
    server.close()
    for _ in range(_STEPS):
        await asyncio.sleep(0)


def on_loop(test: Callable[P, Awaitable[None]]) -> Callable[P, None]:
    """Run a test on an event loop of its own. What happens there unheard fails it too."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        unheard: list[object] = []

        async def listen() -> None:
            loop = asyncio.get_running_loop()
            loop.set_exception_handler(lambda loop, context: unheard.append(context))
            await test(*args, **kwargs)

        asyncio.run(listen())
        assert not unheard, unheard

    return run
