"""Blocking calls that the end of the process does not wait for.

asyncio looks up host names on its default executor. If the name server does not answer, that takes
half a minute, and neither a cancelled task nor the end of the process may wait for it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

Args = ParamSpec("Args")
Returned = TypeVar("Returned")


def run(work: Coroutine[object, object, Returned]) -> Returned:
    """Run a coroutine as `asyncio.run` does, but do not wait for blocked threads at the end."""

    async def without_waiting() -> Returned:
        asyncio.get_running_loop().set_default_executor(DaemonThreads())
        return await work

    return asyncio.run(without_waiting())


def settle(
    future: Future[Returned],
    function: Callable[Args, Returned],
    /,
    *args: Args.args,
    **kwargs: Args.kwargs,
) -> None:
    """Call a function, and settle a future with its result or its exception."""
    try:
        result = function(*args, **kwargs)
    except BaseException as exc:  # noqa: BLE001 - it is raised where the result is awaited
        future.set_exception(exc)
    else:
        future.set_result(result)


class DaemonThreads(ThreadPoolExecutor):
    """An executor whose threads Python does not join at exit; each call has its own thread."""

    def submit(
        self, function: Callable[Args, Returned], /, *args: Args.args, **kwargs: Args.kwargs
    ) -> Future[Returned]:
        """Call ``function`` on a thread of its own."""
        future: Future[Returned] = Future()

        def call() -> None:
            if future.set_running_or_notify_cancel():
                settle(future, function, *args, **kwargs)

        threading.Thread(target=call, name="blocking-call", daemon=True).start()
        return future
