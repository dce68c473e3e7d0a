"""``koe config``: read, change and check the settings."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from koe.asr import ENGINES
from koe.cli import Exit, print_error, print_json, print_line
from koe.cli.editor import edit, editor_command
from koe.cli.setting import change_setting, read_settings, read_value
from koe.cli.usage import add_config_option, add_json_option, add_subcommands
from koe.config.people.check import about, find_problems
from koe.config.people.listing import Listing, Origin, Setting
from koe.config.store import CONFIG_NAME, Store, config_directory
from koe.config.windows.access import get_json, get_text
from koe.errors import ConfigError
from koe.files.read import is_missing
from koe.yamltext.document import SCALAR, Document
from koe.yamltext.edit import find

_SUMMARIES = {
    "path": "print the path of the file with the settings",
    "get": "print one setting as written in the file, or its default",
    "set": "change one setting in the file, and keep everything else in it",
    "edit": "open the file in your editor, and check it afterwards",
    "check": "print everything that is wrong with the file",
    "show": "print the value of every setting, and where it comes from",
}

_EPILOGS = {
    "get": """\
A note on stderr says if the setting is not in the file, or if its value can't be used. A value that
refers to an environment variable is printed as ${NAME}. Only single values are printed;
`koe config show KEY` prints a group.

with --json, the value as JSON on stdout
""",
    "set": """\
If VALUE is -, the value is read from stdin; on a terminal, koe asks for it and does not show what
you type. Use this for API keys: an argument stays in the history of your shell. In a value, ${NAME}
stands for an environment variable, which is looked up each time the file is read. Put -- before a
value that begins with a dash. An invalid value is refused. A key that koe does not know is also
set, because shells may know it; a note on stderr says so.

with --json, one object on stdout: {"path": TEXT, "key": TEXT, "effect": TEXT or null}; effect says
when the change takes effect, and is null if koe does not know the key
""",
    "edit": """\
The editor is $VISUAL, or else $EDITOR, notepad, nano or vi. A missing file is created.

exit status: 1 if something is wrong with the file afterwards, else 0
""",
    "path": """\
with --json, one object on stdout: {"path": TEXT}
""",
    "check": """\
exit status: 1 if something is wrong, else 0

with --json, one object on stdout: {"ok": BOOLEAN, "path": TEXT, "problems":
[{"line": NUMBER or null, "key": TEXT, "message": TEXT}, ...]}
""",
    "show": """\
origin:
  file          the value is in the file
  environment   the value is in the file and refers to an environment variable, as ${NAME}
  default       the setting is not in the file, or its value there can't be used (bad line N)
  derived       the value follows from other settings in the file

API keys are never shown; a key that refers to an environment variable is shown as ${NAME}.

with --json, one object on stdout: {"path": TEXT, "settings": [{"key": TEXT, "value": ANY,
"origin": TEXT, "line": NUMBER or null, "usable": BOOLEAN, "secret": BOOLEAN}, ...]}
""",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_config_option(parser)
    parser.epilog = "koe config ACTION --help describes an action."
    for name, action in add_subcommands(parser, "action", _SUMMARIES, _EPILOGS).items():
        if name in {"get", "set"}:
            action.add_argument("key", metavar="KEY", help="a dotted name such as asr.provider")
        if name == "set":
            action.add_argument(
                "value", metavar="VALUE", help="the new value; - asks for it, or reads stdin"
            )
        if name == "show":
            action.add_argument(
                "key", metavar="KEY", nargs="?", default="", help="print only this setting or group"
            )
        if name != "edit":
            add_json_option(action)
        add_config_option(action)


def run(arguments: argparse.Namespace) -> int:
    """Run the action; return the exit status."""
    directory = arguments.config or config_directory(os.environ)
    actions: dict[str, Callable[[Path, argparse.Namespace], int]] = {
        "path": _print_path,
        "get": _get,
        "set": _set,
        "edit": _edit,
        "check": lambda directory, arguments: _check(directory, as_json=arguments.json),
        "show": _show,
    }
    return actions[arguments.action](directory, arguments)


# --- reading -----------------------------------------------------------------------------


def _print_path(directory: Path, arguments: argparse.Namespace) -> int:
    path = directory / CONFIG_NAME
    if arguments.json:
        print_json({"path": str(path)})
    else:
        print_line(path)
    return Exit.OK


def _get(directory: Path, arguments: argparse.Namespace) -> int:
    key: str = arguments.key
    document, listing = read_settings(directory)
    setting = listing.find(key)
    part = find(document, tuple(key.split(".")))
    group = listing.within(key) if key else []
    if setting is None and (group or (part and part.kind != SCALAR)):
        unused = "koe does not use it; to read it, open the file: koe config edit"
        remedy = f"try: koe config show {key}" if group else unused
        raise ConfigError(document.path, f"{key!r} is a group or a list, not one value; {remedy}")
    if setting is None and part is None:
        raise _unknown(key, document, listing)

    if setting and not setting.place:
        is_derived = setting.origin is Origin.DERIVED
        why = "follows from other settings" if is_derived else "is the default"
        print_error(f"note: {key} is not in {document.path}; this value {why}")
        is_text = isinstance(setting.value, str)
        text = str(setting.value) if is_text else setting.shown
        value = json.dumps(setting.value, ensure_ascii=False) if arguments.json else text
    else:
        store = Store(directory, os.environ)
        place = setting.place if setting else key
        # The store can't find a setting by its key if a name in the key contains a dot.
        written = setting.written if setting else ""
        if arguments.json:
            value = get_json(store, place) or json.dumps(written, ensure_ascii=False)
        else:
            value = get_text(store, place) or written
    for problem in about(key, find_problems(document, listing, directory, ENGINES)):
        print_error(f"note: {problem}")
    print_line(value)
    return Exit.OK


def _show(directory: Path, arguments: argparse.Namespace) -> int:
    document, listing = read_settings(directory)
    key = arguments.key
    found = listing.find(key)
    shown = [found] if found else listing.within(key)
    if not shown:
        raise _unknown(key, document, listing)
    if arguments.json:
        settings = [
            {
                "key": it.key,
                "value": it.value,
                "origin": it.origin,
                "line": it.line,
                "usable": it.is_usable,
                "secret": it.is_secret,
            }
            for it in shown
        ]
        report = {"path": document.path, "settings": settings}
        print_json(report)
    else:
        width = max(len(it.key) for it in shown)
        for it in shown:
            print_line(f"{it.key:<{width}}  {_origin(it):<22}  {it.shown}")
    if count := len(find_problems(document, listing, directory, ENGINES)):
        print_error(f"note: {count} problem{'s' * (count > 1)}; koe config check describes them")
    return Exit.OK


def _unknown(key: str, document: Document, listing: Listing) -> ConfigError:
    near = listing.nearest(key)
    remedy = f"did you mean {near}?" if near else "koe config show lists all settings"
    return ConfigError(document.path, f"there is no setting {key!r}; {remedy}")


def _origin(setting: Setting) -> str:
    if setting.line is None:
        return setting.origin
    if setting.is_usable:
        return f"{setting.origin}, line {setting.line}"
    return f"{setting.origin} (bad line {setting.line})"


def _check(directory: Path, *, as_json: bool = False) -> int:
    try:
        document, listing = read_settings(directory)
    except ConfigError as exc:
        if as_json:
            _print_problems(exc.path, [{"line": None, "key": "", "message": exc.reason}])
        else:
            print_line(f"{exc.path}: {exc.reason}")
        return Exit.ERROR
    if as_json:
        found = find_problems(document, listing, directory, ENGINES)
        fields = [{"line": it.line, "key": it.key, "message": it.message} for it in found]
        _print_problems(document.path, fields)
        return Exit.ERROR if found else Exit.OK
    if is_missing(directory / CONFIG_NAME):
        message = "does not exist; the first dictation creates it with the defaults"
        print_line(f"{document.path} {message}")
        return Exit.OK
    problems = find_problems(document, listing, directory, ENGINES)
    for problem in problems:
        print_line(problem)
    if not problems:
        print_line(f"{document.path}: nothing is wrong")
    profile = listing.config.llm.correcting_profile
    if profile is not None and profile.exposure:
        print_error(f"note: {profile.exposure}")
    return Exit.ERROR if problems else Exit.OK


def _print_problems(path: str, problems: Sequence[Mapping[str, object]]) -> None:
    print_json({"ok": not problems, "path": path, "problems": list(problems)})


# --- changing ----------------------------------------------------------------------------


def _set(directory: Path, arguments: argparse.Namespace) -> int:
    path = directory / CONFIG_NAME
    is_read = arguments.value == "-"
    value = read_value(path, arguments.key) if is_read else arguments.value
    change = change_setting(directory, arguments.key, value)
    for note in change.notes(directory):
        print_error(f"note: {note}")
    if change.holds_secret and not is_read:
        remedy = f"koe config set {arguments.key} -"
        print_error(f"note: your shell may remember what you typed; next time: {remedy}")
    if arguments.json:
        setting = read_settings(directory)[1].find(arguments.key)
        effect = setting.effect if setting else None
        print_json({"path": str(path), "key": arguments.key, "effect": effect})
    else:
        print_line(change.summary)
    return Exit.OK


def _edit(directory: Path, _: argparse.Namespace) -> int:
    store = Store(directory, os.environ)
    store.create_missing_files()
    try:
        edit(directory / CONFIG_NAME, editor_command(os.environ))
    finally:
        # Some editors replace the file by one that other users may read; this restricts it again.
        store.create_missing_files()
    return _check(directory)
