"""``koe dict``: the terms that must be spelled as in the dictionary."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from koe.cli import Exit, print_error, print_json, print_line
from koe.cli.usage import add_config_option, add_json_option, add_subcommands
from koe.config.dictionary import add_terms, find_flaws, remove_terms
from koe.config.schema import Config
from koe.config.store import CONFIG_NAME, Store, config_directory, parse_terms, term_of
from koe.errors import ConfigError
from koe.files.read import decoded, is_missing, read_bytes

_SUMMARIES = {
    "list": "print all terms, in the order of the file",
    "add": "add terms to the end of the file",
    "remove": "remove terms from the file, and keep everything else in it",
    "check": "print the lines that are ignored or look like mistakes",
}

_EPILOGS = {
    "list": """\
with --json, one object on stdout: {"path": TEXT, "terms": [TEXT, ...]}
""",
    "add": """\
A term that is already in the file, in upper or lower case, is not added again.

with --json, one object on stdout: {"path": TEXT, "added": [TEXT, ...],
"present": [{"term": TEXT, "spelling": TEXT}, ...]}; spelling is how the file spells the term
""",
    "remove": """\
exit status: 1 if a term was not in the file, else 0

with --json, one object on stdout: {"ok": BOOLEAN, "path": TEXT, "removed": [TEXT, ...],
"missing": [{"term": TEXT, "spelling": TEXT or null}, ...]}; spelling is the same term in the file,
in another case
""",
    "check": """\
Comments, which begin with #, and blank lines are not listed.

exit status: 1 if something is wrong, else 0

with --json, one object on stdout: {"ok": BOOLEAN, "path": TEXT, "problems":
[{"line": NUMBER or null, "message": TEXT}, ...]}
""",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_config_option(parser)
    parser.epilog = "The setting dictionary.path names the file: koe config get dictionary.path"
    for name, action in add_subcommands(parser, "action", _SUMMARIES, _EPILOGS).items():
        if name in {"add", "remove"}:
            action.add_argument("terms", metavar="TERM", nargs="+", help="a name or a short phrase")
        add_json_option(action)
        add_config_option(action)


def run(arguments: argparse.Namespace) -> int:
    """Run the action; return the exit status."""
    directory = arguments.config or config_directory(os.environ)
    actions: dict[str, Callable[[Path, argparse.Namespace], int]] = {
        "list": _list,
        "add": _add,
        "remove": _remove,
        "check": _check,
    }
    return actions[arguments.action](directory, arguments)


def _path(directory: Path) -> Path:
    if is_missing(directory / CONFIG_NAME):
        return directory / Config().dictionary.path
    return directory / Store(directory, os.environ).load().config.dictionary.path


def _list(directory: Path, arguments: argparse.Namespace) -> int:
    path = _path(directory)
    try:
        text = decoded(read_bytes(path), path)
    except FileNotFoundError:
        print_error(f"note: {path} does not exist; koe dict add creates it")
        text = ""
    _print_terms(path, parse_terms(text), as_json=arguments.json)
    return Exit.OK


def _print_terms(path: Path, terms: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        print_json({"path": str(path), "terms": list(terms)})
    elif terms:
        print_line("\n".join(terms))


def _add(directory: Path, arguments: argparse.Namespace) -> int:
    Store(directory, os.environ).create_missing_files()
    path = _path(directory)
    spellings = add_terms(path, arguments.terms)
    if arguments.json:
        new = [term for term, spelling in spellings.items() if spelling is None]
        present = [{"term": term, "spelling": it} for term, it in spellings.items() if it]
        print_json({"path": str(path), "added": new, "present": present})
        return Exit.OK
    added = 0
    for term, spelling in spellings.items():
        if spelling is None:
            added += 1
            print_line(f"added: {term}")
        elif spelling == term:
            print_line(f"already there: {term}")
        else:
            print_line(
                f"already there: {term}, spelled {spelling}; to change it, remove {spelling} first"
            )
    if added:
        print_line(
            f"{path} has {added} more term{'s' * (added > 1)}, used from the next recording on"
        )
    return Exit.OK


def _remove(directory: Path, arguments: argparse.Namespace) -> int:
    path = _path(directory)
    missing = remove_terms(path, arguments.terms)
    for term, spelling in missing.items():
        hint = f"did you mean {spelling!r}?" if spelling else "koe dict list shows all terms"
        print_error(f"{term!r} is not in {path}; {hint}")
    if arguments.json:
        wanted = dict.fromkeys(term_of(term) or term for term in arguments.terms)
        report = {
            "ok": not missing,
            "path": str(path),
            "removed": [term for term in wanted if term not in missing],
            "missing": [{"term": term, "spelling": it} for term, it in missing.items()],
        }
        print_json(report)
    return Exit.ERROR if missing else Exit.OK


def _check(directory: Path, arguments: argparse.Namespace) -> int:
    path = _path(directory)
    try:
        content = read_bytes(path)
    except FileNotFoundError:
        if arguments.json:
            return _print_problems(path, [])
        print_line(f"{path} does not exist; koe dict add creates it")
        return Exit.OK
    except ConfigError as exc:
        if arguments.json:
            return _print_problems(path, [{"line": None, "message": exc.reason}])
        print_line(f"{exc.path}: {exc.reason}")
        return Exit.ERROR
    flaws = find_flaws(content)
    if arguments.json:
        return _print_problems(path, [asdict(flaw) for flaw in flaws])
    for flaw in flaws:
        print_line(f"{path}, line {flaw.line}: {flaw.message}")
    if not flaws:
        count = len(parse_terms(decoded(content, path)))
        print_line(f"{path}: {count} term{'' if count == 1 else 's'}, nothing is wrong")
    return Exit.ERROR if flaws else Exit.OK


def _print_problems(path: Path, problems: Sequence[Mapping[str, object]]) -> int:
    print_json({"ok": not problems, "path": str(path), "problems": list(problems)})
    return Exit.ERROR if problems else Exit.OK
