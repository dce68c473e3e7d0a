from __future__ import annotations

import threading

import pytest

from koe.asr.model_thread import ModelThread


def test_all_calls_run_on_one_thread_in_order() -> None:
    thread = ModelThread()
    order = list[int]()
    later = [thread.submit(order.append, number) for number in range(3)]
    ident = thread.run(threading.get_ident)
    assert order == [0, 1, 2]
    assert all(future.done() for future in later)
    assert ident == thread.run(threading.get_ident) != threading.get_ident()
    thread.close()


def test_an_exception_is_raised_by_the_caller_and_the_thread_goes_on() -> None:
    thread = ModelThread()
    with pytest.raises(ValueError, match="invalid literal"):
        thread.run(int, "x")
    assert thread.run(int, "7") == 7
    thread.close()


def test_the_thread_ends_after_the_calls_that_wait() -> None:
    thread = ModelThread()
    running = thread.run(threading.current_thread)
    last = thread.submit(int, "7")
    thread.close()
    assert not running.is_alive()
    assert last.result() == 7
