"""Runs cells, many at a time: most of their time they wait."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import multiprocessing
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path

from tests.faults.cells import LOCAL, Cell
from tests.faults.dictating import dictate, text_of
from tests.faults.local import troubled_engines
from tests.faults.verdict import judge, new_directory
from tests.faults.wire import known_names
from tests.servers.certificates import roots

# A cell that takes longer hangs: an upload may be waited for as long as it is, and half a minute,
# and be tried again.
BOUND_SECONDS = 150.0

# So many cells of a process run at a time.
_AT_A_TIME = 8


@dataclass(frozen=True)
class Result:
    """What came of a cell; the complaint is empty if it passes."""

    cell: Cell
    complaint: str
    seconds: float


@contextmanager
def laboratory() -> Iterator[Laboratory]:
    """Give a place to run cells in; until the block ends, this process is not fit for else."""
    with ExitStack() as stack:
        folder = tempfile.mkdtemp(prefix="koe-faults-")
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        trusted = Path(folder, "authority.pem")
        trusted.write_bytes(roots())
        before = dict(os.environ)
        stack.callback(os.environ.update, before)
        stack.callback(os.environ.clear)
        for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
            os.environ.pop(name, None)
            os.environ.pop(name.upper(), None)
        os.environ["SSL_CERT_FILE"] = str(trusted)
        stack.enter_context(known_names())
        stack.enter_context(troubled_engines())
        yield Laboratory(folder)


class Laboratory:
    """Runs cells in this process.

    Args:
        folder: Where the homes of the cells are made.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        # The engines on this machine serve one cell at a time.
        self._turn = asyncio.Lock()
        # What they hear when nothing goes wrong.
        self._right: dict[str, str] = {}

    async def run(self, cell: Cell) -> Result:
        """Run a cell, for so long as is sensible."""
        if is_local(cell):
            async with self._turn:
                return await self._run(cell)
        return await self._run(cell)

    async def _run(self, cell: Cell) -> Result:
        began = time.monotonic()
        try:
            async with asyncio.timeout(BOUND_SECONDS):
                right = await self._right_text(cell)
                began = time.monotonic()
                outcome = await dictate(cell, cell.engine, new_directory(self.folder))
            complaint = judge(cell, outcome, right)
        except TimeoutError:
            complaint = f"it is not over after {BOUND_SECONDS:.0f} s"
        except Exception as exc:  # noqa: BLE001 - it is a result
            complaint = f"{type(exc).__name__}: {exc}"
        return Result(cell, complaint, time.monotonic() - began)

    async def _right_text(self, cell: Cell) -> str:
        engine = cell.fallback if cell.fallback in LOCAL else cell.engine
        if engine not in LOCAL:
            return text_of(engine)
        if engine not in self._right:
            outcome = await dictate(None, engine, new_directory(self.folder))
            assert outcome.delivered, f"{engine} hears nothing when nothing goes wrong"
            self._right[engine] = outcome.delivered
        return self._right[engine]


def is_local(cell: Cell) -> bool:
    """Whether an engine on this machine has to do with it."""
    return bool({cell.engine, cell.fallback} & set(LOCAL))


def run_all(cells: Sequence[Cell], jobs: int) -> Iterator[Result]:
    """Run cells in so many processes; gives each result when it is there.

    A process that ends or hangs is a result too, of all its cells that have none.
    """
    context = multiprocessing.get_context("spawn")
    waiting: dict[Connection, list[Cell]] = {}
    processes = []
    for job in range(jobs):
        mine = list(cells[job::jobs])
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_work, args=(mine, theirs), daemon=True)
        process.start()
        theirs.close()
        processes.append(process)
        waiting[ours] = mine
    while waiting:
        ready = wait(list(waiting), 2 * BOUND_SECONDS)
        for connection in ready or list(waiting):
            assert isinstance(connection, Connection)
            try:
                if not ready:
                    raise EOFError
                result: Result = connection.recv()
            except EOFError:
                reason = "its process ended" if ready else "its process hangs"
                yield from (Result(cell, reason, 0.0) for cell in waiting.pop(connection))
            else:
                waiting[connection].remove(result.cell)
                yield result
    for process in processes:
        process.join(5)
        if process.is_alive():
            process.kill()


def _work(cells: list[Cell], results: Connection) -> None:
    """Be one of the processes."""

    logging.getLogger().addHandler(logging.NullHandler())  # what goes wrong is meant to

    async def work() -> None:
        with laboratory() as place:
            places = asyncio.Semaphore(_AT_A_TIME)

            async def one(cell: Cell) -> None:
                async with contextlib.nullcontext() if is_local(cell) else places:
                    results.send(await place.run(cell))

            await asyncio.gather(*map(one, cells))

    asyncio.run(work())
    results.close()
    os._exit(0)  # whatever hangs in a thread
