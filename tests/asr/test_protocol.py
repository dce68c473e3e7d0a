"""What all streaming services share: addresses, headers, JSON read with doubt."""

from __future__ import annotations

import pytest

from koe.asr.protocol import (
    Handshake,
    JsonObject,
    encode,
    header,
    own_headers,
    secrets_in,
    service_url,
)
from koe.errors import AsrConnectionError, AsrProtocolError


def test_service_url() -> None:
    assert service_url(" WSS://Example.com ") == "wss://example.com/"
    assert service_url("ws://127.1:9/x?y") == "ws://127.0.0.1:9/x?y"


@pytest.mark.parametrize(
    ("url", "refusal"),
    [
        ("", "insecure endpoint : use https:// or wss:// (plain http/ws is only allowed for loc"),
        ("ws://user:secret@h/?secret", "insecure endpoint ws://h/: use https:// or wss://"),
        ("https://user:secret@h/?secret", "invalid URL: https://h/ does not begin with wss://"),
        ("wss://user:secret@h/?secret#x", "invalid URL: wss://h/ has a fragment (#…); remove it"),
    ],
)
def test_addresses_that_are_refused(url: str, refusal: str) -> None:
    with pytest.raises(AsrConnectionError) as caught:
        service_url(url)
    assert caught.value.message.startswith(refusal)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("value", ["", "a b", "a\tb", "语音", "\x80"])
def test_values_of_headers(value: str) -> None:
    assert header("X-Name", value, "") == value


def test_blanks_around_a_value() -> None:
    assert header("X-Name", " \tkey\t ", "") == "key"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Name", "a\nb"),
        ("X-Name", "a\r"),
        ("X-Name", "\0"),
        ("X-Name", "\x7f"),
        ("X-Name", "\udcff"),
        ("", "a"),
        ("X Name", "a"),
        ("X-Name:", "a"),
        ("名", "a"),
        ("X-Name\n", "a"),
    ],
)
def test_no_headers(name: str, value: str) -> None:
    with pytest.raises(AsrConnectionError, match=r"^ASR connection failed: that is none$"):
        header(name, value, "that is none")


def test_own_headers() -> None:
    headers = {"A": "1", "b": " 2 ", "a": "3"}
    assert own_headers(headers) == {"a": "3", "b": "2"}
    with pytest.raises(AsrConnectionError, match="invalid header name: a b"):
        own_headers({"a b": "secret"})
    with pytest.raises(AsrConnectionError) as caught:
        own_headers({"A": "secret\n"})
    assert caught.value.message == "invalid header value for A"


def test_secrets_in_headers() -> None:
    headers = {"Authorization": "Bearer 01234567", "X-Word": "0123456", "X-Sequence": "-1"}
    assert secrets_in(headers) == ("01234567",)


def test_a_handshake_does_not_tell_secrets() -> None:
    handshake = Handshake("wss://h/?secret", {"X-Key": "secret"}, ("secret",))
    assert "secret" not in repr(handshake)


def test_encode() -> None:
    assert encode({"a": ["语", "\udcff", None]}) == '{"a":["语","\ufffd",null]}'


def document(text: str | bytes) -> JsonObject:
    return JsonObject.parse(text, "reply")


def test_members() -> None:
    found = document(b'{"a":"\\ud83d\\ude00","b":{"c":"d"},"e":[{"f":true},{"f":1}]}')
    assert found.text("a") == "😀"
    assert found.document("b").text("c") == "d"
    assert [it.is_true("f") for it in found.documents("e")] == [True, False]


@pytest.mark.parametrize("text", ["{}", '{"a":null}'])
def test_missing_members(text: str) -> None:
    found = document(text)
    assert found.text("a") == ""
    assert found.document("a").text("b") == ""
    assert found.documents("a") == []
    assert not found.is_true("a")


def test_half_a_character() -> None:
    assert document('{"a":"\\ud83d"}').text("a") == "\ufffd"


@pytest.mark.parametrize(
    "text", ["", "[]", "null", "{", "NaN", '"x"', b"\xff", b"{\xff}", "[" * 99_999]
)
def test_no_documents(text: str | bytes) -> None:
    with pytest.raises(AsrProtocolError, match=r"^ASR protocol error: reply: "):
        document(text)


def test_members_of_the_wrong_kind() -> None:
    found = document('{"a":1,"b":[1]}')
    for read, refusal in (
        (found.text, "reply: 'a' is not a text"),
        (found.document, "reply: 'a' is not an object"),
        (found.documents, "reply: 'a' is not a list of objects"),
    ):
        with pytest.raises(AsrProtocolError) as caught:
            read("a")
        assert caught.value.message == refusal
    with pytest.raises(AsrProtocolError, match="'b' is not a list of objects"):
        found.documents("b")
