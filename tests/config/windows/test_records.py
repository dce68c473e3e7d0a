"""JSON in, JSON out, and references instead of secrets."""

from __future__ import annotations

import pytest

from koe.config.llm import LlmProfile
from koe.config.schema import PromptTemplate
from koe.config.windows.records import References, dump, from_record, parse, to_record
from koe.yamltext.loading import compose


def test_json_is_compact_and_readable() -> None:
    assert dump({"name": "翻译", "enabled": True, "path": None}) == (
        '{"name":"翻译","enabled":true,"path":null}'
    )


@pytest.mark.parametrize(
    "text",
    ["", "{", "[1,]", "NaN", '{"a": Infinity}', '"\\ud800"', '{"\\udfff": 1}', "[" * 100_000],
)
def test_what_is_no_json(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        parse(text)


def test_a_record_is_complete_and_in_order() -> None:
    assert list(to_record(LlmProfile())) == [
        "name", "provider", "api_protocol", "base_url", "api_key", "model", "endpoint_path",
        "max_token_parameter", "no_reasoning_control", "mlx",
    ]  # fmt: skip
    assert to_record(PromptTemplate(name="a", shortcut=2, system_prompt="b")) == {
        "name": "a",
        "enabled": True,
        "shortcut": 2,
        "system_prompt": "b",
        "system_prompt_path": None,
    }


def test_there_and_back() -> None:
    profile = LlmProfile(name="n", api_key="k", no_reasoning_control="thinking")

    assert from_record(to_record(profile), LlmProfile(), "it") == profile


def test_what_is_not_said_is_as_in_the_defaults_and_what_is_unknown_is_dropped() -> None:
    assert from_record({"future": 1}, LlmProfile(model="m"), "it") == LlmProfile(model="m")


def test_a_former_spelling_is_read() -> None:
    profile = from_record({"chat_completions_path": "/alt"}, LlmProfile(), "it")

    assert profile.endpoint_path == "/alt"


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (None, "it must be an object"),
        ([], "it must be an object"),
        ({"model": 5}, "it: model must be a text"),
        ({"model": None}, "it: model must be a text"),
        ({"api_protocol": "grpc"}, "it: api_protocol must be openai_chat or openai_responses or"),
        ({"mlx": "m"}, "it: mlx must be an object"),
        ({"mlx": {"model": False}}, "it: mlx: model must be a text"),
        ({"endpoint_path": "/a", "chat_completions_path": "/b"}, "it has both endpoint_path and"),
    ],
)
def test_a_profile_of_another_shape(record: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        from_record(record, LlmProfile(), "it")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"name": "a"}, "it has no shortcut"),
        ({"shortcut": 1}, "it has no name"),
        ({"name": "a", "shortcut": 256}, "it: shortcut must be"),
        ({"name": "a", "shortcut": -1}, "it: shortcut must be"),
        ({"name": "a", "shortcut": 1.0}, "it: shortcut must be a whole number"),
        ({"name": "a", "shortcut": True}, "it: shortcut must be a whole number"),
        ({"name": "a", "shortcut": "1"}, "it: shortcut must be a whole number"),
        ({"name": "a", "shortcut": 1, "enabled": "true"}, "it: enabled must be true or false"),
        ({"name": "a", "shortcut": 1, "system_prompt": 1}, "it: system_prompt must be a text"),
    ],
)
def test_a_template_of_another_shape(record: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        from_record(record, PromptTemplate(), "it")  # type: ignore[arg-type]


def test_no_value_is_in_a_message() -> None:
    with pytest.raises(ValueError, match="api_protocol") as caught:
        from_record({"api_protocol": "sk-secret"}, LlmProfile(), "it")

    assert "sk-secret" not in str(caught.value)


FILE = """\
a: {key: "${SECRET}", other: "${EMPTY}", plain: sk-1}
list: [{key: "x-${SECRET}"}, {key: y}]
"""


@pytest.mark.parametrize(
    ("value", "path", "stored"),
    [
        ("sk-1", ("a", "key"), "${SECRET}"),
        ("", ("a", "other"), "${EMPTY}"),
        ("sk-2", ("a", "key"), "sk-2"),  # changed by the user
        ("sk-1", ("b", "key"), "${SECRET}"),  # moved or copied
        ("sk-1", ("b", "name"), "sk-1"),
        ("", ("b", "other"), ""),
        ("sk-1", ("a", "plain"), "sk-1"),
        ({"key": "sk-1", "new": True}, ("a",), {"key": "${SECRET}", "new": True}),
        ([{"key": "x-sk-1"}], ("list",), [{"key": "x-${SECRET}"}]),
        (
            [{"key": "y"}, {"key": "x-sk-1"}, 5],
            ("list",),
            [{"key": "y"}, {"key": "x-${SECRET}"}, 5],
        ),
    ],
)
def test_references_come_back(value: object, path: tuple[str, ...], stored: object) -> None:
    references = References(compose(FILE, "p", {"SECRET": "sk-1"}))

    assert references.restore(value, path) == stored  # type: ignore[arg-type]


def test_references_of_nothing_and_of_a_circle() -> None:
    assert References(None).restore("a", ("b",)) == "a"
    assert References(compose("a: &a [*a, {k: 1}]", "p", {})).restore("a", ("a",)) == "a"
