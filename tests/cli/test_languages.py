from __future__ import annotations

import sys

import pytest

from koe.cli.languages import NAMES, language_names, read_languages, system_language
from koe.cli.proposals import PROPOSALS
from koe.errors import InputError
from koe.models.catalogue import shipped_manifests


@pytest.mark.parametrize(
    ("typed", "codes"),
    [
        ("en", ("en",)),
        ("zh,en", ("zh", "en")),
        (" ZH-CN , en_US,zh", ("zh", "en")),
        ("zh en", ("zh", "en")),
        ("中文、英语", ("zh", "en")),
        ("Chinese, english; Haitian Creole", ("zh", "en", "ht")),
        ("Haitian Creole", ("ht",)),
        ("Cantonese/Deutsch", ("yue", "de")),
        ("zh-Hans-CN", ("zh",)),
        ("", ()),
        (" ,", ()),
    ],
)
def test_what_people_write(typed: str, codes: tuple[str, ...]) -> None:
    assert read_languages(typed) == codes


@pytest.mark.parametrize("typed", ["xx", "en,xx", "klingon", "en klingon", "-", "e n"])
def test_no_languages(typed: str) -> None:
    with pytest.raises(InputError, match=r"^'.+' is not a language that koe knows; write codes or"):
        read_languages(typed)


def test_every_language_that_something_hears_has_a_name() -> None:
    heard = {code for it in PROPOSALS for code in it.recognised_languages}
    heard |= {code for it in shipped_manifests().values() for code in it.languages}
    assert heard <= NAMES.keys()
    assert all(read_languages(name) == (code,) for code, name in NAMES.items())


def test_in_a_sentence() -> None:
    assert language_names(("zh",)) == "Chinese"
    assert language_names(("zh", "en", "de")) == "Chinese, English and German"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows says it by other means")
@pytest.mark.parametrize(
    ("environ", "code"),
    [
        ({}, None),
        ({"LANG": "C.UTF-8"}, None),
        ({"LANG": "POSIX"}, None),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "de_DE@euro"}, "de"),
        ({"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "en_US.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "en_US.UTF-8", "LC_ALL": "ja_JP"}, "ja"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": ""}, "zh"),
        ({"LANG": "xx_YY"}, None),
    ],
)
def test_the_system_s_language(environ: dict[str, str], code: str | None) -> None:
    assert system_language(environ) == code
