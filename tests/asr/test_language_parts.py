from __future__ import annotations

from array import array

from koe.asr.language_parts import LanguagePart, find_parts
from koe.asr.samples import float_samples
from tests.asr.whispering import high, low, silence

SECOND = 16_000


def parts(
    pcm: bytes, *found: dict[str, float], language: dict[str, float] | None = None
) -> list[LanguagePart]:
    """The parts, where the model finds these languages one after another."""
    answers = iter(found)
    return find_parts(
        float_samples(pcm), lambda start, end: language if language else next(answers)
    )


ZH, EN = {"zh": 0.98, "en": 0.01}, {"en": 0.98, "zh": 0.01}


def test_no_audio_is_one_part() -> None:
    assert find_parts(array("f"), lambda start, end: ZH) == [LanguagePart(0, 0, "zh")]


def test_without_a_pause_there_is_one_part() -> None:
    assert parts(silence(1) + low(2) + silence(1), ZH) == [LanguagePart(0, 4 * SECOND, "zh")]


def test_parts_end_in_the_middle_of_pauses() -> None:
    speech = low() + silence(0.5) + high()
    assert parts(speech, ZH, EN) == [
        LanguagePart(0, 19_840, "zh"),
        LanguagePart(19_840, 40_000, "en"),
    ]


def test_neighbours_of_one_language_are_one_part() -> None:
    speech = low() + silence(0.5) + low() + silence(0.5) + high()
    assert [part.language for part in parts(speech, ZH, ZH, EN)] == ["zh", "en"]


def test_a_clear_word_between_pauses_is_a_part() -> None:
    speech = low() + silence(0.5) + high() + silence(0.5) + low()
    assert [part.language for part in parts(speech, ZH, {"en": 0.99}, ZH)] == ["zh", "en", "zh"]


def test_a_doubtful_or_short_part_is_in_the_language_of_its_neighbours() -> None:
    speech = low() + silence(0.5) + high() + silence(0.5) + low()
    assert parts(speech, ZH, {"ja": 0.55, "zh": 0.2}, ZH) == [
        LanguagePart(0, len(speech) // 2, "zh")
    ]
    speech = low() + silence(0.4) + high(0.1) + silence(0.4) + low()
    assert parts(speech, ZH, {"ja": 0.9}, ZH) == [LanguagePart(0, len(speech) // 2, "zh")]
