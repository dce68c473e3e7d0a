"""The history for shells: what was said, and what can be done with it (koe_extra.h).

Each function imports its modules on its first call, because a dictation needs none of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from koe.boundary.entry import argument, open_store, status, status_of, text
from koe.boundary.sessions import hosts
from koe.diagnostics import Level, report
from koe.errors import HistoryError, KoeError, RuntimeStoppedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from koe.boundary.sessions import Begin
    from koe.journal.entries import Entry
    from koe.journal.history import History

# The most entries that a window gets.
_MOST = 1000


@text
def koe_py_history(query: Any) -> str:
    """Return the entries that contain a text, or all for NULL: at most 1000, newest first."""
    wanted = _given(query) if query else ""
    return f"[{','.join(map(_json_of, _history().list(wanted, _MOST)))}]"


@text
def koe_py_history_entry(entry_id: Any) -> str:
    """Return one entry as JSON."""
    return _json_of(_history().entry(_given(entry_id)))


@status
def koe_py_history_retry(core: int, entry_id: Any, options: Any, token: int) -> int:
    """Begin a session that recognises a recording again."""
    return _begin(core, entry_id, options, token, {"engine", "profile"}, _retrying)


@status
def koe_py_history_recorrect(core: int, entry_id: Any, options: Any, token: int) -> int:
    """Begin a session that corrects a recognised text again."""
    return _begin(core, entry_id, options, token, {"profile"}, _recorrecting)


@status
def koe_py_history_export(entry_id: Any, path: Any) -> int:
    """Write a recording as a WAV file."""
    return status_of(lambda: _history().export(_given(entry_id), Path(_given(path))))


@status
def koe_py_history_remove(entry_id: Any) -> int:
    """Remove an entry with all that belongs to it."""
    return status_of(lambda: _history().remove(_given(entry_id)))


def options_of(document: str, known: set[str]) -> dict[str, str]:
    """Read the options of a session.

    Args:
        document: A JSON object.
        known: The names of the options that are allowed.

    Raises:
        ValueError: The document is not a JSON object, or an option is unknown or not a text.
    """
    from koe.config.windows.records import parse

    try:
        options = parse(document)
    except ValueError as exc:
        raise ValueError(f"the options are not JSON: {exc}") from exc
    if not isinstance(options, dict):
        raise ValueError("the options must be an object")
    texts: dict[str, str] = {}
    for name, value in options.items():
        if name not in known:
            raise ValueError(f"there is no option {name!r}, only: {', '.join(sorted(known))}")
        if not isinstance(value, str):
            raise ValueError(f"the option {name!r} must be a text")
        texts[name] = value
    return texts


def _begin(
    core: int,
    entry_id: Any,
    options: Any,
    token: int,
    known: set[str],
    begin: Callable[[str, dict[str, str]], Begin],
) -> int:
    """Begin a session for an entry of the history."""
    host = hosts.get(core)
    if host is None:
        return -1
    try:
        chosen = options_of(_given(options) if options else "{}", known)
        host.begin_with(begin(_given(entry_id), chosen), token)
    except RuntimeStoppedError:  # destroyed meanwhile
        return -1
    except (KoeError, ValueError) as exc:
        report(f"no session was begun: {exc}", Level.ERROR)
        return -1
    return 0


def _retrying(entry_id: str, options: dict[str, str]) -> Begin:
    return lambda core, notify: core.retry(entry_id, notify, **options)


def _recorrecting(entry_id: str, options: dict[str, str]) -> Begin:
    return lambda core, notify: core.recorrect(entry_id, notify, **options)


def _given(pointer: Any) -> str:
    value = argument(pointer)
    if value is None:
        raise HistoryError("an argument is NULL or not UTF-8")
    return value


def _json_of(entry: Entry) -> str:
    import json

    from koe.journal.entries import entry_json

    return json.dumps(entry_json(entry), ensure_ascii=False, separators=(",", ":"))


def _history() -> History:
    """Open the user's history; its folder is looked up each time."""
    from koe.config.schema import HistoryConfig
    from koe.journal.history import History

    # The settings decide what is kept when a session ends; that does not matter here.
    return History(open_store().directory, HistoryConfig())
