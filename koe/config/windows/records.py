"""Sections as JSON objects, as settings windows exchange them, and their way back into the file.

Unlike files, they are read strictly: a window that sends a wrong record has a bug, and saving half
of it would lose the user's settings (spec abi §§7.3, 7.6, 7.8).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from koe.config.sections import Field, Group, Section, Value
from koe.json_text import parse_json
from koe.text import is_unicode
from koe.yamltext.tree import Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeAlias, TypeVar

    from koe.yamltext.scalars import YamlValue

    S = TypeVar("S", bound=Section)

    Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


# Settings that no window knows. Records don't have them, and saving keeps them in the file.
_HIDDEN = frozenset({"headers", "allow_plain_http"})


def dump(value: Json) -> str:
    """Write compact JSON; characters outside ASCII stay readable."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def parse(text: str) -> Json:
    """Parse JSON.

    Raises:
        ValueError: It is not JSON, nests too deeply, or has text that no file can contain.
    """
    value = cast("Json", parse_json(text, _refuse_constant))
    if not is_unicode(json.dumps(value, ensure_ascii=False)):
        raise ValueError("it has half of a surrogate pair, which is no character")
    return value


def _refuse_constant(name: str) -> Json:
    raise ValueError(f"{name} is not JSON")


def to_record(section: Section) -> dict[str, Json]:
    """All settings of a section that windows support, in the order of their declaration."""
    record: dict[str, Json] = {}
    for name, field in _known(section):
        value = getattr(section, name)
        record[field.key] = to_record(value) if isinstance(value, Section) else value
    return record


def from_record(record: Json, defaults: S, where: str, required: frozenset[str] = frozenset()) -> S:
    """Read a section. Missing keys are as in ``defaults``; unknown keys are dropped.

    Args:
        record: The JSON value, which should be an object.
        defaults: A section of the wanted kind.
        where: The name of the record, for messages.
        required: Keys that must be present, besides those that the section requires itself.

    Raises:
        ValueError: Something is missing or has a wrong type; the message says what. It quotes no
            value, because that may be a secret.
    """
    if not isinstance(record, dict):
        raise ValueError(f"{where} must be an object")
    values: dict[str, object] = {}
    for name, field in _known(defaults):
        keys = [key for key in (field.key, field.alias) if key and key in record]
        if len(keys) > 1:
            raise ValueError(f"{where} has both {keys[0]} and {keys[1]}, which mean the same")
        if not keys:
            if field.is_required or field.key in required:
                raise ValueError(f"{where} has no {field.key}")
            continue
        label = f"{where}: {keys[0]}"
        default, value = getattr(defaults, name), record[keys[0]]
        if isinstance(field, Group):
            assert isinstance(default, Section)
            values[name] = from_record(value, default, label)
        else:
            assert isinstance(field, Value)
            values[name] = _converted(value, field, default, label)
    return defaults.replace(**values)


def _known(section: Section) -> Iterator[tuple[str, Field]]:
    return ((name, it) for name, it in section.declared.items() if it.key not in _HIDDEN)


def _converted(value: Json, field: Value, default: object, label: str) -> object:
    if value is None and field.default is None:
        return None
    expected = str if default is None else type(default)
    if type(value) is not expected:
        raise ValueError(f"{label} must be {_NAMES[expected]}")
    is_text = isinstance(value, str)
    text = value if isinstance(value, str) else json.dumps(value)
    try:
        return field.convert(Scalar(text, text, 0, is_plain=not is_text))
    except ValueError:
        raise ValueError(f"{label} must be {field.accepts}") from None


_NAMES: dict[type, str] = {str: "a text", bool: "true or false", int: "a whole number"}


# --- what came from the environment ---------------------------------------------------------


class References:
    """The places of ``${NAME}`` in a file.

    A window is shown the values of the variables and sends them back; they must not be saved.

    Args:
        root: The tree of the file, with variables substituted.
    """

    def __init__(self, root: Node | None) -> None:
        self._root = root
        # The written reference, by key and by value, of each value from the environment.
        self._written: dict[tuple[str, str], str] = {}
        pending = [root]
        seen: set[int] = set()
        while pending:
            node = pending.pop()
            if isinstance(node, Sequence | Mapping) and id(node) not in seen:
                seen.add(id(node))
                pending += node.items
            if isinstance(node, Mapping):
                for key, value in _scalars(node):
                    if value.text and value.text != value.written:
                        self._written[key, value.text] = value.written

    def restore(self, value: YamlValue, path: tuple[str, ...]) -> YamlValue:
        """Replace values from the environment by the references in the file.

        The reference is looked up at ``path``, or, for a setting that was moved or copied, under
        the same key anywhere in the file.
        """
        node = self._root
        for key in path:
            node = _below(node, key)
        return self._restore(value, node, path[-1])

    def _restore(self, value: YamlValue, node: Node | None, key: str) -> YamlValue:
        if isinstance(value, dict):
            return {name: self._restore(it, _below(node, name), name) for name, it in value.items()}
        if isinstance(value, list):
            items = node.items if isinstance(node, Sequence) else []
            old = [*items, *[None] * len(value)]
            return [self._restore(it, at, key) for it, at in zip(value, old, strict=False)]
        if not isinstance(value, str):
            return value
        if isinstance(node, Scalar) and node.text == value:
            return node.written
        return self._written.get((key, value), value)


def _scalars(node: Mapping) -> list[tuple[str, Scalar]]:
    return [
        (key.written, value)
        for key, value in node.pairs()
        if isinstance(key, Scalar) and isinstance(value, Scalar)
    ]


def _below(node: Node | None, key: str) -> Node | None:
    if not isinstance(node, Mapping):
        return None
    found = [it for name, it in node.pairs() if isinstance(name, Scalar) and name.written == key]
    return found[-1] if found else None
