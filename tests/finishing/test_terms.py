"""Terms in the place of what sounds like them."""

from __future__ import annotations

from itertools import islice

import pytest

from bench.finishing import corpus, prose
from koe.finishing.terms import Terms

TERMS = Terms(corpus.terms(1000))

# Of the pairs of bench/finishing, so many may come out otherwise.
MOST_MISSED = {"tune": 6, "held-out": 12}


@pytest.mark.parametrize("half", corpus.HALVES)
def test_misheard_terms(half: str) -> None:
    pairs = corpus.pairs(half, "misheard")
    missed = [heard for heard, wanted in pairs if TERMS.write(heard) != wanted]
    assert len(missed) <= MOST_MISSED[half], missed


@pytest.mark.parametrize(
    ("heard", "written"),
    [
        ("push it to get hub", "push it to GitHub"),
        ("get hub's stars, two githubs", "GitHub's stars, two GitHubs"),
        ("我们用酷伯奈提斯部署", "我们用 Kubernetes 部署"),
        ("酷伯奈提斯。", "Kubernetes。"),
        ("我用 github", "我用 GitHub"),
        ("node.js and nodejs", "Node.js and Node.js"),
        ("c plus plus or c++", "C++ or C++"),
        ("the a p i or apis", "the API or APIs"),
        ("get  hub", "GitHub"),
        ("open a i's models", "OpenAI's models"),
        ("GITHUB and Github", "GitHub and GitHub"),
    ],
)
def test_what_is_written(heard: str, written: str) -> None:
    assert TERMS.write(heard) == written
    assert TERMS.write(written) == written


@pytest.mark.parametrize(
    "text",
    [
        "see https://github.com/x and github_token and `get hub`",
        "my doctor said so",
        "get a hub for the car",
        "the red is it",
        "let's go, it may swing",
        "reaction and reactor",
        "on the net",
        "gpt 4.5 and version 2.15",
        "A B C D B T K",
        "SLC and GDP",
        "swift action",
        "he reacts and she slacks",
        "sentries at the gate....Not yet",
        "给孩子买了卡梅拉的书",
        "弥墩道的汉普顿酒店",
        "第三章伟大的作品",
        "我同意,问一下",
        "周德武和卡伦·布里克森",
        "统一一下意见",
        "'s s S's",
        "",
    ],
)
def test_what_stays(text: str) -> None:
    assert TERMS.write(text) == text


def test_a_sentence_may_begin_with_a_term_in_lower_case() -> None:
    assert TERMS.write("Kubectl works. Pandas too") == "Kubectl works. Pandas too"


def test_without_terms() -> None:
    assert Terms([]).write("get hub") == "get hub"


def test_prose_stays() -> None:
    known = Terms(corpus.terms(1000))
    for paragraph in prose.first(islice(prose.english(), 200), 3000):
        assert known.write(paragraph).casefold() == paragraph.casefold()


def test_chinese_prose_stays() -> None:
    text = (
        "昨天晚上我们几个老同学在学校门口的小饭馆里聚了一次,大家都说这些年变化太大,以前常去的书店和电影院"
        "早就关门了,只有那棵老槐树还在。老板娘认出了我们,特意多送了两个菜,还问起当年的班主任身体怎么样。"
        "回家的路上下起了小雨,街灯照着湿漉漉的石板路,谁也没有急着走。"
    )
    assert TERMS.write(text) == text
