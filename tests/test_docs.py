"""What the manual says holds: its configurations work, and its tables agree."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from koe.config.people.reference import PAGE
from koe.config.schema import HistoryConfig
from koe.config.store import Store
from koe.finishing import RULES, Finisher
from koe.llm.protocols import check_address, models_request, warm_up_request

README = (PAGE.parent.parent / "README.md").read_text(encoding="utf-8")
HISTORY = (PAGE.parent / "history.md").read_text(encoding="utf-8")
TEXT = (PAGE.parent / "text.md").read_text(encoding="utf-8")
LINUX = (PAGE.parent / "linux.md").read_text(encoding="utf-8")
GUIDE = (PAGE.parent / "language-models.md").read_text(encoding="utf-8")

# Each under its heading.
SNIPPETS = dict(re.findall(r"^### (\S+)\n(?:(?!^#).)*?```yaml\n(.*?)```", GUIDE, re.M | re.S))

PROTOCOLS = {
    "OpenAI": "openai_chat",
    "Azure": "openai_chat",
    "Anthropic": "anthropic_messages",
    "DeepSeek": "openai_chat",
    "Ollama": "openai_chat",
    "llama.cpp": "openai_chat",
}

NAMES = ("OPENAI_API_KEY", "AZURE_OPENAI_API_KEY", "ANTHROPIC_API_KEY", "DEEPSEEK_API_KEY")
KEYS = dict.fromkeys(NAMES, "sk-0123456789")


def test_every_snippet_is_tested() -> None:
    assert SNIPPETS.keys() == PROTOCOLS.keys()
    assert GUIDE.count("```yaml") == len(SNIPPETS)


@pytest.mark.parametrize("heading", SNIPPETS)
def test_a_snippet_is_a_configuration_that_corrects(heading: str, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(SNIPPETS[heading], encoding="utf-8")
    snapshot = Store(tmp_path, KEYS).load()
    assert snapshot.problems == ()
    llm = snapshot.config.llm
    profile = llm.correcting_profile
    assert profile is not None, llm.obstacle
    assert profile.protocol == PROTOCOLS[heading]
    assert profile.api_key in ("", "sk-0123456789")
    is_local = check_address(profile.url).startswith("http:")
    assert bool(profile.api_key) != is_local
    for request in (models_request(profile), warm_up_request(profile)):
        check_address(request.url)


def rows(page: str) -> list[list[str]]:
    """The cells of the tables' rows."""
    lines = (line for line in page.splitlines() if line.startswith("| `"))
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_guide_agrees_with_the_reference() -> None:
    effects = {cells[0].strip("`"): cells[4] for cells in rows(PAGE.read_text(encoding="utf-8"))}
    reported = {
        key: cells[2] for cells in rows(GUIDE) for key in re.findall(r"`([^`]+)`", cells[0])
    }
    assert reported == {key: effects[key] for key in reported}
    assert {key for key in effects if re.match(r"llm\.[^.]+$", key)} <= reported.keys()


def test_the_history_s_settings(tmp_path: Path) -> None:
    """The first snippet shows the defaults, and the second keeps nothing."""
    defaults, nothing = re.findall(r"```yaml\n(.*?)```", HISTORY, re.S)
    for snippet, expected in (
        (defaults, HistoryConfig()),
        (nothing, HistoryConfig(audio="nothing")),
    ):
        (tmp_path / "config.yaml").write_text(snippet, encoding="utf-8")
        snapshot = Store(tmp_path, {}).load()
        assert (snapshot.config.history, snapshot.problems) == (expected, ())
    assert all(f"  {field.key}: " in defaults for field in HistoryConfig.declared.values())


@pytest.mark.parametrize("page", [GUIDE, README, HISTORY, LINUX])
def test_commands_exist(page: str) -> None:
    from koe.cli import COMMANDS, _parse

    lines = re.findall(r"^koe (.*)", page, re.M)
    assert lines
    for line in lines:
        words = shlex.split(line, comments=True)
        assert words[0] in COMMANDS
        _parse(words)  # exits where the usage is wrong


def test_what_the_architecture_names_exists() -> None:
    root = PAGE.parent.parent
    page = (PAGE.parent / "architecture.md").read_text(encoding="utf-8")
    paths = re.findall(r"`((?:koe|include|tests|docs)/[\w./-]*)`", page)
    missing = {path for path in paths if not (root / path).exists()}
    assert len(paths) > 60
    assert missing == {"koe/x/y.py", "tests/x/test_y.py"}  # they stand for any


def test_the_terms_of_the_manual() -> None:
    terms = TEXT[: TEXT.index("## Clean-up")]
    rows = re.findall(r"^\| `(.+?)` \| (.+?) \| (.+?) \|$", terms, re.M)
    assert len(rows) > 5
    finisher = Finisher([term for term, _, _ in rows], ())
    assert [finisher.finish(heard) for _, heard, _ in rows] == [pasted for _, _, pasted in rows]


def test_the_rules_of_the_manual() -> None:
    rules = TEXT[TEXT.index("## Clean-up") :]
    rows = dict(re.findall(r"^\| `(\w+)` \| .+ \| (.+) \|$", rules, re.M))
    assert rows.keys() == RULES.keys()
    for rule, examples in rows.items():
        pairs = re.findall("`([^`]+)` becomes `([^`]+)`", examples)
        assert pairs
        assert [Finisher([], [rule]).finish(heard) for heard, _ in pairs] == [
            wanted for _, wanted in pairs
        ]
