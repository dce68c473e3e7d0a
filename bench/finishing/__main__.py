"""What becomes of a text without a model: hits, changes in prose, and time.

    python -m bench.finishing terms          the dictionary
    python -m bench.finishing cleanup        the rules of text.cleanup
    python -m bench.finishing … --wrong      and each pair of tune that comes out otherwise

The exit status is 1 if prose was changed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from difflib import SequenceMatcher

from bench.finishing import corpus, prose
from koe.finishing import RULES, Finisher
from koe.finishing.terms import Terms

DEFAULT = ["spacing", "punctuation"]

_WORDS = 100_000


def main() -> int:
    """Measure; see the module."""
    parser = argparse.ArgumentParser(prog="python -m bench.finishing")
    parser.add_argument("what", choices=["terms", "cleanup"])
    parser.add_argument("--wrong", action="store_true")
    parser.add_argument("--words", type=int, default=_WORDS)
    arguments = parser.parse_args()
    measure = _terms if arguments.what == "terms" else _cleanup
    return measure(arguments.words, shows_wrong=arguments.wrong)


def _terms(words: int, *, shows_wrong: bool) -> int:
    known = Terms(corpus.terms(1000))
    for half in corpus.HALVES:
        pairs = corpus.pairs(half, "misheard")
        wrong = [(heard, wanted, known.write(heard)) for heard, wanted in pairs]
        wrong = [it for it in wrong if it[1] != it[2]]
        print(f"{half}: {len(pairs) - len(wrong)} of {len(pairs)} terms written")
        if shows_wrong and half == "tune":
            for heard, wanted, written in wrong:
                print(f"  {heard} -> {written}, not {wanted}")
    paragraphs = _prose(words)
    changed = 0
    for count in (0, 100, 5000):
        began = time.perf_counter()
        known = Terms(corpus.terms(count))
        known.write("warm")
        built = time.perf_counter() - began
        for language, texts in paragraphs.items():
            spent, changes = _pass(known.write, texts)
            changed += len(changes)
            print(
                f"{count:>5} terms, {language}: {spent:.3f} ms per 100 characters, "
                f"{len(changes)} changes in prose; built in {1000 * built:.0f} ms"
            )
            for change in changes[:20]:
                print(f"  {change}")
    return min(changed, 1)


def _cleanup(words: int, *, shows_wrong: bool) -> int:
    for half in corpus.HALVES:
        right, all_of = Counter[str](), Counter[str]()
        for kind, heard, wanted in corpus.kinds(half):
            written = finisher(kind).finish(heard)
            right[kind] += written == wanted
            all_of[kind] += 1
            if written != wanted and shows_wrong and half == "tune":
                print(f"  {kind}: {heard!r} -> {written!r}, not {wanted!r}")
        for kind, count in all_of.items():
            print(f"{half}, {kind}: {right[kind]} of {count}")
    changed = 0
    paragraphs = _prose(words)
    for rules in (DEFAULT, [*RULES]):
        known = Finisher([], rules)
        known.finish("warm 一下 twenty um")
        for language, texts in paragraphs.items():
            spent, changes = _pass(known.finish, texts)
            if rules == DEFAULT:
                changed += len(changes)
            print(
                f"{', '.join(rules)}; {language}: {spent:.3f} ms per 100 characters, "
                f"{len(changes)} changes of words in prose"
            )
            for change in changes[:20]:
                print(f"  {change}")
    return min(changed, 1)


def finisher(kind: str) -> Finisher:
    """What the examples of a kind go through."""
    return Finisher([], DEFAULT if kind == "default" else [*DEFAULT, kind])


def _prose(words: int) -> dict[str, list[str]]:
    return {
        "English": list(prose.first(prose.english(), words)),
        "Chinese": list(prose.first(prose.chinese(), words)),
    }


def _pass(rule: Callable[[str], str], texts: Iterable[str]) -> tuple[float, list[str]]:
    """Milliseconds for 100 characters, and the changes of words."""
    spent, size = 0.0, 0
    changes: list[str] = []
    for text in texts:
        began = time.process_time()
        written = rule(text)
        spent += time.process_time() - began
        size += len(text)
        if written != text:
            changes += _changes(text, written)
    return spent / max(size, 1) * 1e5, changes


def _changes(text: str, written: str) -> list[str]:
    """What became something else than other case, other width or other spaces."""
    if _letters(text) == _letters(written):
        return []
    blocks = SequenceMatcher(None, text, written, autojunk=False).get_opcodes()
    return [
        f"{text[max(0, i - 12) : j + 8]!r} -> {written[max(0, k - 12) : m + 8]!r}"
        for kind, i, j, k, m in blocks
        if kind != "equal" and _letters(text[i:j]) != _letters(written[k:m])
    ]


def _letters(text: str) -> Counter[str]:
    from koe.answers.words import fold

    return Counter(it for it in fold(text) if it.isalnum())


if __name__ == "__main__":
    sys.exit(main())
