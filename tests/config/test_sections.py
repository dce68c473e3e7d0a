from __future__ import annotations

from collections.abc import Mapping

import pytest

from koe.config.fields import group, milliseconds, secret_texts, text, whole_number
from koe.config.sections import NEXT_RECORDING, ONLY_C, RELOAD, Section, Value


class Inner(Section, effect=RELOAD, generations="A"):
    key: str = text("", is_secret=True)
    wait: float = milliseconds(1500)


class Outer(Section):
    count: int = whole_number(3)
    inner: Inner = group(Inner(), key="in-ner")
    headers: Mapping[str, str] = secret_texts()


def test_what_is_not_given_has_its_default() -> None:
    outer = Outer(count=4)
    assert (outer.count, outer.inner.wait, dict(outer.headers)) == (4, 1.5, {})


def test_what_was_said_is_known() -> None:
    outer = Outer(count=3)
    assert (outer.is_set("count"), outer.is_set("inner")) == (True, False)


def test_keys_come_from_names() -> None:
    assert [field.key for field in Inner.declared.values()] == ["key", "wait_ms"]
    assert [field.key for field in Outer.declared.values()] == ["count", "in-ner", "headers"]


def test_replace_leaves_the_original() -> None:
    first = Outer(count=4)
    second = first.replace(inner=Inner(key="x"))
    assert (first.inner.key, second.inner.key, second.count) == ("", "x", 4)


def test_equality_is_that_of_all_settings() -> None:
    assert Outer(count=3) == Outer()
    assert Outer(inner=Inner(wait=1.5)) == Outer()
    assert Outer(inner=Inner(wait=2.0)) != Outer()
    assert Outer() != Inner()
    assert Inner() != object()


def test_a_section_is_immutable() -> None:
    outer = Outer()
    with pytest.raises(AttributeError, match="immutable"):
        outer.count = 5  # type: ignore[misc]
    with pytest.raises(AttributeError, match="immutable"):
        del outer.count
    assert outer == Outer()


def test_a_misspelt_setting_is_an_error() -> None:
    with pytest.raises(TypeError, match="Outer has no cuont"):
        Outer(cuont=5)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="Outer has no cuont"):
        Outer().replace(cuont=5)


def test_secrets_are_in_no_repr() -> None:
    shown = repr(Outer(inner=Inner(key="hunter2", wait=2.0), headers={"X": "hunter2"}))
    assert shown == "Outer(count=3, inner=Inner(wait=2.0))"


def test_what_holds_for_a_whole_section() -> None:
    assert (Inner.effect, Inner.generations) == (RELOAD, "A")
    assert (Outer.effect, Outer.generations) == (NEXT_RECORDING, ONLY_C)


@pytest.mark.parametrize(
    ("name", "kept"),
    [("key", "using ''"), ("wait", "using 1500")],
)
def test_what_a_bad_value_leaves_in_force(name: str, kept: str) -> None:
    field = Inner.declared[name]
    assert isinstance(field, Value)
    assert field.kept == kept
