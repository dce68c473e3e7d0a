"""Events and notices as JSON and back. Pure.

Each interim text repeats everything heard so far. So a text is written as two values: how many
characters it keeps from the previous text of the same class and field, and what follows them. The
names of classes and fields are part of the format: a renamed one can't be read in older files.
"""

from __future__ import annotations

from collections.abc import Iterator

from koe import events
from koe.events import Event, Notice
from koe.journal.values import build, dump, load, members_of

_Texts = dict[tuple[str, str], str]


class Encoder:
    """Writes the events of one session, in order."""

    def __init__(self) -> None:
        # The last text of each class and field.
        self._texts: _Texts = {}

    def encode(self, event: Event | Notice) -> bytes:
        """Return the payload of the next event."""
        name = type(event).__name__
        members = members_of(event)
        for field, value in members.items():
            if type(value) is str:
                members[field] = self._difference((name, field), value)
        return dump([name, members])

    def _difference(self, place: tuple[str, str], text: str) -> tuple[int, str]:
        kept = _common_length(self._texts.get(place, ""), text)
        self._texts[place] = text
        return kept, text[kept:]


class Decoder:
    """Reads the events of one session, in order."""

    def __init__(self) -> None:
        # The last text of each class and field.
        self._texts: _Texts = {}
        # The classes that can be read, by name.
        self._classes = {cls.__name__: cls for cls in event_classes()}

    def decode(self, payload: bytes) -> Event | Notice | None:
        """Return an event; None: this release does not know it, or the payload is invalid."""
        try:
            match load(payload):
                case [str(name), dict(members)] if name in self._classes:
                    return build(self._classes[name], self._with_texts(name, members))
        except ValueError:
            pass
        return None

    def _with_texts(self, name: str, members: dict[str, object]) -> dict[str, object]:
        whole = dict(members)
        for field, value in members.items():
            match value:
                case [int(kept), str(added)]:
                    text = self._texts.get((name, field), "")[: max(0, kept)] + added
                    whole[field] = self._texts[name, field] = text
        return whole


def event_classes() -> Iterator[type[Event] | type[Notice]]:
    """Yield every class of events and notices."""
    for value in vars(events).values():
        if isinstance(value, type) and issubclass(value, Event | Notice):
            yield value


def _common_length(a: str, b: str) -> int:
    """The number of characters that two texts have in common at their beginning."""
    same, most = 0, min(len(a), len(b))
    if a[:most] == b[:most]:  # one text is the beginning of the other
        return most
    while same < most:
        middle = (same + most + 1) // 2
        if a[same:middle] == b[same:middle]:
            same = middle
        else:
            most = middle - 1
    return same
