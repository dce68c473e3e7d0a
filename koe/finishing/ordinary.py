"""Ordinary words, which a text probably means as they are. Pure.

A recogniser that does not know a term writes words that it knows, but most words that sound like a
term were really meant. The lists are in words.txt, which ``python -m bench.ordinary``
generates.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cache, lru_cache
from importlib.resources import files

from koe.answers import lexicon

# The length of the longest Chinese word of the list, in characters.
_LONGEST = 4

# The fewest letters of a word without its ending.
_SHORTEST = 3

# Separators between the parts of a foreign name.
_DOTS = frozenset("·・‧．—")

# Surnames; the two characters after one of them are a given name.
_SURNAMES = frozenset(
    "王李张刘陈杨黄赵周吴徐孙朱马胡郭林何高梁郑罗宋谢唐韩曹许邓萧冯曾程蔡彭潘袁于董余苏叶吕魏蒋田杜"
    "丁沈姜范江傅钟卢汪戴崔任陆廖姚方金邱夏谭韦贾邹石熊孟秦阎薛侯雷白龙段郝孔邵史毛常万顾赖武康贺"
)

# The endings of inflected words.
_ENDINGS = ("s", "es", "ed", "d", "ing", "ly", "er", "ers")


# Light words of the lexicon that a term may begin with.
_NOT_LIGHT = frozenset(("get", "got", "going", "one", "kindly", "dear", "please", "really"))


@cache
def _sections() -> Mapping[str, Mapping[str, str]]:
    """The lists by name; each maps the beginning of words to the rests of these words.

    The rests are in one text, with a space before and after each.
    """
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
    """Whether a folded English word is a grammatical one, which may stand next to any other."""
    return word in _light()


def is_common(word: str) -> bool:
    """Whether a folded English word occurs in most texts."""
    return is_light(word) or _is_in("common", 2, word)


@lru_cache(maxsize=4096)
def is_ordinary(word: str) -> bool:
    """Whether a folded English word, in any inflected form, may be meant as it is."""
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
    """Whether characters are a word of the Chinese list."""
    return _is_in("chinese", 1, word)


def is_common_character(character: str) -> bool:
    """Whether a character is often a word by itself."""
    return character in _characters()


def is_light_character(character: str) -> bool:
    """Whether a character is a grammatical one."""
    return character in _light_characters()


def is_of_foreign_names(character: str) -> bool:
    """Whether a character is used to write foreign names."""
    return character in _foreign()


def is_split(text: str, start: int, end: int, places: Collection[int]) -> bool:
    """Whether a word of a Chinese text crosses the border of a part of the text.

    Args:
        text: The whole text.
        start: The beginning of the part.
        end: The end of the part.
        places: The word must contain one of the characters at these positions.
    """
    return any(first < start or last > end for first, last in _words_around(text, places))


def stands_alone(text: str, start: int, end: int) -> bool:
    """Whether no character next to a part of a Chinese text may belong to the same name."""
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
    """Whether three characters begin or end with a grammatical character, or contain a word.

    The character beside the word must be explained, see `_is_explained`.
    """
    if is_light_character(text[start]) or is_light_character(text[end - 1]):
        return True
    for first, last in ((start, end - 1), (start + 1, end)):
        rest = end - 1 if first == start else start
        if is_chinese_word(text[first:last]) and _is_explained(text, rest):
            return True
    return False


def _is_explained(text: str, at: int) -> bool:
    """Whether a character is in an ordinary word, is frequent or common, or is no ideograph."""
    if not 0 <= at < len(text) or not "\u3400" <= text[at] <= "\u9fff":
        return True
    return text[at] in _frequent() or not unexplained(text, [at])


def unexplained(text: str, places: Collection[int]) -> int:
    """Count the characters at these positions that are not common and in no ordinary word."""
    covered = {at for first, last in _words_around(text, places) for at in range(first, last)}
    return sum(at not in covered and not is_common_character(text[at]) for at in places)


def _words_around(text: str, places: Collection[int]) -> Iterator[tuple[int, int]]:
    """The spans of words that contain one of some characters, which are near each other."""
    start, end = min(places), max(places) + 1
    for first in range(max(0, start - _LONGEST + 1), end):
        for last in range(max(first + 2, start + 1), min(first + _LONGEST, len(text)) + 1):
            if is_chinese_word(text[first:last]):
                yield first, last
