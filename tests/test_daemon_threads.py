from __future__ import annotations

import asyncio
import threading

import pytest

from koe.daemon_threads import DaemonThreads, run


def test_results_and_errors() -> None:
    threads = DaemonThreads()
    assert threads.submit(divmod, 7, 2).result() == (3, 1)
    with pytest.raises(ZeroDivisionError):
        threads.submit(divmod, 1, 0).result()


def test_the_end_waits_for_no_thread() -> None:
    never = threading.Event()

    async def leave() -> None:
        asyncio.get_running_loop().run_in_executor(None, never.wait)

    try:
        run(leave())
        (waiting,) = [thread for thread in threading.enumerate() if thread.name == "blocking-call"]
        assert waiting.daemon
    finally:
        never.set()
    waiting.join()
