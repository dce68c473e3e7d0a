"""Templates as a settings window shows and saves them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from koe.config.schema import Config, PromptTemplate
from koe.config.store import Store
from koe.config.windows.templates import save_templates, templates_json
from koe.errors import ConfigError

FILE = """\
# mine
prompt_templates:
# short and polite
- name: Polite
  shortcut: 1
  system_prompt: Rewrite politely, ${SIGNATURE}.
- name: From file
  enabled: false
  shortcut: 2
  system_prompt_path: polite.txt
hotkey: {trigger_key: fn}
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    (tmp_path / "config.yaml").write_text(FILE)
    (tmp_path / "polite.txt").write_text("  Be polite.\n")
    (tmp_path / "blank.txt").write_text(" \n")
    return Store(tmp_path, {"SIGNATURE": "Jo"})


def text(store: Store) -> str:
    return store.config_path.read_text()


def shown(store: Store) -> str:
    return templates_json(store.load().config)


def test_the_templates_of_a_file(store: Store) -> None:
    assert shown(store) == (
        '[{"name":"Polite","enabled":true,"shortcut":1,"system_prompt":"Rewrite politely, Jo.",'
        '"system_prompt_path":null},'
        '{"name":"From file","enabled":false,"shortcut":2,"system_prompt":null,'
        '"system_prompt_path":"polite.txt"}]'
    )


def test_without_templates_in_the_file_there_is_one() -> None:
    (template,) = json.loads(templates_json(Config()))

    assert (template["name"], template["shortcut"], template["enabled"]) == ("翻译英文", 1, True)


def test_saving_what_was_shown_changes_nothing(store: Store) -> None:
    save_templates(store, shown(store))

    assert text(store) == FILE


def test_a_change_keeps_references_and_everything_else(store: Store) -> None:
    templates = json.loads(shown(store))
    templates[1]["enabled"] = True
    templates.append({"name": "New", "shortcut": 9, "system_prompt": "x", "future": 1})

    save_templates(store, json.dumps(templates))

    assert "${SIGNATURE}" in text(store)
    assert "Jo" not in text(store)
    assert text(store).startswith("# mine\nprompt_templates:\n")
    assert text(store).endswith("hotkey: {trigger_key: fn}\n")
    saved = store.load().config.prompt_templates
    assert [(it.name, it.enabled) for it in saved] == [
        ("Polite", True),
        ("From file", True),
        ("New", True),
    ]


def test_none_are_left(store: Store) -> None:
    save_templates(store, "[]")

    assert store.load().config.prompt_templates == ()


@pytest.mark.parametrize("content", [None, "", "# only a comment\n"])
def test_a_file_without_settings(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "config.yaml").write_text(content)
    store = Store(tmp_path, {})

    save_templates(store, '[{"name":"a","shortcut":3,"system_prompt":"b"}]')

    (template,) = store.load().config.prompt_templates
    assert template == PromptTemplate(name="a", shortcut=3, system_prompt="b")


def entry(**fields: object) -> dict[str, object]:
    return {"name": "a", "shortcut": 1, "system_prompt": "p", **fields}


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ("{}", "the payload must be a list"),
        ("[5]", "template #1 must be an object"),
        ([entry(shortcut="1")], "template #1: shortcut must be a whole number"),
        ([entry(shortcut=n) for n in range(1, 11)], "Prompt templates are limited to 9 entries."),
        ([entry(shortcut=0)], "Template 'a' uses invalid shortcut 0. Shortcuts must be between"),
        ([entry(name=" ", shortcut=10)], "Template #1 uses invalid shortcut 10."),
        ([entry(), entry(name="b")], "Duplicate template shortcut 1 detected. Each template needs"),
        ([entry(system_prompt=" \n")], "Template 'a' needs a non-empty prompt."),
        ([entry(system_prompt=None, system_prompt_path="no.txt")], "needs a non-empty prompt"),
        ([entry(system_prompt="", system_prompt_path="blank.txt")], "needs a non-empty prompt"),
        ([entry(enabled=False, system_prompt=None)], "needs a non-empty prompt"),
        # The order of the rules.
        ([entry(shortcut=0, system_prompt="")], "invalid shortcut"),
        ([entry(), entry(system_prompt="")], "Duplicate"),
    ],
)
def test_templates_that_are_refused(store: Store, payload: object, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        save_templates(store, payload if isinstance(payload, str) else json.dumps(payload))

    assert message in str(caught.value)
    assert text(store) == FILE
