"""What the engines in the network cost here, with services that answer at once."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from bench.hosts import BenchError, Dictation, Host
from bench.memory import MB, resident
from bench.recordings import write_speech
from bench.report import Section, spread
from koe.asr import Engine, open_engine
from koe.config.engines import AsrConfig, DoubaoConfig, QwenConfig
from koe.events import BYTES_PER_SECOND, EngineClosed

ENGINES = ("doubao", "qwen")
SPEECH_S = 10
RUNS = 3
MINUTES = 10

PROJECT = Path(__file__).parent.parent


def measure(home: Path) -> Section:
    """Dictate through a C program at both paces, and stream for long from Python."""
    speech = write_speech(home, SPEECH_S)
    real: dict[str, list[Dictation]] = {}
    fast: dict[str, list[Dictation]] = {}
    memory: dict[str, dict[str, float]] = {}
    for name in ENGINES:
        print(f"bench: streaming: {name}", file=sys.stderr, flush=True)
        with _service(name) as url:
            _configure(home, name, url)
            with Host(home) as host:
                host.create()
                host.dictate(speech, real_time=False)  # imports the engine
                real[name] = [host.dictate(speech, real_time=True) for _ in range(RUNS)]
                fast[name] = [host.dictate(speech, real_time=False) for _ in range(RUNS)]
            context = multiprocessing.get_context("spawn")
            with ProcessPoolExecutor(1, mp_context=context) as process:
                memory[name] = process.submit(_stream, name, url).result()
    return Section(
        title="Engines in the network",
        method=(
            f"Against imitations of the services, in another process of this machine, that answer "
            f"each packet at once. {SPEECH_S} s of speech in a C program, each frame of 200 ms "
            f"pushed when it would have been spoken, and all at once; {RUNS} runs each. The "
            "processor's time is that of the whole program, not of the service. The wait is from "
            f"sp_core_session_end to on_final_text_ready. The memory is that of a Python process "
            f"which streams {MINUTES} minutes as fast as it can."
        ),
        columns=(
            "engine",
            "CPU ms per s, as spoken",
            "CPU ms per s, at once",
            "end to text ms, as spoken",
            "resident MB: before",
            "after 1 min",
            f"after {MINUTES} min",
        ),
        rows=[
            (
                name,
                spread([run.cpu_s / run.audio_s for run in real[name]], 1e3, 1),
                spread([run.cpu_s / run.audio_s for run in fast[name]], 1e3, 1),
                spread([run.end_to_text_s for run in real[name]], 1e3, 1),
                *(f"{size / MB:.1f}" for size in memory[name].values()),
            )
            for name in ENGINES
        ],
        raw={
            name: {
                "real": [asdict(run) for run in real[name]],
                "fast": [asdict(run) for run in fast[name]],
                "memory": memory[name],
            }
            for name in ENGINES
        },
    )


@contextmanager
def _service(name: str) -> Iterator[str]:
    """Run a service in a process of its own; gives its address."""
    command = [sys.executable, "-m", "tests.servers", name]
    with subprocess.Popen(
        command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        if not url:
            raise BenchError(f"the service {name} did not start")
        try:
            yield url
        finally:
            process.stdin.close()


def _configure(home: Path, name: str, url: str) -> None:
    directory = home / ".koe"
    directory.mkdir(exist_ok=True)
    (directory / "config.yaml").write_text(
        f"asr: {{provider: {name}, {name}: {{url: '{url}', api_key: key}}}}\n", encoding="utf-8"
    )


def _engine(name: str, url: str) -> Engine:
    return open_engine(
        AsrConfig(
            provider=name,
            doubao=DoubaoConfig(url=url, api_key="key"),
            qwen=QwenConfig(url=url, api_key="key"),
        )
    )


def _stream(name: str, url: str) -> dict[str, float]:
    """Stream in this process; returns its resident memory before, and after some minutes."""
    return asyncio.run(_stream_minutes(_engine(name, url)))


async def _stream_minutes(engine: Engine) -> dict[str, float]:
    async def listen() -> None:
        while not isinstance(await engine.next_event(), EngineClosed):
            pass

    # No two packets alike; of half a minute, five seconds are sound, as far as the service cares.
    second = os.urandom(BYTES_PER_SECOND)
    await engine.connect()
    listening = asyncio.create_task(listen())
    sizes = {"before": _resident()}
    for minute in range(1, MINUTES + 1):
        for position in range(60):
            sound = position % 30 < 5
            await engine.send_audio(second if sound else bytes(BYTES_PER_SECOND))
        if minute in (1, MINUTES):
            sizes[f"{minute} min"] = _resident()
    await engine.finish_input()
    await listening
    await engine.close()
    return sizes


def _resident() -> float:
    return resident(os.getpid())["resident"]
