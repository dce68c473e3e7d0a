"""``koe history``: show earlier dictations, and recognise them again."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from koe.asr import ENGINES
from koe.cli import Exit, print_error, print_json, print_line
from koe.cli.history_table import details, table
from koe.cli.live_line import columns_of
from koe.cli.usage import add_config_option, add_subcommands, file_path
from koe.config.schema import UNREADABLE, HistoryConfig
from koe.config.store import CONFIG_NAME, Store, config_directory
from koe.errors import ConfigError
from koe.events import SAMPLE_RATE_HZ
from koe.files.read import is_missing
from koe.journal.entries import entry_json
from koe.journal.history import EMPTY_HISTORY, History

_USUAL_LIMIT = 100

_SUMMARIES = {
    "list": "list the newest entries; the default ACTION",
    "search": "list the entries that contain a text",
    "show": "print all details of an entry",
    "retry": "recognise a recording again",
    "recorrect": "correct the recognised text again",
    "export": "write a recording as a WAV file",
    "pin": "keep an entry until you remove it",
    "unpin": "keep a pinned entry only as long as the settings say",
    "remove": "remove an entry with its recording and its text",
    "prune": "remove what exceeds the limits of age and size in the settings",
}

_EPILOG = """\
koe history ACTION --help describes an action.

ID is an ID from the list, the beginning of such an ID, or `last` for the newest entry.

By default, a recording is kept if its dictation gave no text or an incomplete one. The settings
that say what is kept, and for how long, are shown by: koe config show history. To keep no
recordings: koe config set history.audio nothing. docs/history.md describes the history.

exit status:
  0    done
  1    an error, described on stderr
  2    wrong usage
  130  interrupted with Ctrl-C
"""

_ENTRY_JSON = """\
  {"id": TEXT, "began": UTC, "seconds": NUMBER, "engine": NAME, "profile": ID, "why": "complete" |
   "incomplete" | "silent" | "cancelled" | "failed" | "interrupted", "state": NAME, "text": TEXT,
   "heard": TEXT, "corrected": BOOLEAN, "whole": BOOLEAN, "reason": TEXT, "audio": BOOLEAN,
   "audio_bytes": NUMBER, "pinned": BOOLEAN}
"""

_LIST_EPILOG = f"""\
why:
  complete      the whole text was delivered
  incomplete    a text was delivered, but its end may be missing
  silent        nothing was recognised
  cancelled     the dictation was cancelled
  failed        an error prevented a text
  interrupted   the program ended before there was a text
  (text)        only the text is kept, not the recording
  *             the entry is pinned

with --json, an array on stdout, newest first, of
{_ENTRY_JSON}"""

_RESULT_EPILOG = """\
exit status:
  0    a text was printed
  1    an error, described on stderr
  2    wrong usage
  3    there was no speech
  130  interrupted with Ctrl-C

with --json, one object per line on stdout, as from koe dictate --json
"""

_EPILOGS = {
    "list": _LIST_EPILOG,
    "search": f"Upper and lower case do not matter.\n\n{_LIST_EPILOG}",
    "show": f"with --json, an object on stdout:\n{_ENTRY_JSON}",
    "retry": (
        "The text is written to stdout; nothing is pasted. Without --engine, the configured\n"
        f"engine and its fallbacks recognise it. The recording stays.\n\n{_RESULT_EPILOG}"
    ),
    "recorrect": f"The text is written to stdout; nothing is pasted.\n\n{_RESULT_EPILOG}",
    "export": """\
An existing file is replaced. The recording stays in the history.

with --json, an object on stdout: {"id": TEXT, "path": TEXT, "seconds": NUMBER}
""",
    "pin": f"with --json, an object on stdout:\n{_ENTRY_JSON}",
    "unpin": f"with --json, an object on stdout:\n{_ENTRY_JSON}",
    "remove": """\
Pinned entries are removed, too. No part of the entry stays in the configuration folder.

with --json, an object on stdout: {"removed": ID}
""",
    "prune": """\
koe also does this when it starts and after each dictation. Files of a later version of koe and
files that koe did not write are kept; stderr names them.

with --json, an object on stdout: {"removed": NUMBER}
""",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.epilog = _EPILOG
    _add_common(parser)
    parser.set_defaults(limit=_USUAL_LIMIT)
    for name, action in add_subcommands(
        parser, "action", _SUMMARIES, _EPILOGS, required=False
    ).items():
        if name == "search":
            action.add_argument("text", metavar="TEXT", help="what to look for")
        elif name not in {"list", "prune"}:
            action.add_argument("id", metavar="ID", help="the ID of an entry; last for the newest")
        if name in {"list", "search"}:
            action.add_argument(
                "--limit", metavar="N", type=_count, default=_USUAL_LIMIT,
                help=f"list at most N entries, instead of {_USUAL_LIMIT}",
            )  # fmt: skip
        if name == "retry":
            action.add_argument(
                "--engine", metavar="NAME", choices=ENGINES, default="",
                help="recognise with this engine; koe engines lists them",
            )  # fmt: skip
        if name in {"retry", "recorrect"}:
            action.add_argument(
                "--profile", metavar="ID", default="",
                help="correct with this profile of llm.profiles, instead of the active one",
            )  # fmt: skip
        if name == "export":
            action.add_argument(
                "path", metavar="FILE", type=file_path, help="the WAV file to write"
            )
        _add_common(action, is_action=True)


def run(arguments: argparse.Namespace) -> int:
    """Run the action; return the exit status."""
    directory = arguments.config or config_directory(os.environ)
    history = open_history(directory, print_error)
    interrupted = history.recover()
    actions: dict[str | None, Callable[[History, argparse.Namespace], int]] = {
        "show": _show,
        "export": _export,
        "pin": _pin,
        "unpin": _pin,
        "remove": _remove,
        "prune": _prune,
    }
    if arguments.action in {"retry", "recorrect"}:
        return _rerun(history, arguments)
    status = actions.get(arguments.action, _list)(history, arguments)
    for entry in interrupted:
        remedy = f"koe history retry {entry.id}"
        print_error(f"note: a dictation was interrupted; to recognise it: {remedy}")
    return status


def open_history(directory: Path, warn: Callable[[str], None]) -> History:
    """Return the history of a configuration.

    Args:
        directory: The configuration folder.
        warn: Called with a sentence about each problem.
    """
    return History(directory, _read_settings(directory, warn), warn)


# --- showing -----------------------------------------------------------------------------


def _list(history: History, arguments: argparse.Namespace) -> int:
    is_search = arguments.action == "search"
    entries = history.list(arguments.text if is_search else "", arguments.limit)
    if arguments.json:
        print_json([entry_json(entry) for entry in entries])
    elif entries:
        columns = columns_of(sys.stdout) if sys.stdout and sys.stdout.isatty() else None
        print_line("\n".join(table(entries, history.short_ids(), columns)))
    else:
        print_error("note: nothing was found" if is_search else f"note: {EMPTY_HISTORY}")
    return Exit.OK


def _show(history: History, arguments: argparse.Namespace) -> int:
    entry = history.entry(arguments.id)
    if arguments.json:
        print_json(entry_json(entry))
    else:
        recording = history.recording_of(entry.id) if entry.has_audio else None
        print_line("\n".join(details(entry, recording)))
    return Exit.OK


# --- changing ----------------------------------------------------------------------------


def _export(history: History, arguments: argparse.Namespace) -> int:
    entry = history.entry(arguments.id)
    recorded = history.export(entry.id, arguments.path)
    seconds = recorded.samples / SAMPLE_RATE_HZ
    if arguments.json:
        written = {"id": entry.id, "path": str(arguments.path), "seconds": round(seconds, 3)}
        print_json(written)
    else:
        print_line(f"{arguments.path}: {seconds:.1f} s")
    if not recorded.flaw:
        return Exit.OK
    print_error(f"warning: {recorded.flaw}")
    return Exit.ERROR


def _pin(history: History, arguments: argparse.Namespace) -> int:
    pinned = arguments.action == "pin"
    entry = history.pin(arguments.id, pinned=pinned)
    if arguments.json:
        print_json(entry_json(entry))
    else:
        print_line(f"{entry.id} is pinned" if pinned else f"{entry.id} is no longer pinned")
    return Exit.OK


def _remove(history: History, arguments: argparse.Namespace) -> int:
    entry = history.remove(arguments.id)
    if arguments.json:
        print_json({"removed": entry.id})
    else:
        print_line(f"{entry.id} is removed")
    return Exit.OK


def _prune(history: History, arguments: argparse.Namespace) -> int:
    skipped = [*history.skipped]
    removed = history.prune()
    if arguments.json:
        print_json({"removed": removed})
    else:
        what = "entry or recording was" if removed == 1 else "entries or recordings were"
        print_line(f"{removed} {what} removed")
    for sentence in dict.fromkeys([*skipped, *history.skipped]):
        print_error(f"note: skipped: {sentence}")
    return Exit.OK


# --- another try -------------------------------------------------------------------------


def _rerun(history: History, arguments: argparse.Namespace) -> int:
    # Imported here: they load engines and the network, which the other actions do not need.
    from koe.cli.report import (
        DictationProgress,
        JsonReport,
        TextReport,
        reporting_interrupts,
        run_session,
    )
    from koe.dictation import open_core

    entry = history.entry(arguments.id)
    report = (JsonReport if arguments.json else TextReport)(
        DictationProgress(handed_over=entry.seconds)
    )

    async def follow() -> None:
        async with open_core(arguments.config) as core:
            if arguments.action == "retry":
                session = core.retry(entry.id, engine=arguments.engine, profile=arguments.profile)
            else:
                session = core.recorrect(entry.id, profile=arguments.profile)
            with reporting_interrupts(report):
                async for notice in session:
                    report.show(notice)

    return run_session(report, follow())


# --- helpers -----------------------------------------------------------------------------


def _add_common(parser: argparse.ArgumentParser, *, is_action: bool = False) -> None:
    """Declare the options that may precede or follow the action."""
    # An option that does not follow the action keeps the value that it has before the action.
    nothing = argparse.SUPPRESS if is_action else False
    parser.add_argument(
        "--json", action="store_true", default=nothing, help="print JSON, for programs"
    )
    add_config_option(parser)


# No history has more entries than this. SQLite refuses numbers of more than 64 bits.
_MOST = 2**31


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number greater than 0")
    return min(int(text), _MOST)


def _read_settings(directory: Path, warn: Callable[[str], None]) -> HistoryConfig:
    """Read what to keep; if the settings can't be read, everything is kept."""
    if is_missing(directory / CONFIG_NAME):
        return HistoryConfig()
    try:
        return Store(directory, os.environ).load().config.history
    except ConfigError as exc:
        warn(f"note: {exc}; until this is corrected, nothing is removed")
        return UNREADABLE.history
