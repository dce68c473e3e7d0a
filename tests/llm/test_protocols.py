"""What a profile sends (spec llm §§2.4, 3.2, 4.1), and random replies."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koe.config.llm import BUILT_IN_PROFILES, LlmProfile
from koe.errors import LlmConfigError, LlmReplyError, LlmStatusError
from koe.llm.protocols import (
    PROTOCOLS,
    check_address,
    check_status,
    models_request,
    parse_models,
    reply_request,
    warm_up_request,
)
from tests.llm.questions import question

OPENAI = LlmProfile(base_url="https://h/v1", model="m", api_key="secret")
ANTHROPIC = OPENAI.replace(provider="anthropic")


def test_every_protocol_that_can_be_configured_is_there() -> None:
    words = [
        BUILT_IN_PROFILES[name].protocol for name in ("openai", "openai-responses", "anthropic")
    ]
    assert list(PROTOCOLS) == words


# --- asking ------------------------------------------------------------------------------


def test_the_apfel_preset() -> None:
    apfel = BUILT_IN_PROFILES["apfel"]
    asked = question(model=apfel.model, parameter=apfel.max_token_parameter)
    request = reply_request(apfel, asked)
    assert request.url == "http://127.0.0.1:11434/v1/chat/completions"
    assert request.headers == (("Content-Type", "application/json"),)
    body = json.loads(request.body)
    assert (body["model"], body["max_tokens"]) == ("apple-foundationmodel", 1024)
    assert body.keys().isdisjoint({"max_completion_tokens", "reasoning_effort", "thinking"})


@pytest.mark.parametrize(
    ("profile", "url", "headers"),
    [
        (OPENAI, "https://h/v1/chat/completions", [("Authorization", "Bearer secret")]),
        (
            OPENAI.replace(api_protocol="openai_responses", base_url="https://api.openai.com/v1"),
            "https://api.openai.com/v1/responses",
            [("Authorization", "Bearer secret")],
        ),
        (
            OPENAI.replace(base_url="https://h/v1///", endpoint_path="  //x/y "),
            "https://h/v1/x/y",
            [("Authorization", "Bearer secret")],
        ),
        (
            OPENAI.replace(endpoint_path="chat/completions?api-version=1", api_key=""),
            "https://h/v1/chat/completions?api-version=1",
            [],
        ),
        (
            ANTHROPIC,
            "https://h/v1/messages",
            [("anthropic-version", "2023-06-01"), ("x-api-key", "secret")],
        ),
        (
            OPENAI.replace(api_protocol="anthropic_messages", api_key=""),
            "https://h/v1/messages",
            [("anthropic-version", "2023-06-01")],
        ),
    ],
)
def test_where_and_how_a_model_is_asked(
    profile: LlmProfile, url: str, headers: list[tuple[str, str]]
) -> None:
    request = reply_request(profile, question())
    assert request.url == url
    assert request.headers == (("Content-Type", "application/json"), *headers)


def test_the_body_is_compact_sorted_utf_8() -> None:
    request = reply_request(OPENAI, question(varying="词 \ud800", model="m"))
    assert request.body.decode() == (
        '{"max_completion_tokens":1024,"messages":[{"content":"system","role":"system"},'
        '{"content":"词 ?","role":"user"}],"model":"m","stream":false}'
    )


@pytest.mark.parametrize(
    ("profile", "sentence"),
    [
        (BUILT_IN_PROFILES["mlx"], "MLX LLM support is not enabled in this build"),
        (OPENAI.replace(base_url=" "), "the profile has no base_url; enter the address"),
        # Of one of these and a path, a URL with a host would be made: chat, or models.
        (OPENAI.replace(base_url="https://"), "insecure endpoint https://: use"),
        (OPENAI.replace(base_url="https:"), "insecure endpoint https:: use"),
        (OPENAI.replace(base_url="https://\t"), "insecure endpoint https://: use"),
        (OPENAI.replace(base_url="http://h/v1"), "insecure endpoint http://h/v1: use"),
        (OPENAI.replace(base_url="http://http://h/v1"), "insecure .*; is base_url right"),
        (OPENAI.replace(base_url="htpp://h/v1"), "insecure endpoint htpp://h/v1: .*; is base_url"),
        (OPENAI.replace(base_url="wss://h/v1"), "of a WebSocket; enter .*; is base_url right"),
        (
            OPENAI.replace(base_url="h.example/v1"),
            "insecure endpoint h.example/v1: .*lacks https://",
        ),
        (BUILT_IN_PROFILES["openai"], "the profile has no api_key; enter the one that the service"),
        (OPENAI.replace(api_key="sec\nret"), "api_key contains a line break or another control"),
        (OPENAI.replace(api_key="sec\x7fret"), "api_key contains a line break or another control"),
        (OPENAI.replace(api_key="secret\udc80"), "api_key contains a line break or another contr"),
    ],
)
def test_a_profile_that_cannot_be_used(profile: LlmProfile, sentence: str) -> None:
    with pytest.raises(LlmConfigError, match=f"^LLM correction failed: .*{sentence}") as caught:
        reply_request(profile, question())
    assert "secret" not in str(caught.value)


def test_keys_may_have_any_other_character() -> None:
    request = reply_request(OPENAI.replace(api_key="schlüssel\t1"), question())
    assert request.headers[1] == ("Authorization", "Bearer schlüssel\t1")


# --- other requests ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("profile", "url"),
    [
        (OPENAI.replace(base_url="https://h/v1//", endpoint_path="/x"), "https://h/v1/models"),
        (OPENAI.replace(api_protocol="openai_responses", model=""), "https://h/v1/models"),
        (ANTHROPIC, "https://h/v1/models?limit=1000"),
    ],
)
def test_asking_for_models(profile: LlmProfile, url: str) -> None:
    request = models_request(profile)
    assert (request.url, request.body) == (url, b"")
    assert request.headers == tuple(PROTOCOLS[profile.protocol].headers("secret").items())


@pytest.mark.parametrize(
    "profile",
    [
        BUILT_IN_PROFILES["mlx"],
        BUILT_IN_PROFILES["anthropic"],
        LlmProfile(model="m"),
        LlmProfile(model="m", base_url="https://"),
    ],
)
def test_asking_for_models_without_an_address(profile: LlmProfile) -> None:
    with pytest.raises(LlmConfigError):
        models_request(profile)


@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("org/m:7b", "org%2Fm%3A7b"),
        ("a-z_0.9~", "a-z_0.9~"),
        (" 词 a", "%E8%AF%8D%20a"),
        ("half \ud800", "half%20%3F"),
    ],
)
def test_warming_up(model: str, path: str) -> None:
    request = warm_up_request(OPENAI.replace(base_url="https://h/v1/", model=model))
    assert (request.url, request.body) == (f"https://h/v1/models/{path}", b"")
    assert request.headers == (("Authorization", "Bearer secret"),)


# --- replies -----------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 204, 299])
def test_a_status_that_is_fine(status: int) -> None:
    check_status(status, b"", OPENAI)


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        (500, b"oops", "HTTP 500 Internal Server Error: oops"),
        (401, b'{"error": {"message": "wrong: secret"}}', "HTTP 401 Unauthorized: wrong: ***"),
        (302, b"", "HTTP 302 Found"),
        (199, b"", "HTTP 199"),
    ],
)
def test_a_status_that_is_not(status: int, body: bytes, sentence: str) -> None:
    with pytest.raises(LlmStatusError) as caught:
        check_status(status, body, OPENAI)
    assert str(caught.value) == f"LLM correction failed: {sentence}"


V1 = "is base_url right? It is https://h/v1"
BARE = "is base_url right? It is https://h/, and most end in /v1"


@pytest.mark.parametrize(
    ("base_url", "status", "body", "message"),
    [
        ("https://h", 404, b"404 page not found", f"404 page not found; {BARE}"),
        ("https://h/?api-version=secret", 404, b"", BARE),
        ("https://h/v1", 404, b"<html>nginx</html>", V1),
        ("https://h/v1", 405, b'{"detail": "Method Not Allowed"}', f"Method Not Allowed; {V1}"),
        ("https://h/v1", 404, b'{"error": "model \'m\' not found"}', "model 'm' not found"),
        ("https://h/v1", 403, b"<html>", ""),
    ],
)
def test_an_address_at_which_nothing_is(
    base_url: str, status: int, body: bytes, message: str
) -> None:
    with pytest.raises(LlmStatusError) as caught:
        check_status(status, body, OPENAI.replace(base_url=base_url))
    assert caught.value.message == message


@pytest.mark.parametrize("body", [b"<!doctype html><title>New API</title>", b"\xef\xbb\xbf\n <a/>"])
def test_a_web_page(body: bytes) -> None:
    with pytest.raises(LlmReplyError, match=r"answered with a web page.* base_url right") as caught:
        check_status(200, body, OPENAI)
    assert "secret" not in caught.value.message


@pytest.mark.parametrize("path", ["", "/chat/completions", "/chat/completions/"])
def test_what_is_copied_with_a_profile(path: str) -> None:
    profile = LlmProfile(
        base_url=f' "https://h/v1{path}\u200b"\n', api_key="\u00a0Bearer “secret”\r\n", model="m \t"
    )
    request = reply_request(profile, question(model=profile.model_name))
    assert request.url == "https://h/v1/chat/completions"
    assert ("Authorization", "Bearer secret") in request.headers
    assert json.loads(request.body)["model"] == "m"
    assert models_request(profile).url == "https://h/v1/models"
    assert warm_up_request(profile).url == "https://h/v1/models/m"


@pytest.mark.parametrize(
    ("body", "models"),
    [
        ({"data": [{"id": "gpt-5.4-mini"}, {"id": "gpt-5.4-nano"}]}, ["gpt-5.4-mini",
                                                                      "gpt-5.4-nano"]),
        ({"data": []}, []),
        ({"data": [{"id": " a "}, {"id": "a"}, {"id": ""}, {"id": 5}, {}, None, "x"]}, ["a"]),
        ({"data": [{"id": "b"}, {"id": "a"}, {"id": "B"}]}, ["b", "a", "B"]),
    ],
)  # fmt: skip
def test_a_list_of_models(body: object, models: list[str]) -> None:
    assert parse_models(json.dumps(body).encode()) == models


@pytest.mark.parametrize("body", [b"{}", b'{"data": {}}', b"[]", b'{"data": null}'])
def test_no_list_of_models(body: bytes) -> None:
    with pytest.raises(LlmReplyError, match=r": missing data array in /models response$"):
        parse_models(body)


def test_no_json_for_a_list_of_models() -> None:
    with pytest.raises(LlmReplyError, match="parse /models response: error decoding response body"):
        parse_models(b"<")


# The names that replies are made of, at random.
NAMES = st.sampled_from(
    ["choices", "message", "content", "output", "output_text", "status", "text", "type", "value",
     "data", "id", "error", "finish_reason", "stop_reason"]
)  # fmt: skip
WORDS = st.sampled_from(["message", "text", "output_text", "failed", "incomplete", "length", ""])
REPLIES = st.recursive(
    st.none() | st.integers() | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=30,
)


@given(st.sampled_from(list(PROTOCOLS)), REPLIES)
def test_any_reply_is_text_or_an_error(protocol: str, reply: object) -> None:
    body = json.dumps(reply).encode()
    try:
        assert isinstance(PROTOCOLS[protocol].parse_reply(body).text, str)
    except LlmReplyError as exc:
        assert exc.message
    with suppress(LlmReplyError):
        assert all(parse_models(body))


@given(st.sampled_from(list(PROTOCOLS)), st.binary())
def test_any_bytes_are_text_or_an_error(protocol: str, body: bytes) -> None:
    try:
        PROTOCOLS[protocol].parse_reply(body)
    except LlmReplyError as exc:
        assert exc.message


# --- headers, and networks without encryption -------------------------------------------


@pytest.mark.parametrize(
    "base_url",
    ["https://r.openai.azure.com/openai/v1", "https://r.services.ai.azure.com/openai/v1"],
)
def test_azure_has_a_header_of_its_own(base_url: str) -> None:
    headers = dict(models_request(OPENAI.replace(base_url=base_url)).headers)
    assert headers == {"api-key": "secret"}
    assert models_request(OPENAI.replace(base_url=base_url, api_key="")).headers == ()


def test_headers_of_the_user() -> None:
    profile = OPENAI.replace(headers={"x-team": " a ", "AUTHORIZATION": "Basic b", "X-Team": "c"})
    assert models_request(profile).headers == (("AUTHORIZATION", "Basic b"), ("X-Team", "c"))
    keyless = BUILT_IN_PROFILES["openai"].replace(headers={"Authorization": "Bearer b"})
    assert dict(models_request(keyless).headers) == {"Authorization": "Bearer b"}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("a b", "", "the profile's headers contain 'a b', which is not a valid header name"),
        ("", "", "the profile's headers contain '', which is not a valid header name"),
        ("Host", "evil", "the profile's headers contain Host, which koe sets; remove it"),
        ("Content-Length", "1", "the profile's headers contain Content-Length, which koe sets"),
        ("X-Key", "hunter2\nX: y", "the header X-Key of the profile contains a line break"),
    ],
)
def test_headers_that_cannot_be_sent(name: str, value: str, message: str) -> None:
    with pytest.raises(LlmConfigError) as caught:
        models_request(OPENAI.replace(headers={name: value}))
    assert caught.value.message.startswith(message)
    assert "hunter2" not in caught.value.message


def test_headers_are_as_secret_as_the_key() -> None:
    profile = OPENAI.replace(headers={"X-Key": "Token hunter2hunter2"})
    with pytest.raises(LlmStatusError) as caught:
        check_status(401, b"no: hunter2hunter2, secret", profile)
    assert caught.value.message == "no: ***, ***"
    assert "hunter2" not in repr(profile)


@pytest.mark.parametrize("host", ["10.0.0.5:8080", "172.31.0.1", "192.168.1.5", "[fd00::1]"])
def test_a_private_network_is_asked_unencrypted_only_when_that_is_allowed(host: str) -> None:
    profile = OPENAI.replace(base_url=f"http://{host}/v1")
    with pytest.raises(LlmConfigError, match="with allow_plain_http: true in the profile"):
        models_request(profile)
    assert not profile.exposure
    allowed = profile.replace(allow_plain_http=True)
    assert models_request(allowed).url == f"http://{host}/v1/models"
    assert allowed.exposure.startswith(f"the key and all texts are sent unencrypted to {host},")


@pytest.mark.parametrize(
    "host", ["8.8.8.8", "172.32.0.1", "server.lan", "h", "100.64.0.1", "[::ffff:10.0.0.5]"]
)
def test_what_is_no_private_address_is_never_asked_unencrypted(host: str) -> None:
    """A name is none: who answers for it decides where it leads, each time it is looked up."""
    profile = OPENAI.replace(base_url=f"http://{host}/v1", allow_plain_http=True)
    with pytest.raises(LlmConfigError, match=r"such as 192\.168\.1\.5, not for host names"):
        models_request(profile)
    assert not profile.exposure
    assert not profile.replace(base_url="http://127.0.0.1/v1").exposure


def test_an_empty_name_of_a_model_is_sent() -> None:
    """A server that has one model needs none (spec llm §2.5)."""
    profile = OPENAI.replace(model="")
    assert json.loads(reply_request(profile, question(model="")).body)["model"] == ""
    assert not profile.is_ready


# --- addresses: the rules themselves are tests/test_endpoint.py's ---


def test_an_address_that_may_be_asked() -> None:
    assert check_address(" HTTPS://Example.com/v1") == "https://example.com/v1"


@pytest.mark.parametrize("address", ["http://api.example.com/v1", "http://api.example.com/v1?k=k"])
def test_the_refusal_names_the_address(address: str) -> None:
    with pytest.raises(LlmConfigError) as refusal:
        check_address(address)
    assert str(refusal.value) == (
        "LLM correction failed: insecure endpoint http://api.example.com/v1: use https:// or "
        "wss:// (plain http/ws is only allowed for localhost)"
    )


@pytest.mark.parametrize(
    "address",
    [
        "http://user:hunter2@evil.example/v1?key=hunter2#hunter2",
        "https://user:hunter2@bad host/",
        "ftp://user:hunter2@host/",
        "user:hunter2@host/v1",
        "host/v1?key=hunter2",
        "sk-hunter2-hunter2",  # the key, in the wrong field
    ],
)
def test_no_secret_in_a_refusal(address: str) -> None:
    with pytest.raises(LlmConfigError, match="insecure endpoint") as refusal:
        check_address(address)
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize("address", ["wss://api.example.com/v1", "ws://localhost/v1"])
def test_a_websocket_is_not_asked_by_http(address: str) -> None:
    with pytest.raises(LlmConfigError, match="address of a WebSocket"):
        check_address(address)
