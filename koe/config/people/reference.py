"""Generates the reference of all settings from their declarations.

``python -m koe.config.people.reference`` writes it to ``docs/configuration.md``; a test compares
both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from koe.config.schema import Config
from koe.config.sections import (
    Consent,
    Field,
    FlatKeys,
    Group,
    Limit,
    Names,
    Section,
    SectionList,
    Table,
    Target,
    Value,
)

PAGE = Path(__file__).parents[3] / "docs" / "configuration.md"

_INTRODUCTION = """\
<!-- Written by `python -m koe.config.people.reference` from the declarations in koe/config. -->

# Settings

`config.yaml` is in `~/.koe`, on Windows in `%APPDATA%\\koe`. You may leave out any setting; koe
then uses its default. An unusable value is reported with file, line and key, and its default is
used; the rest of the file is still read. A key that is not in these tables is also reported; it
stays in the file and has no effect.

- A value may refer to environment variables: `${NAME}`. A variable that is not set counts as empty.
- An empty value, `~` and `null` all mean the default. Only `profiles` and `prompt_templates` are
  really empty if they have no value.
- A text needs no quotes: `0012` keeps its zeros, and `no` is the word no. Numbers may be in quotes
  unless the table says otherwise. Whole numbers may also be written as `0x1F`, `0o17` and `0b1`.
- A setting whose key ends in `_ms` is a time in milliseconds.
- The last column names the generations of shells that use the setting; – means that only this core
  uses it.
"""

_HEADING = """
| Key | Type | Default | Accepted values | A change takes effect | Shells |
|---|---|---|---|---|---|
"""

_TYPES = {
    "str": "text",
    "bool": "flag",
    "int": "whole number",
    "float": "number",
    "Mapping[str, str]": "texts by name",
    "tuple[str, ...]": "names",
}


def render() -> str:
    """Return the page, in Markdown."""
    pages = [_INTRODUCTION]
    for name, field in Config.declared.items():
        value = getattr(Config(), name)
        section = field.of if isinstance(field, SectionList) else value
        assert isinstance(section, Section)
        pages.append(f"\n## `{field.key}`\n\n{_summary(section)}\n{_HEADING}")
        pages.extend(_rows(section, f"{field.key}[]." if section is not value else f"{field.key}."))
        pages.extend(_notes(section, field.key))
    return "".join(pages)


def _rows(section: Section, prefix: str) -> Iterator[str]:
    for name, field in section.declared.items():
        value = getattr(section, name)
        if isinstance(field, Group):
            assert isinstance(value, Section)
            yield from _rows(value, f"{prefix}{field.key}.")
        elif isinstance(field, Table):
            yield from _rows(field.of, f"{prefix}{field.key}.<name>.")
        else:
            cells = [
                f"`{prefix}{field.key}`",
                _type(type(section).__annotations__[name], field),
                _default(field),
                _accepted(field),
                field.effect or section.effect,
                field.generations or section.generations,
            ]
            yield f"| {' | '.join(cells)} |\n"


def _type(annotation: str, field: Field) -> str:
    """The type of the value in the file."""
    if field.key.endswith("_ms"):
        return "milliseconds"
    return _TYPES[annotation.removesuffix(" | None")]


def _default(field: Field) -> str:
    if isinstance(field, Names) and field.default:
        return f"`{field.shown}`"
    if not isinstance(field, Value):
        return "empty"
    if field.is_required:
        return "required"
    if field.default is None:
        return field.shown
    return f"`{field.shown}`" if field.shown else "empty"


def _accepted(field: Field) -> str:
    accepts = "any" if field.accepts == "text" else field.accepts
    if isinstance(field, Limit):
        accepts += "; any other value means no limit"
    if isinstance(field, Consent):
        accepts += "; any other value means false"
    if isinstance(field, Target):
        accepts += "; with an unusable value nothing is sent"
    return f"{accepts}; formerly `{field.alias}`" if field.alias else accepts


def _notes(section: Section, key: str) -> Iterator[str]:
    for name, field in section.declared.items():
        if isinstance(field, Table):
            yield (
                f"\nIf the file has no `{key}.{field.key}`, these entries exist; their other "
                "settings have the defaults of the table:\n\n"
            )
            for entry, record in getattr(section, name).items():
                said = ", ".join(f"`{setting}: {value}`" for setting, value in vars(record).items())
                yield f"- `{entry}`: {said}\n"
    if section.flat is not None:
        yield f"\n{_flat(section.flat, key)}\n"
    if section.unread:
        unread = _listed(f"{key}.{name}" for name in section.unread)
        yield f"\nKnown keys that this core does not use: {unread}.\n"


def _flat(flat: FlatKeys, key: str) -> str:
    shells: dict[str, list[str]] = {}
    for name, generations in flat.generations.items():
        shells.setdefault(generations, []).append(f"{key}.{name}")
    where = "; ".join(f"{_listed(names)} ({of})" for of, names in shells.items())
    unless = " or ".join(f"`{key}.{name}`" for name in sorted(flat.unless))
    return (
        f"In files of earlier shells, settings of `{flat.reads_as}` are directly in `{key}`: "
        f"{where}. They are also read there, unless the file has {unless}. {flat.note}"
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def _summary(section: Section) -> str:
    assert section.__doc__
    return section.__doc__.partition("\n")[0]


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(render(), encoding="utf-8")
