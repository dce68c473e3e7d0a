from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koe.events import (
    DefiniteHeard,
    Deliver,
    EngineWorking,
    Event,
    InputEnded,
    InterimHeard,
    Notice,
    ShowInterim,
    ShowState,
    State,
)
from koe.journal.events import Decoder, Encoder, event_classes
from koe.journal.values import LONGEST_TEXT

# With lone surrogates, which a service's JSON can bring.
st.register_type_strategy(str, st.text(st.characters(codec=None)))

ANY = st.one_of(*map(st.from_type, event_classes()))


def there_and_back(*events: Event | Notice) -> list[Event | Notice | None]:
    encoder, decoder = Encoder(), Decoder()
    return [decoder.decode(encoder.encode(event)) for event in events]


def test_all_classes_are_found() -> None:
    names = [cls.__name__ for cls in event_classes()]
    assert {"Began", "FinalHeard", "EngineFailed", "ShowState", "Deliver"} <= set(names)
    assert len(set(names)) == len(names), "a name means one class"


@pytest.mark.parametrize("cls", list(event_classes()), ids=lambda cls: cls.__name__)
@given(data=st.data())
def test_every_class(cls: type[Event] | type[Notice], data: st.DataObject) -> None:
    event = data.draw(st.from_type(cls))
    assert there_and_back(event) == [event]


@given(st.lists(ANY, max_size=20))
def test_any_sequence(events: list[Event | Notice]) -> None:
    assert there_and_back(*events) == events


TEXTS = st.lists(st.text("ab", max_size=12).map(InterimHeard), max_size=20)


@given(TEXTS)
def test_texts_that_resemble_each_other(events: list[InterimHeard]) -> None:
    assert there_and_back(*events) == events


def test_only_what_is_new_is_written() -> None:
    encoder = Encoder()
    assert encoder.encode(InterimHeard("one two")) == b'["InterimHeard",{"text":[0,"one two"]}]'
    assert encoder.encode(InterimHeard("one too")) == b'["InterimHeard",{"text":[5,"oo"]}]'
    assert encoder.encode(ShowInterim("one too")) == b'["ShowInterim",{"text":[0,"one too"]}]'
    assert encoder.encode(InterimHeard("one too?")) == b'["InterimHeard",{"text":[7,"?"]}]'
    assert encoder.encode(ShowState(State.IDLE)) == b'["ShowState",{"state":"idle"}]'


def test_an_hour_of_interims_is_small() -> None:
    """Four a second, each everything so far, the last word of it revised again and again."""
    encoder = Encoder()
    size = whole = 0
    said = ""
    for number in range(4 * 3600):
        said += f"word{number} " if number % 2 else ""
        text = f"{said}guess{number}"
        whole += len(text)
        size += len(encoder.encode(InterimHeard(text))) + len(encoder.encode(ShowInterim(text)))
    assert whole > 400_000_000
    assert size < 2_000_000


def test_what_another_release_wrote() -> None:
    decoder = Decoder()
    assert decoder.decode(b'["LegMoved",{"text":[0,"a"]}]') is None
    newer = b'["InterimHeard",{"text":[0,"a"],"language":"en"}]'
    assert decoder.decode(newer) == InterimHeard("a")
    assert decoder.decode(b'["InputEnded",{}]') == InputEnded()
    assert decoder.decode(b'["DefiniteHeard",{"text":[0,"a"]}]') == DefiniteHeard("a")


@pytest.mark.parametrize(
    "payload",
    [
        b"", b"[", b"3", b"[]", b'["InterimHeard"]', b'["InterimHeard",{}]', b"\xff", b'[{},{}]',
        b'["InterimHeard",{"text":3}]', b'["InterimHeard",{"text":["a",0]}]',
        b'["ShowState",{"state":"asleep"}]', b'["ShowState",{"state":[]}]', b"[" * 100_000,
    ],
)  # fmt: skip
def test_what_makes_no_sense(payload: bytes) -> None:
    assert Decoder().decode(payload) is None


@pytest.mark.parametrize("kept", [-1, -(2**70), 0, 5, 2**70])
def test_lengths_that_lie(kept: int) -> None:
    payload = b'["InterimHeard",{"text":[%d,"b"]}]' % kept
    assert Decoder().decode(payload) == InterimHeard("b")


@given(st.binary(max_size=60))
def test_any_bytes(payload: bytes) -> None:
    Decoder().decode(payload)


def test_too_long_texts_are_cut() -> None:
    text = "a" * LONGEST_TEXT
    assert there_and_back(InterimHeard(text + "b"), EngineWorking(), InterimHeard(text)) == [
        InterimHeard(text), EngineWorking(), InterimHeard(text),
    ]  # fmt: skip


def test_deliver() -> None:
    deliver = Deliver("a", "b", "c", corrected=True)
    assert there_and_back(deliver) == [deliver]
