"""Proxy settings as systems, VPNs and containers write them."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koe.diagnostics import report_once
from koe.errors import ProxyError
from koe.proxies import Proxies, read_proxies

PROXY = "http://proxy.example:3128"
FAR = "https://api.example.com/v1"


def address(environ: dict[str, str], url: str = FAR, system: dict[str, str] | None = None) -> str:
    return Proxies(environ, system or {}).address_for(url)


def is_direct(exceptions: str, url: str) -> bool:
    return not address({"ALL_PROXY": PROXY, "NO_PROXY": exceptions}, url)


@pytest.mark.parametrize(
    ("environ", "chosen"),
    [
        ({}, ""),
        ({"HTTPS_PROXY": PROXY}, PROXY),
        ({"https_proxy": PROXY, "http_proxy": "http://other:1"}, PROXY),
        ({"http_proxy": PROXY}, ""),
        ({"all_proxy": PROXY}, PROXY),
        ({"HTTPS_PROXY": "http://e:1", "ALL_PROXY": PROXY}, "http://e:1"),
        # The first of the pair is set, and empty.
        ({"HTTPS_PROXY": "", "https_proxy": PROXY}, ""),
        ({"HTTPS_PROXY": "", "ALL_PROXY": PROXY}, PROXY),
        ({"HTTPS_PROXY": PROXY, "REQUEST_METHOD": "GET"}, ""),
        # How they are written.
        ({"HTTPS_PROXY": "proxy.example:3128"}, PROXY),
        ({"HTTPS_PROXY": f' "{PROXY}/"\r'}, PROXY),
        ({"HTTPS_PROXY": "http://u:p%20ss@p:1/"}, "http://u:p%20ss@p:1"),
        ({"HTTPS_PROXY": "http://[fd00::1]:3128"}, "http://[fd00::1]:3128"),
        ({"ALL_PROXY": "socks://127.0.0.1:1080/"}, "socks5h://127.0.0.1:1080"),
        ({"ALL_PROXY": "SOCKS5H://p"}, "socks5h://p:1080"),
        ({"HTTPS_PROXY": "DIRECT"}, "http://direct"),
    ],
)
def test_the_environment(environ: dict[str, str], chosen: str) -> None:
    assert address(environ) == chosen


def test_the_environment_goes_before_the_system() -> None:
    system = {"https": "10.0.0.1:3129", "http": "10.0.0.1:3128"}
    assert address({}, system=system) == "http://10.0.0.1:3129"
    assert address({"ALL_PROXY": PROXY}, system=system) == PROXY
    assert address({"NO_PROXY": "example.com"}, system=system) == ""
    assert address({}, system={"http": "10.0.0.1:3128"}) == ""


@pytest.mark.parametrize(
    "host",
    [
        "localhost", "LOCALHOST", "127.0.0.1", "127.5.5.5", "127.1", "2130706433", "[::1]",
        "localhost.", "models.localhost", "0.0.0.0", "[::]", "[::ffff:127.0.0.1]",
    ],
)  # fmt: skip
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_this_machine_is_asked_directly(host: str, scheme: str) -> None:
    environ = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), PROXY)
    assert address(environ, f"{scheme}://{host}:11434/v1", {"http": PROXY, "https": PROXY}) == ""


@pytest.mark.parametrize("host", ["localhost.example", "my-localhost", "128.0.0.1", "[fd00::1]"])
def test_another_machine_is_not_this_one(host: str) -> None:
    assert address({"ALL_PROXY": PROXY}, f"https://{host}/v1") == PROXY


@pytest.mark.parametrize(
    ("exceptions", "url", "direct"),
    [
        ("*", FAR, True),
        ("localhost, *", FAR, True),
        ("example.com", FAR, True),
        (".example.com", FAR, True),
        ("*.example.com", FAR, True),
        ("*.example.com", "https://example.com/", True),
        ("EXAMPLE.com.", FAR, True),
        ("https://api.example.com", FAR, True),
        ("localhost;example.com", FAR, True),
        ("localhost example.com", FAR, True),
        ("api.example.com:443", FAR, True),
        ("api.example.com:8443", FAR, False),
        ("ample.com", FAR, False),
        ("com.example", FAR, False),
        ("*.*", FAR, False),
        ("", FAR, False),
        (",,.", FAR, False),
        ("<local>", "https://intranet/", True),
        ("<local>", FAR, False),
        ("10.0.0.0/8", "https://10.1.2.3/", True),
        ("10.0.0.7/8", "https://10.1.2.3/", True),
        ("10.0.0.0/8", "https://11.1.2.3/", False),
        ("10.*", "https://10.1.2.3/", True),
        ("192.168.*", "https://10.1.2.3/", False),
        ("10.1.2.3:443", "https://10.1.2.3/", True),
        ("fd00::/8", "https://[fd00::1]/", True),
        ("[fd00::1]", "https://[fd00::1]/", True),
        ("[fd00::1]:8443", "https://[fd00::1]:8443/", True),
        ("[fd00::]/8", "https://[fd00::1]/", True),
        ("fe80::/10,10.0.0.0/99,[", "https://[fd00::1]/", False),
    ],
)
def test_exceptions(exceptions: str, url: str, direct: bool) -> None:
    assert is_direct(exceptions, url) is direct


UNREADABLE = ["http://127.0.0.1:port", "http://p:99999", "http://", ":8080", "gopher://u:word@p:70"]


@pytest.mark.parametrize("setting", UNREADABLE)
def test_nothing_goes_around_a_proxy_that_cannot_be_read(setting: str) -> None:
    for environ in ({"HTTPS_PROXY": setting, "ALL_PROXY": PROXY}, {"all_proxy": setting}):
        with pytest.raises(ProxyError, match=r"_PROXY can't be read; correct it, or remove") as it:
            address(environ)
        assert "word" not in str(it.value)
        assert list(Proxies(environ, {}).problems()) == [str(it.value)]
    with pytest.raises(ProxyError, match="the proxy in the system's settings can't be read"):
        address({}, system={"https": setting})


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({"NO_PROXY": "example.com"}, FAR),
        ({"REQUEST_METHOD": "GET"}, FAR),
        ({}, "http://10.0.0.5:11434/v1"),
        ({}, "https://localhost/v1"),
    ],
)
def test_a_proxy_that_is_not_needed_need_not_be_readable(environ: dict[str, str], url: str) -> None:
    assert address({"HTTPS_PROXY": ":8080", **environ}, url) == ""


def test_what_is_not_encrypted_goes_directly() -> None:
    environ = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), PROXY)
    assert address(environ, "http://10.0.0.5/v1", {"http": PROXY}) == ""


@given(st.text(), st.text(), st.sampled_from([FAR, "https://10.0.0.1/", "https://[fd00::1]/"]))
def test_no_setting_is_another_error(setting: str, exceptions: str, url: str) -> None:
    environ = {"HTTPS_PROXY": setting, "NO_PROXY": exceptions}
    list(Proxies(environ, {}).problems())
    with suppress(ProxyError):
        address(environ, url)


@pytest.mark.parametrize(
    "exceptions",
    [
        "localhost,127.0.0.1,::1,10.0.0.0/8,fd00::/8", "[::1]", "fe80::1%eth0", "*", ".*", "*.*",
        "<local>", "*.example.com", ".example.com.", "api.example.com:443", "192.168.*",
        "https://api.example.com/", "[fd00::1]:8443", "[fd00::]/8", "intranet", "my_host", "",
        "10.0.0.1:80", "例え.jp",
    ],
)  # fmt: skip
def test_readable_exceptions(exceptions: str) -> None:
    assert not list(Proxies({"NO_PROXY": exceptions}, {}).problems())


@pytest.mark.parametrize("entry", ["10.0.0.0/99", "[", "a/b", "http://u:word@h/x", "word?", "a:b"])
def test_an_exception_that_cannot_be_read_is_left_out_and_reported_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], entry: str
) -> None:
    report_once.cache_clear()
    monkeypatch.setenv("NO_PROXY", f"localhost, {entry}, example.com")
    for _ in range(2):
        assert read_proxies().address_for(FAR) == ""
    reported = "entry 2 of NO_PROXY can't be read and is ignored; correct or remove it"
    assert capsys.readouterr().err == f"koe: {reported}\n"
    assert list(read_proxies().problems()) == [reported]


def test_settings_are_not_shown() -> None:
    assert "word" not in repr(Proxies({"HTTPS_PROXY": "http://u:word@p:1"}, {}))


def test_this_computer_can_be_asked() -> None:
    assert isinstance(read_proxies().address_for(FAR), str)
