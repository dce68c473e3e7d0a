"""A private SQLite file for several processes, which is repaired when it is damaged.

Each call has its own connection, so any thread may call. Everything blocks, and raises
`HistoryError` if the file can't be used.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from koe.errors import HistoryError
from koe.files.regular import SAFE_OPEN_FLAGS, is_regular
from koe.files.write import locked

T = TypeVar("T")

# Seconds to wait for another process that writes; each of its changes takes milliseconds.
_PATIENCE_S = 10.0

_DAMAGED = frozenset((sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB))

COMPANIONS = ("", "-wal", "-shm")
"""The suffixes of the file and of SQLite's files beside it."""


class Database:
    """A file with one table. It is created at the first change.

    A damaged file is moved aside, and the rows that can still be read are put into a new one.

    Attributes:
        path: The file.
        aside: Where a damaged file is moved to; an earlier one is replaced.

    Args:
        path: The file.
        table: The name of the table.
        columns: The definitions of the columns, as in ``CREATE TABLE``.
        version: The version of the definitions. A file with a later version is not touched.
        warn: Called with a sentence when a damaged file was replaced.
        read_only: Whether nothing may be created, changed or moved.
    """

    def __init__(
        self,
        path: Path,
        table: str,
        columns: str,
        version: int,
        warn: Callable[[str], None],
        *,
        read_only: bool = False,
    ) -> None:
        self.path = path
        self.aside = path.with_name(f"{path.name}.damaged")
        self._table = table
        self._columns = columns
        self._version = version
        self._warn = warn
        self._read_only = read_only

    def read(self, query: str, *values: str | int) -> list[tuple[object, ...]]:
        """Return the rows that a query gives; none if there is no file."""
        if not os.path.lexists(self.path):
            return []
        return self._call(lambda connection: connection.execute(query, values).fetchall())

    def write(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        """Execute a statement with the values of each row, for all rows or for none."""

        def change(connection: sqlite3.Connection) -> None:
            with _transaction(connection):
                connection.executemany(statement, rows)

        self._call(change)

    def wipe(self) -> None:
        """Remove all traces of deleted rows from the files."""
        self._call(lambda it: it.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())

    def _call(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            try:
                with self._connected() as connection:
                    return work(connection)
            except sqlite3.DatabaseError as exc:
                if self._read_only or not _is_damage(exc):
                    raise
            self._replace()
            with self._connected() as connection:
                return work(connection)
        except sqlite3.Error as exc:
            raise HistoryError(f"{self.path} cannot be used: {exc}") from exc
        except OSError as exc:
            raise HistoryError(f"{self.path} cannot be used: {exc.strerror}") from exc

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        if not self._read_only:
            self._make_private()
        if not is_regular(self.path.lstat()):
            raise HistoryError(f"{self.path} is a link, or no file; move it away")
        with closing(self._connect()) as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version > self._version:
                raise HistoryError(f"a later koe made {self.path}; update koe to use it")
            if version == 0:
                self._create_table(connection)
            yield connection

    def _connect(self) -> sqlite3.Connection:
        if self._read_only:
            # immutable=1 keeps SQLite from creating files beside the database, but ignores an
            # existing write-ahead log.
            has_log = os.path.lexists(f"{self.path}-wal")
            place = f"{self.path.absolute().as_uri()}?{'mode=ro' if has_log else 'immutable=1'}"
        else:
            place = str(self.path)
        connection = sqlite3.connect(
            place, timeout=_PATIENCE_S, isolation_level=None, uri=self._read_only
        )
        # Deleted content is overwritten, and no temporary files are used.
        connection.execute("PRAGMA secure_delete = ON").fetchall()
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    def _make_private(self) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileExistsError):
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | SAFE_OPEN_FLAGS
            os.close(os.open(self.path, flags, 0o600))
        status = self.path.lstat()
        if os.name == "posix" and is_regular(status) and stat.S_IMODE(status.st_mode) & 0o077:
            self.path.chmod(0o600)

    def _create_table(self, connection: sqlite3.Connection) -> None:
        if self._read_only:  # the file is still empty
            connection.execute(f"CREATE TEMPORARY TABLE {self._table} ({self._columns})")
            return
        # Another process may be doing the same at this moment; then that process sets the mode.
        with suppress(sqlite3.OperationalError):
            connection.execute("PRAGMA journal_mode = WAL").fetchall()
        with _transaction(connection):
            connection.execute(f"CREATE TABLE IF NOT EXISTS {self._table} ({self._columns})")
            connection.execute(f"PRAGMA user_version = {self._version}")

    # --- damage ---

    def _replace(self) -> None:
        with locked(self.path):
            if not self._is_damaged():  # another process did it first
                return
            for companion in COMPANIONS:
                moved = Path(f"{self.path}{companion}")
                if os.path.lexists(moved):
                    moved.replace(f"{self.aside}{companion}")
            rows = self._readable_rows()
            if rows:
                with self._connected() as connection, _transaction(connection):
                    places = ", ".join("?" * len(rows[0]))
                    statement = f"INSERT OR IGNORE INTO {self._table} VALUES ({places})"
                    connection.executemany(statement, rows)
        self._warn(
            f"{self.path} was damaged; it is now {self.aside.name}, and {len(rows)} entries were "
            "saved from it"
        )

    def _is_damaged(self) -> bool:
        try:
            with self._connected() as connection:
                connection.execute(f"SELECT * FROM {self._table}").fetchall()
        except sqlite3.DatabaseError as exc:
            return _is_damage(exc)
        return False

    def _readable_rows(self) -> list[tuple[object, ...]]:
        rows: list[tuple[object, ...]] = []
        with (
            suppress(sqlite3.Error),
            closing(sqlite3.connect(self.aside, isolation_level=None)) as connection,
        ):
            # Rows before the damaged place are kept.
            rows.extend(connection.execute(f"SELECT * FROM {self._table} ORDER BY rowid"))
        return rows


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        yield


def _is_damage(exc: sqlite3.Error) -> bool:
    return getattr(exc, "sqlite_errorcode", 0) & 0xFF in _DAMAGED
