"""Reading by declarations: tolerance, and what a `Problem` says. No setting of koe's is used."""

from __future__ import annotations

from collections.abc import Mapping as AbstractMapping

import pytest

from koe.config.fields import group, records, secret_texts, table, text, whole_number
from koe.config.reader import Item, Problem, Reader
from koe.config.sections import FlatKeys, Section
from koe.yamltext.tree import Mapping, Node, Scalar, Sequence
from tests.config import trees
from tests.config.trees import PATH, plain, quoted, tree


class Person(Section):
    name: str = text("", is_required=True, alias="called")
    age: int = whole_number(0, high=150, is_required=True)


class Home(Section, unread=frozenset({"colour"})):
    owner: Person = group(Person(age=40))
    guests: AbstractMapping[str, Person] = table({"me": Person()}, of=Person(age=18))
    queue: tuple[Person, ...] = records((Person(),), of=Person())
    labels: AbstractMapping[str, str] = secret_texts()


class Street(
    Section,
    flat=FlatKeys({"name": "old", "age": "old"}, "owner", frozenset({"owner"}), Person(age=1), ""),
):
    owner: Person = group(Person())
    length: int = whole_number(5)

    def with_flat(self, settings: Section) -> Street:
        assert isinstance(settings, Person)
        return self.replace(owner=settings)


def read(root: Node, defaults: Section | None = None) -> tuple[Section, list[Problem]]:
    reader = Reader(PATH)
    section = reader.read_section(Item("", 1, root), defaults or Home())
    return section, reader.problems


def home(root: Node) -> tuple[Home, list[str]]:
    """What was read, and the keys of the problems."""
    section, problems = read(root)
    assert isinstance(section, Home)
    return section, [problem.key for problem in problems]


NULLS = ["", "~", "null", "Null", "NULL"]


# --- groups ------------------------------------------------------------------------------


def test_what_is_not_there_keeps_the_default_of_its_place() -> None:
    found, problems = home(tree("owner.name", plain("Ann")))
    assert (found.owner, problems) == (Person(name="Ann", age=40), [])


@pytest.mark.parametrize("text", NULLS)
@pytest.mark.parametrize("key", ["owner", "owner.age"])
def test_null_counts_as_absent(key: str, text: str) -> None:
    assert home(tree(key, plain(text))) == (Home(), [])


@pytest.mark.parametrize("node", [plain("x"), quoted(""), Sequence(1)])
@pytest.mark.parametrize("key", ["owner", "guests", "labels"])
def test_what_is_no_group_is_one_problem(key: str, node: Node) -> None:
    found = Home(guests={}) if key == "guests" else Home()
    assert home(tree(key, node)) == (found, [key])


@pytest.mark.parametrize("node", [plain("x"), plain("151"), Mapping(1), Sequence(1)])
def test_a_bad_value_is_one_problem_and_keeps_the_default(node: Node) -> None:
    assert home(tree("owner.age", node)) == (Home(), ["owner.age"])


@pytest.mark.parametrize("key", ["<<", "ownr", "5", "owner.nmae", "guests.a.x", "a.b"])
def test_an_unknown_key_is_named_once(key: str) -> None:
    _, problems = home(tree(key, Mapping(1, [plain("a"), plain("b")])))
    assert problems == [key if key != "a.b" else "a"]


@pytest.mark.parametrize("node", [plain("x"), Mapping(1, [plain("a"), plain("b")]), Sequence(1)])
def test_a_key_of_the_format_that_is_not_read_is_no_problem(node: Node) -> None:
    assert home(tree("colour", node)) == (Home(), [])


@pytest.mark.parametrize("key", [Sequence(3), Mapping(3)])
def test_a_key_that_is_no_scalar_is_ignored(key: Node) -> None:
    found, problems = read(Mapping(1, [key, plain("x")]))
    assert found == Home()
    assert [(problem.line, problem.key) for problem in problems] == [(3, "?")]


def test_of_duplicate_keys_the_last_wins() -> None:
    again = Scalar("name", "name", line=2)
    owner = Mapping(1, [plain("name"), plain("a"), again, plain("b")])
    found, problems = home(Mapping(1, [plain("owner"), owner]))
    assert (found.owner.name, problems) == ("b", ["owner.name"])


@pytest.mark.parametrize("key", ["owner", "guests", "queue", "labels", "unknown"])
def test_a_mapping_that_contains_itself_ends(key: str) -> None:
    endless = Mapping(1)
    endless.items.extend([plain("owner"), endless, plain("name"), plain("x")])
    found, _ = home(tree(key, endless))
    assert found.owner.name == ("x" if key == "owner" else "")


def test_a_list_that_contains_itself_ends() -> None:
    endless = Sequence(1)
    endless.items.extend([endless, trees.group(name="a", age="1")])
    found, problems = home(tree("queue", endless))
    assert found.queue == (Person(), Person(name="a", age=1))
    assert problems == ["queue[0]"]


def test_a_former_spelling() -> None:
    found, problems = home(tree("owner.called", plain("Ann")))
    assert (found.owner.name, problems) == ("Ann", [])


def test_a_former_spelling_beside_the_present_one() -> None:
    owner = trees.group(called="old", name="new")
    found, problems = home(Mapping(1, [plain("owner"), owner]))
    assert (found.owner.name, problems) == ("new", ["owner.called"])


# --- tables, lists, texts ----------------------------------------------------------------


def test_a_table_replaces_its_default() -> None:
    guests = trees.group(b=trees.group(name="B"), a=plain(""))
    found, problems = home(Mapping(1, [plain("guests"), guests]))
    assert found.guests == {"b": Person(name="B", age=18), "a": Person(age=18)}
    assert (list(found.guests), problems) == (["b", "a"], [])


@pytest.mark.parametrize("node", [Mapping(1), *map(plain, NULLS)])
def test_an_empty_table_is_empty(node: Node) -> None:
    found, problems = home(tree("guests", node))
    assert (found.guests, problems) == ({}, [])


def test_a_bad_entry_of_a_table_has_the_defaults() -> None:
    found, problems = home(tree("guests.a", plain("x")))
    assert (found.guests, problems) == ({"a": Person(age=18)}, ["guests.a"])


@pytest.mark.parametrize("node", [Sequence(1), *map(plain, NULLS)])
def test_an_empty_list_is_empty(node: Node) -> None:
    found, problems = home(tree("queue", node))
    assert (found.queue, problems) == ((), [])


@pytest.mark.parametrize("node", [Mapping(1), plain("x"), quoted("")])
def test_what_is_no_list_is_one_problem(node: Node) -> None:
    assert home(tree("queue", node)) == (Home(), ["queue"])


def test_a_list_keeps_its_order_and_bad_items_their_place() -> None:
    good, bad = trees.group(name="a", age="1"), trees.group(name="b", age="y")
    found, problems = home(tree("queue", Sequence(1, [good, plain("x"), bad])))
    assert found.queue == (Person(name="a", age=1), Person(), Person(name="b"))
    assert problems == ["queue[1]", "queue[2].age"]


def test_what_an_item_must_say() -> None:
    _, problems = read(tree("queue", Sequence(1, [trees.group(called="a")])))
    assert [str(problem) for problem in problems] == [
        "config.yaml, line 1: queue[0]: age is missing; using 0"
    ]
    _, problems = read(tree("queue", Sequence(1, [Mapping(1), plain("~")])))
    assert [problem.key for problem in problems] == ["queue[0]"] * 2 + ["queue[1]"] * 2


def test_texts_are_what_was_typed() -> None:
    labels = trees.group(a="0012", b="true", c="", d=quoted("~"), e=Sequence(1))
    found, problems = home(Mapping(1, [plain("labels"), labels]))
    assert found.labels == {"a": "0012", "b": "true", "c": "", "d": "~"}
    assert problems == ["labels.e"]


# --- settings one level up ---------------------------------------------------------------


def test_flat_settings_are_laid_over_their_own_defaults() -> None:
    found, problems = read(trees.group(name="Ann", length="7"), Street())
    assert (found, problems) == (Street(owner=Person(name="Ann", age=1), length=7), [])


def test_a_bad_flat_setting_is_named_as_it_was_written() -> None:
    found, problems = read(trees.group(name="Ann", age="old"), Street())
    assert found == Street(owner=Person(name="Ann", age=1))
    assert [problem.key for problem in problems] == ["age"]


@pytest.mark.parametrize("owner", [plain(""), trees.group(name="B")])
def test_flat_settings_beside_the_present_form_are_ignored(owner: Node) -> None:
    found, problems = read(trees.group(name="Ann", owner=owner), Street())
    assert isinstance(found, Street)
    assert (found.owner.name, found.owner.age, problems) == (
        "B" if isinstance(owner, Mapping) else "",
        0,
        [],
    )


# --- environment variables, and what is reported ---------------------------------------------


@pytest.mark.parametrize("is_plain", [True, False])
@pytest.mark.parametrize("key", ["owner", "owner.age", "guests", "guests.a", "queue", "labels.a"])
def test_an_unset_variable_is_reported(key: str, is_plain: bool) -> None:
    node = Scalar("", "${NOPE}", line=1, is_plain=is_plain, unset=("NOPE",))
    _, problems = read(tree(key, node))
    assert problems[0].key == key
    assert "environment variable 'NOPE' is not set" in problems[0].message
    # A group that is quoted text is wrong whatever the variable holds.
    is_group = key not in {"owner.age", "labels.a"}
    assert len(problems) == (2 if is_group and not is_plain else 1)


@pytest.mark.parametrize(
    "key", ["owner", "owner.age", "guests", "guests.a", "queue", "labels", "x"]
)
def test_a_substituted_value_is_in_no_message(key: str) -> None:
    secret = Scalar("hunter2", "${PASSWORD}", line=1)
    _, problems = read(tree(key, secret))
    assert len(problems) == 1
    assert "hunter2" not in f"{problems} {problems[0]}"


def test_a_key_is_not_substituted() -> None:
    key = Scalar("owner", "${SECTION}", line=1)
    found, problems = home(Mapping(1, [key, trees.group(name="x")]))
    assert (found, problems) == (Home(), ["${SECTION}"])


@pytest.mark.parametrize(
    ("key", "node", "message"),
    [
        ("owner.age", plain("old"), "'old' is not a whole number from 0 to 150; using 0"),
        (
            "owner.age",
            plain("9" * 50),
            f"'{'9' * 40}…' is not a whole number from 0 to 150; using 0",
        ),
        ("owner.name", Sequence(7), "expected text, not a list; using ''"),
        ("owner", plain("x"), "expected a group of indented settings; using its defaults"),
        ("ownr", plain("x"), "there is no such setting; did you mean owner?"),
        ("queue", plain("x"), "expected a list, each entry with '- ' before it; using the default"),
    ],
)
def test_sentences(key: str, node: Node, message: str) -> None:
    _, problems = read(tree(key, node, line=7))
    assert [str(problem) for problem in problems] == [f"config.yaml, line 7: {key}: {message}"]


def test_a_key_that_can_not_be_shown_is_quoted() -> None:
    _, problems = read(tree("a\x1bb", plain("x")))
    assert problems[0].key == "'a\\x1bb'"


def test_a_problem_with_a_whole_file_has_no_line() -> None:
    problem = Problem("words.txt", None, "dictionary.path", "cannot be read")
    assert str(problem) == "words.txt: dictionary.path: cannot be read"
