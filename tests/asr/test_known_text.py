from __future__ import annotations

import asyncio

from koe.asr.known_text import KnownText
from koe.events import EngineClosed, FinalHeard
from tests.asynchronous import on_loop


@on_loop
async def test_it_says_the_text_and_nothing_before_the_end() -> None:
    engine = KnownText("what was heard")
    await engine.connect()
    await engine.send_audio(bytes(2))
    waiting = asyncio.create_task(engine.next_event())
    await asyncio.sleep(0)
    assert not waiting.done()
    await engine.finish_input()
    assert await waiting == FinalHeard("what was heard")
    assert await engine.next_event() == EngineClosed()
    await engine.close()
