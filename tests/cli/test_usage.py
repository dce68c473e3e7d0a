"""Arguments that several commands share."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from koe.cli.usage import add_config_option, add_subcommands


@pytest.fixture
def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="koe")
    words = add_subcommands(
        parser, "action", {"one": "do one", "two": "do two"}, {"two": "Or  three."}
    )
    add_config_option(words["two"], None)
    return parser


def test_a_word_has_arguments_of_its_own(parser: argparse.ArgumentParser) -> None:
    assert parser.parse_args(["one"]) == argparse.Namespace(action="one", incomplete=None)
    two = argparse.Namespace(action="two", config=Path("here"), incomplete=None)
    assert parser.parse_args(["two", "--config", "here"]) == two
    assert parser.parse_args(["two"]).config is None


@pytest.mark.parametrize("words", [["three"], ["one", "--config", "here"]])
def test_wrong_usage(
    parser: argparse.ArgumentParser, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        parser.parse_args(words)
    assert "usage: koe" in capsys.readouterr().err


def test_help_says_what_it_does(
    parser: argparse.ArgumentParser, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="0"):
        parser.parse_args(["two", "--help"])
    reported = capsys.readouterr().out
    assert "\nDo two.\n" in reported
    assert reported.endswith("\nOr  three.\n")  # the spaces are kept


def test_a_missing_word(parser: argparse.ArgumentParser) -> None:
    assert parser.parse_args([]).incomplete is parser


def test_a_word_may_be_left_out() -> None:
    parser = argparse.ArgumentParser()
    add_subcommands(parser, "action", {"one": "do one"}, required=False)
    nothing = parser.parse_args([])
    assert (nothing.action, nothing.incomplete) == (None, None)
    assert parser.parse_args(["one"]).action == "one"


def test_the_folder_before_the_word_and_behind_it() -> None:
    parser = argparse.ArgumentParser()
    add_config_option(parser, None)
    one = add_subcommands(parser, "action", {"one": "do one"})["one"]
    add_config_option(one)
    for words in (["--config", "here", "one"], ["one", "--config", "here"]):
        assert parser.parse_args(words).config == Path("here")


def test_an_empty_name_is_not_the_present_folder(capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    add_config_option(parser)
    with pytest.raises(SystemExit, match="2"):
        parser.parse_args(["--config", ""])
    assert "argument --config: the name is empty; name a file or folder" in capsys.readouterr().err
