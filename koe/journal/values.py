"""Small dataclasses as JSON and back. Pure.

Different releases may write and read the same file, so members that a class does not have are
ignored, and missing or wrong members get their default.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields
from enum import Enum
from functools import cache
from types import UnionType
from typing import TYPE_CHECKING, TypeVar, get_args, get_type_hints

from koe.json_text import parse_json

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Dataclass = TypeVar("Dataclass", bound="DataclassInstance")

LONGEST_TEXT = 500_000
"""Longer texts are cut to this many characters, about nine hours of speech."""

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def dump(value: object) -> bytes:
    """Return a value as JSON in UTF-8; lone surrogates are kept."""
    return _ENCODER.encode(value).encode("utf-8", "surrogatepass")


def load(payload: bytes) -> object:
    """Return the value that was passed to `dump`.

    Raises:
        ValueError: The payload is not JSON.
    """
    return parse_json(payload.decode("utf-8", "surrogatepass"))


def members_of(value: DataclassInstance) -> dict[str, object]:
    """Return the fields with their values, for `dump`; texts are cut to `LONGEST_TEXT`."""
    members: dict[str, object] = {}
    for name in _names(type(value)):
        member = getattr(value, name)
        members[name] = member[:LONGEST_TEXT] if type(member) is str else member
    return members


def build(cls: type[Dataclass], members: Mapping[str, object]) -> Dataclass:
    """Make an instance of a dataclass from the members of a JSON object.

    Raises:
        ValueError: A field that has no default is missing, or has a value of another type.
    """
    arguments = {}
    hints = _hints(cls)
    for field in fields(cls):
        try:
            arguments[field.name] = _convert(hints[field.name], members[field.name])
        except (KeyError, ValueError) as exc:
            if field.default is MISSING:
                raise ValueError(f"{cls.__name__} has no usable {field.name}") from exc
    return cls(**arguments)


@cache
def _names(cls: type[DataclassInstance]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(cls))


@cache
def _hints(cls: type[DataclassInstance]) -> dict[str, object]:
    return get_type_hints(cls)


def _convert(hint: object, value: object) -> object:
    """Return a value of the type that the hint names; raises ValueError."""
    if isinstance(hint, UnionType):
        for choice in get_args(hint):
            try:
                return _convert(choice, value)
            except ValueError:
                continue
    elif isinstance(hint, type):
        if issubclass(hint, Enum):
            return hint(value)
        if type(value) is hint:
            return value
        if hint is float and type(value) is int:
            return float(value)
    raise ValueError(f"{value!r} is not a {hint}")
