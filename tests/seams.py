"""Speech that two runs of an engine hear, with mistakes, so that seams can be counted.

Each word carries its number, so that what became of it can be seen whatever it was heard as.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from koe.stitching import find_seam
from koe.tokens import tokens

# Dickens repeats himself as few do, which makes it the hardest of the texts.
TEXTS = {
    "repeating": (
        "It was the best of times, it was the worst of times, it was the age of wisdom, it was the "
        "age of foolishness, it was the epoch of belief, it was the epoch of incredulity, it was "
        "the season of light, it was the season of darkness, it was the spring of hope, it was the "
        "winter of despair, we had everything before us, we had nothing before us, we were all "
        "going direct to heaven, we were all going direct the other way."
    ),
    "en": (
        "I looked at the numbers again this morning, and I think we should move the release to "
        "next week. The tests on the new machines are green, but the old ones still fail about "
        "once a day. Could you ask Maria whether she has seen the same thing on her side? If she "
        "has not, it is probably the network, and we can live with that for now. Please send the "
        "report to the whole team before you leave, and don't forget the two tables at the end. "
        "We talked about the budget for almost an hour. In the end nobody was happy with it, so we "
        "will meet again on Thursday at half past nine. Bring your own coffee, because the machine "
        "in the kitchen is broken. After that I have to catch a train to the coast, and I will not "
        "be able to answer the phone until the evening."
    ),
    "zh": (
        "我早上又看了一遍数据，觉得发布最好推迟到下周。新机器上的测试都通过了，可是旧机器每天"
        "还会失败一次。你能不能问一下小李，她那边是不是也有同样的问题？如果没有，那多半是网络的"
        "原因，暂时可以先放一放。下班之前请把报告发给全组，别忘了最后的两张表。我们为预算谈了"
        "将近一个小时，最后谁也不满意，所以星期四上午还要再开一次会。请自己带咖啡，厨房里的机器"
        "坏了。开完会我要去赶火车，晚上之前都接不了电话。"
    ),
    "mixed": (
        "我把 GitHub 上的 pull request 合并了，但是 CI 还没有跑完。昨天的 deploy 失败是因为 "
        "Docker 的 image 太大，我们把它拆成两个 stage 就好了。你先看一下 README 里面的 setup，"
        "然后在本地跑 make test。如果 Python 的版本不对，就用 pyenv 装一个新的。前端的 bundle "
        "我已经上传到 CDN，cache 大概十分钟之后会更新。下午两点我们 review 一下 API 的 "
        "schema，主要是 token 和 session 的部分。"
    ),
    "numbers": (
        "Call 555 0173 and ask for room 214. The order is 48 boxes at 12.50 each, which makes 600 "
        "in all. We need 3 more by the 15th, and 20 by the end of 2026. The code is 7 7 4 1 9, and "
        "the second one is 3 3 0 8 2. Then count one, two, three, four, five, six, seven, eight, "
        "nine, ten, and go. In 1998 we had 17 people, in 2008 it was 230, and today it is 1140."
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Spoken:
    """A word as it was said.

    Attributes:
        text: As it is written, with the punctuation that follows it.
        begin: When it begins, in seconds.
        end: When it ends.
    """

    text: str
    begin: float
    end: float


@dataclass(frozen=True)
class Heard:
    """What a run of the engine made of a piece of the speech.

    Attributes:
        text: The text.
        origins: The number of the word that each token stands for; None: it was not said.
    """

    text: str
    origins: list[int | None]


def speak(text: str, chance: random.Random) -> list[Spoken]:
    """Say a text, at a pace of its own, with pauses where the punctuation is."""
    found = list(tokens(text))
    pace = chance.uniform(0.8, 1.25)
    now, words = 0.0, []
    for token, following in zip(found, [*found[1:], None], strict=True):
        written = text[token.start : following.start if following else len(text)]
        length = 0.21 if token.is_character else 0.14 + 0.045 * len(token.key)
        end = now + length * pace * chance.uniform(0.75, 1.25)
        words.append(Spoken(written, now, end))
        now = end
        if any(mark in written for mark in ".?。？"):
            now += chance.uniform(0.3, 0.9)
        elif any(mark in written for mark in ",，"):
            now += chance.uniform(0.05, 0.4)
    return words


def hear(
    words: Sequence[Spoken], first: float, last: float, errors: float, chance: random.Random
) -> Heard:
    """Recognise what was said between two times; words that are cut there are seldom right."""
    texts: list[str] = []
    origins: list[int | None] = []

    def write(text: str, origin: int | None) -> None:
        texts.append(text)
        origins.extend([origin] * len(list(tokens(text))))

    for number, word in enumerate(words):
        if word.end <= first or word.begin >= last:
            continue
        share = (min(word.end, last) - max(word.begin, first)) / (word.end - word.begin)
        kind = chance.random()
        if share < 1:
            if share < 0.3 or kind < 0.3:
                continue
            if kind < 0.8:
                write(chance.choice(words).text, number)
                continue
        elif kind < errors / 2:
            write(chance.choice(words).text, number)
            continue
        elif kind < errors * 3 / 4:
            continue
        elif kind < errors:
            write(chance.choice(words).text, None)
        write(word.text, number)
    text = "".join(texts).strip()
    return Heard(text[:1].upper() + text[1:], origins)


@dataclass
class Count:
    """How seams came out.

    Attributes:
        seams: How many there are.
        lost: How many lose a word that both runs heard.
        doubled: How many have a word of each run that stands for the same.
        missed: How many lose a word that only one run heard, which is the other one's mistake.
    """

    seams: int = 0
    lost: int = 0
    doubled: int = 0
    missed: int = 0

    @property
    def wrong(self) -> float:
        """The share of seams that lose or double a word."""
        return (self.lost + self.doubled) / self.seams


def count_seams(text: str, errors: float, overlap: float, count: int) -> Count:
    """Stitch so many times, each with speech, mistakes and a place of the seam of its own."""
    chance = random.Random(f"{errors} {overlap}")
    result = Count()
    while result.seams < count:
        words = speak(text, chance)
        upto = chance.uniform(overlap + 3, words[-1].end - 3)
        # A leg may have said little yet, or all.
        until = min(upto + chance.choice([1.5, 3, 6, 60]), words[-1].end)
        head = hear(words, 0, upto, errors, chance)
        tail = hear(words, upto - overlap, until, errors, chance)
        covered = until - upto + overlap
        kept, taken = find_seam(head.text, tail.text, overlap, covered)[:2]
        before = head.origins[: len(list(tokens(head.text[:kept])))]
        after = tail.origins[len(tail.origins) - len(list(tokens(tail.text[taken:]))) :]
        last = max((it for it in before if it is not None), default=-1)
        first = min((it for it in after if it is not None), default=last + 1)
        if not after:
            first = len(words)
        result.seams += 1
        result.doubled += first <= last
        between = set(range(last + 1, first))
        result.lost += not between.isdisjoint(set(head.origins) & set(tail.origins))
        result.missed += not between.isdisjoint(set(head.origins) ^ set(tail.origins))
    return result
