"""Changes one value in a YAML text, and leaves every other byte unchanged.

A change is a few splices of the text. Their positions are computed from the places that the
parser reports, for the usual ways of writing settings; there are other ways. So each result is
verified: it is parsed again, and unless that gives exactly the intended tree, the change is
refused, and the caller keeps the original document.

Source: spec config §9.4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from koe.errors import ConfigError
from koe.yamltext.document import ALIAS, MAPPING, SCALAR, SEQUENCE, Document, Part
from koe.yamltext.outline import Change, outline_of, value_outline
from koe.yamltext.places import (
    INDENT,
    LINE_END,
    Pair,
    Splice,
    at_end,
    column_below,
    column_of,
    comments_above,
    extent,
    flow_extent,
    line_end,
    line_stop,
    pair_of,
    shifted,
)
from koe.yamltext.scalars import atom_text, block_lines, flow_text, foreign_tag, resolve
from koe.yamltext.tree import DEEPEST_NESTING

if TYPE_CHECKING:
    from koe.yamltext.scalars import YamlValue

KeyPath = tuple[str, ...]
"""The keys that lead to a value, outermost first."""


def find(document: Document, path: KeyPath) -> Part | None:
    """The value at ``path``, through aliases; None if there is none.

    Only text is a key: a key written as ``5:`` is not found. Of a repeated key, the last one
    counts, as when settings are loaded.
    """
    part = document.root
    for key in path:
        pair = pair_of(part.resolved, key) if part else None
        part = pair[1] if pair else None
    return part.resolved if part else None


def keys_at(document: Document, path: KeyPath) -> set[str]:
    """The keys of the section at ``path``; empty if there is no section."""
    part = find(document, path)
    if part is None or part.kind != MAPPING:
        return set()
    return {key.text for key, _ in part.pairs()}


def set_value(document: Document, path: KeyPath, value: YamlValue) -> Document:
    """Put ``value`` at ``path``, in the place of an existing value.

    Missing sections are created, and a value in the place of a section is replaced by one. New
    keys go to the end of their section. A scalar with the same meaning is not changed.

    Raises:
        ConfigError: The file does not consist of sections, the place is shared through an alias,
            or the change is not possible without affecting something else.
    """
    if len(path) >= DEEPEST_NESTING:
        raise ConfigError(document.path, f"nested deeper than {DEEPEST_NESTING} levels")
    section = document.root
    if section is None or _is_empty(section):
        return _start(document, _nested(path, value))
    if section.kind != MAPPING:
        raise document.error(section, "expected settings such as 'asr:'; correct the file first")
    for depth, key in enumerate(path):
        _refuse_shared(document, section)
        rest = path[depth + 1 :]
        pair = pair_of(section, key)
        if pair is None:
            return _append(document, section, key, _nested(rest, value))
        old = pair[1]
        if rest and old.kind == ALIAS and old.resolved.kind == MAPPING:
            problem = f"this section is the alias *{old.anchor}"
            raise document.error(old, f"{problem}; replace the alias by its settings first")
        if not rest or old.kind != MAPPING or not old.items:
            return _replace(document, section, pair, _nested(rest, value))
        section = old
    raise AssertionError("a path has a key")


def remove(document: Document, path: KeyPath) -> Document:
    """Remove the value at ``path`` with its key; comments above it stay.

    A section that becomes empty stays, as ``{}``. If there is no such key, nothing happens. The
    only setting of a whole file can't be removed.

    Raises:
        ConfigError: The removal is not possible, for the reasons of `set_value`.
    """
    section = find(document, path[:-1])
    pair = pair_of(section, path[-1]) if section else None
    if section is None or pair is None:
        return document
    if len(section.items) == 2 and len(path) > 1:
        return set_value(document, path[:-1], {})
    _refuse_shared(document, section)
    _refuse_shared_below(document, pair)
    start, end = flow_extent(section, pair) if section.is_flow else extent(document, pair)
    changed = _checked(document, pair[0], [(start, end, "")], Change(dropped=pair[0]))
    return remove(changed, path)  # again, since a key may be repeated


def move(document: Document, old: KeyPath, new: KeyPath) -> Document:
    """Move a value to the end of another section, with the comments directly above it.

    If there is no value at ``old``, nothing happens. A value at ``new`` is replaced.

    Raises:
        ConfigError: The move is not possible, for the reasons of `set_value`.
    """
    section = find(document, old[:-1])
    pair = pair_of(section, old[-1]) if section else None
    if section is None or pair is None:
        return document
    target, missing = _deepest(document, new)
    if target is None or target.is_flow or section.is_flow or len(section.items) == 2:
        # The lines can't be moved as they are, so the value is written anew.
        return remove(set_value(document, new, _value(document, pair[1])), old)

    key, value = pair
    _refuse_shared(document, section)
    _refuse_shared(document, target)
    _refuse_shared_below(document, pair)
    column = column_of(document, target.items[0])
    lines = [f"{' ' * (column + INDENT * n)}{atom_text(it)}:" for n, it in enumerate(missing[:-1])]
    by = column + INDENT * len(lines) - column_of(document, key)
    start, end = extent(document, pair)
    start = comments_above(document, start, column_of(document, key))
    source = document.text[start : key.start] + atom_text(new[-1]) + document.text[key.end : end]
    lines += [shifted(line, by) for line in LINE_END.split(source.rstrip())]
    splices = [(start, end, ""), at_end(document, target, lines)]
    if start <= splices[1][0] <= end:  # it is the last one in its section, which is also the target
        ends = line_end(document)
        splices = [(start, end, "".join(line + ends for line in lines))]
    outline = outline_of(value)
    for name in reversed(missing[1:]):
        outline = MAPPING, None, (value_outline(name), outline)
    change = Change(dropped=key, section=target, added=(value_outline(missing[0]), outline))
    return _checked(document, key, splices, change)


def _deepest(document: Document, path: KeyPath) -> tuple[Part | None, KeyPath]:
    """The deepest existing section of the path, and the keys that are missing below it.

    The section is None if the path leads through something other than a section, or if there is a
    value at the whole path already.
    """
    for depth in reversed(range(len(path))):
        section = find(document, path[:depth])
        if section is not None:
            is_section = section.kind == MAPPING and section.items
            is_free = is_section and not pair_of(section, path[depth])
            return (section if is_free else None), path[depth:]
    return None, path


# --- changes -----------------------------------------------------------------------------


def _start(document: Document, value: YamlValue) -> Document:
    """Write the first settings of a file: after its comments, or in the place of ``{}``."""
    assert isinstance(value, dict)
    end, text = line_end(document), document.text
    lines = end.join(block_lines(value, 0))
    if document.root and document.root.kind == MAPPING:
        splice = (document.root.start, document.root.end, lines)
    else:
        separator = end if text and text[-1] not in "\r\n" else ""
        splice = (len(text), len(text), f"{separator}{lines}{end}")
    return _checked(document, document.root, [splice], Change(whole=value_outline(value)))


def _append(document: Document, section: Part, key: str, value: YamlValue) -> Document:
    change = Change(section=section, added=(value_outline(key), value_outline(value)))
    last = section.items[-1]
    if not section.is_flow:
        lines = block_lines({key: value}, column_of(document, section.items[0]))
        return _checked(document, last, [at_end(document, section, lines)], change)
    text = flow_text({key: value})[1:-1]
    end = last.end
    if last.start == last.end:  # an empty value: `{a: }`, `{a}`
        end = section.end - 1
    separator = "" if document.text[:end].rstrip()[-1] == "," else ", "
    return _checked(document, last, [(end, end, separator + text)], change)


def _replace(document: Document, section: Part, pair: Pair, value: YamlValue) -> Document:
    key, old = pair
    is_atom = not isinstance(value, list | dict)
    if is_atom and old.kind == SCALAR and not old.tag and value_outline(value) == outline_of(old):
        return document
    _refuse_shared_below(document, (old,))
    text = document.text
    end = old.start + len(text[old.start : old.end].rstrip())
    gap = text[key.end : old.start]
    has_colon = ":" in gap
    colon_end = key.end + gap.index(":") + 1 if has_colon else key.end
    starts_below = LINE_END.search(gap) is not None
    is_block = old.kind in {MAPPING, SEQUENCE} and not old.is_flow
    after = line_stop(text, end)

    if not section.is_flow and not is_atom and value:
        assert isinstance(value, list | dict)
        ends = line_end(document)
        below = "".join(ends + line for line in block_lines(value, column_below(document, pair)))
        if starts_below:
            splices = [(line_stop(text, colon_end), after, below)]
        else:
            splices = [(colon_end, after, text[end:after].rstrip() + below)]
    else:
        new = _one_line(value, section, old)
        if not is_block:
            if not has_colon:  # `{a}`
                splices = [(colon_end, end, f": {new}")]
            else:
                space = " " if gap.endswith(":") else ""
                splices = [(old.start, end, space + new)]
        elif starts_below:  # keep a comment after the key
            header_end = line_stop(text, colon_end)
            splices = [(colon_end, colon_end, f" {new}"), (header_end, after, "")]
        else:
            splices = [(colon_end, after, f" {new}")]
    return _checked(document, key, splices, Change(replaced=old, by=value_outline(value)))


def _one_line(value: YamlValue, section: Part, old: Part) -> str:
    if isinstance(value, list | dict):
        return flow_text(value)
    quote = old.style if old.style in {"'", '"'} else ""
    return atom_text(value, in_flow=section.is_flow, quote=quote)


# --- the check and its terms ---


def _nested(path: KeyPath, value: YamlValue) -> YamlValue:
    for key in reversed(path):
        value = {key: value}
    return value


def _value(document: Document, part: Part) -> YamlValue:
    """The value of a part, without its place."""
    if foreign_tag(part) or part.kind == ALIAS:
        problem = "koe can't move a value with a tag or an alias; move it by hand"
        raise document.error(part, problem)
    if part.kind == SEQUENCE:
        return [_value(document, item) for item in part.items]
    if part.kind == MAPPING:
        return {key.resolved.text: _value(document, item) for key, item in part.pairs()}
    return resolve(part)


def _is_empty(root: Part) -> bool:
    return (root.kind == MAPPING and not root.items) or (
        root.kind == SCALAR and not root.text and not root.style
    )


def _refuse_shared(document: Document, section: Part) -> None:
    if section.anchor in document.aliased:
        raise document.error(
            section,
            f"the alias *{section.anchor} refers to this; replace the alias by its value first",
        )


def _refuse_shared_below(document: Document, parts: tuple[Part, ...]) -> None:
    for part in parts:
        if part.kind != ALIAS:
            _refuse_shared(document, part)
        _refuse_shared_below(document, tuple(part.items))


def _checked(
    document: Document, place: Part | None, splices: list[Splice], change: Change
) -> Document:
    """Apply the splices, and verify the result.

    Raises:
        ConfigError: The result is not what was intended.
    """
    text = document.text
    for start, end, new in sorted(splices, reverse=True):
        text = text[:start] + new + text[end:]
    intended = change.whole or (outline_of(document.root, change) if document.root else None)
    try:
        edited = Document.parse(text, document.path)
        if edited.root and outline_of(edited.root) == intended:
            return edited
    except ConfigError:
        pass  # the text would be broken; the place in this error does not exist in the file
    where = f"line {place.line}: " if place else ""
    reason = f"{where}koe can't change this without disturbing the rest; edit the file by hand"
    raise ConfigError(document.path, reason)
