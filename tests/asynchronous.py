"""Tests that are coroutines, and servers on their loops."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from typing import ParamSpec

P = ParamSpec("P")


async def stop_accepting(server: asyncio.Server) -> None:
    """Close a server. A connection that it has just accepted begins, and can be closed in order.

    Cancelled before that, asyncio leaves its socket to the garbage collector, and what that says
    fails another test.
    """
    server.close()
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
