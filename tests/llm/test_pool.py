"""The door to the HTTP library: what it says in our words, and the proxies that it goes by."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys

import pytest
from pyreqwest.exceptions import ConnectError, RequestError

from koe import proxies
from koe.diagnostics import report_once
from koe.errors import LlmConfigError, LlmConnectionError
from koe.llm import pool
from koe.llm.endpoint import check_address
from koe.llm.pool import Pool, Request
from tests.asynchronous import on_loop
from tests.llm.asking import HEADERS, KEY, answer_ok, client_of, transport
from tests.servers.certificates import FAR, Kind
from tests.servers.proxy import Proxy
from tests.servers.web import Exchange, Server

# --- sentences -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("causes", "sentence"),
    [
        (
            ["client error (Connect)", "dns error", "Name or service not known"],
            "there is no server named api.example.com, or no network: is base_url right? "
            "(Name or service not known)",
        ),
        (
            ["client error (Connect)", "tcp connect error", "Connection refused (os error 61)"],
            "api.example.com refuses connections: is the server running? "
            "(Connection refused (os error 61))",
        ),
        (
            [
                "client error (Connect)",
                "tcp connect error",
                "actively refused it. (os error 10061)",
            ],
            "api.example.com refuses connections: is the server running? "
            "(actively refused it. (os error 10061))",
        ),
        (
            ["client error (SendRequest)", "http2 error", "keep-alive timed out"],
            "api.example.com does not answer any more (keep-alive timed out)",
        ),
        (
            ["client error (Connect)", "invalid peer certificate: Revoked"],
            "the certificate of api.example.com has been revoked "
            "(invalid peer certificate: Revoked)",
        ),
        (
            [
                "client error (Connect)",
                "tunnel error: failed to create underlying connection",
                "dns error",
                "Name or service not known",
            ],
            "the proxy gives no connection to api.example.com (Name or service not known)",
        ),
        (
            ["client error (SendRequest)", "stream error received: refused stream"],
            "the connection to api.example.com broke: stream error received: refused stream",
        ),
        (
            ["client error (SendRequest)", "something new"],
            "the connection to api.example.com broke: something new",
        ),
        ([], "the connection to api.example.com broke: connection error"),
    ],
)
def test_sentences(causes: list[str], sentence: str) -> None:
    outermost = f"error sending request for url (https://api.example.com/?key={KEY})"
    details = [{"message": text} for text in [outermost, *causes]]
    foreign = ConnectError("connection error", {"causes": details if causes else None})  # type: ignore[typeddict-item]
    ours = pool._error(foreign, f"https://api.example.com/?key={KEY}")
    assert type(ours) is LlmConnectionError
    assert ours.message == sentence


def test_an_error_without_causes() -> None:
    ours = pool._error(RequestError("odd", {"causes": None}), "https://api.example.com:8443/")
    assert ours.message == "the connection to api.example.com:8443 broke: odd"


def test_a_request_does_not_show_its_secrets() -> None:
    request = Request("POST", "https://user:secret@h/", {"x-api-key": KEY}, b"a secret text")
    assert KEY not in repr(request)
    assert "secret" not in repr(request)


@on_loop
async def test_a_host_that_only_one_parser_knows() -> None:
    """The library refuses names that can't be decoded."""
    with pytest.raises(LlmConfigError, match="nothing can be sent to xn--a: "):
        await Pool(transport()).send(Request("GET", check_address("https://xn--a/")))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system keeps the authorities")
def test_without_authorities_it_says_what_to_do() -> None:
    program = "from koe.llm.pool import Pool; from koe.llm.transport import Transport\n"
    program += "try: Pool(Transport(8.0))\nexcept Exception as exc: print(exc)"
    shown = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "SSL_CERT_FILE": "/nowhere", "SSL_CERT_DIR": "/nowhere"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    assert shown.stdout.startswith("LLM correction failed: there is no HTTP client: this computer ")
    assert "SSL_CERT_FILE" in shown.stdout


@on_loop
async def test_an_answer_has_headers() -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(location="/x")

    async with Server(answer) as server:
        loop = asyncio.get_running_loop()
        request = Request("GET", server.url, deadline=loop.time() + 20)
        answered = await Pool(transport()).send(request)
        assert answered.header("Location") == "/x"
        assert answered.header("missing") == ""
        assert await answered.read(1) == (b"o", False)
        await answered.close()


# --- proxies -------------------------------------------------------------------------------


def far(server: Server) -> str:
    """The address of a server for which a proxy is asked."""
    return f"https://{FAR}:{server.port}"


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
@on_loop
async def test_https_goes_through_a_tunnel(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    async with Server(answer_ok) as server, Proxy() as proxy:
        monkeypatch.setenv(name, f"127.0.0.1:{proxy.port}")
        async with client_of() as client:
            for _ in range(2):
                reply = await client.post(far(server), HEADERS, b"{}")
                assert reply.http_version == "HTTP/2"
        assert proxy.asked == [f"CONNECT {FAR}:{server.port} HTTP/1.1"]
        assert len(server.connections) == 1


@pytest.mark.parametrize("certificate", ["good", None])
@on_loop
async def test_this_machine_is_asked_directly(
    monkeypatch: pytest.MonkeyPatch, certificate: Kind | None
) -> None:
    """A proxy would see the key and what was said, for the way to it is not encrypted."""
    async with Server(answer_ok, certificate=certificate) as server, Proxy() as proxy:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        async with client_of() as client:
            await client.get(f"{server.url}/v1", {})
            await client.get(f"{server.url.replace('127.0.0.1', 'localhost')}/v1", {})
        assert not proxy.asked


@pytest.mark.parametrize(
    ("name", "value"),
    [("NO_PROXY", "10.0.0.0/8,fd00::/8,[::1]"), ("NO_PROXY", ".*"), ("no_proxy", "fe80::1%eth0")],
)
@on_loop
async def test_exceptions_that_systems_write(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    async with Server(answer_ok) as server, Proxy() as proxy:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv(name, value)
        async with client_of() as client:
            await client.post(far(server), HEADERS, b"{}")
        assert len(proxy.asked) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NO_PROXY", FAR),
        ("no_proxy", f"10.0.0.0/8, .{FAR}"),
        ("NO_PROXY", "*"),
        ("REQUEST_METHOD", "GET"),
        ("HTTPS_PROXY", ""),
    ],
)
@on_loop
async def test_without_the_proxy(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """The name is known to the proxy only, so who asks directly finds no server."""
    async with Server(answer_ok) as server, Proxy() as proxy:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv(name, value)
        async with client_of() as client:
            with pytest.raises(LlmConnectionError, match=f"there is no server named {FAR}"):
                await client.post(far(server), HEADERS, b"{}")
        assert not proxy.asked


@on_loop
async def test_a_proxy_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Server(answer_ok) as server, Proxy() as proxy:
        settings = {"https": f"127.0.0.1:{proxy.port}"}
        monkeypatch.setattr(proxies, "_system_settings", lambda: settings)
        async with client_of() as client:
            await client.post(far(server), HEADERS, b"{}")
        assert len(proxy.asked) == 1
        monkeypatch.setenv("NO_PROXY", FAR)
        async with client_of() as client:
            with pytest.raises(LlmConnectionError, match=f"there is no server named {FAR}"):
                await client.post(far(server), HEADERS, b"{}")
        assert len(proxy.asked) == 1


@on_loop
async def test_a_proxy_with_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Server(answer_ok) as server, Proxy(password="user:p ss") as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:p%20ss@127.0.0.1:{proxy.port}")
        async with client_of() as client:
            assert (await client.post(far(server), HEADERS, b"{}")).http_version == "HTTP/2"
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:wrong@127.0.0.1:{proxy.port}")
        async with client_of() as client:
            with pytest.raises(
                LlmConnectionError, match="the proxy gives no connection"
            ) as failure:
                await client.post(far(server), HEADERS, b"{}")
            assert "wrong" not in str(failure.value)


@on_loop
async def test_a_proxy_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Proxy() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:word@127.0.0.1:{proxy.port}")
    async with client_of() as client:
        with pytest.raises(LlmConnectionError) as failure:
            await client.get("https://api.example.com/", {})
    assert "the proxy gives no connection to api.example.com (" in str(failure.value)
    assert "word" not in str(failure.value)


@on_loop
async def test_nothing_goes_around_a_proxy_that_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://user:word@127.0.0.1:port")
    async with client_of() as client:
        with pytest.raises(LlmConfigError, match="the proxy in HTTPS_PROXY can't be read") as it:
            await client.post(f"https://{FAR}/v1", HEADERS, b"{}")
    assert "word" not in str(it.value)


@on_loop
async def test_an_exception_that_cannot_be_read_ends_nothing(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    report_once.cache_clear()
    async with Server(answer_ok) as server, Proxy() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("NO_PROXY", "10.0.0.0/99")
        for _ in range(2):
            async with client_of() as client:
                await client.post(far(server), HEADERS, b"{}")
        assert len(proxy.asked) == 2
    told = "koe: entry 1 of NO_PROXY can't be read and is left out\n"
    assert capfd.readouterr().err == told


@on_loop
async def test_proxies_are_read_when_the_pool_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Server(answer_ok) as server, Proxy() as proxy, client_of() as client:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        client.open()
        monkeypatch.delenv("HTTPS_PROXY")
        await client.post(far(server), HEADERS, b"{}")
        assert len(proxy.asked) == 1
