"""What a session reports, in each generation, while an engine follows a test (spec abi §4.4).

The engine is the imitation of Qwen's service. What the core decides is tested without C,
in tests/test_session.py; here, that each generation gets the rules that are its own.
"""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from koe.journal.writer import remedy_for
from tests.abi import build
from tests.servers.qwen import Events, QwenService
from tests.servers.service import Conversation, Fault, Point, close, fall_silent

REMEDY = remedy_for("last")

pytestmark = pytest.mark.abi

BEGIN = {
    1: ["S(connecting_asr)", "S(recording_hold)", "R"],
    2: ["S(recording_hold)", "R"],
    3: ["S(recording_hold)", "R"],
}
FINALIZING = "S(finalizing_asr)"
CLOSED = 'ASR connection closed unexpectedly by server: code=1008, reason="quota exhausted"'
CUT = CLOSED.replace(
    "ASR connection closed unexpectedly by server",
    "the speech service ended without saying that its text is complete",
)
SLOW = "the speech engine did not answer within 1 s"


def delivered(abi: int, text: str) -> list[str]:
    """The end of a session with a text."""
    if abi == 3:
        return [f"A({text})", "S(preparing_paste)", f"M({text},qwen,false)", f"F({text})"]
    return ["S(preparing_paste)", f"F({text})", "S(completed)", "S(idle)"]


def without(some: list[str], entries: list[str]) -> list[str]:
    """What else there is; partial texts come as often as an engine is asked."""
    return [entry for entry in entries if entry not in some]


def split_at_warnings(entries: list[str]) -> list[str | list[str]]:
    """The warnings, and the lists of what comes between them."""
    parts: list[str | list[str]] = [[]]
    for entry in entries:
        if entry.startswith("W("):
            parts += [entry, []]
        else:
            between = parts[-1]
            assert isinstance(between, list)
            between.append(entry)
    return parts


def completed(abi: int, text: str) -> list[str]:
    """A complete sentence, and then the end of all: the same text comes twice."""
    return 2 * interim(abi, text)


def interim(abi: int, text: str) -> list[str]:
    """A partial text, where the generation has them."""
    return [] if abi == 1 else [f"I({text})"]


@pytest.fixture(scope="module")
def drivers(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """The driver for each generation."""
    folder = tmp_path_factory.mktemp("drivers")
    source = build.SOURCES / "story.c"
    return {
        abi: build.compile_program(abi, source, folder / f"story-{abi}")
        for abi in build.GENERATIONS
    }


class Shell:
    """One generation's driver, and the address of its engine."""

    def __init__(self, abi: int, driver: Path, home: Path) -> None:
        self.abi = abi
        self._driver = driver
        self._home = home

    def hears(self, url: str, awaited: str = "") -> list[str]:
        """What a session with the engine at this address reports."""
        (self._home / ".koe").mkdir(parents=True)
        (self._home / ".koe" / "config.yaml").write_text(
            f"asr: {{provider: qwen, qwen: {{url: '{url}', api_key: key,"
            " final_wait_timeout_ms: 200}}\nllm: {enabled: false}\n",
            encoding="utf-8",
        )
        result = build.run([self._driver, awaited], self._home)
        assert (result.returncode, result.stderr) == (0, ""), result.stdout
        return result.stdout.splitlines()


@pytest.fixture(params=build.GENERATIONS)
def shell(request: pytest.FixtureRequest, drivers: dict[int, Path], tmp_path: Path) -> Shell:
    return Shell(request.param, drivers[request.param], tmp_path / "home")


async def say_hello(conversation: Conversation) -> None:
    await conversation.send(Events().revised("item_hello", "", "hello"))


async def complete_hello(conversation: Conversation) -> None:
    await conversation.send(Events().completed("item_hello", "hello"))


async def say_hello_and_close(conversation: Conversation) -> None:
    await say_hello(conversation)
    await close(1008, "quota exhausted")(conversation)


async def say_hello_and_fall_silent(conversation: Conversation) -> None:
    await say_hello(conversation)
    await fall_silent(conversation)


async def refuse(request: Request) -> Response:
    return Response(401, "Unauthorized", Headers(), b"no such key")


async def err(conversation: Conversation) -> None:
    await conversation.send(Events().error("trouble"))


def test_a_text(shell: Shell) -> None:
    with QwenService() as service:
        service.faults[Point.FINISH] = complete_hello
        reported = shell.hears(service.url)
    end = [FINALIZING, *completed(shell.abi, "hello"), *delivered(shell.abi, "hello")]
    assert reported == [*BEGIN[shell.abi], *end]


def test_an_address_where_no_service_is(shell: Shell) -> None:
    with socket.socket() as unused:  # the port is taken, and nothing listens
        unused.bind(("127.0.0.1", 0))
        reported = shell.hears(f"ws://127.0.0.1:{unused.getsockname()[1]}/")
    begin = BEGIN[shell.abi][:1] if shell.abi == 1 else BEGIN[shell.abi]
    assert reported[: len(begin)] == begin
    error, end = reported[len(begin) :]
    assert error.startswith("E(ASR connection failed: ")
    assert error.endswith(f"{REMEDY})")
    assert end == "S(failed)"


@pytest.mark.parametrize("fault", [say_hello_and_close, close(1008, "quota exhausted"), err])
def test_a_service_that_fails_once(shell: Shell, fault: Fault) -> None:
    """It is asked again, and the shell sees nothing of it, in all generations."""

    async def once(conversation: Conversation) -> None:
        service.faults = {Point.FINISH: complete_hello}
        await fault(conversation)

    with QwenService() as service:
        service.faults = {Point.AUDIO: once, Point.FINISH: complete_hello}
        reported = shell.hears(service.url)
    partial = interim(shell.abi, "hello")
    assert without(partial, reported) == [
        *without(partial, BEGIN[shell.abi]), FINALIZING, *delivered(shell.abi, "hello"),
    ]  # fmt: skip


def test_a_service_that_fails_for_good(shell: Shell) -> None:
    """In all generations: what was heard, after the end of the recording, and a warning before."""
    with QwenService() as service:
        service.faults[Point.AUDIO] = say_hello_and_close
        reported = shell.hears(service.url, "W(")
    *begin, missing, last = split_at_warnings(without(interim(shell.abi, "hello"), reported))
    # Whether the service went before it was asked for the end or after that, is a matter of luck.
    assert missing in [
        f"W({reason}; the end of the text may be missing. {REMEDY})" for reason in (CLOSED, CUT)
    ]
    assert begin == [
        BEGIN[shell.abi],
        f"W({CLOSED}; go on speaking: koe keeps the audio and tries again)",
        [FINALIZING],
    ]
    assert last == delivered(shell.abi, "hello")


def test_a_service_that_refuses(shell: Shell) -> None:
    """At once: another try would be in vain."""
    with QwenService() as service:
        service.answer = refuse
        reported = shell.hears(service.url, "E(")
    begin = BEGIN[shell.abi][:1] if shell.abi == 1 else BEGIN[shell.abi]
    refusal = "ASR connection failed: HTTP error: 401 Unauthorized: no such ***"
    assert reported == [*begin, f"E({refusal}. {REMEDY})", "S(failed)"]


def test_no_answer(shell: Shell) -> None:
    with QwenService() as service:
        service.faults[Point.FINISH] = fall_silent
        reported = shell.hears(service.url)
    assert reported == [*BEGIN[shell.abi], FINALIZING, f"E({SLOW}. {REMEDY})", "S(failed)"]


def test_no_answer_after_some_text(shell: Shell) -> None:
    with QwenService() as service:
        service.faults[Point.FINISH] = say_hello_and_fall_silent
        reported = shell.hears(service.url)
    assert without(interim(shell.abi, "hello"), reported) == [
        *BEGIN[shell.abi],
        FINALIZING,
        f"W({SLOW}; the end of the text may be missing. {REMEDY})",
        *delivered(shell.abi, "hello"),
    ]
