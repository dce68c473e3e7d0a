"""Refusals that pass, connections that are dropped, and what may never be sent twice."""

from __future__ import annotations

import asyncio
import json
import traceback
from collections.abc import Awaitable, Callable

import pytest

from koe.config.llm import LlmConfig, LlmProfile
from koe.errors import LlmConnectionError, LlmReplyError, LlmStatusError, LlmTimeoutError
from koe.llm.asking import PAUSES, Habits, ask
from koe.llm.correction import Outcome, ask_for_correction
from koe.prompts import Prompts
from tests.asynchronous import on_loop
from tests.http.asking import client_of, settings
from tests.servers.certificates import Kind
from tests.servers.web import Exchange, Server

HEARD = "hello koe world"
GOOD = json.dumps({"choices": [{"message": {"content": "Hello, Koe world."}}]}).encode()
PROFILE = LlmProfile(model="m", max_token_parameter="max_tokens")

Step = Callable[[Exchange], Awaitable[None]]


def refuse(status: int, message: str = "try again", **headers: str) -> Step:
    async def step(exchange: Exchange) -> None:
        body = json.dumps({"error": {"message": message}}).encode()
        await exchange.reply(status, body, **headers)

    return step


async def drop(exchange: Exchange) -> None:
    exchange.connection.abort()


async def break_off(exchange: Exchange) -> None:
    await exchange.begin(200)
    await exchange.send(GOOD[:20])
    exchange.connection.abort()


async def answer(exchange: Exchange) -> None:
    await exchange.reply(200, GOOD)


async def never(exchange: Exchange) -> None:
    await asyncio.Event().wait()


async def ask_through(
    *steps: Step,
    limit: float = 20.0,
    habits: Habits | None = None,
    encrypted: bool = True,
    profile: LlmProfile = PROFILE,
) -> tuple[Outcome, list[Exchange]]:
    """Ask a server that does one step after another."""
    left = list(steps)

    async def handle(exchange: Exchange) -> None:
        await left.pop(0)(exchange)

    certificate: Kind | None = "good" if encrypted else None
    async with (
        Server(handle, certificate=certificate) as server,
        client_of(settings(limit)) as client,
    ):
        profile = profile.replace(base_url=server.url)
        prompts = Prompts("system", "{{asr_text}}")
        inquiry = ask_for_correction(LlmConfig(), profile, prompts, (), HEARD)
        correction = await ask(client, inquiry, {} if habits is None else habits)
        assert not left
        return correction, server.exchanges


@pytest.mark.parametrize("status", [408, 409, 421, 425, 429, 498, 499, 500, 502, 503, 504, 529])
@on_loop
async def test_a_refusal_that_passes(status: int) -> None:
    correction, exchanges = await ask_through(refuse(status), answer)
    assert correction == Outcome("Hello, Koe world.")
    assert exchanges[0].body == exchanges[1].body


@pytest.mark.parametrize(
    "failure",
    [
        {"error": {"message": "The engine is currently overloaded, please try again later"}},
        {"error": {"code": "502", "message": "Provider returned error"}, "choices": []},
        {"choices": [{"error": {"code": 502, "message": "x"}, "message": {"content": "Hel"}}]},
        {"error": "系统繁忙，请稍后再试"},
    ],
)
@on_loop
async def test_a_refusal_with_the_status_of_success(failure: object) -> None:
    correction, exchanges = await ask_through(say(json.dumps(failure).encode()), answer)
    assert correction.is_applied
    assert len(exchanges) == 2


@on_loop
async def test_a_lasting_refusal_with_the_status_of_success() -> None:
    for error in (b'{"code": 401, "message": "No such model"}', b'"No such model"'):
        with pytest.raises(LlmReplyError, match="No such model"):
            await ask_through(say(b'{"error": %s}' % error))


@pytest.mark.parametrize("encrypted", [True, False])
@pytest.mark.parametrize("step", [drop, break_off])
@on_loop
async def test_a_connection_that_is_dropped(step: Step, encrypted: bool) -> None:
    correction, exchanges = await ask_through(step, answer, encrypted=encrypted)
    assert correction.is_applied
    assert len(exchanges) == 2


@on_loop
async def test_several_in_a_row() -> None:
    steps = [refuse(503), drop, refuse(429, **{"retry-after": "0"})]
    assert len(steps) == len(PAUSES)
    assert (await ask_through(*steps, answer))[0].is_applied


@on_loop
async def test_a_server_that_goes_on_refusing() -> None:
    with pytest.raises(LlmStatusError, match="the fourth"):
        await ask_through(*[refuse(503)] * len(PAUSES), refuse(503, "the fourth"))
    with pytest.raises(LlmConnectionError, match="broke"):
        await ask_through(*[drop] * (1 + len(PAUSES)))


@pytest.mark.parametrize(
    "step",
    [
        refuse(400),
        refuse(401),
        refuse(404),
        refuse(429, "insufficient", **{"retry-after": "3600"}),
        refuse(503, **{"retry-after": "Wed, 21 Oct 2099 07:28:00 GMT"}),
    ],
)
@on_loop
async def test_a_refusal_that_stays(step: Step) -> None:
    """One that lasts longer than there is time is one, too."""
    with pytest.raises(LlmStatusError):
        await ask_through(step)


@on_loop
async def test_a_request_that_may_still_be_answered_is_not_sent_again() -> None:
    with pytest.raises(LlmTimeoutError):
        await ask_through(never, limit=0.3)


@on_loop
async def test_what_is_refused_is_left_out_and_remembered() -> None:
    habits: Habits = {}
    refusals = [
        refuse(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."),
        refuse(503),
        refuse(400, "Unsupported value: 'temperature'"),
    ]
    correction, exchanges = await ask_through(*refusals, answer, habits=habits)
    assert correction.is_applied
    bodies = [json.loads(bytes(exchange.body)) for exchange in exchanges]
    assert bodies[1] == bodies[2]
    assert bodies[3].keys() == {"model", "messages", "max_completion_tokens", "stream"}
    assert len(habits) == 1


@on_loop
async def test_what_does_not_help_is_not_remembered() -> None:
    habits: Habits = {}
    with pytest.raises(LlmStatusError, match="no such model"):
        await ask_through(refuse(400, "temperature"), refuse(404, "no such model"), habits=habits)
    assert not habits


def test_what_is_remembered_is_for_one_profile_and_its_settings() -> None:
    def kind(profile: LlmProfile, heard: str = HEARD, **settings: float) -> object:
        prompts = Prompts(heard, "{{asr_text}}")
        llm = LlmConfig().replace(**settings)
        return ask_for_correction(llm, profile, prompts, (), heard).kind

    here = PROFILE.replace(base_url="https://h/v1")
    assert kind(here) == kind(here.replace(name="other"), "other")
    edited = [
        here.replace(**{name: value})
        for name, value in {
            "base_url": "https://h/v2", "api_key": "k", "model": "n", "endpoint_path": "/x",
            "api_protocol": "openai_responses", "max_token_parameter": "max_completion_tokens",
            "no_reasoning_control": "thinking",
        }.items()
    ]  # fmt: skip
    kinds = {kind(here), *map(kind, edited)}
    kinds |= {kind(here, temperature=1), kind(here, top_p=0.5), kind(here, max_output_tokens=1)}
    assert len(kinds) == len(edited) + 4


@on_loop
async def test_the_wish_that_nothing_is_kept_is_never_left_out() -> None:
    profile = PROFILE.replace(api_protocol="openai_responses")
    with pytest.raises(LlmStatusError) as caught:
        await ask_through(refuse(400, "Unknown parameter: 'store'."), profile=profile)
    assert caught.value.message == (
        "Unknown parameter: 'store'; koe always sends store: false, which asks the service to "
        "keep nothing; set api_protocol to openai_chat, or choose another service"
    )


# --- servers that mean ill ---------------------------------------------------------------

SECRET = "sk-0123456789abcdef"


def endless(part: bytes) -> Step:
    async def step(exchange: Exchange) -> None:
        await exchange.begin(200, {"content-type": "text/event-stream"})
        while True:
            await exchange.send(part)

    return step


def say(body: bytes, status: int = 200) -> Step:
    async def step(exchange: Exchange) -> None:
        await exchange.reply(status, body)

    return step


@pytest.mark.parametrize(
    "part", [b'data: {"choices": []}\n\n' * 1000, b"data: " + b"x" * 60_000, b": ping\n\n" * 1000]
)
@on_loop
async def test_an_answer_without_end_is_given_up(part: bytes) -> None:
    with pytest.raises(LlmReplyError, match="the reply is longer than 8 MiB"):
        await ask_through(endless(part))


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'data: {"choices": ' + b"[" * 100_000 + b"\n\n",
        b'{"choices": ' * 50_000,
        b"\xff\xfe\x00" * 1000,
        b"data: \xff\xfe\n\n",
        b"\0" * 1000,
        b"data: " + b"\0" * 1000 + b"\n\n",
        b'data: {"error": {"message": "\\u001b[2J\\u0000\\u0007 sk-0123456789abcdef"}}\n\n',
    ],
)
@on_loop
async def test_an_answer_that_is_none(body: bytes) -> None:
    with pytest.raises(LlmReplyError) as caught:
        await ask_through(say(body), profile=PROFILE.replace(api_key=SECRET))
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 500
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "text", [f"\x1b]0;{SECRET}\x07\x1b[2J\0", f"{SECRET}\u202e\u2028" * 10_000, "\udcff" + SECRET]
)
@on_loop
async def test_a_refusal_that_moves_the_cursor(text: str) -> None:
    body = json.dumps({"error": {"message": text, "code": text}}).encode()
    plain = text.encode("utf-8", "replace")
    for step in (say(body, 401), say(plain, 401)):
        with pytest.raises(LlmStatusError) as caught:
            await ask_through(step, profile=PROFILE.replace(api_key=SECRET))
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 600
        assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "location",
    [
        f"https://evil.example/{SECRET}", f"https://evil.example/?key={SECRET}",
        f"https://{SECRET}@evil.example/", f"https://u:{SECRET}@evil.example/#{SECRET}",
        f"http://evil.example/{SECRET}", f"file:///{SECRET}", f"mailto:{SECRET}",
        f"//evil.example/{SECRET}",
    ],
)  # fmt: skip
@on_loop
async def test_a_redirect_that_holds_the_key(
    location: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    with pytest.raises(LlmReplyError, match="redirect blocked") as caught:
        await ask_through(refuse(307, location=location), profile=PROFILE.replace(api_key=SECRET))
    logged = [it.getMessage() for it in caplog.records if it.name.startswith("koe")]
    shown = "".join([*traceback.format_exception(caught.value), *logged])
    assert SECRET not in shown
