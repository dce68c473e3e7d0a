"""What an answer is wrapped in."""

from __future__ import annotations

import pytest

from koe.answers.heard import Heard
from koe.answers.wrapping import (
    without_brackets,
    without_command,
    without_entities,
    without_escapes,
    without_fence,
    without_json,
    without_lone_quote,
    without_markdown,
    without_picture,
    without_quotes,
    without_tags,
)

HEARD = Heard("it's a small house")
TEXT = "It's a small house."


@pytest.mark.parametrize(
    "answer",
    [
        f'{{"text": "{TEXT}"}}', f'{{"original": "it\'s a small house", "new": "{TEXT}"}}',
        f'{{"a": {{"b": ["{TEXT}"]}}, "changes": 1}}', f'["{TEXT}"]', f'{{"text": "{TEXT}",}}',
        f'{{text: "{TEXT}"}}', f'Here: {{"text": "{TEXT}"}}',
    ],
)  # fmt: skip
def test_json(answer: str) -> None:
    assert without_json(answer, HEARD) == TEXT


@pytest.mark.parametrize("answer", ["{}", "[]", "{a}", '{"a": 1}', "[sic]", "It {is}", "}{"])
def test_no_json(answer: str) -> None:
    assert without_json(answer, HEARD) == answer


def test_json_that_was_dictated() -> None:
    answer = '{"a": "b"}'
    assert without_json(answer, Heard("open brace a colon b close brace")) == answer
    assert without_json(answer, Heard(answer)) == answer


@pytest.mark.parametrize(
    "answer",
    [
        f"```\n{TEXT}\n```", f"```text\n{TEXT}\n```", f"~~~\n{TEXT}\n~~~", f"```{TEXT}```",
        f"````\n{TEXT}\n````", f"Here:\n```\n{TEXT}\n```\nBye.", f"```text\n{TEXT}", f"`{TEXT}`",
        f"``{TEXT}``",
    ],
)  # fmt: skip
def test_fences(answer: str) -> None:
    assert without_fence(answer, HEARD).strip() == TEXT
    assert without_fence(answer, Heard("code block it's a small house")) == answer


@pytest.mark.parametrize(
    "answer",
    [
        f"<text>{TEXT}</text>", f"<a><b>{TEXT}</b></a>", f'<p class="x">{TEXT}</p>',
        f"<in>it's a small house</in><out>{TEXT}</out>", f"{TEXT}</text>", f"<text>{TEXT}",
        f"[TEXT]{TEXT}[/TEXT]", f"<结果>{TEXT}</结果>",
    ],
)  # fmt: skip
def test_tags(answer: str) -> None:
    inner = without_tags(answer, HEARD)
    assert without_tags(inner, HEARD).strip() == TEXT


@pytest.mark.parametrize(
    ("heard", "answer"),
    [("a < b", "<a>b</a>"), ("the tag is called output", "<output> is the tag"), ("a", "<>a")],
)
def test_no_tags(heard: str, answer: str) -> None:
    assert without_tags(answer, Heard(heard)) == answer


@pytest.mark.parametrize(
    "quotes",
    ['""', "“”", "„“", "''", "‘’", "«»", "»«", "‹›", "「」", "『』", "〝〞", "””"],
)
def test_quotes(quotes: str) -> None:
    opening, closing = tuple(quotes)
    assert without_quotes(f"{opening}{TEXT}{closing}", HEARD) == TEXT
    assert without_quotes(f"{opening}{TEXT[:-1]}{closing}.", HEARD) == TEXT
    two = f"{opening}A{closing} and {opening}B{closing}"
    assert without_quotes(two, HEARD) == two
    quoted = f"{opening}{TEXT}{closing}"
    assert without_quotes(quoted, Heard(quoted)) == quoted
    assert without_quotes(quoted, Heard("quote it's a small house unquote")) == quoted


@pytest.mark.parametrize("quotes", ['""', "“”", "「」"])
def test_quotes_around_dictated_ones(quotes: str) -> None:
    heard, written = Heard("he wrote quote see you unquote"), 'He wrote "see you".'
    assert without_quotes(f"{quotes[0]}{written}{quotes[1]}", heard) == written
    first = '"See you" is what he wrote "there"'
    assert without_quotes(first, Heard("quote see you unquote is what he wrote")) == first


@pytest.mark.parametrize("answer", ['"', '"a', "a'", ""])
def test_no_quotes(answer: str) -> None:
    assert without_quotes(answer, HEARD) == answer


@pytest.mark.parametrize(
    "answer",
    [f"**{TEXT}**", f"*{TEXT}*", f"***{TEXT}***", f"__{TEXT}__", f"_{TEXT}_", f"# {TEXT}",
     f"~~uh~~ {TEXT}", f"=={TEXT}==", f"--- {TEXT} ---", f"|{TEXT}|", f"---\n{TEXT}\n---",
     f"> {TEXT}", f"- {TEXT}", f"1. {TEXT}", "It's a **small** *house*."],
)  # fmt: skip
def test_markdown(answer: str) -> None:
    assert without_markdown(answer, HEARD) == TEXT


@pytest.mark.parametrize(
    "answer", ["2 * 3 * 4", "snake_case_name", "- a\n- b", "a # b", "C#", "a_b and c_d"]
)
def test_no_markdown(answer: str) -> None:
    assert without_markdown(answer, HEARD) == answer


def test_entities() -> None:
    assert without_entities("It&#39;s &lt;a&gt; &amp; b", HEARD) == "It's <a> & b"
    assert without_entities("&amp;", Heard("type &amp; there")) == "&amp;"


@pytest.mark.parametrize(
    "answer", [f"\\boxed{{{TEXT}}}", f"$\\boxed{{{TEXT}}}$", f"\\text{{{TEXT}}}"]
)
def test_commands(answer: str) -> None:
    assert without_command(answer, HEARD) == TEXT
    assert without_command(answer, Heard(answer.lower())) == answer
    assert without_command(answer, Heard("backslash boxed it's a small house")) == answer


def test_a_section_of_characters() -> None:
    assert without_tags(f"<![CDATA[{TEXT}]]>", HEARD) == TEXT


def test_a_title_keeps_its_quotes() -> None:
    assert without_quotes("《红楼梦》", Heard("红楼梦")) == "《红楼梦》"
    assert without_quotes("《我在看书。》", Heard("我在看书")) == "我在看书。"


@pytest.mark.parametrize("answer", [f'"{TEXT}', f'{TEXT}"', f"“{TEXT}", f"{TEXT}」"])
def test_half_a_pair_of_quotes(answer: str) -> None:
    assert without_lone_quote(answer, HEARD) == TEXT
    assert without_lone_quote(answer, Heard("open quote it's a small house")) == answer


@pytest.mark.parametrize(
    ("heard", "answer"), [("a screen of 27", 'A screen of 27"'), ("say no", 'Say "no"'), ("", '"a')]
)
def test_quotes_that_are_no_half(heard: str, answer: str) -> None:
    assert without_lone_quote(answer, Heard(heard)) == answer


@pytest.mark.parametrize(("opening", "closing"), [*map(tuple, ["()", "（）", "[]", "{}", "【】"])])
def test_brackets(opening: str, closing: str) -> None:
    answer = f"{opening}{TEXT}{closing}"
    assert without_brackets(answer, HEARD) == TEXT
    assert without_brackets(answer, Heard("in brackets it's a small house")) == answer
    assert without_brackets(f"{answer} {answer}", HEARD) == f"{answer} {answer}"


def test_doubled_brackets() -> None:
    for answer in (f"<<{TEXT}>>", f"<<<{TEXT}>>>", f"[[{TEXT}]]", f"{{{{{TEXT}}}}}"):
        assert without_brackets(answer, HEARD) == TEXT


def test_a_picture_before_the_text() -> None:
    for picture in ("✅", "✍️", "➡️", "→", "📝"):
        answer = f"{picture} {TEXT}"
        assert without_picture(answer, HEARD) == TEXT
        assert without_picture(answer, Heard("check mark it's a small house")) == answer


@pytest.mark.parametrize("pictures", [" 😊", "🎉🎉", " 👍🏽 ✅", "❤️"])
def test_pictures_after_the_text(pictures: str) -> None:
    assert without_picture(f"{TEXT}{pictures}", HEARD) == TEXT
    said = Heard(f"{HEARD.text} smiley face")
    assert without_picture(f"{TEXT}{pictures}", said) == f"{TEXT}{pictures}"
    written = Heard(f"{HEARD.text}{pictures}")
    assert without_picture(f"{TEXT}{pictures}", written) == f"{TEXT}{pictures}"
    assert without_picture(pictures, Heard("")) == pictures


def test_escaped_quotes() -> None:
    answer = TEXT.replace("'", "\\'")
    assert without_escapes(answer, HEARD) == TEXT
    assert without_escapes(answer, Heard("it backslash 's a small house")) == answer
