"""Functions that declare settings, one for each kind. They declare the attributes of a section.

Each returns a `koe.config.sections.Field`, but for type checkers it returns the default value.

Units: attributes hold durations in seconds; `milliseconds` converts the keys that end in ``_ms``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar, Unpack

from koe.config.hotkeys import NAMES, is_known
from koe.config.languages import AUTO, code_of
from koe.config.sections import (
    Consent,
    Field,
    Group,
    Limit,
    Names,
    Section,
    SectionList,
    Table,
    Target,
    TextMap,
    Value,
)
from koe.yamltext.tree import BOOLEANS, INTEGER, Scalar

if TYPE_CHECKING:
    from koe.config.sections import About

T = TypeVar("T")
S = TypeVar("S", bound=Section)


def _typed(declared: Field, default: T) -> T:
    """Return a declaration, typed as the value, as ``dataclasses.field()`` is."""
    return declared  # type: ignore[return-value]


# --- text --------------------------------------------------------------------------------


def text(default: str, **about: Unpack[About]) -> str:
    """Any scalar, as its text."""
    return _typed(Value(default, lambda scalar: scalar.text, "text", **about), default)


def target(default: str, **about: Unpack[About]) -> str:
    """Any scalar, as its text, if it determines where words are sent; see `Target`."""
    return _typed(Target(default, lambda scalar: scalar.text, "text", **about), default)


def optional_text(*, blank_is_unset: bool = False, **about: Unpack[About]) -> str | None:
    """Any scalar, as its text; None if the file does not set it."""

    def convert(scalar: Scalar) -> str | None:
        return None if blank_is_unset and not scalar.text.strip() else scalar.text

    return _typed(Value(None, convert, "text", **about), None)


def trimmed_text(default: str) -> str:
    """Text, trimmed. A blank text, and the default in another case, mean the default."""

    def convert(scalar: Scalar) -> str:
        trimmed = scalar.text.strip()
        return trimmed if trimmed and trimmed.lower() != default else default

    return _typed(Value(default, convert, "text"), default)


def choice(default: str, *others: str, refusal: str = "", **about: Unpack[About]) -> str:
    """One of a few words, spelled exactly; any word for no means ``refusal``, if it is given."""
    words = (default, *others)

    def convert(scalar: Scalar) -> str:
        if refusal and scalar.is_refusal:
            return refusal
        if scalar.text not in words:
            raise ValueError(scalar.text)
        return scalar.text

    accepted = (*words, "no") if refusal else words
    return _typed(Value(default, convert, " or ".join(accepted), **about), default)


def language(**about: Unpack[About]) -> str:
    """The code of a language, or the word for detection."""

    def convert(scalar: Scalar) -> str:
        code = code_of(scalar.text)
        if code is None:
            raise ValueError(scalar.text)
        return code

    accepts = f"{AUTO}, or the code of a language, such as zh, en or ja"
    return _typed(Value(AUTO, convert, accepts, **about), AUTO)


def key_name(default: str, **about: Unpack[About]) -> str:
    """The name of a key. A plain integer is a key code, and kept as text (spec config §8.4)."""

    def convert(scalar: Scalar) -> str:
        text = scalar.text
        if scalar.is_plain and INTEGER.fullmatch(text):
            text = str(int(text, 0))
        if not is_known(text):
            raise ValueError(text)
        return text

    accepts = f"one of {', '.join(NAMES)}, a key code, or a combination such as command+49"
    return _typed(Value(default, convert, accepts, **about), default)


# --- flags -------------------------------------------------------------------------------

_FLAG = "true or false (without quotes)"

_SWITCH_WORDS = {
    "true": True, "yes": True, "on": True, "1": True,
    "false": False, "no": False, "off": False, "0": False,
}  # fmt: skip


def _boolean(scalar: Scalar) -> bool:
    if scalar.is_plain and scalar.text in BOOLEANS:
        return BOOLEANS[scalar.text]
    raise ValueError(scalar.text)


def flag(default: bool, **about: Unpack[About]) -> bool:
    """True or false."""
    return _typed(Value(default, _boolean, _FLAG, shown=str(default).lower(), **about), default)


def optional_flag(shown: str, **about: Unpack[About]) -> bool | None:
    """True or false; None if the file does not set it, which means ``shown``."""
    return _typed(Value(None, _boolean, _FLAG, shown=shown, **about), None)


def switch(default: bool, **about: Unpack[About]) -> bool:
    """A flag that shells read themselves, and more tolerantly (spec config §§13.3, 13.4)."""

    def convert(scalar: Scalar) -> bool:
        word = scalar.text.strip().lower()
        if word not in _SWITCH_WORDS:
            raise ValueError(scalar.text)
        return _SWITCH_WORDS[word]

    accepts = f"one of {', '.join(_SWITCH_WORDS)}"
    return _typed(Value(default, convert, accepts, shown=str(default).lower(), **about), default)


def consent(default: bool, **about: Unpack[About]) -> bool:
    """A flag without which no words leave this computer; see `Consent`.

    Other words for yes and no are accepted, too, because variables often have them.
    """

    def convert(scalar: Scalar) -> bool:
        if scalar.is_refusal:
            return False
        if _SWITCH_WORDS.get(scalar.text.strip().lower()):
            return True
        raise ValueError(scalar.text)

    value = Consent(default, convert, _FLAG, shown=str(default).lower(), **about)
    return _typed(value, default)


# --- numbers -----------------------------------------------------------------------------

_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_DIGITS = re.compile(r"\+?[0-9]+")

LARGEST_U32 = 2**32 - 1
"""The largest value of most counts in the file, which are unsigned 32-bit (spec config §3.2)."""

_HIGHEST_LIMIT = 1_000_000

# An hour. No user waits longer, and much longer waits overflow the timers of some platforms.
_LONGEST_MS = 3_600_000


def _whole_number(scalar: Scalar, low: int, high: int) -> int:
    if INTEGER.fullmatch(scalar.text):
        number = int(scalar.text, 0)
        if low <= number <= high:
            return number
    raise ValueError(scalar.text)


def _real_number(scalar: Scalar) -> float:
    """Read a decimal number; infinite if it exceeds the range of a float."""
    if _DECIMAL.fullmatch(scalar.text):
        return float(scalar.text)
    raise ValueError(scalar.text)


def whole_number(
    default: int, low: int = 0, high: int = LARGEST_U32, **about: Unpack[About]
) -> int:
    """A whole number, quoted or not."""
    accepts = f"a whole number from {low} to {high}"
    value = Value(default, lambda it: _whole_number(it, low, high), accepts, **about)
    return _typed(value, default)


def plain_integer(default: int, low: int, high: int) -> int:
    """A whole number that must not be quoted."""

    def convert(scalar: Scalar) -> int:
        if not scalar.is_plain:
            raise ValueError(scalar.text)
        return _whole_number(scalar, low, high)

    accepts = f"a whole number from {low} to {high} (without quotes)"
    return _typed(Value(default, convert, accepts), default)


def optional_count(**about: Unpack[About]) -> int | None:
    """A whole number. In quotes, spaces around it are allowed; a blank text means not set.

    Source: spec config §3.2.
    """

    def convert(scalar: Scalar) -> int | None:
        trimmed = scalar.text.strip()
        if not trimmed:
            return None
        if scalar.is_plain and not _DIGITS.fullmatch(trimmed):
            return _whole_number(scalar, 0, LARGEST_U32)
        if not _DIGITS.fullmatch(trimmed) or int(trimmed) > LARGEST_U32:
            raise ValueError(scalar.text)
        return int(trimmed)

    accepts = f"a whole number from 0 to {LARGEST_U32}"
    return _typed(Value(None, convert, accepts, **about), None)


def number(default: float, low: float, high: float) -> float:
    """A decimal number, quoted or not: the Rust core stores it quoted (spec config §9.4)."""

    def convert(scalar: Scalar) -> float:
        found = _real_number(scalar)
        if not low <= found <= high:
            raise ValueError(scalar.text)
        return found

    accepts = f"a number from {low:g} to {high:g}"
    return _typed(Value(default, convert, accepts, shown=f"{default:g}"), default)


def clamped_number(default: float, low: float, high: float) -> float:
    """A decimal number, clamped to the range (spec config §13.3)."""
    accepts = f"a number (used within {low:g} to {high:g})"
    value = Value(
        default, lambda it: min(max(_real_number(it), low), high), accepts, shown=f"{default:g}"
    )
    return _typed(value, default)


def clamped_count(default: int, low: int, high: int) -> int:
    """A number that is clamped like `clamped_number`, and rounded to the nearest whole number."""

    def convert(scalar: Scalar) -> int:
        return math.floor(min(max(_real_number(scalar), low), high) + 0.5)

    return _typed(Value(default, convert, f"a number (used within {low} to {high})"), default)


def limit(default: int, **about: Unpack[About]) -> int | None:
    """A whole number, or the word for no limit; see `Limit`."""

    def convert(scalar: Scalar) -> int | None:
        if scalar.text.strip().lower() == Limit.UNLIMITED:
            return None
        return _whole_number(scalar, 0, _HIGHEST_LIMIT)

    accepts = f"a whole number from 0 to {_HIGHEST_LIMIT}, or {Limit.UNLIMITED}"
    return _typed(Limit(default, convert, accepts, **about), default)


def milliseconds(
    default: int, low: int = 0, high: int = _LONGEST_MS, **about: Unpack[About]
) -> float:
    """A duration: whole milliseconds in the file, quoted or not; seconds in the attribute."""

    def convert(scalar: Scalar) -> float:
        return _whole_number(scalar, low, high) / 1000

    accepts = f"a whole number from {low} to {high}"
    about["suffix"] = "_ms"
    value = Value(default / 1000, convert, accepts, shown=str(default), **about)
    return _typed(value, default / 1000)


# --- groups ------------------------------------------------------------------------------


def secret_texts(**about: Unpack[About]) -> Mapping[str, str]:
    """Names with texts, both chosen by the user, which may be secret."""
    nothing: Mapping[str, str] = MappingProxyType({})
    about["is_secret"] = True
    return _typed(TextMap(nothing, "a group of names and texts", **about), nothing)


def group(default: S, key: str = "", refused: S | None = None, unreadable: S | None = None) -> S:
    """A section within a section; ``key`` is needed if the attribute can't have the same name."""
    return _typed(Group(default, key, refused, unreadable), default)


def names(
    default: tuple[str, ...], known: tuple[str, ...], kind: str, **about: Unpack[About]
) -> tuple[str, ...]:
    """A list of known names; a single name needs no list.

    An empty list, or a word for no in its place, selects none of them.
    """
    return _typed(Names(default, known, kind, **about), default)


def table(default: Mapping[str, S], of: S) -> Mapping[str, S]:
    """Sections of one kind by name. The group in the file replaces the whole default."""
    return _typed(Table(default, of), default)


def records(default: tuple[S, ...], of: S) -> tuple[S, ...]:
    """A list of sections of one kind. The list in the file replaces the whole default."""
    return _typed(SectionList(default, of), default)
