"""The services that a cell talks to, each behind a wire."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.faults.hearing import WordListener, spoken_in
from tests.faults.wire import DOUBAO, HTTP, HTTP_REPLY, QWEN, Dialect, Wire
from tests.servers.doubao import DoubaoService
from tests.servers.llm import KEY, serving
from tests.servers.qwen import QwenService
from tests.servers.service import Service
from tests.servers.speech import (
    API_KEY,
    Received,
    Step,
    speech_server,
    transcribe_glm,
    transcribe_mimo,
)

_STREAMING: dict[str, Callable[[], Service]] = {"doubao": DoubaoService, "qwen": QwenService}
_DIALECTS = {"doubao": DOUBAO, "qwen": QWEN}


@dataclass
class Imitation:
    """A service behind a wire.

    Attributes:
        settings: Its section of the configuration.
        wire: Where it is reached.
        service: It itself, if it streams.
        requests: How many recordings were uploaded.
        on_request: Called with that number before it is answered, on a thread of the service.
    """

    settings: Mapping[str, object]
    wire: Wire
    service: Service | None = None
    requests: int = 0
    on_request: list[Callable[[int], None]] = field(default_factory=list)

    @property
    def has_all_audio(self) -> bool:
        """Whether the newest client has sent the end of its audio."""
        assert self.service is not None
        conversations = self.service.conversations
        return bool(conversations) and conversations[-1].is_finished


@contextmanager
def imitation(
    engine: str, *, host: str | None = None, at_reply: bool = False
) -> Iterator[Imitation]:
    """Run the imitation of a service.

    Args:
        engine: The engine that uses it.
        host: The name by which it is reached, over TLS; None: by its address, without.
        at_reply: An upload's fault strikes in its answer.
    """
    if engine in _STREAMING:
        service = _STREAMING[engine]()
        service.keeps = False
        service.listen = WordListener  # type: ignore[attr-defined]
        with service, _wire(service.url, _DIALECTS[engine], is_secure=host is not None) as wire:
            yield Imitation(_settings(wire, service.path, host, "ws"), wire, service)
        return

    def answer(received: Received) -> list[Step]:
        made.requests += 1
        for call in made.on_request:
            call(made.requests)
        # At once, so that the wire has all of the answer in its hand.
        return [b"".join(it for it in transcribe(received, spoken_in) if isinstance(it, bytes))]

    transcribe = transcribe_glm if engine == "glm" else transcribe_mimo
    path = "/asr" if engine == "glm" else "/v1/chat/completions"
    with speech_server(answer) as server:
        dialect = HTTP_REPLY if at_reply else HTTP
        with _wire(server.url, dialect, is_secure=host is not None) as wire:
            made = Imitation(_settings(wire, path, host, "http"), wire)
            yield made


@contextmanager
def corrector(*, is_secure: bool = False) -> Iterator[Imitation]:
    """Run a service of language models; the settings are those of a profile."""
    with serving() as running, _wire(running.url, HTTP, is_secure=is_secure) as wire:
        host = f"https://localhost:{wire.port}" if is_secure else f"http://127.0.0.1:{wire.port}"
        profile = {"base_url": f"{host}/v1", "api_key": KEY, "model": "koe-echo"}
        yield Imitation(profile, wire)


def _wire(url: str, dialect: Dialect, *, is_secure: bool) -> Wire:
    port = urlsplit(url).port
    assert port is not None
    return Wire(port, dialect, is_secure=is_secure)


def _settings(wire: Wire, path: str, host: str | None, scheme: str) -> dict[str, object]:
    base = f"{scheme}s://{host}" if host else f"{scheme}://127.0.0.1"
    return {"url": f"{base}:{wire.port}{path}", "api_key": API_KEY}
