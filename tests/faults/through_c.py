"""Some cells of the matrix in a C program, through the library: faults that a start can have."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.hosts import BenchError, Host, compile_host
from tests.faults.cells import STREAMING, Cell, Fault, Phase
from tests.faults.dictating import Outcome, script_of, text_of
from tests.faults.matrix import Result
from tests.faults.services import imitation
from tests.faults.verdict import judge

# What needs no name and no certificate, of which a C program knows nothing.
_FAULTS = (Fault.RESET, Fault.EOF, Fault.HTTP_500, Fault.GARBAGE, Fault.ERROR, Fault.CLOSE_1011,
           Fault.STALL)  # fmt: skip


def cells_through_c() -> list[Cell]:
    """The cells."""
    return [
        Cell(engine, Phase.CONNECTING, fault, is_lasting=is_lasting)
        for engine in STREAMING
        for fault in _FAULTS
        for is_lasting in (False, True)
    ]


def run_through_c() -> Iterator[Result]:
    """Run them, one after the other."""
    compile_host("host")  # raises if there is no library
    for cell in cells_through_c():
        with tempfile.TemporaryDirectory(prefix="koe-faults-") as home:
            began = time.monotonic()
            outcome = _dictate(cell, Path(home))
            complaint = judge(cell, outcome, text_of(cell.engine))
            yield Result(cell, complaint, time.monotonic() - began)


def _dictate(cell: Cell, home: Path) -> Outcome:
    directory, audio = home / ".koe", home / "speech.raw"
    directory.mkdir()
    pcm = script_of(cell).pcm
    audio.write_bytes(pcm)
    with imitation(cell.engine) as service:
        asr = {"provider": cell.engine, cell.engine: service.settings}
        settings = {"asr": asr, "llm": {"enabled": False}, "history": {"audio": "all"}}
        (directory / "config.yaml").write_text(json.dumps(settings), encoding="utf-8")
        service.wire.expect(cell.fault, is_lasting=cell.is_lasting)
        with Host(home) as host:
            host.create()
            try:
                text = host.dictate(audio, real_time=False).text
            except BenchError:  # a session that fails is the host's end
                text = ""
    return Outcome(directory, pcm, delivered=text or None, error="" if text else "failed")
