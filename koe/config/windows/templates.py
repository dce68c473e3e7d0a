"""``prompt_templates``, as settings windows read and write them (spec abi §7.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from koe.config.prompts import prompt_of
from koe.config.schema import Config, PromptTemplate, read_config
from koe.config.windows.records import References, dump, from_record, parse, to_record
from koe.errors import ConfigError
from koe.yamltext.document import Document
from koe.yamltext.edit import set_value

if TYPE_CHECKING:
    from koe.config.store import Store
    from koe.yamltext.scalars import YamlValue

_KEY = "prompt_templates"
_MOST_TEMPLATES = 9  # one for each digit key


def templates_json(config: Config) -> str:
    """The templates of a loaded configuration, in file order."""
    return dump([to_record(template) for template in config.prompt_templates])


def save_templates(store: Store, text: str) -> None:
    """Replace the templates. Nothing is written if the file has the same templates.

    Args:
        store: The file to change.
        text: The JSON of `templates_json`; ``name`` and ``shortcut`` are required.

    Raises:
        ConfigError: The JSON is invalid, a template is not usable, or the file can't be changed;
            the file is unchanged.
    """
    path = str(store.config_path)
    try:
        templates = _parse(text)
        _check(templates, store)
    except ValueError as exc:
        raise ConfigError(path, f"{_KEY} can't be saved: {exc}") from exc

    def change(document: Document) -> Document:
        values = store.values(document)
        if read_config(values, path)[0].prompt_templates == templates:
            return document
        records: list[YamlValue] = [to_record(template) for template in templates]
        restored = References(values).restore(records, (_KEY,))
        try:
            return set_value(document, (_KEY,), restored)
        except ValueError as exc:
            raise ConfigError(path, f"{_KEY} can't be saved: {exc}") from exc

    store.rewrite(change)


def _parse(text: str) -> tuple[PromptTemplate, ...]:
    payload = parse(text)
    if not isinstance(payload, list):
        raise ValueError("the payload must be a list")
    return tuple(
        from_record(record, PromptTemplate(), f"template #{number}")
        for number, record in enumerate(payload, start=1)
    )


def _check(templates: tuple[PromptTemplate, ...], store: Store) -> None:
    """Raise for the first rule that is broken, in the contract's order and words."""
    if len(templates) > _MOST_TEMPLATES:
        raise ValueError(f"Prompt templates are limited to {_MOST_TEMPLATES} entries.")
    taken: set[int] = set()
    for number, template in enumerate(templates, start=1):
        name, shortcut = template.name.strip(), template.shortcut
        label = f"Template '{name}'" if name else f"Template #{number}"
        if not 1 <= shortcut <= _MOST_TEMPLATES:
            raise ValueError(
                f"{label} uses invalid shortcut {shortcut}. "
                f"Shortcuts must be between 1 and {_MOST_TEMPLATES}."
            )
        if shortcut in taken:
            raise ValueError(
                f"Duplicate template shortcut {shortcut} detected. "
                "Each template needs a unique shortcut."
            )
        taken.add(shortcut)
        if prompt_of(template, store) is None:
            raise ValueError(f"{label} needs a non-empty prompt.")
