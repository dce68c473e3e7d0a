"""Clients that others wrote, over our transports: what they ask arrives, and what comes back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import anthropic
import httpx
import httpx2
import openai
import pytest

from koe.http import routes
from tests.asynchronous import on_loop
from tests.http.asking import settings
from tests.servers.llm import KEY, MODELS, Running, serving

HEARD = "你好 koe — „ça“ \N{GRINNING FACE}"

pytestmark = pytest.mark.usefixtures("library")

plain_or_not = pytest.mark.parametrize("running", [None, "good"], indirect=True, ids=str)


@pytest.fixture
def running(request: pytest.FixtureRequest) -> Iterator[Running]:
    with serving(getattr(request, "param", None)) as it:
        yield it


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

    def __init__(self) -> None:
        self._transport = routes.open_transport(settings(), "")

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
@on_loop
async def test_openai(running: Running) -> None:
    http = openai.DefaultAsyncHttpxClient(transport=Adapter(), trust_env=False)
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
@on_loop
async def test_anthropic(running: Running) -> None:
    http = anthropic.DefaultAsyncHttpxClient(transport=Adapter(), trust_env=False)
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
