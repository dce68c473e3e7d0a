"""Checks the dictionary's file, and adds and removes terms.

Sessions read the file through `koe.config.store`, which defines what a term is.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from koe.config.store import parse_terms, term_of
from koe.errors import ConfigError
from koe.files.read import BYTE_ORDER_MARK, LARGEST_FILE_BYTES, decoded
from koe.files.rewriting import rewrite
from koe.text import abbreviated, is_unicode

LONGEST_TERM = 100
"""In characters. No spoken name is longer, and services refuse or cut longer ones."""

_NOTE = re.compile(r"\s#\s")

# Characters that are copied from web pages, and keep a term from ever matching.
_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff]")

# The replacement that programs write for a byte that is not UTF-8.
_GARBLED = "\ufffd"


@dataclass(frozen=True, slots=True)
class BadLine:
    """A flaw in one line.

    Attributes:
        line: From 1.
        message: What is wrong, and its effect.
    """

    line: int
    message: str


# --- looking -----------------------------------------------------------------------------


def find_flaws(content: bytes) -> list[BadLine]:
    """The lines of the file that have no effect, or probably a wrong one; in file order."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return [BadLine(1, "the file is UTF-16, so nothing in it is used; save it as UTF-8")]
    flaws: list[BadLine] = []
    lines: dict[str, int] = {}  # the line of each term, as written
    spellings: dict[str, str] = {}  # the first spelling of each term, by the term in lower case
    for number, encoded in enumerate(content.split(b"\n"), start=1):
        try:
            line = encoded.decode("utf-8")
        except UnicodeDecodeError as exc:
            reason = f"byte {exc.start + 1} is not UTF-8, so nothing in the file is used"
            flaws.append(BadLine(number, f"{reason}; save it as UTF-8"))
            continue
        term = term_of(line.removeprefix(BYTE_ORDER_MARK) if number == 1 else line)
        if not term:
            continue
        if term in lines:
            message = f"{abbreviated(term)} is on line {lines[term]}; ignored here"
            flaws.append(BadLine(number, message))
            continue
        lines[term] = number
        other = spellings.setdefault(term.casefold(), term)
        if other != term:
            reason = f"{abbreviated(other)} on line {lines[other]} differs in case only"
            flaws.append(BadLine(number, f"{abbreviated(term)}: {reason}; keep the right one"))
        if fault := fault_of(term):
            flaws.append(BadLine(number, f"{abbreviated(term)} {fault}"))
        if note := _NOTE.search(term):
            rest = abbreviated(term[note.start() + 1 :])
            reason = f"{rest} is part of the term, because a comment needs a line of its own"
            flaws.append(BadLine(number, f"{abbreviated(term)}: {reason}"))
    return flaws


def fault_of(term: str) -> str:
    """What is wrong with a term, as a predicate; "" if nothing is."""
    if len(term) > LONGEST_TERM:
        return f"is {len(term)} characters long, and a term has at most {LONGEST_TERM}"
    if _GARBLED in term:
        return "was garbled when the file was saved in another encoding; type it again"
    if found := _INVISIBLE.search(term):
        return f"contains the invisible character U+{ord(found[0]):04X}; type it again"
    if control := next((it for it in term if unicodedata.category(it) == "Cc"), None):
        return f"contains the control character U+{ord(control):04X}; type it again"
    return ""


# --- changing ----------------------------------------------------------------------------


def add_terms(path: Path, terms: Sequence[str]) -> dict[str, str | None]:
    """Add terms to the end of the file, in their order; a missing file is created.

    Returns:
        By trimmed term: None if the term was added; else the spelling that the file already has,
        which may differ in case.

    Raises:
        ConfigError: One of them can't be a term, or the file can't be read or written. Nothing is
            changed then.
    """
    wanted = [_checked(path, term) for term in terms]
    found: dict[str, str | None] = {}

    def change(text: str) -> str:
        present = parse_terms(text)
        for term in wanted:
            if term not in found:
                found[term] = _spelling_of(term, present)
                present.append(term)
        added = [term for term, spelling in found.items() if spelling is None]
        end = "\r\n" if "\r\n" in text else "\n"
        if added and text and not text.endswith("\n") and text != BYTE_ORDER_MARK:
            text += end
        return text + "".join(term + end for term in added)

    _rewrite(path, change)
    return found


def remove_terms(path: Path, terms: Sequence[str]) -> dict[str, str | None]:
    """Remove every line with one of these terms; all other lines are unchanged.

    Returns:
        Each missing term, trimmed, with an existing spelling in another case, or None.

    Raises:
        ConfigError: The file can't be read or written. Then nothing has changed.
    """
    wanted = {term_of(term) or term for term in terms}
    missing: dict[str, str | None] = {}

    def change(text: str) -> str:
        present = parse_terms(text)
        absent = sorted(wanted.difference(present))
        missing.update({term: _spelling_of(term, present) for term in absent})
        body = text.removeprefix(BYTE_ORDER_MARK)
        lines = ((line, term_of(line)) for line in re.split(r"(?<=\n)", body))
        kept = "".join(line for line, term in lines if not term or term not in wanted)
        return text[: len(text) - len(body)] + kept

    _rewrite(path, change)
    return missing


def _spelling_of(term: str, present: Sequence[str]) -> str | None:
    """The same term among others, preferably in the same case."""
    if term in present:
        return term
    return next((it for it in present if it.casefold() == term.casefold()), None)


def _checked(path: Path, term: str) -> str:
    trimmed = term_of(term)
    if not term.strip():
        fault = "is blank"
    elif not trimmed:
        fault = "would be a comment, because it starts with #"
    elif not is_unicode(trimmed):
        fault = "is not UTF-8 text"
    else:
        fault = fault_of(trimmed)
    if fault:
        raise ConfigError(str(path), f"the term {abbreviated(term)} {fault}; nothing was added")
    return trimmed


def _rewrite(path: Path, change: Callable[[str], str]) -> None:
    """Change the file under koe's lock. A missing file counts as empty."""

    def changed_content(former: bytes | None) -> bytes:
        content = change(decoded(former or b"", path)).encode()
        if content != former and len(content) > LARGEST_FILE_BYTES:
            reason = "the file would become larger than 1 MiB; remove terms first"
            raise ConfigError(str(path), reason)
        return content

    rewrite(path, changed_content)
