"""The protocols by name, and the HTTP requests to the server of a profile. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol
from urllib.parse import quote

from koe.config.llm import LlmProfile
from koe.errors import EndpointError, LlmConfigError, LlmReplyError, LlmStatusError
from koe.http.request import Request
from koe.llm import anthropic_messages, openai_chat, openai_responses
from koe.llm.exchange import (
    LlmRequest,
    Reply,
    at,
    is_page,
    read_json,
    text_at,
)
from koe.llm.refusals import is_about_store, presentable, refusal
from koe.text import pasted, trim

# The statuses of servers for an address that does not exist.
_ASTRAY = frozenset({404, 405})

# The hosts of Azure's services.
_AZURE = (".openai.azure.com", ".cognitiveservices.azure.com", ".services.ai.azure.com")

# The form of a header's name (RFC 9110 §5.6.2), and headers that decide where a request goes and
# ends.
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OURS = frozenset({
    "connection", "content-length", "content-type", "host", "te", "transfer-encoding", "upgrade",
})  # fmt: skip

# The remedy if a service refuses requests that forbid it to keep what was said.
_KEEP_NOTHING = (
    "koe always sends store: false, which asks the service to keep nothing; set api_protocol to "
    "openai_chat, or choose another service"
)


class LlmProtocol(Protocol):
    """The interface of a protocol's module."""

    MODELS_QUERY: str

    def headers(self, api_key: str) -> dict[str, str]: ...

    def build_body(self, request: LlmRequest) -> dict[str, object]: ...

    def parse_reply(self, body: bytes) -> Reply: ...


PROTOCOLS: Mapping[str, LlmProtocol] = MappingProxyType({
    "openai_chat": openai_chat,
    "openai_responses": openai_responses,
    "anthropic_messages": anthropic_messages,
})  # fmt: skip
"""The modules by the value of ``api_protocol``."""


def reply_request(profile: LlmProfile, request: LlmRequest) -> Request:
    """Make the request that asks a model.

    Args:
        profile: The profile of the model.
        request: The question.

    Raises:
        LlmConfigError: The profile can't be used.
    """
    _check(profile)
    return Request(
        url=profile.url,
        headers=(("Content-Type", "application/json"), *_headers(profile)),
        body=encoded(PROTOCOLS[profile.protocol].build_body(request)),
        allow_private=profile.allow_plain_http,
    )


def encoded(parameters: Mapping[str, object]) -> bytes:
    """The body with these parameters. A lone surrogate in a text is sent as a question mark."""
    body = json.dumps(parameters, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return body.encode("utf-8", "replace")


def models_request(profile: LlmProfile) -> Request:
    """Make the request for the list of models; no model need be configured.

    Raises:
        LlmConfigError: The profile can't be used.
    """
    return _get(profile, f"/models{PROTOCOLS[profile.protocol].MODELS_QUERY}")


def warm_up_request(profile: LlmProfile) -> Request:
    """Make a small request that opens the connection early (spec llm §1.5).

    The status of the reply does not matter.

    Raises:
        LlmConfigError: The profile can't be used.
    """
    return _get(profile, f"/models/{quote(profile.model_name, safe='', errors='replace')}")


def check_status(status: int, body: bytes, profile: LlmProfile) -> None:
    """Accept a reply by its status, unless it is a web page.

    Raises:
        LlmStatusError: The server refused; its message is shortened and without the key.
        LlmReplyError: The reply is a web page, so that the address is not that of a model.
    """
    if 200 <= status <= 299:
        if is_page(body):
            raise LlmReplyError(f"the server answered with a web page; {doubt(profile)}")
        return
    said = refusal(body, profile.secrets)
    if status in _ASTRAY and "model" not in said.lower():
        said = f"{said}; {doubt(profile)}" if said else doubt(profile)
    if profile.protocol == "openai_responses" and is_about_store(status, body):
        said = f"{said.rstrip('.')}; {_KEEP_NOTHING}"
    raise LlmStatusError(status, said)


def check_address(text: str, *, allow_plain_http: bool = False) -> str:
    """Return an address in its normal form, if a model may be asked there (spec llm §6.1).

    The rules are those of `koe.endpoint`. No message shows the address, because users may have
    entered the key there.

    Args:
        text: The address.
        allow_plain_http: Whether it may be unencrypted in a private network too.

    Raises:
        LlmConfigError: It is no absolute address, is not allowed, or is that of a WebSocket.
    """
    from koe.endpoint import check_endpoint, is_private, shown  # costs milliseconds, so not before

    try:
        url = check_endpoint(text, allow_private=allow_plain_http)
    except EndpointError as exc:
        said = str(EndpointError(presentable(exc.url)))
        if allow_plain_http:
            said += "; allow_plain_http is for addresses such as 192.168.1.5, not for host names"
        elif is_private(text):
            said += "; with allow_plain_http: true in the profile, in a private network too"
        raise LlmConfigError(said) from exc
    if url.startswith("ws"):
        raise LlmConfigError(
            f"{shown(url)} is the address of a WebSocket; enter an address with https://"
        )
    return url


def parse_models(body: bytes) -> list[str]:
    """The ids in a list of models, each once, as the server sorted them; there may be none.

    Raises:
        LlmReplyError: It is no list of models.
    """
    reply = read_json(body, what="/models response")
    try:
        models = at(reply, "data")
    except LookupError:
        models = None
    if not isinstance(models, list):
        raise LlmReplyError("missing data array in /models response")
    ids = (trim(text_at(model, "id") or "") for model in models)
    return list(dict.fromkeys(filter(None, ids)))


def doubt(profile: LlmProfile) -> str:
    """A hint to the user that base_url may be wrong."""
    from koe.endpoint import shown

    address = presentable(shown(profile.base), profile.secrets)
    if re.search(r"/v\d", profile.base):
        return f"is base_url right? It is {address}"
    return f"is base_url right? It is {address}, and most end in /v1"


def _get(profile: LlmProfile, path: str) -> Request:
    _check(profile)
    return Request(
        url=profile.address(path),
        headers=_headers(profile),
        allow_private=profile.allow_plain_http,
    )


def _headers(profile: LlmProfile) -> tuple[tuple[str, str], ...]:
    headers = PROTOCOLS[profile.protocol].headers(profile.key)
    if profile.key and "Authorization" in headers and _is_azure(profile.base):
        headers = {"api-key": profile.key}
    # The user's own headers replace koe's; of names that differ in case only, the last counts.
    named = {name.lower(): (name, value) for name, value in headers.items()}
    named |= {name.lower(): (name, value.strip()) for name, value in profile.headers.items()}
    return tuple(named.values())


def _is_azure(base: str) -> bool:
    """Whether the key is sent in Azure's own header, which all versions of its service read."""
    from koe.endpoint import place_of

    return place_of(base).host.endswith(_AZURE)


def _check(profile: LlmProfile) -> None:
    if profile.provider == "mlx":
        raise LlmConfigError("MLX LLM support is not enabled in this build")
    if not pasted(profile.base_url):
        raise LlmConfigError("the profile has no base_url; enter the address of the server")
    # Check base_url and not the complete address: in the latter, a path that directly follows
    # https:// has become the host.
    try:
        check_address(profile.base_url, allow_plain_http=profile.allow_plain_http)
    except LlmConfigError as exc:
        advice = "is base_url right?"
        if "://" not in profile.base_url:
            advice = "base_url lacks https:// at its beginning"
        raise LlmConfigError(f"{exc.message}; {advice}") from exc
    if profile.lacks_key:
        raise LlmConfigError("the profile has no api_key; enter the one that the service gave you")
    if not all(_may_be_sent(character) for character in profile.key):
        problem = "the profile's api_key contains a line break or another control character"
        raise LlmConfigError(f"{problem}; enter it again")
    for name, value in profile.headers.items():
        _check_header(name, value)


def _check_header(name: str, value: str) -> None:
    if not _TOKEN.fullmatch(name):
        raise LlmConfigError(
            f"the profile's headers contain {presentable(name)!r}, which is not a valid header "
            "name; correct or remove it"
        )
    if name.lower() in _OURS:
        raise LlmConfigError(f"the profile's headers contain {name}, which koe sets; remove it")
    if not all(_may_be_sent(character) for character in value.strip()):
        raise LlmConfigError(
            f"the header {name} of the profile contains a line break or another control "
            "character; enter it again"
        )


def _may_be_sent(character: str) -> bool:
    """Whether a header may contain a character: not a control character or lone surrogate."""
    is_control = (character < " " and character != "\t") or character == "\x7f"
    return not is_control and not "\ud800" <= character <= "\udfff"
