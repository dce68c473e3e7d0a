"""The configuration directory: where it is, its default files, and reading it.

The only module that knows YAML. It turns a file into the tree of `koe.config.tree`; what the
settings mean is decided in `koe.config.schema`. Nothing here caches beyond one `Store`, and a
`Store` is for one thread at a time.
"""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Iterator
from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from yaml.reader import ReaderError

from koe.config.schema import Config, Problem, read_config
from koe.config.tree import Mapping, Node, Scalar, Sequence
from koe.dictionary import parse_terms
from koe.errors import ConfigError

try:
    from yaml import CBaseLoader as _Loader
except ImportError:  # PyYAML was built without libyaml
    from yaml import BaseLoader as _Loader  # type: ignore[assignment]

Environment = AbstractMapping[str, str]

CONFIG_NAME = "config.yaml"
DICTIONARY_NAME = "dictionary.txt"
MODELS_NAME = "models"

_DEFAULTS = Path(__file__).with_name("defaults")
_LARGEST_FILE_BYTES = 1024 * 1024  # as for a model manifest (spec config §1.9)
_DEEPEST_NESTING = 128  # spec config §1.9

# Some file systems and kernels round modification times, and two writes within one step give
# the same one. A file that was this young when it was read may have been written again since
# without showing it.
_TIMESTAMP_STEP_NS = 100_000_000

_Stamp = tuple[int, int, int]  # modification time in ns, size in bytes, inode


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What one reading of the directory gave.

    Attributes:
        config: The settings.
        terms: The dictionary, in file order.
        problems: What could not be used as written, for a log or a person.
    """

    config: Config
    terms: tuple[str, ...]
    problems: tuple[Problem, ...]


def config_directory(environ: Environment, platform: str = sys.platform) -> Path:
    """Where the configuration of this user is (spec config §1.1).

    An empty variable counts as unset, because taken literally it would make the result depend
    on the working directory.
    """
    if platform == "win32":
        app_data = environ.get("APPDATA")
        return Path(app_data, "koe") if app_data else Path("C:\\koe")
    return Path(environ.get("HOME") or "/tmp", ".koe")


class Store:
    """The files of one configuration directory.

    Args:
        directory: It need not exist before `create_missing_files`.
        environ: Where ``${NAME}`` is looked up, anew at each reading.
    """

    def __init__(self, directory: Path, environ: Environment) -> None:
        self.directory = directory
        self._environ = environ
        self._config_path = directory / CONFIG_NAME
        self._dictionary_path = directory / DICTIONARY_NAME  # as last configured
        self._terms: tuple[str, ...] = ()  # as last loaded
        self._seen: tuple[_Stamp, _Stamp] | None = None  # None: do not trust, read again

    def create_missing_files(self) -> list[Path]:
        """Create the directory and the default files where they are missing (§1.5).

        The directory and ``config.yaml``, which may hold keys, become private to the user.
        What an existing file contains is never changed.

        Returns:
            The files that were created.

        Raises:
            ConfigError: Something could not be created or made private; it carries the path.
        """
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            _make_private(self.directory, 0o700)
            defaults = [self.directory / name for name in (CONFIG_NAME, DICTIONARY_NAME)]
            created = [path for path in defaults if _create_from_default(path)]
            if self._config_path.is_file():
                _make_private(self._config_path, 0o600)
        except OSError as exc:
            reason = f"cannot be created or made private: {exc.strerror}"
            raise ConfigError(str(exc.filename or self.directory), reason) from exc
        return created

    def load(self) -> Snapshot:
        """Read the configuration and the dictionary.

        A missing dictionary is an empty one; an unreadable one is too, and a `Problem`.

        Raises:
            ConfigError: ``config.yaml`` is missing, unreadable, not UTF-8 or not YAML.
        """
        return self._load(terms_if_unreadable=())

    def load_if_changed(self) -> Snapshot | None:
        """Read again if a file changed since the last look, whether or not that succeeded.

        Only the metadata of the two files is compared: a changed environment goes unnoticed.

        Returns:
            None when nothing changed. An unreadable dictionary is a `Problem`, and the terms
            stay as last loaded (spec abi §6.2).

        Raises:
            ConfigError: As `load`.
        """
        if self._seen is not None and self._seen == self._look():
            return None
        return self._load(terms_if_unreadable=self._terms)

    def _load(self, terms_if_unreadable: tuple[str, ...]) -> Snapshot:
        # Stamps are taken before reading, so that a write in between shows at the next look.
        # When config.yaml is broken the dictionary counts as seen too: its path may be about
        # to change, and the repaired config.yaml reads both again.
        self._remember()
        try:
            text = _read_text(self._config_path)
        except FileNotFoundError as exc:
            reason = "the file does not exist; restart koe to have it created"
            raise ConfigError(str(self._config_path), reason) from exc
        path = str(self._config_path)
        config, problems = read_config(_compose(text, path, self._environ), path)

        dictionary_path = self.directory / config.dictionary.path
        if dictionary_path != self._dictionary_path:
            self._dictionary_path = dictionary_path
            self._remember()
        try:
            self._terms = tuple(parse_terms(_read_text(dictionary_path)))
        except FileNotFoundError:
            self._terms = ()
        except ConfigError as exc:
            self._terms = terms_if_unreadable
            used = "using the terms loaded before" if self._terms else "using no terms"
            problems += (Problem(exc.path, None, "dictionary.path", f"{exc.reason}; {used}"),)
        return Snapshot(config, self._terms, problems)

    def _look(self) -> tuple[_Stamp, _Stamp]:
        return _stamp(self._config_path), _stamp(self._dictionary_path)

    def _remember(self) -> None:
        newest = time.time_ns() - _TIMESTAMP_STEP_NS
        stamps = self._look()
        self._seen = stamps if all(mtime_ns < newest for mtime_ns, _, _ in stamps) else None


# --- files -------------------------------------------------------------------------------


def _stamp(path: Path) -> _Stamp:
    """What changes when a file does; zeros when there is no file to look at."""
    try:
        status = path.stat()
    except (OSError, ValueError):  # ValueError: the configured path contains a NUL
        return 0, 0, 0
    return status.st_mtime_ns, status.st_size, status.st_ino


def _create_from_default(path: Path) -> bool:
    """False when there is something at ``path`` already."""
    content = (_DEFAULTS / path.name).read_bytes()
    try:
        # Exclusively, so that a file which appears meanwhile is not overwritten.
        with open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(content)
    except FileExistsError:
        return False
    return True


def _make_private(path: Path, mode: int) -> None:
    """Take away from others what ``mode`` does not grant. Windows has no such modes."""
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & ~mode:
        path.chmod(mode)


def _read_text(path: Path) -> str:
    """The text of a UTF-8 file, without a byte order mark.

    Raises:
        FileNotFoundError: There is no such file.
        ConfigError: It cannot be read.
    """
    try:
        # A device or a pipe could block, or never end.
        if not stat.S_ISREG(path.stat().st_mode):
            raise ConfigError(str(path), "this is not a file; put a text file in its place")
        with path.open("rb") as file:
            content = file.read(_LARGEST_FILE_BYTES + 1)
    except FileNotFoundError:
        raise
    except OSError as exc:
        raise ConfigError(str(path), f"cannot be read: {exc.strerror}") from exc
    except ValueError as exc:
        raise ConfigError(str(path), "cannot be read: no file can have this name") from exc
    if len(content) > _LARGEST_FILE_BYTES:
        raise ConfigError(str(path), "the file is larger than 1 MiB; make it smaller")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line_start = exc.object.rfind(b"\n", 0, exc.start) + 1
        line = exc.object.count(b"\n", 0, exc.start) + 1
        where = f"line {line}, byte {exc.start - line_start + 1}"
        raise ConfigError(str(path), f"{where}: not UTF-8 text; save the file as UTF-8") from exc


# --- YAML --------------------------------------------------------------------------------


def _substitute(text: str, environ: Environment) -> tuple[str, tuple[str, ...]]:
    """Replace each ``${NAME}`` by that environment variable (spec config §7.1).

    One pass: what a variable contains is not scanned again. A ``${`` without a ``}`` stays.

    Returns:
        The text, and the names that are not set (or not UTF-8), which give nothing.
    """
    pieces: list[str] = []
    unset: list[str] = []
    position = 0
    while True:
        start = text.find("${", position)
        end = text.find("}", start) if start >= 0 else -1
        if end < 0:
            break
        name = text[start + 2 : end]
        value = environ.get(name)
        if value is None or not _is_unicode(value):
            unset.append(name)
            value = ""
        pieces += text[position:start], value
        position = end + 1
    return "".join([*pieces, text[position:]]), tuple(dict.fromkeys(unset))


def _is_unicode(text: str) -> bool:
    """Without surrogates, which stand for undecodable bytes and cannot be encoded again."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _compose(text: str, path: str, environ: Environment) -> Node | None:
    """The tree of the only document in ``text``; None when there is none.

    Environment variables are substituted in values that have been parsed, not in the text, so
    that nothing in a variable can be taken for YAML.

    Raises:
        ConfigError: With line and column.
    """
    try:
        return _build_tree(yaml.parse(text, Loader=_Loader), environ)
    except ReaderError as exc:
        # Its position counts characters or bytes, depending on the loader.
        before = text[: text.find(chr(exc.character))]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        problem = "this control character is not allowed; delete it and save the file"
        raise ConfigError(path, f"line {line}, column {column}: {problem}") from exc
    except yaml.MarkedYAMLError as exc:
        raise ConfigError(path, _syntax_reason(exc)) from exc


def _syntax_reason(exc: yaml.MarkedYAMLError) -> str:
    mark, start = exc.problem_mark, exc.context_mark
    where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    context = f" ({exc.context}, from line {start.line + 1})" if start else ""
    remedy = "check quotes and indentation there (spaces only, no tabs) and save the file"
    return f"{where}not valid YAML: {exc.problem}{context}; {remedy}"


def _build_tree(events: Iterator[yaml.Event], environ: Environment) -> Node | None:
    """Done here because yaml.compose() recurses in C: deep nesting crashes the process."""
    root: Node | None = None
    anchors: dict[str, Node] = {}
    parents: list[Mapping | Sequence] = []  # still open, outermost first
    for event in events:
        if isinstance(event, yaml.CollectionEndEvent):
            parents.pop()
        elif isinstance(event, yaml.DocumentStartEvent):
            if root is not None:
                raise _error_at(event, "a second document starts here")
        elif isinstance(event, yaml.NodeEvent):
            node = _node(event, anchors, environ)
            if event.anchor:
                anchors[event.anchor] = node
            if parents:
                parents[-1].items.append(node)
            else:
                root = node
            if isinstance(event, yaml.CollectionStartEvent):
                assert not isinstance(node, Scalar)
                parents.append(node)
                if len(parents) > _DEEPEST_NESTING:
                    raise _error_at(event, f"nested deeper than {_DEEPEST_NESTING} levels")
    return root


def _node(event: yaml.NodeEvent, anchors: dict[str, Node], environ: Environment) -> Node:
    assert event.start_mark
    line = event.start_mark.line + 1
    if isinstance(event, yaml.MappingStartEvent):
        return Mapping(line)
    if isinstance(event, yaml.SequenceStartEvent):
        return Sequence(line)
    if isinstance(event, yaml.ScalarEvent):
        if not _is_unicode(event.value):
            raise _error_at(event, "this escape is not a Unicode character")
        text, unset = _substitute(event.value, environ)
        return Scalar(text, event.value, line, is_plain=not event.style, unset=unset)
    if event.anchor not in anchors:
        raise _error_at(event, "this alias has no anchor")
    return anchors[event.anchor]


def _error_at(event: yaml.Event, problem: str) -> yaml.MarkedYAMLError:
    # The stubs leave out that libyaml's marks are accepted too.
    return yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)  # type: ignore[arg-type]
