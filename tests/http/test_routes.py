"""Proxies, and whom TLS trusts: decided when the connections are opened."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from koe import proxies
from koe.diagnostics import report_once
from koe.http.errors import HttpConfigError, HttpConnectionError
from koe.http.routes import Routes
from tests.asynchronous import on_loop
from tests.http.asking import (
    HEADERS,
    answer_ok,
    client_of,
    get,
    post,
    pyreqwest_only,
    settings,
)
from tests.servers.certificates import FAR, Kind
from tests.servers.proxy import Proxy
from tests.servers.web import Server

pytestmark = pytest.mark.usefixtures("library")


@on_loop
async def test_a_host_that_only_one_parser_knows() -> None:
    """Libraries refuse names that can't be decoded."""
    async with client_of() as client:
        with pytest.raises(HttpConfigError, match="nothing can be sent to xn--a: "):
            await get(client, "https://xn--a/", {})


# --- certificates --------------------------------------------------------------------------


@pyreqwest_only
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system keeps the authorities")
def test_without_authorities_it_says_what_to_do() -> None:
    program = "from koe.http.routes import Routes; from koe.http.request import HttpSettings\n"
    program += "try: Routes(HttpSettings(8.0))\nexcept Exception as exc: print(exc)"
    shown = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "SSL_CERT_FILE": "/dev/null", "SSL_CERT_DIR": "/nowhere"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    assert shown.stdout.startswith("HTTP request failed: there is no HTTP client: this computer ")
    assert "SSL_CERT_FILE" in shown.stdout


def test_certificates_that_are_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    with pytest.raises(HttpConfigError) as refusal:
        Routes(settings())
    assert refusal.value.message == (
        "the file that SSL_CERT_FILE names cannot be read: No such file or directory; "
        "correct or unset the variable"
    )


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
                reply = await post(client, far(server), HEADERS, b"{}")
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
            await get(client, f"{server.url}/v1", {})
            await get(client, f"{server.url.replace('127.0.0.1', 'localhost')}/v1", {})
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
            await post(client, far(server), HEADERS, b"{}")
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
            with pytest.raises(HttpConnectionError, match=f"there is no server named {FAR}"):
                await post(client, far(server), HEADERS, b"{}")
        assert not proxy.asked


@on_loop
async def test_a_proxy_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Server(answer_ok) as server, Proxy() as proxy:
        settings = {"https": f"127.0.0.1:{proxy.port}"}
        monkeypatch.setattr(proxies, "_system_settings", lambda: settings)
        async with client_of() as client:
            await post(client, far(server), HEADERS, b"{}")
        assert len(proxy.asked) == 1
        monkeypatch.setenv("NO_PROXY", FAR)
        async with client_of() as client:
            with pytest.raises(HttpConnectionError, match=f"there is no server named {FAR}"):
                await post(client, far(server), HEADERS, b"{}")
        assert len(proxy.asked) == 1


@on_loop
async def test_a_proxy_with_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Server(answer_ok) as server, Proxy(password="user:p ss") as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:p%20ss@127.0.0.1:{proxy.port}")
        async with client_of() as client:
            assert (await post(client, far(server), HEADERS, b"{}")).http_version == "HTTP/2"
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:wrong@127.0.0.1:{proxy.port}")
        async with client_of() as client:
            with pytest.raises(HttpConnectionError, match="the proxy does not connect") as failure:
                await post(client, far(server), HEADERS, b"{}")
            assert "wrong" not in str(failure.value)


@on_loop
async def test_a_proxy_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Proxy() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:word@127.0.0.1:{proxy.port}")
    async with client_of() as client:
        with pytest.raises(HttpConnectionError) as failure:
            await get(client, "https://api.example.com/", {})
    assert "the proxy does not connect to api.example.com (" in str(failure.value)
    assert "word" not in str(failure.value)


@on_loop
async def test_nothing_goes_around_a_proxy_that_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://user:word@127.0.0.1:port")
    async with client_of() as client:
        with pytest.raises(HttpConfigError, match="the proxy in HTTPS_PROXY can't be read") as it:
            await post(client, f"https://{FAR}/v1", HEADERS, b"{}")
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
                await post(client, far(server), HEADERS, b"{}")
        assert len(proxy.asked) == 2
    reported = "koe: entry 1 of NO_PROXY can't be read and is ignored; correct or remove it\n"
    assert capfd.readouterr().err == reported


@on_loop
async def test_proxies_are_read_when_the_pool_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Server(answer_ok) as server, Proxy() as proxy, client_of() as client:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        client.open()
        monkeypatch.delenv("HTTPS_PROXY")
        await post(client, far(server), HEADERS, b"{}")
        assert len(proxy.asked) == 1
