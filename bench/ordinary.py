"""Write koe/finishing/words.txt: the words that a dictation is most likely made of.

    python -m bench.ordinary FOLDER

The folder has three files of public packages: ``dict.txt`` of jieba 0.42.1 (MIT),
``frequency_dictionary_en_82_765.txt`` of symspellpy 6.10.1 (MIT; counts of the Google Books Ngrams
for words of SCOWL), and ``american-english`` of Debian's wamerican (SCOWL).
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

TABLE = Path(__file__).parent.parent / "koe" / "finishing" / "words.txt"

# English words by how frequent they are: those that most texts have, and those that may occur.
_COMMON = 12_000
_ORDINARY = 40_000

# How often jieba's texts have a Chinese word, and a character that is a word by itself.
_LEAST_FREQUENT = 20
_LEAST_FREQUENT_NAME = 10
_LEAST_COMMON_CHARACTER = 30_000
_LEAST_FREQUENT_CHARACTER = 5_000

# Names of other languages, which are written in the characters of their sounds. That is how terms
# look that were not understood. A character is one of these if so many of the names have it, and
# they are such a part of all words that do.
_FOREIGN_NAMES = "nrt"
_FEWEST_NAMES = 8
_LEAST_PART = 0.06

_HEAD = """\
Words of ordinary texts, by their first letters; written by `python -m bench.ordinary`.
English: SCOWL, in the order of the Google Books Ngrams (by way of symspellpy). Chinese: jieba.
"""


def table(folder: Path) -> str:
    """Sections of lines: what words begin with, and how each goes on."""
    common, others = _english(folder)
    words, characters, foreign = _chinese(folder)
    frequent = [it for it, frequency in characters.items() if frequency < _LEAST_COMMON_CHARACTER]
    sections = {
        "common": _lines(common, 2),
        "ordinary": _lines(others, 2),
        "chinese": _lines(words, 1),
        "common characters": ["".join(sorted(characters.keys() - set(frequent)))],
        "characters": ["".join(sorted(frequent))],
        "characters of foreign names": ["".join(sorted(foreign))],
    }
    return _HEAD + "".join(
        f"\n## {name}\n" + "".join(f"{line}\n" for line in lines)
        for name, lines in sections.items()
    )


def _english(folder: Path) -> tuple[list[str], list[str]]:
    ranked = (folder / "frequency_dictionary_en_82_765.txt").read_text("utf-8-sig").split()[::2]
    lower = set((folder / "american-english").read_text("utf-8").split())
    # A name that is no word in lower case is not common, however often it is written.
    common = [word for word in ranked[:_COMMON] if word in lower]
    # Words of two letters are abbreviations but for a few, which grammar has.
    known = set(common)
    others = [word for word in ranked[:_ORDINARY] if word not in known and len(word) > 2]
    return common, others


def _chinese(folder: Path) -> tuple[list[str], dict[str, int], list[str]]:
    words, characters = [], {}
    of_names: Counter[str] = Counter()
    of_words: Counter[str] = Counter()
    for line in (folder / "dict.txt").read_text("utf-8").splitlines():
        word, frequency, kind = line.split()
        if not all("\u3400" <= character <= "\u9fff" for character in word):
            continue
        if len(word) == 1:
            if int(frequency) >= _LEAST_FREQUENT_CHARACTER:
                characters[word] = int(frequency)
            continue
        if kind == _FOREIGN_NAMES:
            of_names.update(set(word))
        if int(frequency) >= (_LEAST_FREQUENT_NAME if kind == "nr" else _LEAST_FREQUENT):
            if kind != _FOREIGN_NAMES:
                of_words.update(set(word))
            if len(word) < 5:
                words.append(word)
    foreign = [
        character
        for character, names in of_names.items()
        if names >= _FEWEST_NAMES and names >= _LEAST_PART * (names + of_words[character])
    ]
    return words, characters, foreign


def _lines(words: Iterable[str], size: int) -> list[str]:
    by_beginning: dict[str, list[str]] = defaultdict(list)
    for word in words:
        by_beginning[word[:size]].append(word[size:])
    return [f"{begin} {' '.join(sorted(rests))}" for begin, rests in sorted(by_beginning.items())]


if __name__ == "__main__":
    TABLE.write_text(table(Path(sys.argv[1])), encoding="utf-8", newline="\n")
