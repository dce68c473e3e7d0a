"""The index of the history: a table of its entries, in ``history.db``.

If the index is lost, the entries that have a recording are read from the journal's files again. All
calls block, and raise `HistoryError` if the index can't be used.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import astuple, fields
from pathlib import Path

from koe.journal.database import COMPANIONS, Database
from koe.journal.entries import Entry, Why

INDEX_NAME = "history.db"

_VERSION = 1

_TYPES = {"str": "TEXT", "float": "REAL", "int": "INTEGER", "bool": "INTEGER", "Why": "TEXT"}
_FIELDS = {field.name: str(field.type) for field in fields(Entry)}
_NAMES = ", ".join(_FIELDS)

# Columns whose values are converted, by their place in a row.
_FLAGS = [place for place, of in enumerate(_FIELDS.values()) if of == "bool"]
_WHY = list(_FIELDS).index("why")

# ``folded`` is the text in the form in which it is searched.
_DEFINITIONS = "".join(f"{name} {_TYPES[of]} NOT NULL, " for name, of in _FIELDS.items())
_COLUMNS = f"{_DEFINITIONS}folded TEXT NOT NULL, PRIMARY KEY (id)"

_SHORTENED = {"text": "substr(text, 1, 1)", "heard": "substr(heard, 1, 1)"}
_OUTLINE = ", ".join(_SHORTENED.get(name, name) for name in _FIELDS)

_PUT = f"INSERT OR REPLACE INTO entries ({_NAMES}, folded) VALUES ({'?, ' * len(_FIELDS)}?)"


class Index:
    """The table. Its file is created with the first entry.

    Args:
        directory: The configuration's folder.
        warn: Called with a sentence when a damaged index was replaced.
        read_only: Whether nothing may be created or changed.
    """

    def __init__(
        self, directory: Path, warn: Callable[[str], None], *, read_only: bool = False
    ) -> None:
        path = directory / INDEX_NAME
        self._database = Database(path, "entries", _COLUMNS, _VERSION, warn, read_only=read_only)

    def put(self, entries: Iterable[Entry]) -> None:
        """Add entries; an existing entry with the same ID is replaced."""
        if rows := [_row_of(entry) for entry in entries]:
            self._database.write(_PUT, rows)

    def forget_audio(self, ids: Iterable[str]) -> None:
        """Note that entries have no recording any more."""
        if rows := [(entry_id,) for entry_id in ids]:
            self._database.write("UPDATE entries SET audio_bytes = 0 WHERE id = ?", rows)

    def remove(self, ids: Iterable[str]) -> None:
        """Remove entries, and all traces of their texts from the files."""
        rows: list[tuple[object, ...]] = [(entry_id,) for entry_id in ids]
        if rows:
            self._database.write("DELETE FROM entries WHERE id = ?", rows)
            self._database.wipe()
            self._remove_copy_of([str(entry_id) for (entry_id,) in rows])

    def find(self, query: str = "", limit: int = -1) -> list[Entry]:
        """Return entries, newest first.

        Args:
            query: A part of their texts; case and width are ignored.
            limit: How many at most; negative: all.
        """
        if query:
            condition = "WHERE instr(folded, ?) ORDER BY id DESC LIMIT ?"
            return self._select(condition, _folded(query), limit)
        return self._select("ORDER BY id DESC LIMIT ?", limit)

    def beginning_with(self, prefix: str) -> list[Entry]:
        """Return at most two entries whose IDs begin with the prefix."""
        condition = "WHERE substr(id, 1, ?) = ? ORDER BY id LIMIT 2"
        return self._select(condition, len(prefix), _storable(prefix))

    def ids(self) -> list[str]:
        """Return all IDs, in ascending order."""
        rows = self._database.read("SELECT id FROM entries ORDER BY id")
        return [str(entry_id) for (entry_id,) in rows]

    def outlines(self) -> list[Entry]:
        """Return all entries, oldest first, with only the first character of each text."""
        rows = self._database.read(f"SELECT {_OUTLINE} FROM entries ORDER BY id")
        return [_entry_of(row) for row in rows]

    def expire_copy(self, oldest: float) -> None:
        """Remove the damaged index that was moved aside, if it last changed before ``oldest``.

        Args:
            oldest: A time, in seconds since 1970.
        """
        with suppress(OSError):
            if self._database.aside.lstat().st_mtime < oldest:
                self._remove_copy()

    def _select(self, condition: str, *values: str | int) -> list[Entry]:
        rows = self._database.read(f"SELECT {_NAMES} FROM entries {condition}", *values)
        return [_entry_of(row) for row in rows]

    def _remove_copy_of(self, ids: list[str]) -> None:
        """Remove a damaged index that was moved aside, if these entries are in it."""
        for path in self._copies:
            with suppress(OSError):
                content = path.read_bytes()
                if any(it.encode() in content for it in ids):
                    self._remove_copy()

    @property
    def _copies(self) -> list[Path]:
        aside = self._database.aside
        return [aside.with_name(f"{aside.name}{companion}") for companion in COMPANIONS]

    def _remove_copy(self) -> None:
        for path in self._copies:
            path.unlink(missing_ok=True)


def _row_of(entry: Entry) -> tuple[object, ...]:
    values = [_storable(it) if isinstance(it, str) else it for it in astuple(entry)]
    texts = dict.fromkeys((entry.text, entry.heard))
    return *values, _folded("\n".join(texts))


def _entry_of(row: tuple[object, ...]) -> Entry:
    values = list(row)
    for place in _FLAGS:
        values[place] = bool(values[place])
    values[_WHY] = Why(str(values[_WHY]))
    return Entry(*values)  # type: ignore[arg-type]  # the columns have the fields' types


def _folded(text: str) -> str:
    """A text in the form in which texts are compared."""
    return _storable(unicodedata.normalize("NFKC", text).casefold())


def _storable(text: str) -> str:
    """A text without lone surrogates, which columns can't store."""
    return text.encode("utf-8", "replace").decode()
