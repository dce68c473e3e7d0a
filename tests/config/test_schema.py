"""Settings from a tree: conversions, tolerance, and what a `Problem` says.

The trees are written by hand here; reading them from YAML is tested with the store.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from koe.config.schema import (
    AsrConfig,
    ClipboardConfig,
    Config,
    DictionaryConfig,
    FeedbackConfig,
    HotkeyConfig,
    Mapping,
    MoonshineConfig,
    Node,
    Problem,
    Scalar,
    Sequence,
    read_config,
)
from koe.errors import ConfigError

PATH = "config.yaml"


def plain(text: str) -> Scalar:
    return Scalar(text, text, line=1)


def quoted(text: str) -> Scalar:
    return Scalar(text, text, line=1, is_plain=False)


def tree(key: str, value: Node, line: int = 1) -> Mapping:
    """A file with one setting, at ``line``; ``key`` is dotted."""
    for word in reversed(key.split(".")):
        value = Mapping(line, [Scalar(word, word, line), value])
    assert isinstance(value, Mapping)
    return value


def value_of(config: Config, key: str) -> object:
    """The value of the field that belongs to a key of the file."""
    if not key.startswith("clipboard."):  # the one duration that stays in milliseconds
        key = key.removesuffix("_ms")
    value: object = config
    for word in key.split("."):
        value = getattr(value, word)
    return value


def test_defaults() -> None:
    assert Config() == Config(
        AsrConfig("moonshine", MoonshineConfig(final_wait_timeout=5.0, update_interval=0.5)),
        FeedbackConfig(None, None, None, None),
        ClipboardConfig(1500),
        HotkeyConfig("fn", "hold", "left_option"),
        DictionaryConfig("dictionary.txt"),
    )


@pytest.mark.parametrize("root", [None, plain(""), Mapping(1)])
def test_an_empty_file_is_all_defaults(root: Node | None) -> None:
    assert read_config(root, PATH) == (Config(), ())


@pytest.mark.parametrize("root", [plain("~"), plain("text"), quoted(""), Sequence(1)])
def test_a_root_that_is_no_mapping_is_an_error(root: Node) -> None:
    with pytest.raises(ConfigError, match=r"config\.yaml: line 1: expected settings"):
        read_config(root, PATH)


@pytest.mark.parametrize(
    ("key", "node", "value"),
    [
        ("asr.provider", plain("whatever"), "whatever"),
        ("asr.provider", plain("0012"), "0012"),
        ("asr.provider", plain("1.10"), "1.10"),
        ("asr.provider", plain("no"), "no"),
        ("asr.provider", plain("0x1F"), "0x1F"),
        ("asr.provider", quoted("null"), "null"),
        ("asr.provider", quoted(""), ""),
        ("asr.moonshine.final_wait_timeout_ms", plain("0"), 0.0),
        ("asr.moonshine.final_wait_timeout_ms", plain("1234"), 1.234),
        ("asr.moonshine.final_wait_timeout_ms", quoted("1234"), 1.234),
        ("asr.moonshine.update_interval_ms", plain("100"), 0.1),
        ("asr.moonshine.update_interval_ms", plain("5000"), 5.0),
        ("asr.moonshine.update_interval_ms", plain("+0x1F4"), 0.5),
        ("asr.moonshine.update_interval_ms", plain("0o764"), 0.5),
        ("asr.moonshine.update_interval_ms", plain("0b111110100"), 0.5),
        ("dictionary.path", plain("../词.txt"), "../词.txt"),
        ("hotkey.trigger_key", plain("right_option"), "right_option"),
        ("hotkey.trigger_key", plain("0x7A"), "122"),
        ("hotkey.trigger_key", plain("0o17"), "15"),
        ("hotkey.trigger_key", plain("-5"), "-5"),
        ("hotkey.trigger_key", plain("1_000"), "1_000"),
        ("hotkey.trigger_key", quoted("0x7A"), "0x7A"),
        ("hotkey.trigger_key", quoted(" fn "), " fn "),
        ("hotkey.trigger_mode", plain("toggle"), "toggle"),
        ("hotkey.trigger_mode", quoted("double_tap"), "double_tap"),
        ("hotkey.cancel_key", plain("left_command"), "left_command"),
        ("clipboard.restore_delay_ms", plain("0"), 0),
        ("clipboard.restore_delay_ms", plain("-0"), 0),
        ("clipboard.restore_delay_ms", plain("0xFF"), 255),
        ("clipboard.restore_delay_ms", plain("60000"), 60000),
    ],
)
def test_values_that_are_accepted(key: str, node: Scalar, value: object) -> None:
    config, problems = read_config(tree(key, node), PATH)

    assert problems == ()
    assert value_of(config, key) == value


@pytest.mark.parametrize("flag", ["start_sound", "stop_sound", "error_sound", "mute_system_output"])
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("True", True),
        ("TRUE", True),
        ("false", False),
        ("False", False),
        ("FALSE", False),
        ("", None),
        ("~", None),
    ],
)
def test_feedback_flags(flag: str, text: str, value: bool | None) -> None:
    config, problems = read_config(tree(f"feedback.{flag}", plain(text)), PATH)

    assert problems == ()
    assert config.feedback == replace(FeedbackConfig(), **{flag: value})


BAD_INTEGERS = [
    "-1",
    "1.5",
    "1e3",
    "017",
    "1_000",
    "12:30",
    "0X1F",
    " 5",
    "fast",
    "true",
    "9" * 5000,
]

REJECTED: list[tuple[str, Node]] = [
    *[("feedback.start_sound", plain(text)) for text in ["yes", "on", "1", "tRUE", "0"]],
    ("feedback.start_sound", quoted("true")),
    ("feedback.start_sound", quoted("")),
    ("feedback.start_sound", Sequence(1)),
    ("feedback", Sequence(1)),
    ("feedback", plain("true")),
    *[("asr.moonshine.final_wait_timeout_ms", plain(text)) for text in BAD_INTEGERS],
    ("asr.moonshine.final_wait_timeout_ms", plain("3600001")),
    ("asr.moonshine.update_interval_ms", plain("99")),
    ("asr.moonshine.update_interval_ms", plain("5001")),
    ("asr.moonshine", quoted("")),
    ("asr.provider", Mapping(1)),
    ("asr.provider", Sequence(1)),
    *[("clipboard.restore_delay_ms", plain(text)) for text in BAD_INTEGERS],
    ("clipboard.restore_delay_ms", plain("60001")),
    ("clipboard.restore_delay_ms", plain("99999999999999999999999999")),
    ("clipboard.restore_delay_ms", quoted("1500")),
    ("clipboard.restore_delay_ms", Sequence(1, [plain("1500")])),
    ("clipboard.restore_delay_ms", Mapping(1)),
    ("clipboard", plain("fast")),
    ("clipboard", plain("1500")),
    ("hotkey.trigger_key", Sequence(1)),
    ("hotkey.trigger_key", plain("9" * 5000)),
    ("hotkey.trigger_mode", plain("Hold")),
    ("hotkey.trigger_mode", quoted("")),
]


@pytest.mark.parametrize(("key", "node"), REJECTED)
def test_a_bad_value_is_one_problem_and_keeps_the_default(key: str, node: Node) -> None:
    config, problems = read_config(tree(key, node), PATH)

    assert config == Config()
    assert [problem.key for problem in problems] == [key]


@pytest.mark.parametrize("text", ["", "~", "null", "Null", "NULL"])
@pytest.mark.parametrize(
    "key",
    [
        "asr",
        "asr.moonshine",
        "asr.moonshine.update_interval_ms",
        "asr.provider",
        "feedback",
        "clipboard",
        "clipboard.restore_delay_ms",
        "hotkey",
        "hotkey.trigger_key",
        "dictionary.path",
    ],
)
def test_null_counts_as_absent(key: str, text: str) -> None:
    assert read_config(tree(key, plain(text)), PATH) == (Config(), ())


def test_a_bad_value_does_not_disturb_its_neighbours() -> None:
    asr = tree("asr.provider", plain("qwen"))
    clipboard = tree("clipboard.restore_delay_ms", plain("fast"))
    hotkey = tree("hotkey.trigger_key", plain("right_option"))
    root = Mapping(1, asr.items + clipboard.items + hotkey.items)

    config, problems = read_config(root, PATH)

    assert config.asr.provider == "qwen"
    assert config.clipboard.restore_delay_ms == 1500
    assert config.hotkey.trigger_key == "right_option"
    assert len(problems) == 1


@pytest.mark.parametrize(
    ("key", "node", "sentence"),
    [
        (
            "feedback.start_sound",
            plain("yes"),
            "config.yaml, line 7: feedback.start_sound: 'yes' is not true or false "
            "(without quotes); treating it as not set",
        ),
        (
            "clipboard.restore_delay_ms",
            plain("60001"),
            "config.yaml, line 7: clipboard.restore_delay_ms: '60001' is not a whole number "
            "from 0 to 60000 (without quotes); using 1500",
        ),
        (
            "asr.moonshine.update_interval_ms",
            plain("9" * 50),
            f"config.yaml, line 7: asr.moonshine.update_interval_ms: '{'9' * 40}…' is not "
            "a whole number from 100 to 5000; using 500",
        ),
        (
            "hotkey.trigger_mode",
            plain("press"),
            "config.yaml, line 7: hotkey.trigger_mode: 'press' is not hold or toggle or "
            "double_tap; using 'hold'",
        ),
        (
            "asr.sherpa_onnx",
            Mapping(8),
            "config.yaml, line 7: asr.sherpa_onnx: there is no such setting; ignoring it",
        ),
    ],
)
def test_sentences(key: str, node: Node, sentence: str) -> None:
    _, problems = read_config(tree(key, node, line=7), PATH)
    assert [str(problem) for problem in problems] == [sentence]


def test_a_problem_with_a_whole_file_has_no_line() -> None:
    problem = Problem("words.txt", None, "dictionary.path", "cannot be read")
    assert str(problem) == "words.txt: dictionary.path: cannot be read"


@pytest.mark.parametrize(
    "key",
    [
        *("llm.timeout_ms", "overlay", "prompt_templates", "paste.auto_return", "experimental.x"),
        *("asr.doubao.app_key", "asr.sherpa-onnx", "asr.apple-speech", "asr.wetype", "asr.app_key"),
    ],
)
def test_keys_of_the_format_that_nothing_reads_are_no_problem(key: str) -> None:
    assert read_config(tree(key, plain("x")), PATH) == (Config(), ())


@pytest.mark.parametrize(
    "key", ["<<", "lmm", "5", "asr.sherpa_onnx", "asr.moonshine.x", "feedback.start"]
)
def test_an_unknown_key_is_named_once(key: str) -> None:
    config, problems = read_config(tree(key, Mapping(1, [plain("a"), plain("b")])), PATH)

    assert config == Config()
    assert [problem.key for problem in problems] == [key]


@pytest.mark.parametrize("key", [Sequence(3), Mapping(3)])
def test_a_key_that_is_no_scalar_is_ignored(key: Node) -> None:
    config, problems = read_config(Mapping(1, [key, plain("x")]), PATH)

    assert config == Config()
    assert [problem.line for problem in problems] == [3]


def test_of_duplicate_keys_the_last_wins() -> None:
    again = Scalar("provider", "provider", line=2)
    asr = Mapping(1, [plain("provider"), plain("a"), again, plain("b")])

    config, problems = read_config(Mapping(1, [plain("asr"), asr]), PATH)

    assert config.asr.provider == "b"
    assert [(problem.line, problem.key) for problem in problems] == [(2, "asr.provider")]


@pytest.mark.parametrize("key", ["asr", "asr.moonshine", "unknown"])
def test_a_mapping_that_contains_itself_ends(key: str) -> None:
    endless = Mapping(1)
    endless.items.extend([plain("moonshine"), endless, plain("provider"), plain("x")])

    config, _ = read_config(tree(key, endless), PATH)

    assert config.asr.provider == ("x" if key == "asr" else "moonshine")


@pytest.mark.parametrize("key", ["asr", "asr.provider", "clipboard.restore_delay_ms"])
def test_an_unset_variable_is_one_problem(key: str) -> None:
    for is_plain in (True, False):
        node = Scalar("", "${NOPE}", line=1, is_plain=is_plain, unset=("NOPE",))
        _, problems = read_config(tree(key, node), PATH)
        assert "environment variable 'NOPE' is not set" in problems[0].message
        assert problems[0].key == key
        # A section that is quoted text is wrong whatever the variable holds.
        assert len(problems) == (2 if key == "asr" and not is_plain else 1)


def test_a_substituted_value_is_in_no_message_and_no_repr() -> None:
    secret = Scalar("hunter2", "${PASSWORD}", line=1)
    for key in ("clipboard.restore_delay_ms", "feedback.stop_sound", "clipboard", "nonsense"):
        _, problems = read_config(tree(key, secret), PATH)
        assert len(problems) == 1
        assert "hunter2" not in f"{problems} {problems[0]} {tree(key, secret)} {secret!r}"


def test_a_key_is_not_substituted() -> None:
    key = Scalar("asr", "${SECTION}", line=1)

    config, problems = read_config(Mapping(1, [key, tree("provider", plain("x"))]), PATH)

    assert config == Config()
    assert [problem.key for problem in problems] == ["${SECTION}"]
