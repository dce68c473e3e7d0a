"""The reference of all settings, generated from their declarations.

``python -m koe.config.people.reference`` writes it to ``docs/configuration.md``; a test compares.
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

`config.yaml` is in `~/.koe`, on Windows in `%APPDATA%\\koe`. Every setting may be left out; its
default holds then. What can't be used as it is written is reported with file, line and key, and its
default is used; the rest of the file counts. A key that is not in these tables is reported too, and
otherwise left alone.

- A value may refer to environment variables: `${NAME}`. One that is not set leaves its place empty.
- Nothing after the colon, `~` and `null` mean the same as leaving the setting out. Empty `profiles`
  and `prompt_templates` are empty, though.
- Text is what stands there: `0012` keeps its zeros and `no` is a word. Numbers may be quoted unless
  the table says otherwise, and whole numbers may be written as `0x1F`, `0o17` and `0b1` too.
- Time is in milliseconds where the key ends in `_ms`.
- The last column says which generations of shells know the setting; – stands for none, it is read
  here only.
"""

_HEADING = """
| Key | Type | Default | Accepted | A change is used | Shells |
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
    """The page, in Markdown."""
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
    """The type of the value as it stands in the file."""
    if field.key.endswith("_ms"):
        return "milliseconds"
    return _TYPES[annotation.removesuffix(" | None")]


def _default(field: Field) -> str:
    if isinstance(field, Names) and field.default:
        return f"`{field.shown}`"
    if not isinstance(field, Value):
        return "empty"
    if field.is_required:
        return "must be there"
    if field.default is None:
        return field.shown
    return f"`{field.shown}`" if field.shown else "empty"


def _accepted(field: Field) -> str:
    accepts = "any" if field.accepts == "text" else field.accepts
    if isinstance(field, Limit):
        accepts += "; anything else removes nothing"
    if isinstance(field, Consent):
        accepts += "; anything else is false"
    if isinstance(field, Target):
        accepts += "; what can't be used sends nothing"
    return f"{accepts}; formerly `{field.alias}`" if field.alias else accepts


def _notes(section: Section, key: str) -> Iterator[str]:
    for name, field in section.declared.items():
        if isinstance(field, Table):
            yield f"\nWithout `{key}.{field.key}` there are these, and all else as above:\n\n"
            for entry, record in getattr(section, name).items():
                said = ", ".join(f"`{setting}: {value}`" for setting, value in vars(record).items())
                yield f"- `{entry}`: {said}\n"
    if section.flat is not None:
        yield f"\n{_flat(section.flat, key)}\n"
    if section.unread:
        yield f"\nKnown, but not used: {_listed(f'{key}.{name}' for name in section.unread)}.\n"


def _flat(flat: FlatKeys, key: str) -> str:
    shells: dict[str, list[str]] = {}
    for name, generations in flat.generations.items():
        shells.setdefault(generations, []).append(f"{key}.{name}")
    where = "; ".join(f"{_listed(names)} ({of})" for of, names in shells.items())
    unless = " or ".join(f"`{key}.{name}`" for name in sorted(flat.unless))
    return (
        f"Earlier shells have settings of `{flat.reads_as}` directly in `{key}`: {where}. They are "
        f"read there too, unless there is {unless}. {flat.note}"
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def _summary(section: Section) -> str:
    assert section.__doc__
    return section.__doc__.partition("\n")[0]


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(render(), encoding="utf-8")
