"""Runs one cell: a dictation through `koe.dictation`, in which something goes wrong."""

from __future__ import annotations

import asyncio
import json
import tempfile
import wave
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from koe.dictation import Dictation, open_core
from koe.events import BYTES_PER_SECOND, Deliver, ReportError, ShowInterim, Warn
from tests.faults import local
from tests.faults.cells import LOCAL, NAMES, OF_CONNECTING, STREAMING, UPLOADING, Cell, Fault, Phase
from tests.faults.hearing import LAG_SAMPLES
from tests.faults.services import Imitation, corrector, imitation
from tests.faults.wire import NAME
from tests.faults.words import silence, speech, tokens

# Audio is pushed in pieces of so much, and, unless something is measured, so many times as fast as
# it is spoken.
_PIECE_SECONDS = 0.1
_PIECE_BYTES = round(_PIECE_SECONDS * BYTES_PER_SECOND)
PACE = 10.0

# What the driver waits for comes at once, or never.
_PATIENCE = 20.0
_LOOK_SECONDS = 0.01

_MARGIN_BYTES = 2 * LAG_SAMPLES + BYTES_PER_SECOND // 5

_SHORT = speech((5, 5, 5, 5))
# glm takes half a minute at once: these are two uploads.
_LONG = speech((5, 5, 5, 5), (0.3, 0.7, 25.0, 0.7, 0.3))

_LETTERS = "甲乙丙丁戊己庚辛"


@dataclass
class Outcome:
    """What the user got.

    Attributes:
        pushed: The audio.
        shown: What was last shown while the user spoke, and while the text was made.
        delivered: The text, None if there was none.
        heard: What was recognised.
        deliveries: How many texts there were.
        warnings: In order.
        error: Why there is none.
        notes: What the driver waited for in vain.
        wait: Seconds from the end of the input, or from what went wrong after it, to the text.
        directory: The configuration's folder.
    """

    directory: Path
    pushed: bytes = b""
    shown: str = ""
    delivered: str | None = None
    heard: str = ""
    deliveries: int = 0
    warnings: list[str] = field(default_factory=list)
    error: str = ""
    notes: list[str] = field(default_factory=list)
    wait: float = 0.0


@dataclass(frozen=True)
class Script:
    """What is said, and where it goes wrong: positions in bytes, and words that were shown."""

    pcm: bytes
    early: tuple[int, int]
    late: tuple[int, int]


def script_of(cell: Cell) -> Script:
    """What is said in a cell."""
    if cell.engine == "sherpa-onnx":
        return _script_of_tones()
    if cell.engine == "moonshine":
        return _script_of_speech()
    if cell.fallback == "moonshine":
        whole = _script_of_speech()  # of which the imitation hears nothing
        return Script(whole.pcm, (whole.early[0], 0), (whole.late[0], 0))
    said = _LONG if cell.engine == "glm" else _SHORT
    early, late = said.end_of(0, 2) + _MARGIN_BYTES, said.end_of(2, 2) + _MARGIN_BYTES
    return Script(said.pcm, (early, 3), (late, 13))


def text_of(engine: str) -> str:
    """What the imitations write for it."""
    return (_LONG if engine == "glm" else _SHORT).text


@cache
def _script_of_speech() -> Script:
    from moonshine_voice.utils import get_assets_path

    with wave.open(str(Path(get_assets_path()) / "beckett.wav")) as recording:
        pcm = recording.readframes(recording.getnframes())
    return Script(pcm, (2 * BYTES_PER_SECOND, 1), (7 * BYTES_PER_SECOND, 5))


@cache
def _script_of_tones() -> Script:
    from tests.asr.tones import say

    pcm = b"".join([
        silence(0.3), say(0, 1, 2), silence(1.6), say(3, 4, 5), silence(1.6), say(6, 7, 0),
        silence(0.3),
    ])  # fmt: skip
    return Script(pcm, (BYTES_PER_SECOND, 1), (5 * BYTES_PER_SECOND, 5))


@cache
def _model_of_tones() -> str:
    from tests.asr.tones import build_model

    folder = tempfile.mkdtemp(prefix="koe-faults-")
    return str(build_model(Path(folder, "letters"), _LETTERS))


async def dictate(
    cell: Cell | None,
    engine: str,
    directory: Path,
    script: Script | None = None,
    pace: float = PACE,
) -> Outcome:
    """Dictate.

    Args:
        cell: What goes wrong; None: nothing does.
        engine: Which engine recognises.
        directory: The configuration's folder, which is made.
        script: What is said; None: what is said in the cell.
        pace: How many times as fast as it is spoken.
    """
    script = script or script_of(cell or Cell(engine, Phase.LATE, Fault.RESET))
    with _surroundings(cell, engine, directory) as run:
        run.pace = pace
        async with open_core(directory) as core:
            run.session = core.begin()
            listening = asyncio.create_task(run.listen())
            await run.speak(script)
            await listening
    return run.outcome


@contextmanager
def _surroundings(cell: Cell | None, engine: str, directory: Path) -> Iterator[_Run]:
    """Write a configuration, and run what it names."""
    run = _Run(cell, Outcome(directory))
    asr: dict[str, object] = {"provider": engine, "stall_ms": 500}
    settings: dict[str, object] = {
        "asr": asr,
        "llm": {"enabled": False},
        "history": {"audio": "all"},
    }
    with ExitStack() as stack:
        is_at_engine = cell is not None and cell.phase is not Phase.CORRECTING
        if engine in (*STREAMING, *UPLOADING):
            at_reply = engine == "mimo" and cell is not None and cell.phase is Phase.RELEASED
            run.service = stack.enter_context(
                imitation(engine, host=_host(cell) if is_at_engine else None, at_reply=at_reply)
            )
            asr[engine] = run.service.settings
        if cell is not None and cell.fallback:
            asr["fallback"] = [cell.fallback]
            if cell.fallback not in LOCAL:
                asr[cell.fallback] = stack.enter_context(imitation(cell.fallback)).settings
        if engine == "sherpa-onnx":
            asr[engine] = {"model": _model_of_tones()}
        if cell is not None and cell.phase is Phase.CORRECTING:
            is_tls = cell.fault in (Fault.CERTIFICATE, Fault.TLS)
            run.corrector = stack.enter_context(corrector(is_secure=is_tls))
            settings["llm"] = _llm(cell, run.corrector)
        directory.mkdir(parents=True)
        # JSON is YAML.
        Path(directory, "config.yaml").write_text(json.dumps(settings), encoding="utf-8")
        run.prepare()
        token = local.trouble.set(run.trouble)
        try:
            yield run
        finally:
            local.trouble.reset(token)


def _host(cell: Cell | None) -> str | None:
    """The name by which a service is reached in which something goes wrong; None: its address."""
    if cell is None or cell.fault not in OF_CONNECTING:
        return None
    # What sends uploads asks the system, where `NAME` is unknown (`known_names`).
    is_looked_up = cell.engine in STREAMING or cell.fault in NAMES
    return NAME if is_looked_up else "localhost"


def _llm(cell: Cell, service: Imitation) -> dict[str, object]:
    profile = dict(service.settings)
    if cell.fault is Fault.DNS:
        profile["base_url"] = "https://koe-faults.invalid/v1"
    if cell.fault is Fault.REFUSED:
        profile["base_url"] = "http://127.0.0.2:9/v1"
    return {"enabled": True, "timeout_ms": 2000, "active_profile": "x", "profiles": {"x": profile}}


class _Run:
    """One dictation on its way."""

    def __init__(self, cell: Cell | None, outcome: Outcome) -> None:
        self.cell = cell
        self.outcome = outcome
        # The service of the engine, if it has one, and that of the correction.
        self.service: Imitation | None = None
        self.corrector: Imitation | None = None
        # What goes wrong with engines on this machine.
        self.trouble: local.Trouble | None = None
        self.session: Dictation | None = None
        # How many times as fast as it is spoken the audio is pushed.
        self.pace = PACE
        # When the input ended, or something went wrong after that, by the loop's clock.
        self._released = 0.0
        # The session has reported its end.
        self._is_over = False

    def prepare(self) -> None:
        """Arrange what goes wrong by itself."""
        cell = self.cell
        if cell is None:
            return
        fault, is_lasting = cell.fault, cell.is_lasting
        if self.corrector is not None:
            self.corrector.wire.expect(fault, is_lasting=is_lasting)
        elif cell.engine in LOCAL:
            self.trouble = local.Trouble(fault, is_lasting=is_lasting)
            self.trouble.in_opening = cell.phase is Phase.CONNECTING
        elif cell.phase is Phase.CONNECTING:
            assert self.service is not None
            self.service.wire.expect(fault, is_lasting=is_lasting)
        elif cell.engine in UPLOADING:
            assert self.service is not None
            self.service.on_request.append(self._upload)

    def _upload(self, number: int) -> None:
        """Strike in the upload after which nothing may be lost any more."""
        assert self.cell is not None and self.service is not None
        first = 2 if self.cell.engine == "glm" else 1
        if number == first:
            self.service.wire.strike(
                self.cell.fault, is_lasting=self.cell.is_lasting, at_reply=True
            )

    async def listen(self) -> None:
        """Note what the user gets."""
        assert self.session is not None
        outcome = self.outcome
        async for notice in self.session:
            match notice:
                case ShowInterim(text):
                    outcome.shown = text
                case Deliver(text=text, heard=heard):
                    outcome.delivered, outcome.heard = text, heard
                    outcome.deliveries += 1
                    outcome.wait = asyncio.get_running_loop().time() - self._released
                case Warn(message):
                    outcome.warnings.append(message)
                case ReportError(message):
                    outcome.error = message
        self._is_over = True

    async def speak(self, script: Script) -> None:
        """Push the audio, stop where it goes wrong, and end."""
        assert self.session is not None
        phase = self.cell.phase if self.cell is not None else None
        stop, words = {Phase.EARLY: script.early, Phase.LATE: script.late}.get(
            phase or Phase.CORRECTING, (0, 0)
        )
        async for position in self._push(script.pcm):
            if stop and position >= stop:
                stop = 0
                await self._until(
                    lambda: len(tokens(self.outcome.shown)) >= words,
                    f"{words} words were not shown",
                )
                self._strike()
        if phase is Phase.RELEASED:
            await self._release()
        else:
            self._note_release()
            self.session.end()

    def _note_release(self) -> None:
        self._released = asyncio.get_running_loop().time()

    async def _push(self, pcm: bytes) -> AsyncIterator[int]:
        """Push the audio piece by piece; gives the position behind each."""
        assert self.session is not None
        loop = asyncio.get_running_loop()
        due = loop.time()
        for start in range(0, len(pcm), _PIECE_BYTES):
            piece = pcm[start : start + _PIECE_BYTES]
            await self.session.feed(piece)
            self.outcome.pushed += piece
            yield start + len(piece)
            interval = _PIECE_SECONDS / self.pace
            due = max(due + interval, loop.time() - interval)
            await asyncio.sleep(due - loop.time())

    def _strike(self) -> None:
        assert self.cell is not None
        if self.trouble is not None:
            self.trouble.at_work = True
        elif self.service is not None:
            self.service.wire.strike(self.cell.fault, is_lasting=self.cell.is_lasting)

    async def _release(self) -> None:
        """End the input, and strike when the engine has all audio and has not answered yet."""
        assert self.session is not None and self.cell is not None
        service = self.service
        self._note_release()
        if self.cell.engine in UPLOADING:
            self.session.end()
        elif service is None:
            self._strike()
            self.session.end()
        else:
            service.wire.hold()
            self.session.end()
            await self._until(lambda: service.has_all_audio, "the engine did not end its input")
            self._note_release()
            self._strike()

    async def _until(self, condition: Callable[[], bool], complaint: str) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _PATIENCE
        while not condition():
            if self._is_over or loop.time() > deadline:
                self.outcome.notes.append(complaint)
                return
            await asyncio.sleep(_LOOK_SECONDS)
