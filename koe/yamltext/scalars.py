"""The meaning of a single YAML scalar, and the notation of a value in YAML.

For calls that read and write a setting without knowing its type (spec config §§3.1, 9).
When settings are loaded, `koe.config.schema` gives them their types instead.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from koe.text import is_unicode
from koe.yamltext.document import Part
from koe.yamltext.tree import BOOLEANS, INTEGER, NULLS

if TYPE_CHECKING:
    from typing import TypeAlias

    Atom: TypeAlias = bool | int | float | str | None
    YamlValue: TypeAlias = "Atom | list[YamlValue] | dict[str, YamlValue]"

_CORE = "tag:yaml.org,2002:"
FLOAT = re.compile(r"[+-]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][+-]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[+-]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")

# Wider integers are text here; the reference implementation refuses the file (spec config §3.1).
_LOWEST, _HIGHEST = -(2**63), 2**64 - 1

# Texts that are written without quotes: only those that every reader understands in the same way.
_PLAIN = re.compile(r"[\w./$~+(](?:[^:#]|:(?=[^ ])|(?<! )#)*")
_NOT_IN_FLOW = re.compile(r"[][{},:]")

# Characters that may stand unescaped in quotes, on one line.
_LITERAL = re.compile(
    r"[ -~\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]*"
)
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0"}


# --- reading -----------------------------------------------------------------------------


def foreign_tag(part: Part) -> str | None:
    """A tag that is not a standard one, such as ``!secret``; else None."""
    tag = part.tag
    return None if tag is None or tag == "!" or tag.startswith(_CORE) else tag


def resolve(part: Part) -> Atom:
    """The value of a scalar by the rules of YAML 1.2 (spec config §3.1), regardless of its tag."""
    if part.style or part.tag in {"!", f"{_CORE}str"}:
        return part.text
    return resolve_plain(part.text)


def resolve_plain(text: str) -> Atom:
    """The value of a scalar without quotes: ``yes`` and ``007`` are text."""
    if text in NULLS:
        return None
    if text in BOOLEANS:
        return BOOLEANS[text]
    if INTEGER.fullmatch(text):
        number = int(text, 0) if len(text) <= 70 else _HIGHEST + 1
        return number if _LOWEST <= number <= _HIGHEST else text
    if _NOT_FINITE.fullmatch(text):
        return float(text.replace(".", ""))
    if FLOAT.fullmatch(text):
        real = float(text)
        return real if abs(real) != float("inf") else text
    return text


def number_text(number: float) -> str:
    """The shortest form that has a fraction or an exponent (spec config §9.3)."""
    text = repr(float(number))
    if text in {"inf", "-inf", "nan"}:
        return f"-.{text[1:]}" if text[0] == "-" else f".{text}"
    digits, has_exponent, exponent = text.partition("e")
    if not has_exponent:
        return text
    if exponent == "-05":  # Python uses exponents from one power of ten earlier on
        sign = "-" if digits[0] == "-" else ""
        return f"{sign}0.0000{digits.lstrip('-').replace('.', '')}"
    return f"{digits}e{int(exponent)}"


# --- writing -----------------------------------------------------------------------------


def atom_text(value: Atom, *, in_flow: bool = False, quote: str = "") -> str:
    """A scalar on one line.

    Args:
        value: The value; text is quoted if it would not be read as the same text otherwise.
        in_flow: True if it will be inside brackets or braces.
        quote: The quotes of the former text in this place, which are kept.

    Raises:
        ValueError: The text has characters that are not Unicode.
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, int):
        return str(value)
    if not is_unicode(value):
        raise ValueError("it contains characters that are not Unicode")
    if quote != '"' and _LITERAL.fullmatch(value):
        if not quote and _may_be_plain(value, in_flow):
            return value
        # Shells that scan the file themselves strip only double quotes (spec abi §6.4), but
        # don't decode escapes.
        if quote == "'" or '"' in value or "\\" in value:
            return "'" + value.replace("'", "''") + "'"
    return '"' + "".join(_escaped(character) for character in value) + '"'


def _may_be_plain(text: str, in_flow: bool) -> bool:
    return (
        resolve_plain(text) is text
        and not INTEGER.fullmatch(text)  # too wide: the reference can't read it
        and _PLAIN.fullmatch(text) is not None
        and text[-1] not in " :"
        and not (in_flow and _NOT_IN_FLOW.search(text))
    )


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if _LITERAL.fullmatch(character):
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def flow_text(value: YamlValue) -> str:
    """A value on one line, with collections in brackets and braces. Raises as `atom_text`."""
    if isinstance(value, list):
        return f"[{', '.join(flow_text(item) for item in value)}]"
    if isinstance(value, dict):
        pairs = (f"{atom_text(key, in_flow=True)}: {flow_text(it)}" for key, it in value.items())
        return f"{{{', '.join(pairs)}}}"
    return atom_text(value, in_flow=True)


def block_lines(value: dict[str, YamlValue] | list[YamlValue], indent: int) -> list[str]:
    """A collection that is not empty, as lines without line ends. Raises as `atom_text`."""
    if isinstance(value, list):
        items = [(f"{' ' * indent}-", item) for item in value]
    else:
        items = [(f"{' ' * indent}{atom_text(key)}:", item) for key, item in value.items()]
    lines: list[str] = []
    for head, item in items:
        if not isinstance(item, list | dict):
            lines.append(f"{head} {atom_text(item)}")
        elif not item:
            lines.append(f"{head} {flow_text(item)}")
        else:
            below = block_lines(item, indent + 2)
            if head.endswith("-"):  # the first line of an item follows its dash
                below[0] = f"{head} {below[0].lstrip(' ')}"
            else:
                lines.append(head)
            lines += below
    return lines
