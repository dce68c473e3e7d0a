"""Sections of the file: each is a class, and its attributes are the settings.

    class ClipboardConfig(Section):
        restore_delay_ms: int = plain_integer(1500, low=0, high=60_000)

This declares the setting, once: `koe.config.fields` has a function for each kind of value,
`koe.config.reader` reads by these declarations, and `koe.config.people.reference` prints them.

Sections are not dataclasses, although for type checkers they are declared as frozen ones with
keyword-only arguments: making a dataclass compiles five methods and takes half a millisecond, and
twenty of them would delay the shell's first call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, ClassVar, Self, TypedDict, Unpack, dataclass_transform

from koe.yamltext.tree import Scalar

if TYPE_CHECKING:  # creating this class would take time at the start

    class About(TypedDict, total=False):
        """The optional arguments of any `Field`."""

        suffix: str
        generations: str
        effect: str
        alias: str
        is_secret: bool
        is_required: bool


# When a change takes effect (spec config §14), as the end of a sentence for users.
NEXT_RECORDING = "with the next recording"
RELOAD = "when the shell reloads: within 3 s, after a recording at the latest"
RELOAD_OR_RECORDING = "when the shell reloads, or with the next recording"
RECORDING_AFTER = "when the shell reloads, or with the recording after the next"
AT_ONCE = "at once: the shell reads the file when it needs it"
AT_START = "when koe serve starts"
RELOAD_OR_START = f"{RELOAD}; in koe serve, when it starts"

# The shells that know a setting, as shown to users.
ALL = "A B C"
SINCE_B = "B C"
ONLY_C = "C"
OURS = "–"


class Field:
    """The declaration of a setting, an attribute of a `Section`.

    Attributes:
        default: The value of the attribute if the file does not set it.
        accepts: The accepted values, as a noun phrase for messages.
        key: The key in the file.
        generations: The shells that know it; empty: those of its section.
        effect: When a change takes effect; empty: as in its section.
        alias: A former spelling of the key; empty: there is none.
        is_secret: Whether the value must not be shown, also not in a ``repr``.
        is_required: Whether its absence is a Problem.
    """

    def __init__(
        self,
        default: object,
        accepts: str,
        *,
        key: str = "",
        suffix: str = "",
        generations: str = "",
        effect: str = "",
        alias: str = "",
        is_secret: bool = False,
        is_required: bool = False,
    ) -> None:
        self.default = default
        self.accepts = accepts
        self.key = key
        self.generations = generations
        self.effect = effect
        self.alias = alias
        self.is_secret = is_secret
        self.is_required = is_required
        # Appended to the name of the attribute to form the key.
        self._suffix = suffix

    def __set_name__(self, owner: type, name: str) -> None:
        self.key = self.key or name + self._suffix


class Value(Field):
    """One scalar.

    Attributes:
        convert: Converts the text in the file to the value of the attribute; raises ValueError.
        shown: The default, as a user would write it.
    """

    def __init__(
        self,
        default: object,
        convert: Callable[[Scalar], object],
        accepts: str,
        *,
        shown: str = "",
        **about: Unpack[About],
    ) -> None:
        super().__init__(default, accepts, **about)
        self.convert = convert
        self.shown = shown or ("not set" if default is None else str(default))

    @property
    def kept(self) -> str:
        """The value that is in force instead of an unusable one, as a clause for messages."""
        if self.default is None:
            return "treating it as not set"
        return f"using {self.default!r}" if isinstance(self.default, str) else f"using {self.shown}"

    @property
    def shown_none(self) -> str:
        """The value None as a user would write it."""
        return self.shown

    def instead(self, default: object) -> object:
        """The value that is in force if that of the file can't be used.

        Args:
            default: The value that is in force if the file does not set it.
        """
        return default


class Limit(Value):
    """A limit above which things are removed; None is no limit.

    An unusable value is no limit, because a mistake in the file must not remove anything.
    """

    UNLIMITED = "unlimited"

    @property
    def kept(self) -> str:
        """The effect of a value that is not usable."""
        return "everything is kept until this is corrected"

    @property
    def shown_none(self) -> str:
        """The word for no limit."""
        return self.UNLIMITED

    def instead(self, default: object) -> object:
        """No limit."""
        return None


class Consent(Value):
    """A switch that lets words leave this computer. Only a clear yes turns it on."""

    @property
    def kept(self) -> str:
        """The effect of a value that is not usable."""
        return "it is off until this is corrected"

    def instead(self, default: object) -> object:
        """False: the switch is off."""
        return False


class Target(Value):
    """An address to which words are sent. An unusable value is never the default."""

    @property
    def kept(self) -> str:
        """The effect of a value that is not usable."""
        return "nothing is sent until this is corrected"

    def instead(self, default: object) -> object:
        """An empty address."""
        return ""


class Names(Field):
    """A list of names out of a fixed set.

    Attributes:
        shown: The default, as a user would write it.
        known: The accepted names.
        kind: What the names stand for, as a noun.
    """

    def __init__(
        self, default: tuple[str, ...], known: tuple[str, ...], kind: str, **about: Unpack[About]
    ) -> None:
        accepts = f"a list of {kind}s (choose from: {', '.join(known)})"
        super().__init__(default, accepts, **about)
        self.shown = f"[{', '.join(default)}]"
        self.known = known
        self.kind = kind


class TextMap(Field):
    """A group whose keys and values are texts chosen by the user."""


class Group(Field):
    """A section within a section; the default is a section too.

    Attributes:
        refused: The section if the file has a word for no in its place; None: that is a mistake.
        unreadable: The section if the file has anything else than a group; None: the default.
    """

    def __init__(
        self,
        default: Section,
        key: str = "",
        refused: Section | None = None,
        unreadable: Section | None = None,
    ) -> None:
        super().__init__(default, "a group of indented settings", key=key)
        self.refused = refused
        self.unreadable = unreadable


class Table(Field):
    """A group of sections of one kind, each with a name that the user chose.

    Attributes:
        of: A section with the defaults of each entry.
    """

    def __init__(self, default: object, of: Section) -> None:
        super().__init__(default, "a group of named groups")
        self.of = of


class SectionList(Field):
    """A list of sections of one kind.

    Attributes:
        of: A section with the defaults of each entry.
    """

    def __init__(self, default: object, of: Section) -> None:
        super().__init__(default, "a list")
        self.of = of


class FlatKeys:
    """Settings that were one level above their group once, and are still read there.

    Attributes:
        generations: For each key, the generations of shells that have it in this place.
        reads_as: The group that the keys belong to now, as a dotted key.
        unless: Keys of the present form; with one of them the flat keys are ignored.
        defaults: The section that the flat settings change.
        note: Their other effects, as a sentence for users.
    """

    def __init__(
        self,
        generations: Mapping[str, str],
        reads_as: str,
        unless: frozenset[str],
        defaults: Section,
        note: str,
    ) -> None:
        self.generations = generations
        self.reads_as = reads_as
        self.unless = unless
        self.defaults = defaults
        self.note = note


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Section:
    """A group of settings, immutable. Each keyword is a setting; the others have their defaults.

    Class arguments:
        effect: When a change of these settings is used.
        generations: Which shells know these settings.
        unread: Valid keys that koe does not read.
        flat: Settings of one of its groups that may stand in this section.
    """

    declared: ClassVar[dict[str, Field]] = {}
    effect: ClassVar[str]
    generations: ClassVar[str]
    unread: ClassVar[frozenset[str]]
    flat: ClassVar[FlatKeys | None]

    def __init_subclass__(
        cls,
        *,
        effect: str = NEXT_RECORDING,
        generations: str = ONLY_C,
        unread: frozenset[str] = frozenset(),
        flat: FlatKeys | None = None,
    ) -> None:
        cls.effect = effect
        cls.generations = generations
        cls.unread = unread
        cls.flat = flat
        cls.declared = {name: it for name, it in vars(cls).items() if isinstance(it, Field)}
        # An instance has the settings that were given; the defaults are in its class.
        for name, declared in cls.declared.items():
            setattr(cls, name, declared.default)

    def __init__(self, **values: object) -> None:
        if unknown := values.keys() - self.declared.keys():
            raise TypeError(f"{type(self).__name__} has no {', '.join(sorted(unknown))}")
        vars(self).update(values)

    def replace(self, **values: object) -> Self:
        """A copy with other values."""
        return type(self)(**{**vars(self), **values})

    def is_set(self, name: str) -> bool:
        """Whether the value was set explicitly."""
        return name in vars(self)

    def with_flat(self, settings: Section) -> Self:
        """A copy with settings of `FlatKeys` applied; only sections with ``flat`` have it."""
        raise NotImplementedError

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable; use replace({name}=…)")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.declared)

    __hash__ = None  # type: ignore[assignment]  # some settings are dictionaries

    def __repr__(self) -> str:
        shown = ", ".join(
            f"{name}={getattr(self, name)!r}"
            for name, declared in self.declared.items()
            if not declared.is_secret
        )
        return f"{type(self).__name__}({shown})"
