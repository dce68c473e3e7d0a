"""The modules that one correction passes, from the session to the connection and back."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from koe.asr.known_text import KnownText
from koe.config.llm import LlmProfile
from koe.config.schema import Config
from koe.config.store import Snapshot
from koe.events import Corrected, CorrectionFailed, Deliver, Mode, Notice
from koe.llm.asking import SessionModel
from koe.prompts import Prompts
from koe.runner import Runner
from koe.session import Session
from koe.session_rules import SessionRules
from koe.spool import NO_AUDIO
from tests.asynchronous import on_loop
from tests.http.asking import client_of, settings
from tests.servers.web import Exchange, Server
from tests.tracing import end_trace, trace_modules

# docs/architecture.md describes them. What judges the answer, and what is closed meanwhile, are
# other matters.
PATH = {
    "session", "runner", "prompts", "text", "endpoint", "config.llm",
    "llm.asking", "llm.correction", "llm.protocols", "llm.openai_chat", "llm.exchange",
    "http.client", "http.request", "http.connections", "http.reqwest",
}  # fmt: skip
ASIDE = ("answers.", "leg", "spool", "asr.")


async def answer(exchange: Exchange) -> None:
    message = {"content": "Hello, Koe world."}
    await exchange.reply(200, json.dumps({"choices": [{"message": message}]}).encode())


@on_loop
async def test_modules_of_a_correction() -> None:
    """The usual one: on a connection that is open, in the usual protocol, without a refusal."""
    pytest.importorskip("pyreqwest")
    passed: set[str] = set()

    async with Server(answer) as server, client_of(settings()) as client:
        profile = LlmProfile(base_url=server.url, model="m", api_key="k")
        snapshot = Snapshot(Config(), ("Koe",), ())
        prompts = Prompts("system", "{{dictionary_entries}} {{asr_text}}")
        model = SessionModel(lambda: client, {}, snapshot, profile, lambda: prompts)
        await model.correct("the first one opens the connection", ())

        async def correct(heard: str, history: Sequence[str]) -> Corrected | CorrectionFailed:
            nonlocal passed
            passed = trace_modules()
            return await model.correct(heard, history)

        def notify(notice: Notice) -> None:
            if isinstance(notice, Deliver):
                assert notice.corrected
                end_trace()

        session = Session(
            engine="e", mode=Mode.HOLD, rules=SessionRules(), corrects=True, finish=lambda it: it
        )
        engine = KnownText("hello koe world")
        runner = Runner(session, lambda name, leg: engine, NO_AUDIO, notify, correct)
        running = runner.start()
        runner.end_input()
        try:
            await running
        finally:
            end_trace()
    assert {name for name in passed if not name.startswith(ASIDE)} == PATH
