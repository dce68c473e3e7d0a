"""Questions over real connections: what is asked, what comes back, what is shared."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from koe.config.llm import LlmConfig, LlmProfile
from koe.config.prompts import built_in_prompts
from koe.config.schema import Config
from koe.config.store import Snapshot, Store
from koe.errors import (
    LlmConnectionError,
    LlmProfileError,
    LlmStatusError,
    LlmTimeoutError,
)
from koe.events import Corrected, CorrectionFailed
from koe.http.client import Client
from koe.llm.asking import PAUSES, SessionModel
from koe.llm.service import LlmService, ask_once
from koe.prompts import Prompts
from tests.asynchronous import on_loop
from tests.http.asking import settings
from tests.servers.llm import KEY
from tests.servers.llm import LlmService as FakeService
from tests.servers.web import Exchange, Server

HEARD = "hello koe world"


def answering(text: str) -> Callable[[Exchange], Awaitable[None]]:
    """A server that has one answer to all questions, and three models."""

    async def handle(exchange: Exchange) -> None:
        if exchange.method == "GET":
            body: object = {"data": [{"id": "a"}, {"id": " b "}, {"id": "a"}]}
        else:
            body = {"choices": [{"message": {"content": text}}]}
        await exchange.reply(body=json.dumps(body).encode())

    return handle


def snapshot_of(url: str, *terms: str, **llm: object) -> tuple[Snapshot, LlmProfile]:
    profile = LlmProfile(name="lab", base_url=f"{url}/v1", api_key="sk-1234567890", model="m/1")
    settings = LlmConfig(active_profile="lab", profiles={"lab": profile}, **llm)  # type: ignore[arg-type]
    return Snapshot(Config(llm=settings), terms, ()), profile


def asked(exchange: Exchange) -> str:
    messages = json.loads(bytes(exchange.body))["messages"]
    return "\n".join(message["content"] for message in messages)


@on_loop
async def test_a_session_is_warmed_up_and_corrected_on_one_connection() -> None:
    async with Server(answering("Hello, Koe world.")) as server:
        service = LlmService(settings())
        snapshot, profile = snapshot_of(server.url, "Koe")
        correcting = service.for_session(snapshot, profile, built_in_prompts)
        correcting.prepare()
        await server.until(lambda: bool(server.exchanges))
        corrected = await correcting.correct(HEARD, ("hello", "hello koe"))
        await service.aclose()

        assert corrected == Corrected("Hello, Koe world.")
        warm_up, question = server.exchanges
        assert (warm_up.method, warm_up.path) == ("GET", "/v1/models/m%2F1")
        assert (question.method, question.path) == ("POST", "/v1/chat/completions")
        assert question.headers["authorization"] == "Bearer sk-1234567890"
        for reported in (HEARD, "Koe", "1. hello\n2. hello koe", built_in_prompts().system):
            assert reported in asked(question)
        assert len(server.connections) == 1


@on_loop
async def test_an_answer_that_is_no_use() -> None:
    heard = "今天下午三点我们开会讨论一下这个方案"
    async with Server(answering("Let us meet at three.")) as server:
        service = LlmService(settings())
        snapshot, profile = snapshot_of(server.url)
        correcting = service.for_session(snapshot, profile, built_in_prompts)
        corrected = await correcting.correct(heard, ())
        await service.aclose()

    remark = "the model's answer was not used: it is in another language"
    assert corrected == Corrected(heard, remark)


@on_loop
async def test_prompts_are_those_of_the_beginning() -> None:
    prompts = [Prompts("first", "{{asr_text}}"), Prompts("second", "{{asr_text}}")]
    async with Server(answering("Hello.")) as server:
        service = LlmService(settings())
        snapshot, profile = snapshot_of(server.url)
        correcting = service.for_session(snapshot, profile, lambda: prompts.pop(0))
        correcting.prepare()
        await correcting.correct(HEARD, ())
        await service.aclose()

        (question,) = (it for it in server.exchanges if it.method == "POST")
        assert "first" in asked(question)


@on_loop
async def test_a_rebuilt_client_has_its_own_connection() -> None:
    async with Server(answering("Hello.")) as server:
        service = LlmService(settings())
        snapshot, profile = snapshot_of(server.url)
        for rebuilt, connections in [
            (settings(), 1), (settings(), 1), (settings(timeout=5.0), 2), (settings(), 3),
        ]:  # fmt: skip
            service.rebuild(rebuilt)
            await service.test(snapshot, profile, built_in_prompts())
            assert len(server.connections) == connections
        service.rebuild(settings(), always=True)
        await service.test(snapshot, profile, built_in_prompts())
        assert len(server.connections) == 4
        await service.aclose()


@on_loop
async def test_what_is_wrong_with_a_profile_is_reported_by_the_correction() -> None:
    service = LlmService(settings())
    snapshot, profile = snapshot_of("http://public.example")
    correcting = service.for_session(snapshot, profile, built_in_prompts)
    correcting.prepare()

    failed = await correcting.correct(HEARD, ())
    assert isinstance(failed, CorrectionFailed)
    assert failed.message.startswith("LLM correction failed: insecure endpoint")
    await service.aclose()


def failing(error: Exception) -> SessionModel:
    """A correction for which no client can be opened."""

    def open_client() -> Client:
        raise error

    return SessionModel(open_client, {}, *snapshot_of("https://h"), built_in_prompts)


@pytest.mark.parametrize(
    ("error", "warning"),
    [
        (
            LlmStatusError(500, "oops"),
            "LLM correction failed: HTTP 500 Internal Server Error: oops",
        ),
        (LlmTimeoutError(8.0), "LLM correction failed: LLM correction timed out"),
        (
            LlmProfileError("x"),
            "LLM correction failed: config error: LLM profile not found: x",
        ),
        (ZeroDivisionError("secret"), "LLM correction failed: ZeroDivisionError"),
    ],
)
def test_a_failure_is_a_warning(error: Exception, warning: str) -> None:
    assert asyncio.run(failing(error).correct(HEARD, ())) == CorrectionFailed(warning)


def test_a_bug_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    asyncio.run(failing(ZeroDivisionError()).correct(HEARD, ()))
    assert "a correction failed unexpectedly" in caplog.text


@on_loop
async def test_a_server_that_is_gone() -> None:
    async with Server(answering("")) as server:
        url = server.url
    service = LlmService(settings())
    snapshot, profile = snapshot_of(url)

    with pytest.raises(LlmConnectionError):
        await service.test(snapshot, profile, built_in_prompts())
    await service.aclose()


@on_loop
async def test_a_refusal_is_reported_without_the_key() -> None:
    async def refuse(exchange: Exchange) -> None:
        key = exchange.headers["authorization"].removeprefix("Bearer ")
        await exchange.reply(401, json.dumps({"error": {"message": f"bad key {key}"}}).encode())

    async with Server(refuse) as server:
        service = LlmService(settings())
        snapshot, profile = snapshot_of(server.url)
        for question in (
            service.test(snapshot, profile, built_in_prompts()),
            service.list_models(profile),
        ):
            with pytest.raises(LlmStatusError) as refusal:
                await question
            assert str(refusal.value) == "LLM correction failed: HTTP 401 Unauthorized: bad key ***"
        await service.aclose()


@on_loop
async def test_rewriting_goes_by_the_template() -> None:
    """It may translate, and correction need not be on (spec llm §5.7)."""
    heard = "今天下午三点我们开会讨论一下这个方案"
    async with Server(answering("Let us meet at three.")) as server:
        service = LlmService(settings())
        snapshot, _ = snapshot_of(server.url, enabled=False)
        result = await service.rewrite(snapshot, built_in_prompts(), heard, "Translate.")
        await service.aclose()

        assert (result.text, result.is_applied) == ("Let us meet at three.", True)
        assert "Translate." in asked(server.exchanges[0])
        assert built_in_prompts().system not in asked(server.exchanges[0])


@on_loop
async def test_rewriting_without_a_profile() -> None:
    snapshot = Snapshot(Config(llm=LlmConfig(active_profile="gone")), (), ())

    with pytest.raises(LlmProfileError, match="LLM profile not found: gone"):
        await LlmService(settings()).rewrite(snapshot, built_in_prompts(), "x", "y")


@on_loop
async def test_models_are_listed() -> None:
    async with Server(answering("")) as server:
        service = LlmService(settings())
        _, profile = snapshot_of(server.url)
        assert await service.list_models(profile) == ["a", "b"]
        await service.aclose()


CONFIG = """\
llm:
  active_profile: lab
  timeout_ms: 1234
  profiles: {lab: {base_url: "http://127.0.0.1:1/v1", model: m}}
"""


@on_loop
async def test_asking_once_goes_by_the_files(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG)
    (tmp_path / "system_prompt.txt").write_text("my own")

    async def question(service: LlmService, snapshot: Snapshot, prompts: Prompts) -> str:
        return f"{snapshot.config.llm.timeout} {prompts.system}"

    assert await ask_once(Store(tmp_path, {}), question) == "1.234 my own"


def test_asking_once_without_files_goes_by_the_defaults(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def question(service: LlmService, snapshot: Snapshot, prompts: Prompts) -> bool:
        return snapshot.config.llm.enabled or prompts != built_in_prompts()

    assert not asyncio.run(ask_once(Store(tmp_path, {}), question))
    assert "the file does not exist" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "changes", [{"api_protocol": "anthropic_messages"}, {"max_token_parameter": "max_tokens"}]
)
@on_loop
async def test_a_model_that_takes_no_sampling_settings(changes: dict[str, str]) -> None:
    """It is asked without, and remembered; what others are asked does not change."""
    fake = FakeService()
    async with Server(fake.handle) as server:
        service = LlmService(settings())
        snapshot, profile = snapshot_of(server.url)
        profile = profile.replace(api_key=KEY, model="koe-modern", **changes)
        correcting = service.for_session(snapshot, profile, built_in_prompts)
        for requests in (2, 3):
            corrected = await correcting.correct(HEARD, ())
            assert corrected == Corrected(f"{HEARD}!!")
            assert len(server.exchanges) == requests
        await service.test(snapshot, profile, built_in_prompts())
        assert len(server.exchanges) == 4
        await service.correct(
            snapshot, profile.replace(model="koe-echo"), built_in_prompts(), HEARD
        )
        asked = [b"temperature" in exchange.body for exchange in server.exchanges]
        assert asked == [True, False, False, False, True]
        await service.aclose()


@on_loop
async def test_a_server_that_fails_is_asked_the_same_again() -> None:
    """Whatever it speaks of."""

    async def fail(exchange: Exchange) -> None:
        await exchange.reply(500, body=b'{"error": {"message": "temperature too high"}}')

    async with Server(fail) as server:
        service = LlmService(settings())
        snapshot, profile = snapshot_of(server.url)
        profile = profile.replace(max_token_parameter="max_tokens")
        with pytest.raises(LlmStatusError, match="temperature too high"):
            await service.correct(snapshot, profile, built_in_prompts(), HEARD)
        assert len(server.exchanges) == 1 + len(PAUSES)
        assert len({bytes(exchange.body) for exchange in server.exchanges}) == 1
        await service.aclose()


@on_loop
async def test_there_is_one_time_limit_for_both_requests() -> None:
    fake = FakeService()

    async def handle_slowly(exchange: Exchange) -> None:
        await asyncio.sleep(0.6)
        await fake.handle(exchange)

    async with Server(handle_slowly) as server:
        service = LlmService(settings(timeout=1.0))
        snapshot, profile = snapshot_of(server.url)
        profile = profile.replace(api_key=KEY, model="koe-modern", max_token_parameter="max_tokens")
        with pytest.raises(LlmTimeoutError):
            await service.correct(snapshot, profile, built_in_prompts(), HEARD)
        await service.aclose()


@on_loop
async def test_another_refusal_is_one() -> None:
    fake = FakeService()
    async with Server(fake.handle) as server:
        service = LlmService(settings())
        snapshot, profile = snapshot_of(server.url)
        profile = profile.replace(
            api_key=KEY, model="koe-modern", endpoint_path="/chat/completions?flavour=sweet"
        )
        await service.test(snapshot, profile, built_in_prompts())  # nothing to leave out
        with pytest.raises(LlmStatusError):
            await service.test(snapshot, profile.replace(model="gone"), built_in_prompts())
        assert len(server.exchanges) == 2
        await service.aclose()
