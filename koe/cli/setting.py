"""Changes one setting, and refuses the mistakes that users make.

Shells set only what their windows offer. A user may mistype a key, give an invalid value, or give a
value for a group of settings. Such a change is refused before the file is written.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from getpass import getpass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from koe.asr import ENGINES
from koe.config.people.check import about, find_obstacle, find_problems
from koe.config.people.listing import Listing, Origin, list_settings
from koe.config.store import CONFIG_NAME, Store
from koe.config.windows.access import with_text
from koe.errors import ConfigError
from koe.files.read import is_missing
from koe.yamltext.document import MAPPING, Document
from koe.yamltext.edit import find
from koe.yamltext.scalars import resolve

if TYPE_CHECKING:
    from koe.yamltext.tree import Environment


def read_settings(directory: Path) -> tuple[Document, Listing]:
    """Read the file and its settings; if it does not exist, return the default settings.

    Raises:
        ConfigError: The file exists and can't be read.
    """
    if not is_missing(directory / CONFIG_NAME):
        document = Store(directory, os.environ).read_document()
        return document, list_settings(document, os.environ)
    path = str(directory / CONFIG_NAME)
    text = files("koe.config").joinpath("defaults", CONFIG_NAME).read_text(encoding="utf-8")
    listing = list_settings(Document.parse(text, path), os.environ)
    defaults = (replace(it, origin=Origin.DEFAULT, place="", line=None) for it in listing.settings)
    return Document.parse("", path), replace(listing, settings=tuple(defaults))


class SettingChange:
    """A change for `koe.config.store.Store.rewrite`, which also describes its result.

    Args:
        key: The dotted name of the setting.
        value: The new value, as text.
        environ: The variables to which ``${NAME}`` may refer.
    """

    def __init__(self, key: str, value: str, environ: Environment) -> None:
        self._key = key
        self._value = value
        self._environ = environ
        # The settings before the change, and the file and the settings after it.
        self._before: Listing | None = None
        self._after: tuple[Document, Listing] | None = None

    def __call__(self, document: Document) -> Document:
        """Return the changed document.

        Raises:
            ConfigError: The value is invalid, or the key can't have a value or can't be set.
        """
        before = list_settings(document, self._environ)
        self._refuse_losses(document, before)
        changed = with_text(document, self._key, self._value)
        after = list_settings(changed, self._environ)
        setting = after.find(self._key)
        if setting and not setting.is_usable:
            value = self._value if len(self._value) <= 40 else f"{self._value[:40]}…"
            reason = f"{self._key}: {value!r} is not {setting.accepts}; nothing was changed"
            raise ConfigError(document.path, reason)
        if obstacle := find_obstacle(self._key, changed, after, ENGINES):
            reason = f"{self._key}: {obstacle.message.rpartition('; ')[0]}; nothing was changed"
            raise ConfigError(document.path, reason)
        self._before, self._after = before, (changed, after)
        return changed

    @property
    def summary(self) -> str:
        """The change, as a sentence."""
        assert self._after
        setting = self._after[1].find(self._key)
        when = f"; the change takes effect {setting.effect}" if setting else ""
        return f"{self._key} is set{when}"

    @property
    def holds_secret(self) -> bool:
        """Whether the value is an API key, and not a reference to a variable."""
        assert self._after
        setting = self._after[1].find(self._key)
        return bool(setting and setting.is_secret and self._value and setting.origin is Origin.FILE)

    def notes(self, directory: Path) -> Iterator[str]:
        """Yield the problems of the setting, and the side effects of the change.

        Args:
            directory: The directory for relative paths in the file.
        """
        assert self._before and self._after
        document, after = self._after
        setting = after.find(self._key)
        problems = about(self._key, find_problems(document, after, directory, ENGINES))
        yield from map(str, problems)
        if setting is None:
            if not problems:
                yield f"koe does not use {self._key}, but a shell may"
            near = after.nearest(self._key)
            if near and not any("did you mean" in it.message for it in problems):
                yield f"did you mean {near}?"
        key = setting.key if setting else self._key
        old, new = _values(self._before), _values(after)
        others = [it for it in {**old, **new} if it != key and old.get(it) != new.get(it)]
        if others:
            more = f" and {len(others) - 3} more" if len(others) > 3 else ""
            yield f"this also changes other settings: {', '.join(others[:3])}{more}"

    def _refuse_losses(self, document: Document, listing: Listing) -> None:
        """Refuse to replace a group by a value, or a value by a group."""
        words = self._key.split(".")
        if "" in words or not self._key.isprintable():
            reason = f"{self._key!r} is not a key; write a dotted name such as asr.provider"
            raise ConfigError(document.path, reason)
        part, setting = find(document, tuple(words)), listing.find(self._key)
        if (part and part.items) or (listing.within(self._key) and setting is None):
            reason = f"{self._key} is a group or a list, not one value; try: koe config edit"
            raise ConfigError(document.path, reason)
        # The setting is in a list, or in a group whose name contains a dot.
        if setting and ("[" in self._key or (setting.place == self._key and part is None)):
            reason = f"{self._key} can't be changed by its key; try: koe config edit"
            raise ConfigError(document.path, reason)
        for count in range(1, len(words)):
            parent = ".".join(words[:count])
            above = find(document, tuple(words[:count]))
            is_value = (
                above is not None
                and above.kind != MAPPING
                and (above.items or resolve(above) is not None)
            )
            if is_value or listing.find(parent):
                reason = f"{parent} is not a group, so there can be no {self._key}; check the key"
                raise ConfigError(document.path, reason)


def change_setting(directory: Path, key: str, value: str) -> SettingChange:
    """Change a setting in the file, which is created if it is missing.

    Args:
        directory: The configuration folder.
        key: The dotted name of the setting.
        value: The new value, as text.

    Returns:
        The change, which describes its result.

    Raises:
        ConfigError: The value is invalid, or the file can't be changed.
    """
    store = Store(directory, os.environ)
    store.create_missing_files()
    change = SettingChange(key, value, os.environ)
    store.rewrite(change)
    return change


def _values(listing: Listing) -> dict[str, object]:
    return {it.key: it.value for it in listing.settings if not it.is_group}


def read_value(path: Path, key: str) -> str:
    """Read a value from stdin, without the last newline; a terminal does not show what is typed.

    Args:
        path: The file, for messages.
        key: The setting, for messages.

    Raises:
        ConfigError: The input is empty or not UTF-8.
    """
    if sys.stdin is not None and sys.stdin.isatty():
        try:
            return getpass(f"{key} (what you type is not shown): ")
        except EOFError:
            content = b""
    else:
        content = sys.stdin.buffer.read() if sys.stdin is not None else b""
    if not content:
        reason = f"{key}: no value came on stdin; nothing was changed; type or pipe a value"
        raise ConfigError(str(path), reason)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        reason = f"{key}: stdin is not UTF-8 text; nothing was changed; convert the value to UTF-8"
        raise ConfigError(str(path), reason) from exc
    return text.removesuffix("\n").removesuffix("\r")
