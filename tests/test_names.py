"""The name of a type means one thing in all of koe, so that a search for it finds that thing.

Types are classes, aliases such as ``Pair = tuple[Part, Part]``, and type variables. Modules may
define the same alias or type variable again, in the same words.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

PACKAGE = Path(__file__).parent.parent / "koe"

# Types are named like this; names of constants and variables have letters of one case.
_NAME_OF_A_TYPE = re.compile(r"_*[A-Z]\w*[a-z]\w*")
_TYPE_VARIABLE = re.compile(r"(TypeVar|ParamSpec)\(")


def clashes(sources: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the names of types that mean several things, with the place of each meaning."""
    # The places of each name, by its meaning.
    meanings: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for path, source in sources.items():
        for node in ast.walk(ast.parse(source)):
            match node:
                case ast.ClassDef(name=name):
                    # A class differs from every other class, even from one with the same text.
                    meaning = f"the class in line {node.lineno} of {path}"
                case (
                    ast.Assign(targets=[ast.Name(id=name)], value=ast.expr() as value)
                    | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
                ):
                    meaning = ast.unparse(value)
                    if not (_NAME_OF_A_TYPE.fullmatch(name) or _TYPE_VARIABLE.match(meaning)):
                        continue
                case _:
                    continue
            meanings[name].setdefault(meaning, f"{path}:{node.lineno}")
    return {name: list(it.values()) for name, it in sorted(meanings.items()) if len(it) > 1}


def test_no_name_of_a_type_means_two_things() -> None:
    sources = {
        path.relative_to(PACKAGE.parent).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(PACKAGE.rglob("*.py"))
    }
    assert clashes(sources) == {}


def test_what_clashes() -> None:
    first = """
        class Twice: pass
        class Both: pass
        Job = Callable[[], None]
        if TYPE_CHECKING:
            Json: TypeAlias = "int | list[Json]"
        S = TypeVar("S", bound=Section)
        T = TypeVar("T")
        Samples = list[int]
        LIMIT = 1
    """
    second = """
        class Twice: pass
        Both = TypeVar("Both")
        _Job = int
        Job = tuple[int, Future]
        Json: TypeAlias = "str"
        S = TypeVar("S")
        T = TypeVar("T")
        Samples = list[int]
        LIMIT = 2
    """
    found = clashes({"a": dedent(first), "b": dedent(second)})
    assert found == {
        "Both": ["a:3", "b:3"],
        "Job": ["a:4", "b:5"],
        "Json": ["a:6", "b:6"],
        "S": ["a:7", "b:7"],
        "Twice": ["a:2", "b:2"],
    }
