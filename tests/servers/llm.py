"""A service of language models, as OpenAI and Anthropic run them: three protocols, one server.

It is strict where they are: a field that it does not know, a missing key or header, and a model
that it does not have are refused, in their words. `tests/servers/test_official.py` has their own
clients talk to it.

It could lie, and a test chooses how by the model that it asks, which it can in another process too,
in a configuration:

- ``koe-echo`` does not lie: the last line of the prompt, with "!!" added;
- ``koe-blank`` has nothing but white space to say, ``koe-fragment`` next to nothing, and
  ``koe-recite`` all that it was sent;
- ``koe-refuse`` answers with status 500, ``koe-garbage`` with no JSON;
- ``koe-endless`` answers with more than a client should read;
- ``koe-never`` does not answer, ``koe-stalled`` begins to, ``koe-later`` does when a test lets it;
- ``koe-cut-off`` says that it had to stop, ``koe-thinking`` what it thought;
- ``koe-modern`` does not lie, but takes no sampling settings.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from tests.servers.certificates import Kind
from tests.servers.web import PATIENCE, Exchange, Server, Version

KEY = "sk-koe-0123456789abcdef"
"""The key that is accepted; a client that sends another one is refused."""

ENDLESS_BYTES = 9 * 2**20

Json = dict[str, object]


@dataclass(frozen=True)
class Question:
    """What a model was asked.

    Attributes:
        model: Its name.
        system: The instruction.
        user: The prompt, whole.
        limit: Tokens that the answer may have; None where nothing was said.
    """

    model: str
    system: str
    user: str
    limit: int | None


class RefusedError(Exception):
    """The request is no good: an HTTP status, and a sentence about it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


# --- what a protocol allows, and how it is answered ----------------------------------------------


def _ask_chat(body: Json) -> Question:
    _check(body, {"model", "messages"}, {
        "max_tokens", "max_completion_tokens", "temperature", "top_p", "reasoning_effort",
        "thinking", "store", "stream",
    })  # fmt: skip
    said = dict(map(_message, _objects(body, "messages")))
    limit = _limit(body, "max_tokens") or _limit(body, "max_completion_tokens")
    return Question(_text(body, "model"), said.get("system", ""), said.get("user", ""), limit)


def _reply_chat(model: str, text: str, is_cut_off: bool) -> Json:
    message: Json = {"role": "assistant", "content": text, "refusal": None, "annotations": []}
    finish_reason = "length" if is_cut_off else "stop"
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish_reason}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_750_000_000,
        "model": model,
        "choices": [choice],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    }


def _ask_responses(body: Json) -> Question:
    _check(
        body,
        {"model", "input"},
        {"instructions", "max_output_tokens", "store", "reasoning", "stream"},
    )
    system = _text(body, "instructions") if "instructions" in body else ""
    limit = _limit(body, "max_output_tokens")
    return Question(_text(body, "model"), system, _text(body, "input"), limit)


def _reply_responses(model: str, text: str, is_cut_off: bool) -> Json:
    part = {"type": "output_text", "text": text, "annotations": []}
    status = "incomplete" if is_cut_off else "completed"
    details = {"reason": "max_output_tokens"} if is_cut_off else None
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1_750_000_000,
        "status": status,
        "incomplete_details": details,
        "error": None,
        "model": model,
        "output": [
            {"type": "reasoning", "id": "rs_1", "summary": []},
            {
                "type": "message",
                "id": "msg_1",
                "status": status,
                "role": "assistant",
                "content": [part],
            },
        ],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
    }


def _ask_messages(body: Json) -> Question:
    _check(body, {"model", "messages", "max_tokens"}, {"system", "temperature", "stream"})
    said = dict(map(_message, _objects(body, "messages")))
    system = _joined(body, "system") if "system" in body else ""
    return Question(_text(body, "model"), system, said.get("user", ""), _limit(body, "max_tokens"))


def _reply_messages(model: str, text: str, is_cut_off: bool) -> Json:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [
            {"type": "thinking", "thinking": "Let me see.", "signature": "x"},
            {"type": "text", "text": text},
        ],
        "stop_reason": "max_tokens" if is_cut_off else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }


_PROTOCOLS: Mapping[str, tuple[Callable[[Json], Question], Callable[[str, str, bool], Json]]] = {
    "/v1/chat/completions": (_ask_chat, _reply_chat),
    "/v1/responses": (_ask_responses, _reply_responses),
    "/v1/messages": (_ask_messages, _reply_messages),
}


def _check(body: Json, required: set[str], optional: set[str]) -> None:
    for name in sorted(required - body.keys()):
        raise RefusedError(400, f"Missing required parameter: '{name}'.")
    for name in sorted(body.keys() - required - optional):
        raise RefusedError(400, f"Unrecognized request argument supplied: {name}")


def _text(body: Json, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        raise RefusedError(400, f"Invalid type for '{name}': expected a string.")
    return value


def _limit(body: Json, name: str) -> int | None:
    value = body.get(name)
    if value is not None and not (isinstance(value, int) and value >= 1):
        raise RefusedError(400, f"Invalid value for '{name}': expected an integer >= 1.")
    return value


def _objects(body: Json, name: str) -> list[Json]:
    value = body.get(name)
    if not isinstance(value, list) or not all(isinstance(it, dict) for it in value):
        raise RefusedError(400, f"Invalid type for '{name}': expected an array of objects.")
    return value


def _message(message: Json) -> tuple[str, str]:
    return _text(message, "role"), _joined(message, "content")


def _joined(body: Json, name: str) -> str:
    """Text as it is, or in blocks."""
    if isinstance(body.get(name), str):
        return _text(body, name)
    return "".join(_text(block, "text") for block in _objects(body, name))


# --- the models ----------------------------------------------------------------------------------

_TEXTS: Mapping[str, Callable[[str], str]] = {
    "koe-echo": lambda prompt: f"{_last_line(prompt)}!!",
    "koe-modern": lambda prompt: f"{_last_line(prompt)}!!",
    "koe-later": lambda prompt: f"{_last_line(prompt)}!!",
    "koe-blank": lambda prompt: " \n",
    "koe-fragment": lambda prompt: _last_line(prompt)[:2],
    "koe-recite": lambda prompt: prompt,
    "koe-cut-off": lambda prompt: _last_line(prompt),
    "koe-thinking": lambda prompt: f"<think>\nWell.\n</think>\n\n{_last_line(prompt)}!!",
}


def _last_line(prompt: str) -> str:
    return prompt.rstrip("\n").rpartition("\n")[2]


MODELS = (
    *_TEXTS, "koe-refuse", "koe-garbage", "koe-endless", "koe-never", "koe-stalled",
)  # fmt: skip


class LlmService:
    """Answers requests, and remembers what it was asked. On one event loop."""

    def __init__(self) -> None:
        # What the models were asked, in order.
        self.questions: list[Question] = []
        # Notified with every question.
        self._asked = asyncio.Condition()
        # koe-later may answer.
        self.reported_to = asyncio.Event()

    async def until_asked(self, count: int) -> None:
        """Wait until so many questions were asked."""
        async with asyncio.timeout(PATIENCE), self._asked:
            await self._asked.wait_for(lambda: len(self.questions) >= count)

    async def handle(self, exchange: Exchange) -> None:
        """Answer one request."""
        path = urlsplit(exchange.path).path
        if path.startswith("/asked/"):
            # For tests in other processes: an answer as soon as so many questions were asked.
            await self.until_asked(int(path.removeprefix("/asked/")))
            await exchange.reply()
            return
        if path == "/answer":
            self.reported_to.set()
            await exchange.reply()
            return
        try:
            _check_key(exchange)
            if exchange.method == "GET":
                await _send(exchange, 200, _models(exchange, path))
            else:
                await self._answer(exchange, path)
        except RefusedError as exc:
            await _send(exchange, exc.status, _error(exchange, exc))

    async def _answer(self, exchange: Exchange, path: str) -> None:
        if exchange.method != "POST" or path not in _PROTOCOLS:
            raise RefusedError(404, f"Invalid URL ({exchange.method} {path})")
        if exchange.headers.get("content-type") != "application/json":
            raise RefusedError(415, "Unsupported content type")
        ask, reply = _PROTOCOLS[path]
        body = json.loads(bytes(exchange.body))
        question = ask(body)
        if question.model == "koe-modern" and (given := body.keys() & {"temperature", "top_p"}):
            raise RefusedError(400, f"`{min(given)}` is deprecated for this model.")
        self.questions.append(question)
        async with self._asked:
            self._asked.notify_all()
        model = question.model
        if (text := _TEXTS.get(model)) is not None:
            if model == "koe-later":
                await self.reported_to.wait()
            is_cut_off = model == "koe-cut-off"
            await _send(exchange, 200, reply(model, text(question.user), is_cut_off))
            return
        match model:
            case "koe-refuse":
                raise RefusedError(500, "The server had an error while processing your request.")
            case "koe-garbage":
                await exchange.reply(200, b"<html>Welcome</html>", content_type="text/html")
            case "koe-endless":
                await exchange.begin(200, {"content-type": "application/json"})
                for _ in range(ENDLESS_BYTES // 2**16):
                    await exchange.send(b" " * 2**16)
                await exchange.end()
            case "koe-never":
                await asyncio.Event().wait()
            case "koe-stalled":
                await exchange.begin(200, {"content-type": "application/json"})
                await exchange.send(b'{"choices": [')
                await asyncio.Event().wait()
            case _:
                raise RefusedError(404, f"The model `{model}` does not exist")


def _check_key(exchange: Exchange) -> None:
    """Accept OpenAI's way and Anthropic's, which a client has to choose between."""
    headers = exchange.headers
    version = headers.get("anthropic-version")
    bearer = headers.get("authorization", "").removeprefix("Bearer ")
    if version is None:
        if bearer != KEY:
            raise RefusedError(401, f"Incorrect API key provided: {bearer}.")
    elif version not in ("2023-06-01", "2026-10-21"):
        raise RefusedError(400, f"anthropic-version: {version} is not a valid version")
    # Their own client sends a bearer since the second version; before, that was for other tokens.
    elif KEY not in (headers.get("x-api-key"), bearer if version > "2026" else None):
        raise RefusedError(401, "invalid x-api-key")


def _models(exchange: Exchange, path: str) -> Json:
    if path == "/v1/models":
        return {"object": "list", "data": [_model(name) for name in MODELS], "has_more": False}
    name = unquote(path.removeprefix("/v1/models/"))
    if not path.startswith("/v1/models/") or name not in MODELS:
        raise RefusedError(404, f"The model `{name}` does not exist")
    return _model(name)


def _model(name: str) -> Json:
    """With what OpenAI says of a model, and what Anthropic does."""
    return {
        "id": name,
        "object": "model",
        "created": 1_750_000_000,
        "owned_by": "koe",
        "type": "model",
        "display_name": name,
        "created_at": "2026-01-01T00:00:00Z",
    }


def _error(exchange: Exchange, refused: RefusedError) -> Json:
    error = {"type": "invalid_request_error", "message": str(refused)}
    if "anthropic-version" in exchange.headers:
        return {"type": "error", "error": error}
    return {"error": error | {"param": None, "code": None}}


async def _send(exchange: Exchange, status: int, body: Json) -> None:
    encoded = json.dumps(body, ensure_ascii=False).encode()
    await exchange.reply(status, encoded, content_type="application/json")


# --- running it ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Running:
    """A service that runs on a thread of its own; ask it things when it has nothing to do.

    Attributes:
        service: What it was asked.
        server: Its connections.
        url: Where its protocols are; what is in a profile's ``base_url``.
    """

    service: LlmService
    server: Server

    @property
    def url(self) -> str:
        return f"{self.server.url}/v1"


@contextmanager
def serving(
    certificate: Kind | None = None, alpn: tuple[Version, ...] = ("h2", "http/1.1")
) -> Iterator[Running]:
    """Run a service for tests that run no loop, and for other processes.

    Args:
        certificate: For TLS, what is wrong with it; None for plain HTTP.
        alpn: What is offered over TLS.
    """
    started: threading.Event = threading.Event()
    running: list[Running] = []
    stop: list[Callable[[], object]] = []

    async def serve() -> None:
        service = LlmService()
        loop, over = asyncio.get_running_loop(), asyncio.Event()
        async with Server(service.handle, alpn, certificate) as server:
            running.append(Running(service, server))
            stop.append(lambda: loop.call_soon_threadsafe(over.set))
            started.set()
            await over.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),), name="fake-llm")
    thread.start()
    assert started.wait(PATIENCE), "the fake service does not start"
    try:
        yield running[0]
    finally:
        stop[0]()
        thread.join()
