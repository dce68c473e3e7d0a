"""The fake is no fiction: the official clients hear from it what ours does."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterator

import anthropic
import openai
import pytest

from koe.config.llm import LlmConfig, LlmProfile
from koe.config.schema import Config
from koe.config.store import Snapshot
from koe.errors import LlmReplyError, LlmStatusError
from koe.llm.service import LlmService
from koe.prompts import Prompts
from tests.http.asking import settings
from tests.servers.certificates import roots
from tests.servers.llm import KEY, MODELS, Running, serving

PROTOCOLS = ("openai_chat", "openai_responses", "anthropic_messages")
SYSTEM, HEARD = "Correct it.", "你好 koe — „ça“ \N{GRINNING FACE}"

protocols = pytest.mark.parametrize("protocol", PROTOCOLS)
plain_or_not = pytest.mark.parametrize("running", [None, "good"], indirect=True, ids=str)


@pytest.fixture
def running(request: pytest.FixtureRequest) -> Iterator[Running]:
    with serving(getattr(request, "param", None)) as it:
        yield it


class Official:
    """The clients of the companies themselves."""

    def __init__(self, running: Running, key: str = KEY) -> None:
        trusting = ssl.create_default_context(cadata=roots().decode())
        self.openai = openai.OpenAI(
            base_url=running.url,
            api_key=key,
            max_retries=0,
            http_client=openai.DefaultHttpxClient(verify=trusting),
        )
        self.anthropic = anthropic.Anthropic(
            base_url=running.server.url,
            api_key=key,
            max_retries=0,
            http_client=anthropic.DefaultHttpxClient(verify=trusting),
        )

    def __enter__(self) -> Official:
        return self

    def __exit__(self, *failure: object) -> None:
        self.openai.close()
        self.anthropic.close()

    def ask(self, protocol: str, model: str) -> str:
        match protocol:
            case "openai_chat":
                chat = self.openai.chat.completions.create(
                    model=model,
                    max_completion_tokens=1024,
                    messages=[
                        {"role": "system", "content": SYSTEM},
                        {"role": "user", "content": HEARD},
                    ],
                )
                return chat.choices[0].message.content or ""
            case "openai_responses":
                return self.openai.responses.create(
                    model=model, instructions=SYSTEM, input=HEARD, max_output_tokens=1024
                ).output_text
        message = self.anthropic.messages.create(
            model=model,
            max_tokens=1024,
            system=SYSTEM,
            messages=[{"role": "user", "content": HEARD}],
        )
        return "".join(part.text for part in message.content if part.type == "text")

    def status(self, protocol: str, model: str) -> int:
        try:
            self.ask(protocol, model)
        except (openai.APIStatusError, anthropic.APIStatusError) as exc:
            return exc.status_code
        return 200

    def models(self, protocol: str) -> list[str]:
        if protocol == "anthropic_messages":
            return [model.id for model in self.anthropic.models.list()]
        return [model.id for model in self.openai.models.list()]


def ours(
    running: Running,
    protocol: str,
    model: str = "",
    key: str = KEY,
    *,
    reasoning: str = "none",
) -> tuple[Snapshot, LlmProfile]:
    profile = LlmProfile(
        base_url=running.url,
        api_key=key,
        model=model,
        api_protocol=protocol,
        no_reasoning_control=reasoning,
    )
    return Snapshot(Config(llm=LlmConfig(profiles={"openai": profile})), (), ()), profile


def ask_ours(question: Callable[[LlmService], Awaitable[object]]) -> object:
    async def run() -> object:
        service = LlmService(settings())
        try:
            return await question(service)
        finally:
            await service.aclose()

    return asyncio.run(run())


def correct(running: Running, protocol: str, model: str, key: str = KEY) -> str:
    snapshot, profile = ours(running, protocol, model, key)
    prompts = Prompts(SYSTEM, "{{asr_text}}")

    async def question(service: LlmService) -> str:
        return (await service.correct(snapshot, profile, prompts, HEARD)).text

    return str(ask_ours(question))


@plain_or_not
@protocols
def test_the_same_text(running: Running, protocol: str) -> None:
    with Official(running) as official:
        text = official.ask(protocol, "koe-echo")
    assert text.startswith(HEARD)
    assert correct(running, protocol, "koe-echo") == text
    theirs, our = running.service.questions
    assert theirs == our


@plain_or_not
@protocols
def test_a_text_that_is_cut_off(running: Running, protocol: str) -> None:
    """The others' clients give it to their users, who have to look; ours has to know itself."""
    with Official(running) as official:
        assert official.ask(protocol, "koe-cut-off").startswith(HEARD)
    with pytest.raises(LlmReplyError, match=r"cut off; raise llm\.max_output_tokens"):
        correct(running, protocol, "koe-cut-off")


@protocols
def test_the_same_models(running: Running, protocol: str) -> None:
    _, profile = ours(running, protocol)
    listed = ask_ours(lambda service: service.list_models(profile))
    with Official(running) as official:
        assert official.models(protocol) == listed == list(MODELS)


@protocols
def test_the_same_refusals(running: Running, protocol: str) -> None:
    for model, key, status in [
        ("koe-refuse", KEY, 500), ("koe-echo", "sk-wrong", 401), ("no-such-model", KEY, 404),
    ]:  # fmt: skip
        with Official(running, key) as official:
            assert official.status(protocol, model) == status
        with pytest.raises(LlmStatusError) as refusal:
            correct(running, protocol, model, key)
        assert refusal.value.status == status
        assert key not in str(refusal.value)


@protocols
@pytest.mark.parametrize("reasoning", ["none", "reasoning_effort", "thinking"])
@pytest.mark.parametrize("parameter", ["max_tokens", "max_completion_tokens"])
def test_it_knows_every_field_of_ours(
    running: Running, protocol: str, reasoning: str, parameter: str
) -> None:
    snapshot, profile = ours(running, protocol, "koe-echo", reasoning=reasoning)
    profile = profile.replace(max_token_parameter=parameter)
    prompts = Prompts(SYSTEM, "{{dictionary_entries}}\n{{asr_text}}")
    ask_ours(lambda service: service.correct(snapshot, profile, prompts, HEARD))
    [question] = running.service.questions
    assert (question.system, question.limit) == (SYSTEM, 1024)
    assert question.user == f"（无）\n{HEARD}"


def test_it_refuses_what_it_does_not_know(running: Running) -> None:
    """So that a misspelled field of ours is found here."""
    with Official(running) as official, pytest.raises(openai.BadRequestError, match="flavour"):
        official.openai.chat.completions.create(
            model="koe-echo",
            messages=[{"role": "user", "content": HEARD}],
            extra_body={"flavour": "sweet"},
        )
