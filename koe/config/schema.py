"""Which settings exist, their types and defaults, and how they are read from a YAML tree.

Every setting is declared once, as a dataclass field that carries its key, its conversion
and its limits; `read_config` walks those fields. Reading is tolerant: a value that cannot be
used becomes a `Problem` and its default stays, and nothing else in the file is lost.

The tree is made of `Scalar`, `Sequence` and `Mapping`. It has no implicit types: a scalar is
text until the field that reads it converts it, so ``0012``, ``1.10`` and ``no`` stay what the
user typed. Units: inside, durations are seconds; keys that end in ``_ms`` are converted here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace

from koe.errors import ConfigError

# Importing typing costs the shell's main thread milliseconds, and only mypy needs it.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    from _typeshed import DataclassInstance

    S = TypeVar("S", bound=DataclassInstance)


@dataclass(frozen=True, slots=True, eq=False)
class Scalar:
    """One value, or one key, of the file.

    Attributes:
        text: The value with environment variables substituted. It may hold a secret, so it
            is in no ``repr`` and no message.
        written: The value as it stands in the file.
        line: Line in the file, from 1.
        is_plain: True when it is not quoted and not a block scalar.
        unset: Names of the environment variables that it refers to and that do not exist.
    """

    text: str = field(repr=False)
    written: str
    line: int
    is_plain: bool = True
    unset: tuple[str, ...] = ()

    @property
    def is_null(self) -> bool:
        """Nothing after the colon, or an explicit null (spec config §0.3)."""
        return self.is_plain and self.text in {"", "~", "null", "Null", "NULL"}


@dataclass(frozen=True, slots=True, eq=False)
class Sequence:
    """A list; ``items`` may contain the sequence itself when the file has such an alias."""

    line: int
    items: list[Node] = field(default_factory=list, repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Mapping:
    """A group of settings; ``items`` alternates keys and values, in file order."""

    line: int
    items: list[Node] = field(default_factory=list, repr=False)

    def pairs(self) -> Iterator[tuple[Node, Node]]:
        """Each key with its value, duplicates included."""
        return zip(self.items[::2], self.items[1::2], strict=True)


Node = Scalar | Sequence | Mapping


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in the configuration that was not used as written; the rest was.

    Attributes:
        path: The file.
        line: Line in the file, from 1; None when the whole file is meant.
        key: Dotted name of the setting.
        message: What is wrong, what is accepted, and what is used instead. It never contains
            a substituted value.
    """

    path: str
    line: int | None
    key: str
    message: str

    def __str__(self) -> str:
        where = self.path if self.line is None else f"{self.path}, line {self.line}"
        return f"{where}: {self.key}: {self.message}"


# An hour. Nobody waits longer for text, and much longer waits overflow a platform's timers.
_LONGEST_MS = 3_600_000

# YAML 1.2 core integers (spec config §3.1): no leading zeros, no underscores, and a sign in
# front of any base.
_INTEGER = re.compile(r"[+-]?(?:0|[1-9][0-9]*|0x[0-9A-Fa-f]+|0o[0-7]+|0b[01]+)")

_BOOLEANS = {
    "true": True, "True": True, "TRUE": True,
    "false": False, "False": False, "FALSE": False,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Setting:
    """What a field needs to know to read its value.

    Attributes:
        convert: Text of the file in, value of the field out; raises ValueError.
        accepts: What may be written, as a noun phrase for messages.
        kept: What a value that cannot be used leaves in force, as a clause for messages.
        suffix: Added to the name of the field to give the key.
    """

    convert: Callable[[Scalar], object]
    accepts: str
    kept: str
    suffix: str = ""


def _whole_number(scalar: Scalar, low: int, high: int) -> int:
    if _INTEGER.fullmatch(scalar.text):
        number = int(scalar.text, 0)
        if low <= number <= high:
            return number
    raise ValueError(scalar.text)


def _text(default: str) -> str:
    """Any scalar, as its text."""
    setting = _Setting(lambda scalar: scalar.text, "text", f"using {default!r}")
    return field(default=default, metadata={"setting": setting})


def _choice(default: str, *others: str) -> str:
    """One of a few words, spelled exactly."""
    words = (default, *others)

    def convert(scalar: Scalar) -> str:
        if scalar.text not in words:
            raise ValueError(scalar.text)
        return scalar.text

    setting = _Setting(convert, " or ".join(words), f"using {default!r}")
    return field(default=default, metadata={"setting": setting})


def _key_name(default: str) -> str:
    """The name of a key. A plain integer is the decimal text of that key code (§8.4)."""

    def convert(scalar: Scalar) -> str:
        if scalar.is_plain and _INTEGER.fullmatch(scalar.text):
            return str(int(scalar.text, 0))
        return scalar.text

    setting = _Setting(convert, "a key name or key code", f"using {default!r}")
    return field(default=default, metadata={"setting": setting})


def _optional_flag() -> bool | None:
    """True or false; None when the file does not say."""

    def convert(scalar: Scalar) -> bool:
        if scalar.is_plain and scalar.text in _BOOLEANS:
            return _BOOLEANS[scalar.text]
        raise ValueError(scalar.text)

    setting = _Setting(convert, "true or false (without quotes)", "treating it as not set")
    return field(default=None, metadata={"setting": setting})


def _plain_integer(default: int, low: int, high: int) -> int:
    """A whole number that must not be quoted."""

    def convert(scalar: Scalar) -> int:
        if not scalar.is_plain:
            raise ValueError(scalar.text)
        return _whole_number(scalar, low, high)

    accepts = f"a whole number from {low} to {high} (without quotes)"
    setting = _Setting(convert, accepts, f"using {default}")
    return field(default=default, metadata={"setting": setting})


def _milliseconds(default: int, low: int = 0, high: int = _LONGEST_MS) -> float:
    """A duration: whole milliseconds in the file, quoted or not; seconds in the field."""

    def convert(scalar: Scalar) -> float:
        return _whole_number(scalar, low, high) / 1000

    accepts = f"a whole number from {low} to {high}"
    setting = _Setting(convert, accepts, f"using {default}", suffix="_ms")
    return field(default=default / 1000, metadata={"setting": setting})


@dataclass(frozen=True, slots=True)
class MoonshineConfig:
    """``asr.moonshine``: speech recognition on this device.

    Attributes:
        final_wait_timeout: Seconds to wait for the final text after the last audio.
        update_interval: Seconds of audio between two interim texts.
    """

    final_wait_timeout: float = _milliseconds(5000)
    update_interval: float = _milliseconds(500, low=100, high=5000)


@dataclass(frozen=True, slots=True)
class AsrConfig:
    """``asr``: which engine recognises speech, and the settings of each engine.

    Any text is accepted as ``provider``; opening the engine tells an unknown one.
    """

    provider: str = _text("moonshine")
    moonshine: MoonshineConfig = MoonshineConfig()


@dataclass(frozen=True, slots=True)
class FeedbackConfig:
    """``feedback``: cues that the shell plays.

    None means that the file does not say. What a cue does then depends on the shell, which
    is why no default is applied here (spec abi §2.5).
    """

    start_sound: bool | None = _optional_flag()
    stop_sound: bool | None = _optional_flag()
    error_sound: bool | None = _optional_flag()
    mute_system_output: bool | None = _optional_flag()


@dataclass(frozen=True, slots=True)
class ClipboardConfig:
    """``clipboard``: the delay is in milliseconds here too, because shells get it so."""

    restore_delay_ms: int = _plain_integer(1500, low=0, high=60_000)


@dataclass(frozen=True, slots=True)
class HotkeyConfig:
    """``hotkey``: names as the user wrote them; `koe.config.hotkeys` resolves them."""

    trigger_key: str = _key_name("fn")
    trigger_mode: str = _choice("hold", "toggle", "double_tap")
    cancel_key: str = _key_name("left_option")


@dataclass(frozen=True, slots=True)
class DictionaryConfig:
    """``dictionary``: ``path`` is absolute or relative to the configuration directory."""

    path: str = _text("dictionary.txt")


@dataclass(frozen=True, slots=True)
class Config:
    """The whole configuration; without arguments, that of an empty file."""

    asr: AsrConfig = AsrConfig()
    feedback: FeedbackConfig = FeedbackConfig()
    clipboard: ClipboardConfig = ClipboardConfig()
    hotkey: HotkeyConfig = HotkeyConfig()
    dictionary: DictionaryConfig = DictionaryConfig()


# Keys that are part of the format (spec config §§4, 6, 8.2) but that nothing here reads. They
# are no mistake of the user, so they are no Problem.
_UNREAD_KEYS = frozenset({
    "llm", "overlay", "prompt_templates", "paste", "experimental",
    "asr.doubaoime", "asr.doubao", "asr.qwen", "asr.glm", "asr.mimo", "asr.mlx",
    "asr.sherpa-onnx", "asr.wetype", "asr.apple-speech",
    "asr.url", "asr.api_key", "asr.app_key", "asr.access_key", "asr.resource_id",
    "asr.connect_timeout_ms", "asr.final_wait_timeout_ms", "asr.enable_ddc", "asr.enable_itn",
    "asr.enable_punc", "asr.enable_nonstream",
})  # fmt: skip


def read_config(root: Node | None, path: str) -> tuple[Config, tuple[Problem, ...]]:
    """Read the settings out of the tree of a file.

    Args:
        root: The tree; None for a file that is empty or has only comments.
        path: The file, for messages.

    Returns:
        The configuration, and what could not be used as written, in reading order.

    Raises:
        ConfigError: The top level of the file is not a mapping.
    """
    if root is None or (isinstance(root, Scalar) and root.is_plain and not root.written):
        return Config(), ()
    if not isinstance(root, Mapping):
        reason = "expected settings such as 'asr:' at the start of a line; correct the file"
        raise ConfigError(path, f"line {root.line}: {reason}")
    reader = _Reader(path)
    config = reader.read_section(_Entry("", root.line, root), Config())
    return config, tuple(reader.problems)


@dataclass(frozen=True, slots=True)
class _Entry:
    """One key of the file with its value; ``key`` is the full dotted name, "" for the root."""

    key: str
    line: int
    node: Node


class _Reader:
    """Reads one file, and collects its problems."""

    def __init__(self, path: str) -> None:
        self.path = path  # for messages only
        self.problems: list[Problem] = []  # in reading order

    def read_section(self, entry: _Entry, defaults: S) -> S:
        """A copy of ``defaults`` with everything that the file says."""
        self._report_unset(entry)
        if isinstance(entry.node, Scalar) and entry.node.is_null:
            return defaults
        if not isinstance(entry.node, Mapping):
            self._report(entry, "expected a group of indented settings; using its defaults")
            return defaults

        entries = self._entries(entry.node, f"{entry.key}." if entry.key else "")
        changes: dict[str, object] = {}
        for declared in fields(defaults):
            setting: _Setting | None = declared.metadata.get("setting")
            found = entries.pop(declared.name + (setting.suffix if setting else ""), None)
            if found is None:
                continue
            default = getattr(defaults, declared.name)
            if setting is None:
                changes[declared.name] = self.read_section(found, default)
            else:
                changes[declared.name] = self._read_setting(found, setting, default)

        for unread in entries.values():
            if unread.key not in _UNREAD_KEYS:
                self._report(unread, "there is no such setting; ignoring it")
        return replace(defaults, **changes)

    def _entries(self, node: Mapping, prefix: str) -> dict[str, _Entry]:
        """By key within the section; of a key that is there twice, the last one."""
        entries: dict[str, _Entry] = {}
        for key, value in node.pairs():
            if not isinstance(key, Scalar):
                nameless = _Entry(f"{prefix}?", key.line, value)
                self._report(nameless, "a key must be a single word; ignoring it")
                continue
            entry = _Entry(prefix + key.written, key.line, value)
            if key.written in entries:
                self._report(entry, "it is there more than once; using the last one")
            entries[key.written] = entry
        return entries

    def _read_setting(self, entry: _Entry, setting: _Setting, default: object) -> object:
        node = entry.node
        if not isinstance(node, Scalar):
            self._report(entry, f"expected {setting.accepts}; {setting.kept}")
            return default
        self._report_unset(entry)
        if node.is_null:
            return default
        try:
            return setting.convert(node)
        except ValueError:
            # A variable that is not set is the cause, and has been reported already.
            if not node.unset:
                shown = _abbreviated(node.written)
                self._report(entry, f"{shown} is not {setting.accepts}; {setting.kept}")
            return default

    def _report_unset(self, entry: _Entry) -> None:
        if isinstance(entry.node, Scalar):
            for variable in entry.node.unset:
                name = _abbreviated(variable)
                self._report(
                    entry, f"environment variable {name} is not set; its place stays empty"
                )

    def _report(self, entry: _Entry, message: str) -> None:
        key = entry.key if entry.key.isprintable() else repr(entry.key)
        self.problems.append(Problem(self.path, entry.line, key, message))


def _abbreviated(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:40]}…")
