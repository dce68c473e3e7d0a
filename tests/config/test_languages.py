from __future__ import annotations

import pytest

from koe.config.languages import CODES, code_of
from koe.config.schema import read_config
from tests.config.trees import PATH, plain, tree


def test_as_many_as_whisper_has() -> None:
    assert len(CODES) == 100


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("auto", "auto"),
        (" AUTO ", "auto"),
        ("zh", "zh"),
        ("zh-CN", "zh"),
        ("zh_Hans", "zh"),
        ("cmn", "zh"),
        ("yue", "yue"),
        ("jv", "jw"),
        ("haw", "haw"),
        ("klingon", None),
        ("chinese", None),
        ("", None),
        ("-zh", None),
    ],
)
def test_codes(text: str, code: str | None) -> None:
    assert code_of(text) == code


def test_a_code_that_does_not_exist_is_named() -> None:
    _, (problem,) = read_config(tree("asr.whisper.language", plain("klingon")), PATH)
    assert problem.message.startswith(
        "'klingon' is not auto, or the code of a language, such as zh, en or ja"
    )
