import pytest

from koe.tokens import Token, first_tokens, last_tokens, tokens


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("", []),
        (" .,!? — “”", []),
        ("Ever tried. Ever FAILED?", ["ever", "tried", "ever", "failed"]),
        ("don't DON’T dont", ["dont", "dont", "dont"]),
        ("'90s rock 'n' roll", ["9", "0", "s", "rock", "n", "roll"]),
        ("well-known", ["well", "known"]),
        ("12.50 and 1,000", ["1", "2", "5", "0", "and", "1", "0", "0", "0"]),
        ("我用GitHub写代码。", ["我", "用", "github", "写", "代", "码"]),
        ("ＡＢＣ １２", ["a", "b", "c", "1", "2"]),
        ("Straße STRASSE", ["strasse", "strasse"]),
        ("안녕하세요. 반갑습니다", ["안녕하세요", "반갑습니다"]),
        ("मैं घर जा रहा हूँ।", ["मैं", "घर", "जा", "रहा", "हूँ"]),
        ("كيف حالك؟ أنا", ["كيف", "حالك", "أنا"]),
        ("ดีครับ", ["ดี", "ค", "รั", "บ"]),
        ("e\u0301te\u0301 été", ["été", "été"]),
        ("C++ 👍🏽 #42", ["c", "4", "2"]),
        ("می\u200cخواهم", ["می\u200cخواهم"]),
    ],
)
def test_tokens(text: str, keys: list[str]) -> None:
    assert [token.key for token in tokens(text)] == keys


def test_where_they_are() -> None:
    text = "  Yes, don't! 好的"
    assert [text[token.start : token.end] for token in tokens(text)] == ["Yes", "don't", "好", "的"]


def test_characters_and_words() -> None:
    assert [token.is_character for token in tokens("好 ok 3 แม่")] == [
        True,
        False,
        False,
        True,
        True,
    ]


def test_only_the_ends_are_read() -> None:
    text = "one two three four five six " * 1000
    assert [token.key for token in first_tokens(text, 3)] == ["one", "two", "three"]
    assert last_tokens(text, 2) == [
        Token("five", len(text) - 9, len(text) - 5), Token("six", len(text) - 4, len(text) - 1)
    ]  # fmt: skip


def test_fewer_than_wanted() -> None:
    assert len(first_tokens("one two", 5)) == len(last_tokens("one two", 5)) == 2
