"""What one shared HTTP/2 client saves: a new HTTP/1.1 client for each correction against it.

    python -m bench.llm            about three minutes; report, bench/out/llm.json and llm.svg

The server and the wire to it are ours (bench.llm_server): a wire delays every byte by half a round
trip, and the first one by what the handshake of TCP would take; TLS 1.3 then costs what it costs on
any wire. A core without a shared client builds one when the transcript is there, so building
counts. The server takes a given time for each answer, the same for both clients.

The times of the server, and the round trip of the first experiment, are chosen so that the new
clients come out with the figures that the original experiment has for them. Nothing is chosen for
the shared client: what it gets is the result.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import asdict, dataclass
from statistics import mean, median

from bench import machine
from bench.hosts import OUT
from bench.llm_cost import cost
from bench.llm_plot import draw
from bench.llm_server import ServerProcess, Wire, path
from bench.report import Section, percentile, render
from koe.http.client import Client
from koe.http.request import HttpSettings, Request

REQUESTS = 30
SEED = 20260327
# What the original saved is two round trips: one for TCP, one for TLS 1.3.
ROUND_TRIP_S = 0.277 / 2
OTHER_ROUND_TRIPS_S = (0.020, 0.050, 0.090, 0.250)
# Of a new client's request: TCP, TLS, and the request itself.
FRESH_ROUND_TRIPS = 3

# How long the server thinks while that is calibrated.
CALIBRATION_S = 0.5

# A prompt with a dictionary of some hundred terms.
BODY = json.dumps(
    {"model": "bench", "messages": [{"role": "user", "content": "x" * 5000}]}
).encode()
HEADERS = (
    ("Authorization", "Bearer sk-0123456789abcdef"),
    ("Content-Type", "application/json"),
)

OVERHEAD_REQUESTS = 300


@dataclass(frozen=True)
class Summary:
    """Of the times of some requests, in seconds."""

    average_s: float
    p50_s: float
    p90_s: float
    p95_s: float

    @classmethod
    def of(cls, times: Sequence[float]) -> Summary:
        """Summarise."""
        return cls(mean(times), *(percentile(times, percent) for percent in (50, 90, 95)))


# What the original experiment has for a new HTTP/1.1 client per request, and for the shared one.
ORIGINAL_FRESH = Summary(1.390, 1.319, 1.780, 1.789)
ORIGINAL_SHARED = Summary(1.113, 1.079, 1.470, 1.584)
# The original does not tell the longest; it shifts nothing but the other end of the distribution.
LONGEST_S = 1.9


def wanted_times() -> list[float]:
    """Return times whose summary is that of the original's new clients, in a random order.

    They grow evenly from the shortest to P50, to P90, to P95, to the longest. The shortest follows
    from the average.
    """
    ranks = [-(-REQUESTS * percent // 100) for percent in (50, 90, 95)] + [REQUESTS]
    knots = [ORIGINAL_FRESH.p50_s, ORIGINAL_FRESH.p90_s, ORIGINAL_FRESH.p95_s, LONGEST_S]
    upper: list[float] = []
    for index in range(1, len(ranks)):
        upper += _evenly(knots[index - 1], knots[index], ranks[index] - ranks[index - 1])
    # The mean of an even growth is that of its ends.
    lower_mean = (REQUESTS * ORIGINAL_FRESH.average_s - sum(upper)) / ranks[0]
    shortest = 2 * lower_mean - ORIGINAL_FRESH.p50_s
    result = [shortest, *_evenly(shortest, ORIGINAL_FRESH.p50_s, ranks[0] - 1), *upper]
    random.Random(SEED).shuffle(result)
    return result


def _evenly(low: float, high: float, steps: int) -> list[float]:
    """Return the numbers after ``low`` in so many even steps to ``high``."""
    return [low + (high - low) * step / steps for step in range(1, steps + 1)]


class Measurement:
    """Asks one server through one wire, in three ways."""

    def __init__(self, wire: Wire, roots: bytes) -> None:
        self._wire = wire
        self._roots = roots
        self._shared = self._client()

    async def fresh(self, service_s: float) -> float:
        """Ask with a new HTTP/1.1 client; building it is part of what the user waits for."""
        start = time.perf_counter()
        client = self._client(http2=False)
        built = time.perf_counter() - start
        taken = await self._ask(client, service_s, "HTTP/1.1")
        await client.aclose()
        return built + taken

    async def shared(self, service_s: float) -> float:
        """Ask with the client that all requests share; the first one finds no connection."""
        return await self._ask(self._shared, service_s, "HTTP/2")

    async def shared_warm(self, service_s: float) -> float:
        """Ask after a long pause: the connection was given up, but warmed up during speech."""
        client = self._client()
        client.warm_up(Request(f"{self._wire.url}{path(0)}", HEADERS))
        await asyncio.sleep(0.1 + (FRESH_ROUND_TRIPS + 1) * self._wire.round_trip_s)  # speech
        taken = await self._ask(client, service_s, "HTTP/2")
        await client.aclose()
        return taken

    async def close(self) -> None:
        """Close the shared client."""
        await self._shared.aclose()

    def _client(self, *, http2: bool = True) -> Client:
        client = Client(HttpSettings(20.0, http2=http2, roots=self._roots))
        client.open()
        return client

    async def _ask(self, client: Client, service_s: float, version: str) -> float:
        start = time.perf_counter()
        reply = await client.send(Request(f"{self._wire.url}{path(service_s)}", HEADERS, BODY))
        taken = time.perf_counter() - start
        assert reply.http_version == version, reply
        return taken


async def run_row(wire: Wire, roots: bytes, services: Sequence[float]) -> dict[str, list[float]]:
    """Make one experiment.

    New and shared clients take turns. Requests after a pause run beside them, because they sleep
    most of the time: two requests are under way at most.
    """
    measurement = Measurement(wire, roots)
    times: dict[str, list[float]] = {"fresh": [], "shared": [], "shared_warm": []}

    async def take_turns() -> None:
        for service_s in services:
            times["fresh"].append(await measurement.fresh(service_s))
            times["shared"].append(await measurement.shared(service_s))

    async def pause_each_time() -> None:
        for service_s in services:
            times["shared_warm"].append(await measurement.shared_warm(service_s))

    await asyncio.gather(take_turns(), pause_each_time())
    await measurement.close()
    return times


async def calibrate(wire: Wire, roots: bytes) -> list[float]:
    """Return the server's times: what is wanted, less what a new client's request costs besides."""
    measurement = Measurement(wire, roots)
    # A processor that was idle meanwhile is slower: the server thinks here too.
    costs = [await measurement.fresh(CALIBRATION_S) - CALIBRATION_S for _ in range(7)]
    await measurement.close()
    return [wanted - median(costs) for wanted in wanted_times()]


async def overhead(server: ServerProcess) -> dict[str, list[float]]:
    """Time requests that cost nothing but processing: no round trip, no thinking."""
    measurement = Measurement(server.direct, server.roots)
    ways: dict[str, Callable[[float], Coroutine[None, None, float]]] = {
        "shared": measurement.shared,
        "fresh": measurement.fresh,
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(OVERHEAD_REQUESTS):
        for name, ask in ways.items():
            times[name].append(await ask(0.0))
    await measurement.close()
    return times


NAMES = {
    "fresh": "new HTTP/1.1 client each time",
    "shared": "one HTTP/2 client",
    "shared_warm": "one HTTP/2 client, after a pause, warmed up during speech",
}


def improvement(before: Summary, after: Summary) -> dict[str, float]:
    """Return by how many percent each figure went down."""
    old, new = asdict(before), asdict(after)
    return {key.removesuffix("_s"): 100 * (old[key] - new[key]) / old[key] for key in old}


def table(times: dict[str, list[float]]) -> list[tuple[str, ...]]:
    """Return rows: the three ways, and what the last two save."""
    summaries = {name: Summary.of(values) for name, values in times.items()}
    rows = [
        (NAMES[name], *(f"{figure:.3f}" for figure in asdict(summary).values()))
        for name, summary in summaries.items()
    ]
    for name in ("shared", "shared_warm"):
        percents = improvement(summaries["fresh"], summaries[name]).values()
        saved = [
            old - new
            for old, new in zip(
                asdict(summaries["fresh"]).values(), asdict(summaries[name]).values(), strict=True
            )
        ]
        rows.append((
            "  that saves" if name == "shared" else "  warmed up, that saves",
            *(f"{s:.3f} ({p:.1f} %)" for s, p in zip(saved, percents, strict=True)),
        ))  # fmt: skip
    return rows


async def experiment(
    server: ServerProcess,
) -> tuple[dict[float, dict[str, list[float]]], list[float]]:
    """Run all rows: the first alone, the others beside each other."""
    first, *others = server.wires
    services = await calibrate(first, server.roots)
    _say(f"{REQUESTS} requests each, round trip {first.round_trip_s * 1e3:.1f} ms")
    rows = {first.round_trip_s: await run_row(first, server.roots, services)}
    _say("the same for other round trips")
    for wire, times in zip(
        others,
        await asyncio.gather(*(run_row(wire, server.roots, services) for wire in others)),
        strict=True,
    ):
        rows[wire.round_trip_s] = times
    return rows, services


def main() -> int:
    """Run everything; print the report and write it down."""
    start = time.perf_counter()
    about_machine = machine.measure()
    with ServerProcess([ROUND_TRIP_S, *OTHER_ROUND_TRIPS_S]) as server:
        _say("overhead")
        overheads = asyncio.run(overhead(server))
        rows, services = asyncio.run(experiment(server))
    _say("import and memory")
    costs = cost()
    sections = [
        about_machine,
        _main_section(rows[ROUND_TRIP_S]),
        _round_trip_section(rows),
        _overhead_section(overheads, costs),
    ]
    report = render(sections, [])
    print(report)
    _say(f"{time.perf_counter() - start:.0f} s")
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "llm.md").write_text(report + "\n", encoding="utf-8")
    (OUT / "llm.json").write_text(
        json.dumps(_raw(rows, services, overheads, costs), indent=1) + "\n", encoding="utf-8"
    )
    averages = {
        name: sorted((trip, mean(times[name])) for trip, times in rows.items()) for name in NAMES
    }
    (OUT / "llm.svg").write_text(draw(NAMES, rows[ROUND_TRIP_S], averages), encoding="utf-8")
    return 0


def _main_section(times: dict[str, list[float]]) -> Section:
    original = improvement(ORIGINAL_FRESH, ORIGINAL_SHARED)
    first = f"{times['shared'][0]:.3f}"
    return Section(
        title="Corrections through one shared client",
        method=(
            f"{REQUESTS} requests each way, in one run, in turns; round trip "
            f"{ROUND_TRIP_S * 1e3:.1f} ms; the server's times are the same for all, chosen so that "
            "the first row is that of the original. Seconds."
        ),
        columns=("", "average", "P50", "P90", "P95"),
        rows=[
            *table(times),
            ("original: new client", *(f"{x:.3f}" for x in asdict(ORIGINAL_FRESH).values())),
            ("original: shared client", *(f"{x:.3f}" for x in asdict(ORIGINAL_SHARED).values())),
            ("  that saved", *(f"{percent:.1f} %" for percent in original.values())),
        ],
        raw=times,
        notes=[
            f"The shared client's first request found no connection; it took {first} s, and is "
            "counted. The third row is the worst case, a pause of more than 90 s before every "
            "request: the connection was given up each time, and warmed up while the user spoke."
        ],
    )


def _round_trip_section(rows: dict[float, dict[str, list[float]]]) -> Section:
    return Section(
        title="Other round trips",
        method=(
            f"{REQUESTS} requests each way and the same times of the server, not scaled. All but "
            "the first experiment ran beside each other. Averages in seconds, and what is saved on "
            "average, at P50, P90 and P95."
        ),
        columns=("round trip, ms", "new", "shared", "warmed up", "shared saves"),
        rows=[
            (
                f"{trip * 1e3:.1f}",
                *(f"{mean(times[name]):.3f}" for name in NAMES),
                ", ".join(
                    f"{percent:.1f} %"
                    for percent in improvement(
                        Summary.of(times["fresh"]), Summary.of(times["shared"])
                    ).values()
                ),
            )
            for trip, times in sorted(rows.items())
        ],
        raw=None,
    )


def _overhead_section(overheads: dict[str, list[float]], costs: list[list[float]]) -> Section:
    columns = [median(run[index] for run in costs) for index in range(5)]
    imported, built, rebuilt = (f"{1e3 * seconds:.1f} ms" for seconds in columns[:3])
    return Section(
        title="What the client itself costs",
        method=(
            f"Medians: of {OVERHEAD_REQUESTS} requests of {len(BODY)} bytes to the server directly "
            f"(all of it: client, TLS, server), and of {len(costs)} fresh processes that had "
            "imported koe.core."
        ),
        columns=("", ""),
        rows=[
            ("request, shared client", f"{1e3 * median(overheads['shared']):.2f} ms"),
            ("request, new client, built for it", f"{1e3 * median(overheads['fresh']):.2f} ms"),
            ("import", imported),
            ("build, the first time", built),
            ("build, once more", rebuilt),
            ("resident memory, imported and built", f"{columns[3]:.1f} MB"),
            ("  of these anonymous", f"{columns[4]:.1f} MB"),
        ],
        raw=None,
    )


def _raw(
    rows: dict[float, dict[str, list[float]]],
    services: list[float],
    overheads: dict[str, list[float]],
    costs: list[list[float]],
) -> dict[str, object]:
    main_row = rows[ROUND_TRIP_S]
    summaries = {name: Summary.of(times) for name, times in main_row.items()}
    return {
        **{name: asdict(summary) for name, summary in summaries.items()},
        "improvement_percent": improvement(summaries["fresh"], summaries["shared"]),
        "improvement_percent_warm": improvement(summaries["fresh"], summaries["shared_warm"]),
        "requests": REQUESTS,
        "seed": SEED,
        "round_trip_s": ROUND_TRIP_S,
        "service_s": services,
        "times_s": {f"{trip:g}": times for trip, times in sorted(rows.items())},
        "overhead_s": overheads,
        "import_build_rebuild_s_resident_anonymous_mb": costs,
        "processors": os.cpu_count(),
    }


def _say(what: str) -> None:
    print(f"bench: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
