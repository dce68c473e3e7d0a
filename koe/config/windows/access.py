"""Single settings of ``config.yaml``, by dotted key, as shells read and write them.

These functions use the file on disk, not the loaded settings, without defaults, and with
``${NAME}`` as written, so that a secret from the environment is never written back as plain text.

Sources: spec config §9, spec abi §7.1. Of a repeated key the last value counts, as when
settings are loaded; such a file is not refused.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from koe.config.hotkeys import normalise
from koe.config.migrate import keep_other_settings
from koe.config.schema import Config, read_config
from koe.config.sections import Consent, Field, Group, Section, Table
from koe.errors import ConfigError
from koe.yamltext.document import MAPPING, SCALAR, SEQUENCE, Document, Part
from koe.yamltext.edit import KeyPath, find, set_value
from koe.yamltext.scalars import FLOAT, foreign_tag, number_text, resolve
from koe.yamltext.tree import DEEPEST_NESTING, Mapping, Node, Scalar

if TYPE_CHECKING:
    from koe.config.store import Store
    from koe.yamltext.scalars import Atom

_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,20}")

# Aliases can expand a small file to a huge or infinite tree.
_MOST_PARTS = 100_000


def get_text(store: Store, key: str) -> str:
    """The text of a scalar; "" if there is none, or something else (spec config §9.3).

    Raises:
        ConfigError: The file is missing, unreadable or broken.
    """
    part = find(store.read_document(), _path(key))
    if part is None or part.kind != SCALAR or foreign_tag(part):
        return ""
    return _atom_text(resolve(part))


def get_json(store: Store, key: str) -> str:
    """Any value as compact JSON, keys in file order; "" if there is none.

    Raises:
        ConfigError: The file is missing, unreadable or broken, or the value can't be JSON.
    """
    document = store.read_document()
    part = find(document, _path(key))
    return _Json(document).of(part) if part else ""


def set_text(store: Store, key: str, text: str) -> None:
    """Store a value as `with_text` does; a missing file is created.

    Raises:
        ConfigError: The folder is missing, the file is unreadable, not UTF-8 or broken, it
            can't be written, or the value is not possible there. The file is unchanged.
    """
    store.rewrite(lambda document: with_text(document, key, text))


def with_text(document: Document, key: str, text: str) -> Document:
    """Store a value, typed by its form and by the type of its setting (spec config §9.4).

    For a switch that lets text be sent (`Consent`), words for yes and no become ``true`` and
    ``false``. For other settings, ``true``, ``false`` and whole numbers are stored without quotes,
    and a decimal number too if the setting accepts only numbers. If the setting accepts any text, a
    number that is not in its shortest form (``007``, ``+12``) stays text with all its characters.
    Everything else is text.

    Missing sections are created; comments and everything else stay. A value in the place of a
    section is a setting, so it is not replaced by a section unless it is empty.

    Raises:
        ConfigError: The value can't be stored there.
    """
    path = _path(key)
    if len(path) > DEEPEST_NESTING:
        raise ConfigError(document.path, f"a key has at most {DEEPEST_NESTING} parts")
    try:
        _refuse_below_a_value(document, path)
        return set_value(keep_other_settings(document, path), path, _typed(path, text))
    except ValueError as exc:
        raise ConfigError(document.path, f"{key}: can't be stored: {exc}") from exc


def resolved_trigger_key(store: Store) -> str:
    """The canonical trigger key, from a full load of the files (spec config §9.1).

    The store must not be shared, because only one thread at a time may load.

    Raises:
        ConfigError: The configuration can't be loaded; the key is ``fn`` then.
    """
    return normalise(store.load().config.hotkey.trigger_key)


def _path(key: str) -> KeyPath:
    return tuple(key.split("."))


# --- reading -----------------------------------------------------------------------------


def _atom_text(value: Atom) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return number_text(value) if isinstance(value, float) else str(value)


class _Json:
    """Writes parts of one document as JSON."""

    def __init__(self, document: Document) -> None:
        # Imported here, because only this call needs it.
        from json import dumps

        self._quoted = dumps
        self._document = document
        # Number of parts that may still be written.
        self._left = _MOST_PARTS

    def of(self, part: Part, depth: int = 0) -> str:
        part = part.resolved
        self._left -= 1
        if self._left < 0 or depth > DEEPEST_NESTING:
            raise self._document.error(part, "aliases make this value too large or too deep")
        tag = foreign_tag(part)
        written = self._untagged(part, depth + 1)
        return f"{{{self._text(tag)}:{written}}}" if tag else written

    def _untagged(self, part: Part, depth: int) -> str:
        if part.kind == SEQUENCE:
            return f"[{','.join(self.of(item, depth) for item in part.items)}]"
        if part.kind == MAPPING:
            # A dictionary, so that of a repeated key the last value counts.
            pairs = {self._key(key.resolved): self.of(it, depth) for key, it in part.pairs()}
            return f"{{{','.join(f'{key}:{value}' for key, value in pairs.items())}}}"
        value = resolve(part)
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, float) and value - value != 0:  # JSON has no infinity, no NaN
            return "null"
        return _atom_text(value) or "null"

    def _key(self, part: Part) -> str:
        if part.kind != SCALAR:
            raise self._document.error(part, "a list or a section can't be a key in JSON")
        value = resolve(part)
        return self._text("null" if value is None else _atom_text(value))

    def _text(self, text: str) -> str:
        return self._quoted(text, ensure_ascii=False)


# --- writing -----------------------------------------------------------------------------


def _refuse_below_a_value(document: Document, path: KeyPath) -> None:
    for depth in range(1, len(path)):
        part = find(document, path[:depth])
        if part is None or part.kind == MAPPING:
            continue
        if part.items or (part.kind == SCALAR and resolve(part) not in {None, ""}):
            name = ".".join(path[:depth])
            reason = f"{'.'.join(path)} would take the place of the value of {name}"
            raise document.error(part, f"{reason}; remove {name} first if that is meant")


def _typed(path: KeyPath, text: str) -> bool | int | float | str:
    declared = _declared(path)
    if isinstance(declared, Consent):
        try:  # `no` becomes `false`, which all shells understand
            return declared.convert(Scalar(text, text, 1)) is True
        except ValueError:
            return text
    if text in {"true", "false"}:
        return text == "true"
    if _WHOLE_NUMBER.fullmatch(text) and -(2**63) <= int(text) < 2**63:
        is_shortest = text == str(int(text))
        return int(text) if is_shortest or not _takes(path, "text", is_plain=False) else text
    if FLOAT.fullmatch(text) and abs(float(text)) != float("inf"):
        takes_numbers = _takes(path, text) and not _takes(path, "text", is_plain=False)
        return float(text) if takes_numbers else text
    return text


def _declared(path: KeyPath) -> Field | None:
    section: Section = Config()
    names = iter(path)
    for key in names:
        field = next((it for it in section.declared.values() if it.key == key), None)
        if isinstance(field, Group) and isinstance(field.default, Section):
            section = field.default
        elif isinstance(field, Table):
            section = field.of
            next(names, None)
        else:
            return field if next(names, None) is None else None
    return None


def _takes(path: KeyPath, text: str, is_plain: bool = True) -> bool:
    """Whether the schema accepts this value for a setting; unknown settings accept nothing."""
    node: Node = Scalar(text, text, 1, is_plain)
    for key in reversed(path):
        node = Mapping(1, [Scalar(key, key, 1), node])
    return not read_config(node, "")[1]
