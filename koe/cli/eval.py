"""``koe eval``: measure the word error rate and the computing time of an engine."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import asdict, dataclass

from koe import daemon_threads
from koe.asr import ENGINES, Engine, open_engine
from koe.audio import open_recording
from koe.cli import Exit, print_line
from koe.cli.live_line import display_width
from koe.cli.references import ReferenceRecording, Score, find_recordings, score
from koe.cli.usage import add_config_option, file_path
from koe.config.settings import Settings
from koe.config.store import Store, config_directory
from koe.events import BYTES_PER_SECOND, DefiniteHeard, EngineClosed, FinalHeard, InterimHeard
from koe.transcript import Transcript

_EPILOG = """\
FOLDER contains .wav or .flac files and the correct text of each: in a .txt file beside it, or in
references.tsv, where each line is the name of a file without its ending, a tab, and the text. In
Chinese, each character counts as a word. No language model corrects the texts, and nothing is kept.

The columns: the length of the recording in seconds, the wrong words, the spoken words, their ratio,
and the processor time of this computer in seconds per second of the recording.

with --json, one object per line: {"name": TEXT, "seconds": NUMBER, "wrong": NUMBER, "said": NUMBER,
"rate": NUMBER, "computing": NUMBER, "text": TEXT}; the last one has the name "total" and no text
"""

_HEAD = ("recording", "seconds", "wrong", "said", "rate", "CPU s/s")

# Recognised first, so that loading the engine does not count for a recording.
_SILENCE = bytes(BYTES_PER_SECOND // 10)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "folder", metavar="FOLDER", type=file_path, help="recordings and their texts"
    )
    parser.add_argument("--json", action="store_true", help="print JSON, with the texts")
    parser.add_argument(
        "--texts", action="store_true", help="show correct and recognised texts that differ"
    )
    parser.add_argument(
        "--engine", metavar="NAME", choices=ENGINES, default="",
        help="use this engine, instead of the configured one; koe engines lists them",
    )  # fmt: skip
    parser.add_argument(
        "--second-pass",
        choices=("auto", "off"),
        help="replaces asr.second_pass of config.yaml",
    )
    add_config_option(parser)
    parser.epilog = _EPILOG


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one recording, or the sum over all recordings.

    Attributes:
        seconds: The length of the recording.
        processor: The processor time, in seconds.
        text: The recognised text; empty for a sum.
    """

    name: str
    seconds: float
    score: Score
    processor: float
    text: str = ""

    @property
    def computing(self) -> float:
        """The processor time in seconds per second of audio."""
        return self.processor / self.seconds if self.seconds else 0.0

    def __add__(self, other: Result) -> Result:
        return Result(
            self.name,
            self.seconds + other.seconds,
            self.score + other.score,
            self.processor + other.processor,
        )


def run(arguments: argparse.Namespace) -> int:
    """Recognise all recordings and print the table; return the exit status.

    Raises:
        AudioError: A file is missing or damaged.
        AsrError: The engine can't be used, or fails.
    """
    recordings = find_recordings(arguments.folder)
    return daemon_threads.run(_run(arguments, recordings))


async def _run(arguments: argparse.Namespace, recordings: list[ReferenceRecording]) -> int:
    width = max(display_width(recording.name) for recording in recordings)
    width = max(width, len(_HEAD[0]))
    if not arguments.json:
        print_line(_line(width, *_HEAD))
    total = Result("total", 0.0, Score(0, 0), 0.0)
    async for result, said in _results(arguments, recordings):
        total += result
        _print_result(result, width, as_json=arguments.json)
        if arguments.texts and not arguments.json and result.score.wrong:
            print_line(f"    said:  {said}\n    heard: {result.text}")
    _print_result(total, width, as_json=arguments.json)
    return Exit.OK


async def _results(
    arguments: argparse.Namespace, recordings: list[ReferenceRecording]
) -> AsyncIterator[tuple[Result, str]]:
    store = Store(arguments.config or config_directory(os.environ), os.environ)
    settings = Settings(store, arguments.engine)
    asr = settings.current.config.asr.with_models_in(settings.models)
    if arguments.second_pass:
        asr = asr.replace(second_pass=arguments.second_pass)
    terms = settings.current.terms
    await recognise(open_engine(asr, terms), [_SILENCE])
    for recording in recordings:
        with open_recording(recording.path) as audio:
            chunks = list(audio)
        seconds = sum(map(len, chunks)) / BYTES_PER_SECOND
        began = time.process_time()
        text = await recognise(open_engine(asr, terms), chunks)
        spent = time.process_time() - began
        result = Result(recording.name, seconds, score(recording.said, text), spent, text)
        yield result, recording.said


async def recognise(engine: Engine, chunks: list[bytes]) -> str:
    """Recognise a recording.

    Raises:
        AsrError: The engine fails.
    """
    transcript = Transcript()

    async def listen() -> None:
        while not isinstance(event := await engine.next_event(), EngineClosed):
            match event:
                case InterimHeard(text):
                    transcript.add_interim(text)
                case DefiniteHeard(text):
                    transcript.add_definite(text)
                case FinalHeard(text):
                    transcript.add_final(text)

    try:
        await engine.connect()
        listening = asyncio.create_task(listen())
        try:
            for pcm in chunks:
                await engine.send_audio(pcm)
            await engine.finish_input()
            await listening
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening
    finally:
        await engine.close()
    return transcript.best


def _print_result(result: Result, width: int, *, as_json: bool) -> None:
    if as_json:
        shown: dict[str, object] = {
            "name": result.name,
            "seconds": round(result.seconds, 3),
            **asdict(result.score),
            "rate": round(result.score.rate, 4),
            "computing": round(result.computing, 4),
        }
        if result.name != "total":
            shown["text"] = result.text
        print_line(json.dumps(shown, ensure_ascii=False))
        return
    print_line(
        _line(
            width,
            result.name,
            f"{result.seconds:.1f}",
            str(result.score.wrong),
            str(result.score.said),
            f"{result.score.rate:.1%}",
            f"{result.computing:.3f}",
        )
    )


def _line(width: int, name: str, *numbers: str) -> str:
    padding = " " * (width - display_width(name))
    return f"{name}{padding}" + "".join(f"{number:>9}" for number in numbers)
