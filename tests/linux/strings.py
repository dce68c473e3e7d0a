"""Random texts by each way of inserting: no wrong character may be delivered unnoticed.

python -m tests.linux.strings [COUNT [SEED]]: so many by each way, on X11 and on Wayland, into
fields of a real program.
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable, Container, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from itertools import islice
from pathlib import Path

from koe.config.schema import Config, LinuxConfig
from koe.linux.bus import open_bus
from koe.linux.compositor import Compositor
from koe.linux.delivery import Way, continuing
from koe.linux.fields import Fields, open_fields
from koe.linux.insertion import Board, Insertion
from koe.linux.pasting import Pasting
from koe.linux.wayland import open_board
from koe.linux.x11 import Display
from tests.linux.looking import focus
from tests.linux.making import PATIENCE
from tests.linux.screen import GtkField, Screen, missing, screen
from tests.linux.sway import Sway, missing_sway, sway_desktop

WAYS = (Way.ACCESSIBLE, Way.PASTE)
COUNT = 10_000

_SEED = 7

# So many go into one field; its program writes all that is in it after each.
_PER_FIELD = 200
_LONGEST = 40
_SHOWN = 200

_ALPHABETS = (
    "abcdefghijklmnopqrstuvwxyzABCXYZ0123456789 ",
    "äöüßéèñçøåÆŁžğİı ",
    "你好世界，这是一个测试。繁體字㐀𠀀 ",
    "こんにちはカタカナ한국어 ",
    "אבגדה العربية ١٢٣ ",
    ["👍", "👩‍👩‍👧‍👦", "🏳️‍🌈", "🇩🇪", "👋🏽", "1️⃣"],
    ["e\u0301", "a\u0308\u0323", "ที่", "क्षि", "\u200f", "\u00ad"],
    "\"'`\\$%&<>{}[]()|~^#@!?*;:,.-_=+/ ",
    "\t\n ",
)


def texts(seed: int) -> Iterator[str]:
    """Texts without end, the same for the same seed."""
    source = random.Random(seed)
    while True:
        alphabets = source.sample(_ALPHABETS, source.randint(1, 3))
        size = source.randint(1, _LONGEST)
        yield "".join(source.choice(source.choice(alphabets)) for _ in range(size))


def _insertion(way: Way, board: Board, fields: Fields | None) -> Insertion:
    inserter = Insertion(lambda: Config(linux=LinuxConfig(insert=way)))
    inserter.use(board, fields)
    return inserter


@asynccontextmanager
async def inserting(desk: Screen, way: Way) -> AsyncIterator[Insertion]:
    """What inserts on X11 in one way, or leaves a text on the clipboard."""
    bus = await open_bus(desk.environ["DBUS_SESSION_BUS_ADDRESS"])
    display = Display(desk.environ["DISPLAY"])
    fields, board = await open_fields(bus), Pasting(display)
    await focus(display, "gtk_field.py")
    async with asyncio.timeout(PATIENCE):
        while (await fields.focus()).field is None:  # noqa: ASYNC110 - GTK informs AT-SPI when it can
            await asyncio.sleep(0.02)
    try:
        yield _insertion(way, board, fields)
    finally:
        board.close()
        display.close()
        await fields.close()
        await bus.close()


@asynccontextmanager
async def inserting_on_wayland(sway: Sway, way: Way) -> AsyncIterator[Insertion]:
    """The same on Wayland."""
    compositor = Compositor(sway.environ)
    board = await open_board(compositor)
    assert board is not None
    async with asyncio.timeout(PATIENCE):
        while board.active_window() is None:  # noqa: ASYNC110 - the board has no event for it
            await asyncio.sleep(0.02)
    try:
        yield _insertion(way, board, None)
    finally:
        board.close()
        compositor.close()


async def insert_all(
    opening: AbstractAsyncContextManager[Insertion],
    field: GtkField,
    way: Way,
    strings: Iterator[str],
) -> tuple[Counter[str], list[str]]:
    """Insert texts into a field, one after the other.

    After one that is delivered in another way, the field is left. The user is informed of that;
    when a busy program inserts the text all the same is not known.

    Returns:
        How often a text was delivered in which way, and the texts that were wrong, each with the
        end of what the field has in its place.
    """
    found: Counter[str] = Counter()
    wrong = []
    async with opening as inserter:
        there, last = field.text, ""
        for text in strings:
            delivered = await inserter.insert(text, inserter.aim())
            found[delivered.way] += 1
            if delivered.way != way:
                break
            # On a busy computer a text may come too late for a continuation of the last one.
            expected = {there + text, there + continuing(last, text)}
            if not await _has(field, expected):
                wrong.append(f"{text!r}: {field.text.removeprefix(there)[-_SHOWN:]!r}")
            there, last = field.text, text
    return found, wrong


async def _has(field: GtkField, texts: Container[str]) -> bool:
    """Whether a field has one of some texts, perhaps a moment later: another program has it."""
    try:
        async with asyncio.timeout(PATIENCE):
            while field.text not in texts:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
    except TimeoutError:
        return False
    return True


def main() -> int:
    """Insert, and print what came of it."""
    if reason := missing():
        sys.stderr.write(f"{reason}\n")
        return 1
    given = [int(number) for number in sys.argv[1:]]
    count = given[0] if given else COUNT
    seed = given[1] if len(given) > 1 else _SEED
    strings = partial(texts, seed)
    with screen() as desk:
        failures = sum(
            _try(f"{way} on X11", count, strings(), desk, way, partial(inserting, desk, way))
            for way in WAYS
        )
    if reason := missing_sway():
        sys.stdout.write(f"not on Wayland: {reason}\n")
        return int(failures > 0)
    way = Way.PASTE
    with sway_desktop() as sway:
        opening = partial(inserting_on_wayland, sway, way)
        failures += _try(f"{way} on Wayland", count, strings(), sway, way, opening)
    return int(failures > 0)


def _try(
    name: str,
    count: int,
    strings: Iterator[str],
    desk: Screen | Sway,
    way: Way,
    opening: Callable[[], AbstractAsyncContextManager[Insertion]],
) -> int:
    """Insert so many texts in one way, and print the result; return how many are wrong."""
    found: Counter[str] = Counter()
    wrong: list[str] = []
    while found.total() < count:
        with tempfile.TemporaryDirectory() as folder, desk.field(Path(folder)) as field:
            some = islice(strings, min(_PER_FIELD, count - found.total()))
            more, bad = asyncio.run(insert_all(opening(), field, way, some))
        found += more
        wrong += bad
    sys.stdout.write(f"{name}: {dict(found)}, wrong and unnoticed: {len(wrong)}\n")
    for sentence in wrong:
        sys.stdout.write(f"    {sentence}\n")
    sys.stdout.flush()
    return len(wrong)


if __name__ == "__main__":
    sys.exit(main())
