import pytest
from hypothesis import given
from hypothesis import strategies as st

from koe.text import (
    abbreviated,
    is_unicode,
    join_segments,
    needs_space_between,
    pasted,
    pasted_key,
    trim,
    without_last_comma,
)


@pytest.mark.parametrize(
    ("segments", "joined"),
    [
        ([], ""),
        (["", "  "], ""),
        (["Ever tried.", "Ever failed."], "Ever tried. Ever failed."),
        ([" Ever tried. ", "", "Ever failed."], "Ever tried. Ever failed."),
        (["version 3", "is out"], "version 3 is out"),
        (["No.", "No.", "No."], "No. No. No."),
        (["。", "你好"], "。你好"),
    ],
)
def test_join_segments(segments: list[str], joined: str) -> None:
    assert join_segments(segments) == joined


@pytest.mark.parametrize(
    "text",
    [
        # "|" is where the segments meet; there is a space where one belongs.
        "Guten Tag.| Wie geht's?",
        "Ça va ?| Oui, ça va.",
        "Γεια σου;| Καλά.",
        "Привет.| Как дела?",
        "Xin chào.| Bạn khỏe không?",
        "안녕하세요.| 반갑습니다.",
        "한국어| English",
        "यह अच्छा है।| मैं घर जा रहा हूँ।",
        "यह अच्छा है| मैं घर",
        "হ্যাঁ।| না।",
        "كيف حالك؟| أنا بخير.",
        "نعم،| طبعا",
        "یہ اچھا ہے۔| شکریہ۔",
        "שלום.| מה שלומך?",
        "אמר| ״שלום״",
        "Բարեւ։| Ինչպես ես",
        "გამარჯობა.| როგორ ხარ?",
        "ሰላም።| እንዴት ነህ፧",
    ],
)
def test_scripts_with_spaces(text: str) -> None:
    assert join_segments(text.split("|")) == text.replace("|", "")


@pytest.mark.parametrize(
    "text",
    [
        "第一句话。|第二句话。",
        "今天|天气",
        "カタカナ|ひらがな",
        "はい!|そうです",
        "你好.|再见.",
        "ㄅㄆ|ㄇ",
        "สวัสดี|ครับ",
        "ครั้ง|ที่",
        "ສະບາຍດີ|ບໍ່",
        "សួស្តី|អ្នក",
        "မင်္ဂလာပါ။|နေကောင်းလား",
        "བཀྲ་ཤིས།|བདེ་ལེགས།",
        "我想……|算了",
        "“你好。”|“再见。”",
        "《红楼梦》|（曹雪芹）",
        "𠀀|𠀁",
    ],
)
def test_scripts_without_spaces(text: str) -> None:
    assert join_segments(text.split("|")) == text.replace("|", "")


@pytest.mark.parametrize(
    "text",
    [
        "好的|OK",
        "……|好的",
        "我用|GitHub",
        "OK|好的",
        "iPhone|很贵",
        "我有|3|个",
        "100%|的人",
        "价格是|$5",
        "好的|👍",
        "他说“好”|and left",
        "Use Python。|好的",
        "Use Python。|Great",
        "Hello|。|World",
        "Hello|（笑）",
        "Hello.| 你好。",
        "Hello,| 你好",
        "Really?| 真的？",
        "He said “go.”| 你好。",
        "Well…| 好吧",
        "你好.| Hello",
        "我想…| Hello",
        "Hello.| “你好”",
        "สวัสดี|Hello",
    ],
)
def test_scripts_of_both_kinds(text: str) -> None:
    """The half-width punctuation of a text with spaces wants one; full-width brings its own."""
    assert join_segments(text.split("|")) == text.replace("|", "")


@pytest.mark.parametrize(
    "text",
    [
        "Hey there|.",
        "Hey there|, you",
        "Wait|…",
        "Wait|...| then go",
        "5|% of all",
        "all| of it|)| is",
        "Hola.| ¿Cómo estás?",
        "Ya llegué.| ¡Qué bien!",
        "¿|Cómo estás",
        "It costs| €20| now",
        "It costs €|20",
        "It costs 20 €| 5 months long",
        "It is 5€| for all",
        "20 €| pour tous",
        "It is 5%| of all",
        "It is 20°| outside",
        "from 20| °C",
        "see issue| #42| please",
        "see issue #|42",
        "mail| @koe| now",
        "call| +49 30",
        "it was| -5 degrees",
        "well| - no",
        "well| — no",
        "I was go-| going to",
        "and| /or",
        "type| /help",
        "Q| & A",
        "a| * b",
        "I write C++| at work",
        "I write C#| at work",
        "using| .NET| and| .5 percent",
        "3|.5 percent",
        "see| (twice)| already",
        "(|twice|)| already",
        "a| [sic]| b",
        "f| {x}| y",
        "Tom's| and",
        "the dogs'| toys",
        "in the| '90s| it",
        "in the| ’90s| it",
        "it|'s fine",
        "it|’s| fine",
        "we|'ll, see",
        "in| 't huis",
        "• one| • two",
    ],
)
def test_punctuation_and_symbols(text: str) -> None:
    assert join_segments(text.split("|")) == text.replace("|", "")


@pytest.mark.parametrize(
    "text",
    [
        'He said| "hello"| to me.',
        'He said "hello|" and left.',
        'He said "hello|", and left.',
        'heartily."| "Ah, well."',
        "he said| “go”| and left",
        "he said “go|” and left",
        "he said| ‘go’| and left",
        "Er sagte| „hallo“| zu mir",
        "Er sagte „hallo|“ zu mir",
        "Er sagte| »hallo«| zu mir",
        "Hän sanoi| ”hei”| minulle",
        "Il a dit| «bonjour»| et",
        "Il a dit| « bonjour »| et",
        "Il a dit| «\xa0bonjour\xa0»| et",
        'He said| "(twice)"| "$5"| "—"',
    ],
)
def test_quotes(text: str) -> None:
    assert join_segments(text.split("|")) == text.replace("|", "")


@pytest.mark.parametrize(
    "text",
    [
        "Great| 👍| thanks",
        "Great| 🇩🇪| 🇫🇷",
        "Great 👍|🏽| thanks",
        "Great 👩|\u200d🔬| thanks",
        "Great 👩\u200d|🔬| thanks",
        "Great ❤|\ufe0f| thanks",
        "Great ☕| thanks",
        "cafe|\u0301| noir",
        "می\u200c| خواهم",
        "\u200fשלום\u200f| \u200fמה שלומך",
    ],
)
def test_what_is_seen_as_one_character(text: str) -> None:
    assert join_segments(text.split("|")) == text.replace("|", "")


@pytest.mark.parametrize(
    ("segments", "joined"),
    [
        (["In short,", ", the"], "In short, the"),
        (["In short,", ". The"], "In short. The"),
        (["In short,", "!"], "In short!"),
        (["Hello.", "."], "Hello."),
        (["你好，", "。"], "你好。"),
        (["你好。", "。"], "你好。"),
        (["What?", "!"], "What?!"),
        (["Wait.", ".."], "Wait..."),
        (["Wait..", "."], "Wait..."),
        (["We use it.", ".NET is good."], "We use it. .NET is good."),
        ([",", ","], ","),
    ],
)
def test_punctuation_is_written_once(segments: list[str], joined: str) -> None:
    assert join_segments(segments) == joined


def test_many_segments() -> None:
    """The time grows with their number, not with its square."""
    assert join_segments(["No."] * 100_000) == "No. " * 99_999 + "No."


@given(st.lists(st.text()))
def test_joining_loses_nothing(segments: list[str]) -> None:
    """But white space, and punctuation that would be there twice."""
    joined = join_segments(segments)
    letters = [it for it in "".join(segments) if it.isalnum()]
    assert [it for it in joined if it.isalnum()] == letters


def test_full_width_marks_are_written_once() -> None:
    assert join_segments(["好。", "。对"]) == "好。对"
    assert join_segments(["好，", "，对"]) == "好，对"
    assert join_segments(["It is", ".5 percent"]) == "It is .5 percent"


def test_no_second_space_where_one_is() -> None:
    assert not needs_space_between("word ", "next")
    assert not needs_space_between("word", " next")


def test_white_space_is_what_unicode_calls_so() -> None:
    text = " \u3000\x85a \xa0\u2009b\x1c\u200b\t\n"
    assert trim(text) == "a \xa0\u2009b\x1c\u200b"


def test_a_long_text_is_abbreviated() -> None:
    assert abbreviated("it's") == '"it\'s"'
    assert abbreviated(40 * "a") == repr(40 * "a")
    assert abbreviated(41 * "a") == repr(40 * "a" + "…")


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("", ""),
        (",", ""),
        ("It was late, and then,", "It was late, and then"),
        ("It was late, \n", "It was late"),
        ("我觉得不错，", "我觉得不错"),
        ("苹果、", "苹果"),
        ("نعم،", "نعم"),
        ("First:", "First:"),
        ("Well…", "Well…"),
        ("Done.", "Done."),
    ],
)
def test_the_comma_at_the_end(text: str, without: str) -> None:
    assert without_last_comma(text) == without


def test_what_is_unicode() -> None:
    assert is_unicode("")
    assert is_unicode("Koe 语音 \U0001f3a4")
    assert not is_unicode("Koe \ud83c")
    assert not is_unicode("\udca4")


# --- what is copied with an address, a key or a name ---


@pytest.mark.parametrize(
    "around",
    [
        " {}",
        "{}\n",
        "\t{}\r\n",
        "\u00a0{}\u3000",
        "{}\u200b",
        "\ufeff{}\u2060",
        '"{}"',
        "‘{}’ ",
        " “{}”",
    ],
)
def test_what_is_around(around: str) -> None:
    for text in ("sk-abc", "https://h/v1", "名", "a b"):
        assert pasted(around.format(text)) == text
        assert pasted_key(around.format(text)) == text


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Bearer sk-abc", "sk-abc"),
        ("bearer  “sk-abc”\n", "sk-abc"),
        (" Authorization: Bearer sk-abc", "sk-abc"),
        ("Bearersk-abc", "Bearersk-abc"),
        ("bearer", "bearer"),
        (" ", ""),
        ("“”", ""),
    ],
)
def test_a_key(text: str, key: str) -> None:
    assert pasted_key(text) == key


@given(st.text())
def test_what_is_inside_stays(text: str) -> None:
    assert pasted(text) in text
    assert pasted(pasted(text)) == pasted(text)
