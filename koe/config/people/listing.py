"""Every setting with the value in force, and its origin.

The declarations, the settings as they were read, and the tree of the file are traversed together.
This module does not depend on any particular setting.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from enum import StrEnum
from json import dumps
from typing import TYPE_CHECKING

from koe.config.reader import Problem
from koe.config.schema import Config, read_config
from koe.config.sections import (
    Consent,
    Field,
    FlatKeys,
    Group,
    Names,
    Section,
    SectionList,
    Table,
    Value,
)
from koe.yamltext.document import Document
from koe.yamltext.loading import compose
from koe.yamltext.tree import Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from koe.yamltext.tree import Environment

Sections = AbstractMapping[str, Section]
_Entries = dict[str, tuple[Scalar, Node]]

MASK = "********"
"""The text in place of secrets."""

# The name of a variable in a shell. A key that was put into ${} by mistake does not match.
_REFERENCE = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}")

# The secret parts of an address: the name and password before the host, and the query.
_ADDRESS_SECRETS = re.compile(r"(?<=://)[^/?#@\s]*(?=@)|(?<=\?).+")


# A text without the characters of an address. It may be a key that was entered as the address.
_MAY_BE_KEY = re.compile(r"[^.:/\s]{12,}")


class Origin(StrEnum):
    """The origin of a value."""

    FILE = "file"
    ENVIRONMENT = "environment"  # the file refers to variables
    DEFAULT = "default"
    DERIVED = "derived"  # it depends on other settings


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting, or one entry of a group of texts.

    Attributes:
        key: Its dotted name.
        value: The value in force, in the unit of the file, or `MASK`.
        shown: The value as a user would write it, on one line.
        origin: Where it comes from.
        place: The key in the file, which may be a former one; "" if the file does not set it.
        line: Line in the file, from 1; None if the file does not set it.
        written: The value in the file; it may be a secret.
        is_usable: False if the file has an unusable value.
        is_secret: True if the value must not be shown.
        is_group: True for an empty group or list.
        accepts: The accepted values, as a noun phrase.
        effect: When a change takes effect.
    """

    key: str
    value: object
    shown: str
    origin: Origin
    place: str = ""
    line: int | None = None
    written: str = field(default="", repr=False)
    is_usable: bool = True
    is_secret: bool = False
    is_group: bool = False
    accepts: str = ""
    effect: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """The settings of a file.

    Attributes:
        config: The settings.
        settings: The same settings one by one, in the order of their declarations.
        problems: What could not be used as written.
    """

    config: Config
    settings: tuple[Setting, ...]
    problems: tuple[Problem, ...]

    def find(self, key: str) -> Setting | None:
        """The setting with this key, or the one that the file has under this key."""
        values = [it for it in self.settings if not it.is_group]
        by_key = next((it for it in values if it.key == key), None)
        return by_key or next((it for it in values if key and it.place == key), None)

    def within(self, group: str) -> list[Setting]:
        """The settings of a group or a list; "": all settings."""
        heads = (f"{group}.", f"{group}[") if group else ("",)
        return [
            it
            for it in self.settings
            if it.key.startswith(heads) or (it.is_group and it.key == group)
        ]

    def nearest(self, key: str) -> str | None:
        """The known key that was probably meant."""
        near = get_close_matches(key, [it.key for it in self.settings], n=1, cutoff=0.8)
        return near[0] if near else None


@dataclass(frozen=True, slots=True)
class _Place:
    """A declared setting or group, and its place in the file.

    Attributes:
        key: Dotted name, "" for the whole file.
        written: The dotted name as written in the file.
        line: The line of the key in the file; None if the file does not have it.
        node: The value in the file; None if the file does not have it.
    """

    key: str
    written: str = ""
    line: int | None = None
    node: Node | None = None

    def below(self, name: str, entries: _Entries) -> _Place:
        """The place of one of its entries, whether or not the file has it."""
        key = f"{self.key}.{name}" if self.key else name
        if name not in entries:
            return _Place(key)
        label, node = entries[name]
        return _Place(key, f"{self.written}.{name}".lstrip("."), label.line, node)


def list_settings(document: Document, environ: Environment) -> Listing:
    """List the settings of a text.

    Raises:
        ConfigError: It is not YAML, or does not consist of settings.
    """
    root = compose(document.text, document.path, environ)
    config, problems = read_config(root, document.path)
    settings = _Walk().section(config, Config(), _Place("", node=root))
    return Listing(config, tuple(settings), problems)


class _Walk:
    """Traverses one file."""

    def __init__(self) -> None:
        # Groups whose settings stand in another place in this file, by key.
        self._moved: dict[str, _Place] = {}

    def section(self, section: Section, defaults: Section, place: _Place) -> Iterator[Setting]:
        """The settings of a section, with ``defaults`` for values that the file does not set."""
        place = self._moved.get(place.key, place)
        entries = _entries(place.node)
        if section.flat is not None:
            self._note_moved(section.flat, place, entries)
        for name, declared in section.declared.items():
            inner = place.below(declared.key, entries)
            if declared.alias and inner.node is None and declared.alias in entries:
                inner = replace(place.below(declared.alias, entries), key=inner.key)
            value, default = getattr(section, name), getattr(defaults, name)
            about = _About(declared, declared.effect or section.effect, inner)
            if isinstance(declared, Value):
                yield _scalar(name, declared, value, default, about)
            elif isinstance(declared, Group):
                yield from self.section(value, default, inner)
            elif isinstance(declared, Names):
                yield _names(declared, value, about)
            elif not value:
                yield about.empty([] if isinstance(declared, SectionList) else {})
            elif isinstance(declared, Table):
                yield from self._table(value, default, declared.of, inner)
            elif isinstance(declared, SectionList):
                yield from self._records(value, default, declared.of, inner)
            else:
                yield from _texts(value, about)

    def _note_moved(self, flat: FlatKeys, place: _Place, entries: _Entries) -> None:
        found = {key: pair for key, pair in entries.items() if key in flat.generations}
        if found and flat.unless.isdisjoint(entries):
            items = [item for pair in found.values() for item in pair]
            node = Mapping(place.line or 1, items)
            self._moved[flat.reads_as] = _Place(flat.reads_as, place.written, place.line, node)

    def _table(
        self, table: Sections, defaults: Sections, of: Section, place: _Place
    ) -> Iterator[Setting]:
        entries = _entries(place.node)
        for name, section in table.items():
            default = of if name in entries else defaults.get(name, of)
            yield from self.section(section, default, place.below(name, entries))

    def _records(
        self, records: tuple[Section, ...], defaults: tuple[Section, ...], of: Section, at: _Place
    ) -> Iterator[Setting]:
        items = at.node.items if isinstance(at.node, Sequence) else None
        for index, section in enumerate(records):
            name = f"[{index}]"
            if items is None:
                yield from self.section(section, defaults[index], _Place(f"{at.key}{name}"))
            else:
                node = items[index]
                place = _Place(f"{at.key}{name}", f"{at.written}{name}", node.line, node)
                yield from self.section(section, of, place)


@dataclass(frozen=True, slots=True)
class _About:
    """The data from which a `Setting` for a value is made."""

    declared: Field
    effect: str
    place: _Place

    def setting(self, value: object, shown: str, origin: Origin, **more: bool) -> Setting:
        """The setting at this place."""
        node = self.place.node
        return Setting(
            key=self.place.key,
            value=value,
            shown=shown,
            origin=origin,
            place=self.place.written,
            line=self.place.line,
            written=node.written if isinstance(node, Scalar) else "",
            is_secret=self.declared.is_secret,
            accepts=self.declared.accepts.removesuffix(" (without quotes)"),
            effect=self.effect,
            **more,
        )

    def empty(self, value: object) -> Setting:
        """The setting for an empty group or list."""
        origin = Origin.DEFAULT if self.place.node is None else Origin.FILE
        return self.setting(value, repr(value), origin, is_group=True)


def _scalar(name: str, declared: Value, value: object, default: object, about: _About) -> Setting:
    node = about.place.node
    is_absent = isinstance(node, Scalar) and node.is_null and not isinstance(declared, Consent)
    if isinstance(node, Scalar) and is_absent and not _refers(node):  # as if the key were missing
        about = replace(about, place=_Place(about.place.key))
        node = None
    usable, said = _conversion(declared, node)
    if isinstance(node, Scalar) and said == (value,):
        origin = Origin.ENVIRONMENT if _refers(node) else Origin.FILE
    else:
        # For an unusable value in the file, the value in force is not derived from other settings.
        is_derived = value != default and (node is None or said is not None)
        origin = Origin.DERIVED if is_derived else Origin.DEFAULT
    if isinstance(value, float) and declared.key == f"{name}_ms":
        value = round(value * 1000)
    if isinstance(value, str):
        value = _presentable(value, node, about)
    shown = declared.shown_none if value is None else _written(value)
    return about.setting(value, shown, origin, is_usable=usable)


def _names(declared: Names, value: tuple[str, ...], about: _About) -> Setting:
    node = about.place.node
    if node is None or (isinstance(node, Scalar) and node.is_null and not _refers(node)):
        unset = replace(about, place=_Place(about.place.key))
        return unset.setting(list(value), f"[{', '.join(value)}]", Origin.DEFAULT)
    items = node.items if isinstance(node, Sequence) else [node]
    scalars = [it for it in items if isinstance(it, Scalar)]
    said = [name.strip() for it in scalars for name in it.text.split(",")]
    is_usable = len(scalars) == len(items) and (
        set(said) <= {*declared.known}
        or any(it.unset for it in scalars)
        or (isinstance(node, Scalar) and node.is_refusal)
    )
    is_foreign = any(_refers(it) for it in scalars)
    origin = Origin.ENVIRONMENT if is_foreign else Origin.FILE
    shown = f"[{', '.join(value)}]"
    setting = about.setting(list(value), shown, origin, is_usable=is_usable)
    return setting if setting.written else replace(setting, written=shown)


def _texts(texts: AbstractMapping[str, str], about: _About) -> Iterator[Setting]:
    entries = _entries(about.place.node)
    for name, text in texts.items():
        place = about.place.below(name, entries)
        node = place.node
        origin = Origin.FILE
        if isinstance(node, Scalar) and _refers(node):
            origin = Origin.ENVIRONMENT
        value = _presentable(text, node, about)
        yield replace(about, place=place).setting(value, _written(value), origin)


def _entries(node: Node | None) -> _Entries:
    """The entries by key; of a repeated key the last one, as when settings are read."""
    if not isinstance(node, Mapping):
        return {}
    return {key.written: (key, it) for key, it in node.pairs() if isinstance(key, Scalar)}


def _conversion(declared: Value, node: Node | None) -> tuple[bool, tuple[object] | None]:
    """Whether the value in the file is usable, and the converted value; None if there is none."""
    if node is None:
        return True, None
    if not isinstance(node, Scalar):
        return False, None
    if node.is_null and not isinstance(declared, Consent):  # a variable left it empty
        return True, ("",)
    try:
        return True, (declared.convert(node),)
    except ValueError:
        # If a variable is not set now, it is unknown whether the value will be usable.
        return bool(node.unset), None


def _refers(node: Scalar) -> bool:
    return node.text != node.written or bool(node.unset)


# --- what may be shown -------------------------------------------------------------------


def _presentable(text: str, node: Node | None, about: _About) -> str:
    """A text with secrets masked; values of variables are shown as references."""
    is_address = about.place.key.endswith("url")
    if is_address and _MAY_BE_KEY.fullmatch(text):
        return MASK
    if not about.declared.is_secret:
        return _ADDRESS_SECRETS.sub("***", text) if "://" in text else text
    if isinstance(node, Scalar) and _refers(node):
        literals = _REFERENCE.split(node.written)
        references = [*_REFERENCE.findall(node.written), ""]
        pairs = zip(literals, references, strict=True)
        return "".join(("***" if literal else "") + name for literal, name in pairs)
    return MASK if text else ""


def _written(value: object) -> str:
    """The value as a user would write it, on one line."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return value if value and value.isprintable() else dumps(value, ensure_ascii=False)
    return f"{value:g}" if isinstance(value, float) and value.is_integer() else str(value)
