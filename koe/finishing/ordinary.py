"""Which words a text may simply mean. Pure.

A recogniser that does not know a term writes what it does know, so most of what sounds like a term
is an ordinary word that was meant. The lists are in words.txt, which ``python -m bench.ordinary``
writes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cache, lru_cache
from importlib.resources import files

from koe.answers import lexicon

# The longest Chinese word of the list, in characters.
_LONGEST = 4

# What is left of a word without its ending has so many letters.
_SHORTEST = 3

# Between the parts of a name of another language.
_DOTS = frozenset("·・‧．—")

# After one of these, two characters are a given name.
_SURNAMES = frozenset(
    "王李张刘陈杨黄赵周吴徐孙朱马胡郭林何高梁郑罗宋谢唐韩曹许邓萧冯曾程蔡彭潘袁于董余苏叶吕魏蒋田杜"
    "丁沈姜范江傅钟卢汪戴崔任陆廖姚方金邱夏谭韦贾邹石熊孟秦阎薛侯雷白龙段郝孔邵史毛常万顾赖武康贺"
)

# How the forms of a word end.
_ENDINGS = ("s", "es", "ed", "d", "ing", "ly", "er", "ers")


# What the guard forgives a correction, and what a term may begin with all the same.
_NOT_LIGHT = frozenset(("get", "got", "going", "one", "kindly", "dear", "please", "really"))


@cache
def _sections() -> Mapping[str, Mapping[str, str]]:
    """The lists by name; of each, the endings by what they follow, between spaces."""
    text = files("koe.finishing").joinpath("words.txt").read_text(encoding="utf-8")
    sections = {}
    for section in text.split("\n## ")[1:]:
        name, *lines = section.splitlines()
        parted = (line.partition(" ") for line in lines if line)
        sections[name] = {begin: f" {rests} " for begin, _, rests in parted}
    return sections


@cache
def _light() -> frozenset[str]:
    return (frozenset(lexicon.phrases("light words")) - _NOT_LIGHT) | {*lexicon.phrases("persons")}


@cache
def _characters() -> frozenset[str]:
    return frozenset("".join(_sections()["common characters"])) | _light_characters()


@cache
def _light_characters() -> frozenset[str]:
    return frozenset("".join(lexicon.lines("light ideographs")))


@cache
def _frequent() -> frozenset[str]:
    return frozenset("".join(_sections()["characters"]))


@cache
def _foreign() -> frozenset[str]:
    return frozenset("".join(_sections()["characters of foreign names"]))


def _is_in(section: str, size: int, word: str) -> bool:
    rests = _sections()[section].get(word[:size])
    return rests is not None and f" {word[size:]} " in rests


def is_light(word: str) -> bool:
    """Whether grammar needs an English word, which any other may stand beside; folded."""
    return word in _light()


def is_common(word: str) -> bool:
    """Whether an English word is one that most texts have; folded."""
    return is_light(word) or _is_in("common", 2, word)


@lru_cache(maxsize=4096)
def is_ordinary(word: str) -> bool:
    """Whether an English word may simply be meant, in whatever form; folded."""
    if _is_listed(word):
        return True
    if "'" in word:
        return True
    return any(
        word.endswith(ending) and len(word) - len(ending) >= _SHORTEST and _is_stem(word, ending)
        for ending in _ENDINGS
    )


def _is_listed(word: str) -> bool:
    return is_common(word) or _is_in("ordinary", 2, word)


def _is_stem(word: str, ending: str) -> bool:
    stem = word[: -len(ending)]
    return (
        _is_listed(stem)
        or (ending == "ing" and _is_listed(f"{stem}e"))
        or (ending == "es" and stem.endswith("i") and _is_listed(f"{stem[:-1]}y"))
    )


def is_chinese_word(word: str) -> bool:
    """Whether characters are a word of a Chinese text."""
    return _is_in("chinese", 1, word)


def is_common_character(character: str) -> bool:
    """Whether a character is often a word by itself."""
    return character in _characters()


def is_light_character(character: str) -> bool:
    """Whether grammar needs a character."""
    return character in _light_characters()


def is_of_foreign_names(character: str) -> bool:
    """Whether a character is one of those that names of other languages are written with."""
    return character in _foreign()


def is_split(text: str, start: int, end: int, places: Collection[int]) -> bool:
    """Whether a word of a Chinese text goes over a border of a part of it.

    Args:
        text: All of it.
        start: Where the part begins.
        end: Where it ends.
        places: Of the characters one of which the word has to have.
    """
    return any(first < start or last > end for first, last in _words_around(text, places))


def stands_alone(text: str, start: int, end: int) -> bool:
    """Whether nothing beside a part of a Chinese text may belong to it, as the rest of a name."""
    before, after = text[:start][-1:], text[end : end + 1]
    if before in _DOTS or after in _DOTS:
        return False
    beside = [at for at in (start - 1, end) if 0 <= at < len(text)]
    if any(is_of_foreign_names(text[at]) and unexplained(text, [at]) for at in beside):
        return False
    return end - start > 2 or (
        _is_explained(text, start - 1) and before not in _SURNAMES and _is_explained(text, end)
    )


def is_joined(text: str, start: int, end: int) -> bool:
    """Whether three characters are a word and a frequent one, or grammar is at their border."""
    if is_light_character(text[start]) or is_light_character(text[end - 1]):
        return True
    for first, last in ((start, end - 1), (start + 1, end)):
        rest = end - 1 if first == start else start
        if is_chinese_word(text[first:last]) and _is_explained(text, rest):
            return True
    return False


def _is_explained(text: str, at: int) -> bool:
    """Whether a character is of an ordinary word, or often one by itself, or no ideograph."""
    if not 0 <= at < len(text) or not "\u3400" <= text[at] <= "\u9fff":
        return True
    return text[at] in _frequent() or not unexplained(text, [at])


def unexplained(text: str, places: Collection[int]) -> int:
    """How many of some characters of a Chinese text are in no ordinary word, nor one."""
    covered = {at for first, last in _words_around(text, places) for at in range(first, last)}
    return sum(at not in covered and not is_common_character(text[at]) for at in places)


def _words_around(text: str, places: Collection[int]) -> Iterator[tuple[int, int]]:
    """Where words are that have one of some characters of a text, which are near each other."""
    start, end = min(places), max(places) + 1
    for first in range(max(0, start - _LONGEST + 1), end):
        for last in range(max(first + 2, start + 1), min(first + _LONGEST, len(text)) + 1):
            if is_chinese_word(text[first:last]):
                yield first, last
