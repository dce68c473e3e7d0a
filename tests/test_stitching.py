from __future__ import annotations

import random
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koe.stitching import find_pause, find_seam, stitch
from koe.tokens import tokens
from tests.seams import TEXTS, count_seams


@pytest.mark.parametrize(
    ("head", "tail", "stitched"),
    [
        ("", "", ""),
        ("", "We go.", "We go."),
        ("We go.", "", "We go."),
        ("We go", ".", "We go"),
        ("…", "We go.", "… We go."),
        ("We go to the lake.", "We go to the lake.", "We go to the lake."),
        ("We go to the lake.", "to the lake and swim.", "We go to the lake and swim."),
        ("我们今天去公园", "天去公园玩，然后回家。", "我们今天去公园玩，然后回家。"),
        ("我把 GitHub 上的", "GitHub上的 issue 关了", "我把 GitHub 上的 issue 关了"),
        ("the code is 13800", "38001234 okay", "the code is 138001234 okay"),
    ],
)
def test_each_word_is_there_once(head: str, tail: str, stitched: str) -> None:
    assert stitch(head, tail) == stitched


@pytest.mark.parametrize(
    ("head", "tail", "stitched"),
    [
        # The head's last word was cut, the tail's first too.
        ("I have a plan for to", "an for tomorrow we go", "I have a plan for tomorrow we go"),
        # The head's end was heard wrong.
        ("see you at the fox", "you at the box office", "see you at the box office"),
        # One word of the overlap was heard wrong by the tail.
        (
            "please bring the blue chairs to the garden",
            "the blew chairs to the garden before noon",
            "please bring the blue chairs to the garden before noon",
        ),
        # The tail missed a word that the head has.
        (
            "please bring the blue chairs to our garden",
            "blue chairs our garden before noon",
            "please bring the blue chairs to our garden before noon",
        ),
        # The head missed one.
        (
            "bring the blue chairs the",
            "the blue chairs to the garden",
            "bring the blue chairs to the garden",
        ),
    ],
)  # fmt: skip
def test_mistakes_near_the_seam(head: str, tail: str, stitched: str) -> None:
    assert stitch(head, tail, 1.5) == stitched


@pytest.mark.parametrize(
    ("head", "tail", "stitched"),
    [
        # No full stop and no capital where the sentence goes on.
        (
            "This is the plan for tomorrow.",
            "Plan for tomorrow we go to the lake.",
            "This is the plan for tomorrow we go to the lake.",
        ),
        # They are there where it ends.
        (
            "This is the plan for tomorrow",
            "the plan for tomorrow. We go to the lake.",
            "This is the plan for tomorrow. We go to the lake.",
        ),
        ("He wrote C", "wrote C++ at work", "He wrote C++ at work"),
        ("今天去公园。", "去公园玩。", "今天去公园玩。"),
    ],
)
def test_punctuation_at_the_seam(head: str, tail: str, stitched: str) -> None:
    assert stitch(head, tail) == stitched


def test_the_head_stays_until_the_tail_has_more() -> None:
    head, tail = "Then we count one two three four.", "count one two three four five six"
    for length in range(len("count one two three four") + 1):
        assert stitch(head, tail[:length], 3.0, 3.5) == head
    assert stitch(head, tail, 3.0, 4.0) == "Then we count one two three four five six"


def test_a_tail_that_ends_in_the_overlap_adds_nothing() -> None:
    assert (
        stitch("one two three four five", "something else", 3.0, 2.5) == "one two three four five"
    )


def test_without_overlap() -> None:
    assert stitch("We go.", "We go.", 0) == "We go. We go."
    assert stitch("我们走。", "我们走。", 0.0) == "我们走。我们走。"


def test_by_time_where_nothing_is_alike() -> None:
    """Six words in six seconds, of which two seconds are known."""
    assert stitch("alpha beta", "one two three four five six", 2.0, 6.0) == (
        "alpha beta three four five six"
    )
    assert stitch("alpha beta", "one two. Three", 1.1, 1.5) == "alpha beta. Three"
    assert stitch("甲乙", "天地玄黄宇宙洪荒", 1.0, 4.0) == "甲乙玄黄宇宙洪荒"
    # So little is known that no word of the tail can be.
    assert stitch("alpha.", "one two three", 0.1, 6.0) == "alpha. one two three"


def test_nothing_is_cut_where_nothing_is_known() -> None:
    assert stitch("Shall we go?", "Yes.") == "Shall we go? Yes."
    assert stitch("Shall we go?", "Yes.", 3.0, 5.0) == "Shall we go? Yes."
    assert stitch("alpha beta.", "one two three") == "alpha beta. one two three"


def test_one_word_of_overlap() -> None:
    assert stitch("We met for tomorrow", "tomorrow we go", 0.7, 2.0) == "We met for tomorrow we go"


def test_what_is_repeated_is_placed_by_time() -> None:
    """The head ends with the first "it was"; the longer match would be with the second one."""
    head = "it was the age of wisdom"
    tail = "it was the age of wisdom it was the age of foolishness"
    assert stitch(head, tail, 2.2, 4.6) == tail
    repeated = stitch("no no no no", "no no no no no no no", 1.5, 3.0)
    assert 6 <= len(list(tokens(repeated))) <= 8


def test_long_texts_are_not_read_whole() -> None:
    head, tail = "word " * 10_000 + "and the plan", "and the plan is this" + " word" * 10_000
    assert stitch(head, tail, 3.0, 2000.0) == head + tail.removeprefix("and the plan")
    assert stitch(head, tail, 3600.0, 7200.0).startswith("word word")


@pytest.mark.parametrize(
    ("errors", "most"), [(0.0, 0.002), (0.05, 0.01), (0.1, 0.02)], ids=["0", "5", "10"]
)
def test_few_seams_lose_or_double_a_word(errors: float, most: float) -> None:
    counts = [count_seams(TEXTS[name], errors, 3.0, 100) for name in TEXTS if name != "repeating"]
    assert sum(it.wrong for it in counts) / len(counts) <= most


@given(st.text(), st.text(), st.floats(0, 10), st.none() | st.floats(0, 20))
def test_any_text(head: str, tail: str, overlap: float, seconds: float | None) -> None:
    kept, taken, _ = find_seam(head, tail, overlap, seconds)
    assert 0 <= kept <= len(head)
    assert 0 <= taken <= len(tail)
    assert isinstance(stitch(head, tail, overlap, seconds), str)


@given(
    st.text("ab 我去1.,'"), st.text("ab 我去1.,'"), st.floats(0.1, 10), st.none() | st.floats(0, 20)
)
def test_a_head_never_gets_shorter(
    head: str, tail: str, overlap: float, seconds: float | None
) -> None:
    before, after = (list(tokens(it)) for it in (head, stitch(head, tail, overlap, seconds)))
    assert len(after) >= len(before)


THAI = (
    "พรุ่งนี้เช้าเราจะประชุมกันที่สำนักงานใหญ่เพื่อพูดคุยเรื่องงบประมาณของปีหน้าและแผนการขยายสาขาไปยังภาคเหนือ"
    "หลังจากนั้นทุกคนจะไปกินข้าวกลางวันด้วยกันที่ร้านอาหารริมแม่น้ำ"
)


@pytest.mark.parametrize("rate", [9, 10, 11, 12])
def test_letters_that_are_spoken_fast(rate: int) -> None:
    """A syllable of Thai has several letters, so three seconds have more tokens than in Chinese."""
    spoken = list(tokens(THAI))
    for cut in range(3 * rate, len(spoken)):
        head = THAI[: spoken[cut].start]
        tail = THAI[spoken[cut - 3 * rate].start :]
        seconds = (len(spoken) - cut) / rate + 3.0
        assert stitch(head, tail, 3.0, seconds) == THAI


def noise(loudness: int, samples: int) -> bytes:
    chance = random.Random(samples)
    return array("h", (chance.randint(-loudness, loudness) for _ in range(samples))).tobytes()


def test_a_pause_is_found() -> None:
    pcm = noise(3000, 20_000) + noise(20, 6400) + noise(3000, 30_000)
    assert 20_000 + 1600 <= find_pause(pcm, 56_000) <= 26_400 - 1600


def test_a_pause_is_not_too_late() -> None:
    pcm = noise(3000, 20_000) + noise(100, 6400) + noise(3000, 20_000) + noise(20, 6400)
    assert 20_000 <= find_pause(pcm, 40_000) <= 26_400


def test_the_last_of_equal_pauses() -> None:
    assert find_pause(bytes(64_000), 32_000) == 32_000 - 1600
    assert find_pause(bytes(64_000), 10_000) == 10_000 - 1600


def test_a_pause_in_little_audio() -> None:
    assert find_pause(b"", 100) == 0
    assert find_pause(bytes(2000), 1000) == 0
    assert find_pause(bytes(6401), 9999) == 1600
