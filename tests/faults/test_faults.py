"""A sample of the fault matrix; all of it is run by ``make faults``."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.cells import ENGINES, LOCAL, Cell, Fault, Phase, every_cell
from tests.faults.dictating import Outcome, dictate, text_of
from tests.faults.matrix import Laboratory, laboratory
from tests.faults.verdict import judge, missing_in_journal
from tests.faults.words import speech

SAMPLE = [
    "doubao/connecting/refused/once",
    "doubao/connecting/reset/lasting/qwen",
    "doubao/early/reset/once",
    "doubao/late/1011/lasting",
    "doubao/released/garbage/once",
    "doubao/released/eof/once",
    "doubao/correcting/500/lasting",
    "qwen/connecting/401/lasting",
    "qwen/early/500/once",
    "qwen/late/trickle/once",
    "qwen/released/reset/lasting/doubao",
    "qwen/released/close/lasting",
    "glm/connecting/dns/once",
    "mimo/connecting/certificate/once",
    "mimo/released/cut/once",
    "sherpa-onnx/late/error/once",
    "sherpa-onnx/connecting/refused/lasting",
]


@pytest.fixture(scope="module")
def place() -> Iterator[Laboratory]:
    with laboratory() as made:
        yield made


@pytest.mark.parametrize("name", SAMPLE)
def test_a_cell(place: Laboratory, name: str) -> None:
    (cell,) = [cell for cell in every_cell() if str(cell) == name]
    assert asyncio.run(place.run(cell)).complaint == ""


@pytest.mark.parametrize("engine", [engine for engine in ENGINES if engine not in LOCAL])
def test_nothing_goes_wrong(place: Laboratory, engine: str, tmp_path: Path) -> None:
    """So that what a cell has to deliver is what is delivered without its fault."""
    outcome = asyncio.run(dictate(None, engine, tmp_path / "koe"))
    assert (outcome.delivered, outcome.warnings) == (text_of(engine), [])
    assert missing_in_journal(outcome) == ""


def test_every_cell_once() -> None:
    cells = every_cell()
    assert len({str(cell) for cell in cells}) == len(cells)
    assert {cell.phase for cell in cells} == set(Phase)
    for engine in ENGINES:
        assert [cell for cell in cells if cell.engine == engine and cell.is_lasting]


RIGHT = speech((3, 3)).text


@pytest.mark.parametrize(
    ("is_lasting", "delivered", "shown", "warnings", "is_fine"),
    [
        (False, RIGHT, RIGHT, [], True),
        (False, RIGHT.replace("w2", "w2 w2"), RIGHT, ["lost"], False),
        (False, "w0 w1", "w0 w1", ["lost"], False),
        (False, None, "", [], False),
        (True, "w0 w1", "w0 w1", ["lost"], True),
        (True, "w0 w1", "w0 w1", [], False),
        (True, "w0 w1", "w0 w1 w2", ["lost"], False),
        (True, "w0 w1 uh", "w0 w1", ["lost"], False),
        (True, None, "w0 w1", ["lost"], False),
    ],
)
def test_the_judge(
    tmp_path: Path,
    is_lasting: bool,
    delivered: str | None,
    shown: str,
    warnings: list[str],
    is_fine: bool,
) -> None:
    cell = Cell("doubao", Phase.LATE, Fault.RESET, is_lasting=is_lasting)
    outcome = Outcome(tmp_path, shown=shown, delivered=delivered, warnings=warnings, error="e")
    complaint = judge(cell, outcome, RIGHT).replace("0 recordings in the journal", "")
    assert (complaint == "") == is_fine, complaint


def test_a_session_without_a_recording_does_not_pass(tmp_path: Path) -> None:
    cell = Cell("doubao", Phase.LATE, Fault.RESET)
    outcome = Outcome(tmp_path, delivered=RIGHT)
    assert judge(cell, outcome, RIGHT) == "0 recordings in the journal"
