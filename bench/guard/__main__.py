"""Measure how many answers are judged wrongly, and how long judging takes.

    python -m bench.guard             print the tables
    python -m bench.guard --wrong     also print each pair of tune that is judged wrongly

The exit status is 1 if a share of wrong verdicts is above its limit.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator

from bench.guard.corpus import HALVES
from bench.guard.judging import (
    MOST_FALSE_ACCEPTS,
    MOST_FALSE_REFUSALS,
    MOST_LEFT_ON,
    Verdict,
    judge,
    wrong_share,
)
from bench.report import Section, render
from koe.answers.clean import clean
from koe.answers.guard import find_edit
from koe.answers.words import split

_FILES = (
    ("bad", "bad answers that are used", MOST_FALSE_ACCEPTS),
    ("good", "good edits that are refused", MOST_FALSE_REFUSALS),
    ("wrapped", "wrappings left on", MOST_LEFT_ON),
)

_REPEATS = 50

# A raw transcript, its correction, and an unrelated answer; each is repeated for longer texts.
_HEARD = (
    "嗯 so 我们先把 pull request 合并然后 um 更新一下文档最后记得在 5 点之前给 mister smith 打电话 "
    "and uh tell him that we moved the meeting to next tuesday 对了那个报告你也看一下 "
    "i think the the numbers are fine 不过嗯我们还是再确认一下比较好 "
)
_CORRECTED = (
    "So 我们先把 pull request 合并，然后更新一下文档，最后记得在 5 点之前给 Mr. Smith 打电话，"
    "and tell him that we moved the meeting to next Tuesday。对了，报告你也看一下。"
    "I think the numbers are fine，不过我们还是再确认一下比较好。"
)
_ELSE = "As an AI, I can't do that for you, but the weather is nice. 今天天气很好，适合出去走走。"


def _accuracy(*, shows_wrong: bool) -> tuple[Section, bool]:
    rows, is_good = [], True
    for half in HALVES:
        for name, title, most in _FILES:
            verdicts = list(judge(half, name))
            share = wrong_share(verdicts, name)
            is_good &= share <= most
            wrong = f"{round(share * len(verdicts))} of {len(verdicts)}"
            rows.append((f"{half}: {title}", wrong, f"{share:.1%}", f"{most:.0%}"))
            if shows_wrong and half == "tune":
                _show(name, verdicts)
    columns = ("", "wrong", "share", "allowed")
    method = "Each pair of bench/guard is cleaned and judged."
    return Section("Answers of models", method, columns, rows, rows), is_good


def _show(name: str, verdicts: list[Verdict]) -> None:
    for verdict in verdicts:
        if not verdict.is_right:
            pair = verdict.pair
            print(f"{name}, {pair.kind}: {pair.heard!r} ⇒ {pair.answer!r}", file=sys.stderr)
            print(f"    {verdict.delivered!r} {verdict.reason}", file=sys.stderr)


def _times() -> Iterator[tuple[str, ...]]:
    for times in (1, 5, 25):
        heard = _HEARD * times
        seconds = (
            min(_seconds(answer * times, heard) for _ in range(_REPEATS))
            for answer in (_CORRECTED, _ELSE + _ELSE)
        )
        yield (str(len(heard)), *(f"{1e3 * second:.2f}" for second in seconds))


def _seconds(answer: str, heard: str) -> float:
    split.cache_clear()  # in real use, each dictation is a new text
    start = time.process_time()
    find_edit(clean(answer, heard), heard)
    return time.process_time() - start


def main() -> int:
    """Print the report and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench.guard", description=__doc__)
    parser.add_argument("--wrong", action="store_true", help="show what is judged wrongly")
    accuracy, is_good = _accuracy(shows_wrong=parser.parse_args().wrong)
    columns = ("characters", "an edit", "something else")
    method = f"Cleaning and judging, in milliseconds of CPU: the quickest of {_REPEATS} times."
    print(render([accuracy, Section("Time", method, columns, list(_times()), None)], []))
    return not is_good


if __name__ == "__main__":
    sys.exit(main())
