from __future__ import annotations

import pytest

from koe.llm.proxies import choose, proxies

SYSTEM = {"http": "http://10.0.0.1:3128", "https": "http://10.0.0.1:3129"}


@pytest.mark.parametrize(
    ("environ", "chosen"),
    [
        ({}, SYSTEM),
        ({"HTTPS_PROXY": "http://e:1"}, {"http": SYSTEM["http"], "https": "http://e:1"}),
        ({"https_proxy": "e:1"}, {"http": SYSTEM["http"], "https": "http://e:1"}),
        # The first of the pair is set, and empty: so the setting counts, not the second.
        ({"HTTPS_PROXY": "", "https_proxy": "e:1"}, SYSTEM),
        ({"HTTP_PROXY": "http://e:1", "HTTPS_PROXY": "http://e:2"}, {}),
        ({"ALL_PROXY": "http://e:1"}, {}),
        ({"all_proxy": "http://e:1"}, {}),
        ({"HTTP_PROXY": "http://e:2", "ALL_PROXY": "http://e:1"}, {}),
        ({"REQUEST_METHOD": "GET"}, {}),
    ],
)
def test_the_environment_goes_first(environ: dict[str, str], chosen: dict[str, str]) -> None:
    assert choose(environ, SYSTEM) == chosen


@pytest.mark.parametrize("environ", [{}, {"HTTPS_PROXY": "http://e:1"}, {"http_proxy": "e:1"}])
def test_without_settings_the_library_needs_no_help(environ: dict[str, str]) -> None:
    assert choose(environ, {}) == {}


def test_a_setting_for_one_scheme_only() -> None:
    assert choose({}, {"https": "10.0.0.1:3129"}) == {"https": "http://10.0.0.1:3129"}


def test_this_computer_can_be_asked() -> None:
    assert set(proxies()) <= {"http", "https"}
