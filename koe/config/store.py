"""The configuration directory: its place, its default files, and reading and changing them.

This module turns files into texts and back, and the dictionary into terms; `koe.yamltext.loading`
turns texts into trees, and `koe.config.schema` interprets the settings. Nothing is cached outside
a `Store`. A `Store` may be used by one thread at a time, except for `Store.read_document` and
`Store.rewrite`.
"""

# Annotations are not postponed: compiling those of a NamedTuple takes 7 % of the start of a shell.

import os
import stat
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from koe.config.legacy import is_outdated
from koe.config.schema import Config, Problem, read_config
from koe.errors import ConfigError
from koe.files.read import (
    BYTE_ORDER_MARK,
    LARGEST_FILE_BYTES,
    REST_NS,
    Stamp,
    decoded,
    note,
    read_bytes,
    read_whole,
    stamp_of,
)
from koe.text import trim
from koe.yamltext.loading import compose
from koe.yamltext.tree import Environment, Node

if TYPE_CHECKING:
    from koe.yamltext.document import Document

CONFIG_NAME = "config.yaml"
LOG_NAME = "koe.log"  # written by the library in shells (koe/native/logfile.c)
DICTIONARY_NAME = "dictionary.txt"
MODELS_NAME = "models"

DEFAULTS = Path(__file__).with_name("defaults")
"""The folder with the files for a new user."""

_DEFAULT_NAMES = (CONFIG_NAME, DICTIONARY_NAME, "system_prompt.txt", "user_prompt.txt")

# Seconds that a shell's call may wait for a program that writes config.yaml.
_PATIENCE_S = 0.5

# The ID of the user who owns the system's folders.
_SYSTEM = 0


class Snapshot(NamedTuple):
    """The result of one reading of the directory.

    Attributes:
        config: The settings.
        terms: The dictionary, in file order.
        problems: The parts that could not be used as written.
    """

    config: Config
    terms: tuple[str, ...]
    problems: tuple[Problem, ...]


def config_directory(environ: Environment, platform: str = sys.platform) -> Path:
    """The configuration directory of this user (spec config §1.1).

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
        environ: The variables for ``${NAME}``, looked up at each reading.
        renews_old_files: Loading converts a file of an older release to the present form. This is
            for shells that know only the present form; other shells may still edit the old form.
    """

    def __init__(
        self, directory: Path, environ: Environment, *, renews_old_files: bool = False
    ) -> None:
        self.directory = directory
        self._renews_old_files = renews_old_files
        self._environ = environ
        self.config_path = directory / CONFIG_NAME
        self._dictionary_path = directory / DICTIONARY_NAME  # from the last configuration
        self._terms: tuple[str, ...] = ()  # from the last loading
        self._seen: tuple[Stamp, Stamp] | None = None  # None: unknown, so read again

    def create_missing_files(self) -> list[Path]:
        """Create the directory and the default files that are missing (spec config §1.5).

        Created files are private to the user. The user's own directory and ``config.yaml``, which
        may contain keys, are made private, too; an existing directory in another place stays as it
        is, because it may have other uses. The content of an existing file is never changed.

        Returns:
            The files that were created.

        Raises:
            ConfigError: Something could not be created or made private; the error has the path.
        """
        try:
            is_new = not self.directory.exists()
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            if is_new or self.directory == config_directory(self._environ):
                _make_private(self.directory, 0o700)
            created = self._create_from_defaults()
            if self.config_path.is_file():
                _make_private(self.config_path, 0o600)
        except FileExistsError as exc:
            reason = "this must be a folder; move the file that is there away"
            raise ConfigError(str(exc.filename), reason) from exc
        except OSError as exc:
            reason = f"cannot be created or made private: {exc.strerror}"
            raise ConfigError(str(exc.filename or self.directory), reason) from exc
        return created

    def _create_from_defaults(self) -> list[Path]:
        paths = [self.directory / name for name in _DEFAULT_NAMES]
        if all(path.exists() for path in paths):
            return []
        # Imported only at the first start.
        from koe.files.write import locked, write_private

        with locked(self.config_path) as lock:
            missing = [path for path in paths if not path.exists()]
            for path in missing:
                stamp = write_private(path, (DEFAULTS / path.name).read_bytes())
                if path == self.config_path and stamp is not None:
                    note(lock, stamp)
        return missing

    def load(self) -> Snapshot:
        """Read the configuration and the dictionary.

        If the conversion of a file of an older release fails, that is a `Problem`, and the file is
        used as it is.

        A missing dictionary counts as empty; so does an unreadable one, which is also a `Problem`.

        Raises:
            ConfigError: ``config.yaml`` is missing, unreadable, not UTF-8 or not YAML, or another
                program is still writing it.
        """
        return self._load(terms_if_unreadable=())

    def load_if_changed(self) -> Snapshot | None:
        """Read the files if one changed since the last reading, whether or not that succeeded.

        Only the metadata of the two files is compared: a changed environment is not noticed.

        Returns:
            None if nothing changed. An unreadable dictionary is a `Problem`, and the terms
            of the last loading stay (spec abi §6.2).

        Raises:
            ConfigError: See `load`.
        """
        if self._seen is not None and self._seen == self._look():
            return None
        return self._load(terms_if_unreadable=self._terms)

    def _require_own(self) -> None:
        """Refuse a directory of another user in a place where all users can make one, as in /tmp.

        Its settings could send the user's speech anywhere.

        Raises:
            ConfigError: The directory is such a directory.
        """
        if sys.platform == "win32":
            return
        try:
            place, directory = self.directory.parent.stat(), self.directory.lstat()
        except OSError:
            return  # reading the files will report what is missing
        if place.st_mode & stat.S_IWOTH and directory.st_uid not in (_SYSTEM, os.geteuid()):
            reason = "it belongs to another user, and is not used; set HOME to your own folder"
            raise ConfigError(str(self.directory), reason)

    def forget(self) -> None:
        """Make `load_if_changed` read in any case: the last reading did not take effect."""
        self._seen = None

    def _load(self, terms_if_unreadable: tuple[str, ...]) -> Snapshot:
        # Stamps are taken before reading, so that a write in between is noticed at the next check.
        # When config.yaml is broken, the dictionary counts as seen too: its path may be about to
        # change, and the repaired config.yaml makes both be read again.
        self._remember()
        self._require_own()
        path = str(self.config_path)
        root = compose(self._read_config(), path, self._environ)
        renewal: tuple[Problem, ...] = ()
        if self._renews_old_files and is_outdated(root):
            renewal = self._renew()
            self._remember()
            root = compose(self._read_config(), path, self._environ)
        config, problems = read_config(root, path)
        problems = renewal + problems

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

    def _renew(self) -> tuple[Problem, ...]:
        from koe.config.migrate import migrate  # few loads need it

        try:
            self.rewrite(migrate)
        except ConfigError as exc:
            message = f"{exc.reason}; the file is used in its old form"
            return (Problem(exc.path, None, "conversion", message),)
        return ()

    def read_document(self) -> "Document":
        """The text of ``config.yaml`` as written, for `koe.yamltext.edit`.

        Raises:
            ConfigError: The file is missing, unreadable, not UTF-8 or not YAML.
        """
        from koe.yamltext.document import Document  # not needed for loading

        return Document.parse(self._read_config(), str(self.config_path))

    def read_text(self, name: str) -> str:
        """The text of another configured file; its path is absolute or relative to the directory.

        Raises:
            ConfigError: It is missing, unreadable or not UTF-8.
        """
        path = self.directory / name
        try:
            return _read_text(path)
        except FileNotFoundError as exc:
            raise ConfigError(str(path), "the file does not exist") from exc

    def values(self, document: "Document") -> Node | None:
        """The tree of a document, with environment variables substituted; None if it is empty.

        Raises:
            ConfigError: The document is not YAML.
        """
        return compose(document.text, document.path, self._environ)

    def rewrite(self, change: "Callable[[Document], Document]") -> None:
        """Change ``config.yaml`` while no other koe process changes it. A missing file is empty.

        If another program changes the file meanwhile, it is read again, so its change is not lost.

        Nothing is written if nothing changes. The content before the first rewrite stays as
        ``config.yaml.bak``. The loaded settings do not change.

        Args:
            change: Returns the new document for the present one. It may be called
                more than once.

        Raises:
            ConfigError: ``change`` raised it, or the file can't be read or written. The file
                is unchanged.
        """
        # Imported here, since loading does not need it.
        from koe.files.rewriting import rewrite
        from koe.files.write import write_private
        from koe.yamltext.document import Document

        path = self.config_path

        def changed_content(former: bytes | None) -> bytes:
            source = decoded(former or b"", path)
            text = source.removeprefix(BYTE_ORDER_MARK)
            changed = change(Document.parse(text, str(path)))
            if changed.text == text:
                return source.encode()
            content = (source[: len(source) - len(text)] + changed.text).encode()
            if len(content) > LARGEST_FILE_BYTES:
                raise ConfigError(str(path), "it would become larger than 1 MiB")
            backup = path.with_name(f"{path.name}.bak")
            if source and not os.path.lexists(backup):
                write_private(backup, source.encode())
            return content

        rewrite(path, changed_content)

    def _read_config(self) -> str:
        try:
            content = read_whole(self.config_path, _PATIENCE_S)
        except FileNotFoundError as exc:
            reason = "the file does not exist; restart koe to have it created"
            raise ConfigError(str(self.config_path), reason) from exc
        return decoded(content, self.config_path).removeprefix(BYTE_ORDER_MARK)

    def _look(self) -> tuple[Stamp, Stamp]:
        return _stamp(self.config_path), _stamp(self._dictionary_path)

    def _remember(self) -> None:
        # Two writes within one tick of a clock have the same time stamp: a file this young may be
        # written again without a visible change.
        newest = time.time_ns() - REST_NS
        stamps = self._look()
        self._seen = stamps if all(mtime_ns < newest for mtime_ns, _, _ in stamps) else None


# --- the dictionary ----------------------------------------------------------------------


def parse_terms(text: str) -> list[str]:
    """One term per line, in file order, each once (spec config §12).

    Blank lines and lines whose first visible character is ``#`` are skipped; a later ``#`` is
    part of the term. Terms that differ only in case are different.
    """
    # Some editors on Windows put this mark at the beginning of a UTF-8 file. It is invisible, and
    # as a part of the first term it would prevent any match.
    lines = text.removeprefix(BYTE_ORDER_MARK).split("\n")
    return list(dict.fromkeys(term for line in lines if (term := term_of(line))))


def term_of(line: str) -> str:
    """The term on one line; "" if there is none."""
    term = trim(line)
    return "" if term.startswith("#") else term


# --- files -------------------------------------------------------------------------------


def _stamp(path: Path) -> Stamp:
    """The stamp of a file, which changes when the file does; zeros if there is no file."""
    try:
        return stamp_of(path.stat())
    except (OSError, ValueError):  # ValueError: the configured path contains a NUL
        return 0, 0, 0


def _make_private(path: Path, mode: int) -> None:
    """Remove permissions of others that ``mode`` does not grant. Windows has no such modes."""
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & ~mode:
        path.chmod(mode)


def _read_text(path: Path) -> str:
    """The text of a file, without a byte order mark at its beginning.

    Raises:
        FileNotFoundError: There is no such file.
        ConfigError: It can't be read.
    """
    return decoded(read_bytes(path), path).removeprefix(BYTE_ORDER_MARK)
