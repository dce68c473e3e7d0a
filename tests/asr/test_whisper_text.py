from __future__ import annotations

import pytest

from koe.asr.whisper_text import Guess, best_guess, decode_tokens, repeats_itself

SPEECH = Guess("It was the best of times.", -0.2, 0.02, False)
LOOP = Guess("1-2-3-4-4-4-4-4-4-4-4-4-4-4-4-4", -0.1, 0.6, False)


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        (["Ġhello", "Ġworld", "<|endoftext|>"], "hello world"),
        (["<|zh|>", "ä½łå", "¥½"], "你好"),
        (["ä½łå"], "你"),  # the rest of a character is missing
        (["a", "<|", "b"], "a<|b"),
        ([], ""),
    ],
)
def test_tokens_are_bytes(tokens: list[str], text: str) -> None:
    assert decode_tokens(tokens) == text


@pytest.mark.parametrize(
    ("text", "is_loop"),
    [
        ("", False),
        ("No, no, no, no!", False),
        ("对对对对对", False),
        ("We had everything before us, we had nothing before us.", False),
        ("1 cm x 2,5 cm", False),
        ("4x4x4x4x4x4x4x4x4x4x4x4x4", True),
        ("Thank you. Thank you. Thank you. Thank you. Thank you. Thank you.", True),
        ("现在说一下这个问题" * 9, True),
    ],
)
def test_loops(text: str, is_loop: bool) -> None:
    assert repeats_itself(text) == is_loop


def test_what_has_no_end_is_a_loop() -> None:
    assert Guess("so on and on", -0.2, 0.0, True).is_loop


@pytest.mark.parametrize(
    ("guess", "is_doubtful"),
    [
        (SPEECH, False),
        (LOOP, True),
        (Guess("well", -1.2, 0.02, False), True),
        (Guess("He was not ill. He was not ill.", -0.2, 0.02, False), True),
    ],
)
def test_doubt(guess: Guess, is_doubtful: bool) -> None:
    assert guess.is_doubtful == is_doubtful


def test_the_best_is_no_loop_and_says_nothing_twice() -> None:
    twice = Guess("He was not ill. He was not ill.", -0.1, 0.02, False)
    assert best_guess([LOOP, twice, SPEECH]) == SPEECH
    assert best_guess([twice]) == twice  # all that there is


@pytest.mark.parametrize(
    "guesses",
    [
        [LOOP],
        [LOOP, Guess("1-2-3-4", -1.4, 0.56, False)],
        [Guess("Thank you.", -2.9, 0.4, False), Guess("Thank you.", -1.35, 0.93, False)],
    ],
)
def test_what_is_no_speech_is_no_text(guesses: list[Guess]) -> None:
    found = best_guess(guesses)
    assert (found.text, found.is_loop) == ("", False)


def test_a_certain_text_is_text_though_it_may_be_silence() -> None:
    quiet = Guess("Yes.", -0.4, 0.7, False)
    assert best_guess([quiet]) == quiet
