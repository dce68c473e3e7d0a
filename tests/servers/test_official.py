"""The fakes are no fiction: the official clients hear from them what ours do.

So do they over our transports. All of them are here, and imported by what uses them, because an
import takes five seconds of computing: else each worker that collects the tests has them.
"""

from __future__ import annotations

import asyncio
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import TYPE_CHECKING

import httpx
import httpx2
import pytest

from koe.asr.recording import wav
from koe.config.llm import LlmConfig, LlmProfile
from koe.config.schema import Config
from koe.config.store import Snapshot
from koe.errors import LlmReplyError, LlmStatusError
from koe.llm.service import LlmService
from koe.prompts import Prompts
from tests.asynchronous import on_loop
from tests.http.asking import settings
from tests.http.conftest import TRANSPORTS
from tests.servers.certificates import roots
from tests.servers.llm import KEY, MODELS, Running, serving
from tests.servers.speech import API_KEY, speech_server, transcribe_glm, transcribe_mimo

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionUserMessageParam

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
        import anthropic
        import openai

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
        import anthropic
        import openai

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
    import openai

    with Official(running) as official, pytest.raises(openai.BadRequestError, match="flavour"):
        official.openai.chat.completions.create(
            model="koe-echo",
            messages=[{"role": "user", "content": HEARD}],
            extra_body={"flavour": "sweet"},
        )


transports = pytest.mark.parametrize("transport", TRANSPORTS)


class Stream(httpx2.AsyncByteStream):
    """A body of httpx, for the fork of httpx that these clients use."""

    def __init__(self, response: httpx.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        assert isinstance(self._response.stream, httpx.AsyncByteStream)
        async for chunk in self._response.stream:
            yield chunk

    async def aclose(self) -> None:
        await self._response.aclose()


class Adapter(httpx2.AsyncBaseTransport):
    """One of our transports, for that fork."""

    def __init__(self, name: str) -> None:
        self._transport = TRANSPORTS[name](settings(), "")

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await self._transport.handle_async_request(
            httpx.Request(
                request.method,
                str(request.url),
                headers=request.headers.raw,
                content=await request.aread(),
            )
        )
        return httpx2.Response(
            response.status_code,
            headers=response.headers.raw,
            stream=Stream(response),
            extensions={"http_version": response.extensions["http_version"]},
        )

    async def aclose(self) -> None:
        await self._transport.aclose()


@plain_or_not
@transports
@on_loop
async def test_openai_over_ours(running: Running, transport: str) -> None:
    import openai

    http = openai.DefaultAsyncHttpxClient(transport=Adapter(transport), trust_env=False)
    async with openai.AsyncOpenAI(
        base_url=running.url, api_key=KEY, max_retries=0, http_client=http
    ) as client:
        chat = await client.chat.completions.create(
            model="koe-echo", messages=[{"role": "user", "content": HEARD}]
        )
        assert chat.choices[0].message.content == f"{HEARD}!!"
        said = await client.responses.create(model="koe-echo", input=HEARD)
        assert said.output_text == f"{HEARD}!!"
        assert [model.id async for model in client.models.list()] == list(MODELS)
        with pytest.raises(openai.InternalServerError):
            await client.responses.create(model="koe-refuse", input=HEARD)


@plain_or_not
@transports
@on_loop
async def test_anthropic_over_ours(running: Running, transport: str) -> None:
    import anthropic

    http = anthropic.DefaultAsyncHttpxClient(transport=Adapter(transport), trust_env=False)
    async with anthropic.AsyncAnthropic(
        base_url=running.server.url, api_key=KEY, max_retries=0, http_client=http
    ) as client:
        message = await client.messages.create(
            model="koe-echo", max_tokens=64, messages=[{"role": "user", "content": HEARD}]
        )
        text = "".join(part.text for part in message.content if part.type == "text")
        assert text == f"{HEARD}!!"
        with pytest.raises(anthropic.NotFoundError):
            await client.messages.create(
                model="none", max_tokens=64, messages=[{"role": "user", "content": HEARD}]
            )


@pytest.mark.parametrize("streamed", [True, False])
def test_openai_transcribes_with_glm(streamed: bool) -> None:
    from openai import OpenAI

    with (
        speech_server(transcribe_glm) as server,
        OpenAI(api_key=API_KEY, base_url=f"{server.url}/api/paas/v4", max_retries=0) as client,
    ):
        file = ("audio.wav", wav(b"\1\2" * 16_000), "audio/wav")
        if not streamed:
            said = client.audio.transcriptions.create(model="glm-asr-2512", file=file)
            assert said.text == "16000 samples"
            return
        events = list(
            client.audio.transcriptions.create(model="glm-asr-2512", file=file, stream=True)
        )
    assert [event.type for event in events] == [
        "transcript.text.delta", "transcript.text.delta", "transcript.text.done"
    ]  # fmt: skip
    deltas = [event.delta for event in events if event.type == "transcript.text.delta"]
    assert "".join(deltas) == "16000 samples"


@pytest.mark.parametrize("streamed", [True, False])
def test_openai_transcribes_with_mimo(streamed: bool) -> None:
    from openai import OpenAI

    data = f"data:audio/wav;base64,{b64encode(wav(b'12' * 16_000)).decode()}"
    message: ChatCompletionUserMessageParam = {
        "role": "user",
        "content": [{"type": "input_audio", "input_audio": {"data": data, "format": "wav"}}],
    }
    options = {"asr_options": {"language": "auto"}}
    with (
        speech_server(transcribe_mimo) as server,
        OpenAI(api_key=API_KEY, base_url=f"{server.url}/v1", max_retries=0) as client,
    ):
        if streamed:
            chunks = client.chat.completions.create(
                model="mimo-v2.5-asr", messages=[message], extra_body=options, stream=True
            )
            said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
        else:
            whole = client.chat.completions.create(
                model="mimo-v2.5-asr", messages=[message], extra_body=options
            )
            said = whole.choices[0].message.content or ""
    assert said == "16000 samples"
