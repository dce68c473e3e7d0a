"""Reads settings, tolerantly, by their declarations alone.

An unusable value becomes a `Problem`, and the setting keeps its default; the rest of the file is
used. This module does not depend on any particular setting.
"""

# Annotations are not postponed: compiling those of a NamedTuple takes 7 % of the start of a shell.

from typing import NamedTuple, TypeVar

from koe.config.sections import (
    Consent,
    Field,
    Group,
    Names,
    Section,
    SectionList,
    Table,
    TextMap,
    Value,
)
from koe.config.strays import alternatives, folded, hint_at, nearest, owners
from koe.text import abbreviated
from koe.yamltext.tree import Mapping, Node, Scalar, Sequence

S = TypeVar("S", bound=Section)


class Problem(NamedTuple):
    """A part of the configuration that was not used as written.

    Attributes:
        path: The file.
        line: Line in the file, from 1; None: the whole file.
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


class Item:
    """One key of the file with its value.

    Attributes:
        key: The full dotted name; "" for the whole file.
        line: Line of the key, from 1.
        node: The value.
        strays: Other entries of the same setting that are not read: earlier ones with the same key,
            or with a misspelled key.
    """

    __slots__ = ("key", "line", "node", "strays")

    def __init__(self, key: str, line: int, node: Node) -> None:
        self.key = key
        self.line = line
        self.node = node
        self.strays: list[Item] = []


class Reader:
    """Reads one file, and collects its problems.

    Args:
        path: The file, for messages only.
    """

    def __init__(self, path: str) -> None:
        self.problems: list[Problem] = []  # in reading order
        self._path = path
        self._unread: list[Item] = []  # keys that are not settings of their section

    def read_section(self, entry: Item, defaults: S) -> S:
        """A copy of ``defaults`` with the settings of the file."""
        entries = self._read_group(entry, "using its defaults")
        if entries is None:
            return defaults
        prefix = f"{entry.key}." if entry.key else ""
        is_root = not entry.key
        strays = self._strays(entries, defaults)
        flat = self._take_flat(entries, defaults)
        section = defaults.replace(**self._take_declared(entries, defaults))
        if flat is not None:
            section = section.with_flat(flat)
        if is_root:  # groups that belong to the top level, but are inside another group
            known = {field.key: name for name, field in section.declared.items()}
            names = [(known.get(it.key.rpartition(".")[2]), it) for it in self._unread]
            strays += [(name, it) for name, it in names if name is not None]
        for name, stray in strays:
            key = f"{prefix}{section.declared[name].key}"
            section = self._apply_stray(section, key, name, stray)
        for unread in entries:
            if unread not in section.unread:
                hint = hint_at(unread, defaults)
                self._report(entries[unread], f"there is no such setting; {hint}")
        return section

    def _strays(self, entries: dict[str, Item], section: Section) -> list[tuple[str, Item]]:
        """Entries that are not read, and the names of the settings that they may mean."""
        keys = {field.key: name for name, field in section.declared.items()}
        flat = section.flat.generations if section.flat else {}
        found = []
        for key, entry in entries.items():
            name = keys.get(key)
            if name is not None:
                found += [(name, stray) for stray in entry.strays]
                continue
            said, joined, value = key.partition(":")
            if joined:  # `{enabled:no}`
                key, entry = said, Item(entry.key, entry.line, Scalar(value, value, entry.line))
            group, dot, rest = key.partition(".")
            # Flat keys are valid, and the comparison takes time.
            if key not in flat and (near := nearest(group if dot else key, keys)):
                found.append((keys[near], _below(entry, rest) if dot else entry))
            found += [(it, _below(entry, key)) for it in owners(key, section)]
            self._unread.append(entry)
        return found

    def _apply_stray(self, section: S, key: str, name: str, stray: Item) -> S:
        """Turn a switch off if a misplaced entry may mean no, so that no text is sent."""
        field, value = section.declared[name], getattr(section, name)
        if isinstance(field, Consent) and value and _says_no(stray, field):
            label = abbreviated(stray.key.rpartition(".")[2])
            self._report(
                Item(key, stray.line, stray.node),
                f"{label} is in a wrong place and is taken for no; {field.kept}",
            )
            return section.replace(**{name: False})
        if not isinstance(field, Group) or field.unreadable is None or _is_empty(stray.node):
            return section
        group = value
        assert isinstance(group, Section)
        said = Reader(self._path)._read_group(stray, "")
        for inner, each in group.declared.items():
            if isinstance(each, Consent):
                known = [it.key for it in group.declared.values()]
                # If the entry is not a group, it is treated as the value of the switch.
                all_said = {each.key: stray} if said is None else said
                for label, entry in all_said.items():
                    if nearest(label, known) == each.key:
                        group = self._apply_stray(group, f"{key}.{each.key}", inner, entry)
        return section if group is value else section.replace(**{name: group})

    def _take_flat(self, entries: dict[str, Item], section: Section) -> Section | None:
        """Read the settings that stand one level above their group; None if there are none."""
        flat = section.flat
        if flat is None:
            return None
        found = {key: entries.pop(key) for key in flat.generations if key in entries}
        if not found or not flat.unless.isdisjoint(entries):
            return None
        return flat.defaults.replace(**self._take_declared(found, flat.defaults))

    def _take_declared(self, entries: dict[str, Item], section: Section) -> dict[str, object]:
        """Read the settings that ``section`` declares, and remove them from ``entries``."""
        values: dict[str, object] = {}
        for name, field in section.declared.items():
            entry = self._take(entries, field)
            if entry is not None:
                values[name] = self._read(entry, field, getattr(section, name))
        return values

    def _take(self, entries: dict[str, Item], field: Field) -> Item | None:
        entry = entries.pop(field.key, None)
        former = entries.pop(field.alias, None) if field.alias else None
        if entry is not None and former is not None:
            self._report(former, f"it means the same as {entry.key}, which is used")
        return entry or former

    def _read(self, entry: Item, field: Field, default: object) -> object:
        if isinstance(field, Value):
            return self._read_value(entry, field, default)
        if isinstance(field, Group):
            assert isinstance(default, Section)
            node = entry.node
            if field.refused is not None and isinstance(node, Scalar) and node.is_refusal:
                return field.refused
            return self._read_consented(entry, field, default)
        if isinstance(field, Table):
            return self._read_table(entry, field)
        if isinstance(field, SectionList):
            return self._read_records(entry, field, default)
        if isinstance(field, Names):
            return self._read_names(entry, field, default)
        assert isinstance(field, TextMap)
        return self._read_texts(entry, default)

    def _read_consented(self, entry: Item, field: Group, default: Section) -> Section:
        """Read a group; another kind of value gives ``field.unreadable``, if the field has one."""
        node = entry.node
        if field.unreadable is None or _is_empty(node) or isinstance(node, Mapping):
            return self.read_section(entry, default)
        self._report_unset(entry)
        self._report_no_group(entry, "it is off until this is corrected")
        return field.unreadable

    def _read_value(self, entry: Item, field: Value, default: object) -> object:
        node = entry.node
        if not isinstance(node, Scalar):
            kind = "list" if isinstance(node, Sequence) else "group"
            self._report(entry, f"expected {field.accepts}, not a {kind}; {field.kept}")
            return field.instead(default)
        self._report_unset(entry)
        if node.is_null and not isinstance(field, Consent):
            return field.instead(default) if node.unset else default
        if slip := _slip_in_value(node):
            self._report(entry, slip)
        try:
            value = field.convert(node)
        except ValueError:
            # A variable that is not set has already been reported.
            if not node.unset:
                shown = abbreviated(node.written)
                self._report(entry, f"{shown} is not {field.accepts}; {field.kept}")
            return field.instead(default)
        if isinstance(field, Consent) and not (node.is_plain and node.is_boolean):
            said = f"{abbreviated(node.written)} is taken for {value}; write {value} without quotes"
            self._report(entry, said.lower())
        return value

    def _read_table(self, entry: Item, field: Table) -> object:
        entries = self._read_group(entry, "using none") or {}
        return {name: self.read_section(each, field.of) for name, each in entries.items()}

    def _read_records(self, entry: Item, field: SectionList, default: object) -> object:
        self._report_unset(entry)
        if isinstance(entry.node, Scalar) and entry.node.is_null:
            return ()
        if not isinstance(entry.node, Sequence):
            self._report(
                entry, "expected a list, each entry with '- ' before it; using the default"
            )
            return default
        found = []
        for index, node in enumerate(entry.node.items):
            record = Item(f"{entry.key}[{index}]", node.line, node)
            found.append(self.read_section(record, field.of))
            self._report_missing(record, field.of)
        return tuple(found)

    def _read_names(self, entry: Item, field: Names, default: object) -> object:
        node = entry.node
        if isinstance(node, Mapping):
            self._report(entry, f"expected {field.accepts}; ignoring it")
            return default
        if isinstance(node, Scalar):
            self._report_unset(entry)
            if node.is_null:
                return default
            if node.is_refusal:
                return ()
            return self._known_names(entry, field, node.text.split(","))
        found: list[str] = []
        for index, item in enumerate(node.items):
            each = Item(f"{entry.key}[{index}]", item.line, item)
            if isinstance(item, Scalar):
                self._report_unset(each)
                found += self._known_names(each, field, [item.text])
            else:
                self._report(each, f"expected a name, one of {', '.join(field.known)}; skipping it")
        return tuple(dict.fromkeys(found))

    def _known_names(self, entry: Item, field: Names, said: list[str]) -> tuple[str, ...]:
        node = entry.node
        assert isinstance(node, Scalar)
        names = [name.strip() for name in said]
        for name in names:
            # A variable that is not set has already been reported.
            if name not in field.known and not node.unset:
                shown = abbreviated(name if node.text == node.written else node.written)
                others = alternatives(name, field.known)
                self._report(entry, f"{shown} is not a known {field.kind}{others}; skipping it")
        return tuple(dict.fromkeys(name for name in names if name in field.known))

    def _read_texts(self, entry: Item, default: object) -> object:
        entries = self._read_group(entry, "using none")
        if entries is None:
            return default
        texts = {}
        for name, each in entries.items():
            if isinstance(each.node, Scalar):
                self._report_unset(each)
                texts[name] = "" if each.node.is_null else each.node.text
            else:
                self._report(each, "expected text; ignoring it")
        return texts

    def _read_group(self, entry: Item, kept: str) -> dict[str, Item] | None:
        """The entries by key, of repeated keys the last; None if the value is not a group."""
        self._report_unset(entry)
        if isinstance(entry.node, Scalar) and entry.node.is_null:
            return {}
        if not isinstance(entry.node, Mapping):
            self._report_no_group(entry, kept)
            return None
        entries: dict[str, Item] = {}
        prefix = f"{entry.key}." if entry.key else ""
        for key, value in entry.node.pairs():
            if not isinstance(key, Scalar):
                nameless = Item(f"{prefix}?", key.line, value)
                self._report(nameless, "a key must be a single word; ignoring it")
                continue
            found = Item(prefix + key.written, key.line, value)
            if former := entries.get(key.written):
                found.strays, former.strays = former.strays, []
                found.strays.append(former)
            entries[key.written] = found
        for entry in entries.values():
            if entry.strays:
                self._report(entry, _also_in([stray.line for stray in entry.strays]))
        return entries

    def _report_missing(self, record: Item, of: Section) -> None:
        present: set[str] = set()
        if isinstance(record.node, Mapping):
            present = {key.written for key, _ in record.node.pairs() if isinstance(key, Scalar)}
        elif not (isinstance(record.node, Scalar) and record.node.is_null):
            return  # it is not a group, which was reported
        for field in of.declared.values():
            if field.is_required and present.isdisjoint({field.key, field.alias or field.key}):
                assert isinstance(field, Value)
                self._report(record, f"{field.key} is missing; {field.kept}")

    def _report_unset(self, entry: Item) -> None:
        if isinstance(entry.node, Scalar):
            for variable in entry.node.unset:
                name = abbreviated(variable)
                self._report(
                    entry, f"environment variable {name} is not set; its place stays empty"
                )

    def _report_no_group(self, entry: Item, kept: str) -> None:
        slip = _slip_in_group(entry)
        where = entry.node.line if slip else entry.line
        message = slip or "expected a group of indented settings"
        self._report(Item(entry.key, where, entry.node), f"{message}; {kept}")

    def _report(self, entry: Item, message: str) -> None:
        key = entry.key if entry.key.isprintable() else repr(entry.key)
        self.problems.append(Problem(self._path, entry.line, key, message))


def _also_in(lines: list[int]) -> str:
    """Report a repeated key, with its lines before the last."""
    if len(lines) == 1:
        where, others = f"line {lines[0]}", "other"
    else:
        more = f" and {len(lines) - 3} more" if len(lines) > 3 else ""
        where, others = f"lines {', '.join(map(str, lines[:3]))}{more}", "others"
    return f"this key is repeated, see {where}; using the last one: delete the {others}"


# Only a mistake needs `koe.yamltext.slips`, and shells wait for every load.


def _slip_in_group(entry: Item) -> str:
    from koe.yamltext.slips import slip_in_group

    return slip_in_group(entry.node, entry.line)


def _slip_in_value(node: Scalar) -> str:
    first, second = node.written[:1], node.written[1:2]
    if (first.isalnum() or (first < "\x80" and first != "\\")) and second != ":":
        return ""
    from koe.yamltext.slips import slip_in_value

    return slip_in_value(node)


def _is_empty(node: Node) -> bool:
    """Whether nothing follows the colon, not even a word for null."""
    return isinstance(node, Scalar) and node.is_plain and not node.written


def _below(entry: Item, key: str) -> Item:
    """Wrap an entry as if it were in a group."""
    label = Scalar(key, key, entry.line)
    return Item(entry.key, entry.line, Mapping(entry.line, [label, entry.node]))


def _says_no(stray: Item, field: Consent) -> bool:
    """Whether a stray entry is not a clear yes to a switch; a key such as ``disabled`` never is."""
    key = stray.key.rpartition(".")[2]
    if not isinstance(stray.node, Scalar) or folded(key).startswith("dis"):
        return True
    try:
        return not field.convert(stray.node)
    except ValueError:
        return True
