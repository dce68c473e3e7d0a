from __future__ import annotations

import random

import pytest

from tests.faults.hearing import WordListener, spoken_in
from tests.faults.words import COUNT, Count, Ear, compare, silence, speech, tokens

SPEECH = speech((5, 5, 5, 5))


def numbers_in(*pieces: bytes) -> list[int]:
    ear = Ear()
    for piece in pieces:
        ear.hear(piece)
    ear.end()
    return [word.number for word in ear.words]


SAID = [number for sentence in SPEECH.sentences for number in sentence]


def test_all_of_it_is_heard() -> None:
    assert numbers_in(SPEECH.pcm) == SAID
    assert spoken_in(SPEECH.pcm) == SPEECH.text


def test_every_number() -> None:
    said = speech((COUNT // 2, COUNT // 2))
    assert spoken_in(said.pcm) == said.text
    assert len(set(tokens(said.text))) == COUNT


def test_however_it_is_cut() -> None:
    chance = random.Random(1)
    for _ in range(20):
        cuts = sorted(2 * chance.randrange(len(SPEECH.pcm) // 2) for _ in range(30))
        bounds = zip([0, *cuts], [*cuts, len(SPEECH.pcm)], strict=True)
        assert numbers_in(*(SPEECH.pcm[start:end] for start, end in bounds)) == SAID


def test_a_slice_has_its_words_and_at_most_one_wrong_one() -> None:
    """Wherever it begins and ends; the positions are those in the slice."""
    whole = Ear()
    whole.hear(SPEECH.pcm)
    chance = random.Random(2)
    for _ in range(200):
        start, end = sorted(chance.sample(range(len(SPEECH.pcm) // 2), 2))
        inside = [word for word in whole.words if start <= word.start and word.end <= end]
        ear = Ear()
        ear.hear(SPEECH.pcm[2 * start : 2 * end])
        ear.end()
        heard = [word for word in ear.words if word.number >= 0]
        # A word at an edge, of which all but a hundredth of a second is there, may be heard.
        numbers = [word.number for word in heard]
        assert any(
            numbers[first : first + len(inside)] == [word.number for word in inside]
            for first in (0, 1)
        )
        assert len(inside) <= len(heard) <= len(inside) + 2
        assert len(ear.words) - len(heard) <= 1
        for word in heard:
            original = next(it for it in whole.words if it.number == word.number)
            repeated = {SPEECH.sentences[0][0], SPEECH.sentences[1][0]}
            if word.number not in repeated:
                assert abs(word.start + start - original.start) <= 320


def test_noise_and_silence_say_nothing() -> None:
    assert numbers_in(silence(3)) == []
    assert numbers_in(random.Random(3).randbytes(100_000)) == []


def test_sentences_grow_and_lag_behind() -> None:
    listener, texts = WordListener(), []
    for start in range(0, len(SPEECH.pcm), 6400):
        listener.hear(SPEECH.pcm[start : start + 6400])
        texts.append([(it.text, it.is_complete) for it in listener.sentences()])
    complete = [[text for text, is_complete in heard if is_complete] for heard in texts]
    assert complete == sorted(complete, key=len)
    assert ("w0", False) in [heard[0] for heard in texts if heard]
    last = listener.sentences(ended=True)
    assert all(it.is_complete for it in last)
    assert len(last) == 4
    assert abs(last[1].end_ms * 32 - SPEECH.end_of(1, 4)) <= 640


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("w0 w1 w2.", Count(0, 0, 0)),
        ("w0 w2", Count(1, 0, 0)),
        ("w0 w1 w1 w2", Count(0, 1, 0)),
        ("w0 w1 uh w2", Count(0, 0, 1)),
        ("", Count(3, 0, 0)),
    ],
)
def test_compare(text: str, count: Count) -> None:
    assert compare("w0 w1 w2", text) == count
