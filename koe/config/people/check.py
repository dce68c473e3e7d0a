"""Everything that is wrong with a configuration.

Sessions report settings that they can't use. This module also finds valid settings that have no
effect, or a harmful one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from koe.config.people.listing import Listing, Origin
from koe.config.reader import Problem
from koe.config.schema import Config, DictionaryConfig
from koe.config.sections import Group, Section
from koe.config.strays import alternatives
from koe.endpoint import check_endpoint, is_private
from koe.errors import ConfigError, EndpointError
from koe.files.read import decoded, read_bytes
from koe.yamltext.document import MAPPING, SCALAR, Document, Part
from koe.yamltext.edit import find

# Text that looks like a comment, such as `api_key: #x`.
_COMMENT_FOR_TEXT = re.compile(r" *:[ \t]+#[^\s#]")

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

_ADDRESS = (
    "a safe address, which begins with https:// or wss://, "
    "or with http:// or ws:// on this computer"
)


def find_problems(
    document: Document, listing: Listing, directory: Path, engines: Sequence[str]
) -> list[Problem]:
    """Find what is wrong with a file that can be read.

    Args:
        document: The text of the file.
        listing: The settings in it.
        directory: The directory for relative paths.
        engines: The names that ``asr.provider`` may have.

    Returns:
        The problems in file order; problems without a line come first.
    """
    checks = _Checks(document, listing)
    problems = [
        *listing.problems,
        *checks.unused(),
        *checks.engine(engines),
        *checks.profile(),
        *checks.addresses(),
        *checks.keys(),
        *checks.swallowed(),
        *checks.dictionary(directory),
    ]
    return sorted(problems, key=lambda problem: problem.line or 0)


def find_obstacle(
    key: str, document: Document, listing: Listing, engines: Sequence[str]
) -> Problem | None:
    """The reason why the value of a setting can't work; None if there is none.

    A value from an environment variable is not checked, because the variable can have another value
    where dictation runs.
    """
    setting = listing.find(key)
    if setting is None or setting.origin is not Origin.FILE:
        return None
    checks = _Checks(document, listing)
    found = [
        *checks.engine(engines),
        *checks.unknown_profile(),
        *checks.addresses(),
        *checks.keys(),
    ]
    return next((it for it in found if it.key == setting.key), None)


def about(key: str, problems: Iterable[Problem]) -> list[Problem]:
    """The problems of a setting, of the groups that contain it, or of the items of its list."""
    return [
        it
        for it in problems
        if key == it.key or key.startswith(f"{it.key}.") or it.key.startswith(f"{key}[")
    ]


class _Checks:
    """Checks one file."""

    def __init__(self, document: Document, listing: Listing) -> None:
        self._document = document
        self._config = listing.config
        # The settings by key.
        self._settings = {setting.key: setting for setting in listing.settings}
        # The profiles by the key of their address.
        profiles = listing.config.llm.profiles.items()
        self._profiles = {f"llm.profiles.{name}.base_url": it for name, it in profiles}

    def unused(self) -> Iterator[Problem]:
        """Settings in an old place that are ignored because of the new one."""
        for declared in Config.declared.values():
            section, part = declared.default, find(self._document, (declared.key,))
            if not isinstance(declared, Group) or part is None or part.kind != MAPPING:
                continue
            assert isinstance(section, Section)
            flat = section.flat
            keys = {key.resolved.text: key.line for key, _ in part.pairs()}
            if flat is None or flat.unless.isdisjoint(keys):
                continue
            winner = f"{declared.key}.{min(flat.unless & keys.keys())}"
            for name in flat.generations:
                if name in keys:
                    message = f"not used, because there is {winner}; use {flat.reads_as}.{name}"
                    yield self._problem(f"{declared.key}.{name}", message, keys[name])

    def engine(self, engines: Sequence[str]) -> Iterator[Problem]:
        """The configured engine, if no engine has that name."""
        provider = self._config.asr.provider
        if provider not in engines:
            message = f"is not an engine of this version{alternatives(provider, engines)}"
            yield self._about("asr.provider", f"{message}; nothing is recognised")

    def profile(self) -> Iterator[Problem]:
        """The active profile, if it can't correct although correction is on."""
        if self._config.llm.enabled:
            yield from self._shortfall()

    def unknown_profile(self) -> Iterator[Problem]:
        """The active profile, if no profile has that name, whether correction is on or not."""
        llm = self._config.llm
        if llm.active_profile not in llm.profiles:
            yield from self._shortfall()

    def _shortfall(self) -> Iterator[Problem]:
        if reason := self._config.llm.shortfall:
            yield self._about("llm.active_profile", f"{reason}; nothing is corrected")

    def addresses(self) -> Iterator[Problem]:
        """Addresses to which nothing is sent, because they are invalid or not safe."""
        for key, setting in self._settings.items():
            is_address = key.endswith((".url", ".base_url")) and setting.origin is Origin.FILE
            if not is_address or not setting.written:
                continue
            profile = self._profiles.get(key)
            allow_private = profile is not None and profile.allow_plain_http
            try:
                check_endpoint(setting.written, allow_private=allow_private)
            except EndpointError:
                message = f"{setting.shown!r} is not {_ADDRESS}"
                if profile is not None and is_private(setting.written):
                    message += "; in a private network, set allow_plain_http of the profile first"
                yield self._problem(key, f"{message}; nothing is sent there", setting.line)

    def keys(self) -> Iterator[Problem]:
        """API keys that can't be sent to a service, because they contain a control character."""
        for key, setting in self._settings.items():
            if setting.is_secret and _CONTROL.search(setting.written.strip()):
                message = "it has a line break or another control character; enter the key again"
                yield self._problem(key, message, setting.line)

    def dictionary(self, directory: Path) -> Iterator[Problem]:
        """A dictionary that can't be read. The default one may be missing: it is created."""
        path = directory / self._config.dictionary.path
        try:
            decoded(read_bytes(path), path)
        except FileNotFoundError:
            if self._config.dictionary != DictionaryConfig():
                yield self._about("dictionary.path", "does not exist; there are no terms")
        except ConfigError as exc:
            yield self._about("dictionary.path", f"{exc.reason}; there are no terms")

    def swallowed(self) -> Iterator[Problem]:
        """Values that are empty because their text begins with a special character of YAML."""
        groups = [("", self._document.root)]
        while groups:
            prefix, group = groups.pop()
            if group is None or group.kind != MAPPING:
                continue
            for key, value in group.pairs():
                name = f"{prefix}{key.text}"
                groups.append((f"{name}.", value))
                if value.kind == SCALAR and not value.text and (mark := self._mark(key, value)):
                    message = f"it has no value: put a text that begins with {mark} in quotes"
                    yield self._problem(name, message, key.line)

    def _mark(self, key: Part, value: Part) -> str:
        """The special character that made a value empty; "" if there was none."""
        if value.style or value.tag:
            return "" if value.style or (value.tag or "").startswith("tag:") else "!"
        if value.anchor:
            return "&"
        rest = self._document.text[key.end :].partition("\n")[0]
        return "#" if _COMMENT_FOR_TEXT.match(rest) else ""

    def _about(self, key: str, message: str) -> Problem:
        setting = self._settings[key]
        # The value of a variable is not shown.
        is_foreign = setting.origin is Origin.ENVIRONMENT
        said = setting.written if is_foreign else setting.value
        return self._problem(key, f"{said!r} {message}", setting.line)

    def _problem(self, key: str, message: str, line: int | None) -> Problem:
        return Problem(self._document.path, line, key, message)
