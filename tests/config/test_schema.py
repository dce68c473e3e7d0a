"""All settings together (spec config §4): keys, defaults and limits, whole and random files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from koe.config.schema import (
    UNREADABLE,
    Config,
    FeedbackConfig,
    PromptTemplate,
    read_config,
)
from koe.config.sections import Consent, Limit, Section, SectionList, Table, Target, Value
from koe.config.store import Store
from koe.errors import ConfigError
from koe.yamltext.loading import compose
from koe.yamltext.tree import Mapping, Node, Scalar, Sequence
from tests.config import trees
from tests.config.trees import PATH, plain, quoted, tree, value_of

# Every key that has one value, with its default; sections of their own are tested with them.
DEFAULTS: dict[str, object] = {
    "asr.provider": "moonshine",
    "asr.stall_ms": 2.0,
    "asr.moonshine.final_wait_timeout_ms": 5.0,
    "asr.moonshine.update_interval_ms": 0.5,
    "feedback.start_sound": None,
    "feedback.stop_sound": None,
    "feedback.error_sound": None,
    "feedback.mute_system_output": None,
    "dictionary.path": "dictionary.txt",
    "clipboard.restore_delay_ms": 1500,
    "hotkey.trigger_key": "fn",
    "hotkey.trigger_mode": "hold",
    "hotkey.cancel_key": "left_option",
    "hotkey.profile_key": "",
    "hotkey.profile": "",
    "hotkey.auto_stop_ms": 0.0,
    "overlay.font_family": "system",
    "overlay.font_size": 13,
    "overlay.bottom_margin": 10,
    "overlay.limit_visible_lines": True,
    "overlay.max_visible_lines": 3,
    "paste.auto_return": False,
    "experimental.paste_asr_first": False,
    "history.audio": "failed",
    "history.audio_days": 7,
    "history.text": False,
    "history.text_days": 30,
    "history.cancelled_hours": 24,
    "history.max_mb": 500,
    "audio.preroll_ms": 0.0,
    "linux.insert": "auto",
    "linux.notifications": True,
    "linux.evdev": False,
}


def scalars_of(section: Section, prefix: str = "") -> Iterator[tuple[str, Value, object]]:
    """Every setting that is one value, with its key and its default."""
    for name, field in section.declared.items():
        value = getattr(section, name)
        if isinstance(field, Value):
            yield prefix + field.key, field, value
        elif isinstance(value, Section):
            yield from scalars_of(value, f"{prefix}{field.key}.")


SCALARS = {key: (field, default) for key, field, default in scalars_of(Config())}


def test_defaults() -> None:
    own = {key: default for key, (_, default) in SCALARS.items() if key in DEFAULTS}
    assert own == DEFAULTS
    others = SCALARS.keys() - DEFAULTS.keys()
    assert {key.split(".")[0] for key in others} == {"asr", "llm"}


@pytest.mark.parametrize("root", [None, plain(""), Mapping(1)])
def test_an_empty_file_is_all_defaults(root: Node | None) -> None:
    assert read_config(root, PATH) == (Config(), ())


@pytest.mark.parametrize("root", [plain("~"), plain("text"), quoted(""), Sequence(1)])
def test_a_root_that_is_no_mapping_is_an_error(root: Node) -> None:
    with pytest.raises(ConfigError, match=r"config\.yaml: line 1: expected settings"):
        read_config(root, PATH)


def test_without_a_file_nothing_is_corrected() -> None:
    assert UNREADABLE.replace(llm=Config().llm, history=Config().history) == Config()
    assert UNREADABLE.llm.correcting_profile is None


def test_without_a_file_nothing_is_removed() -> None:
    limits = ("audio_days", "text_days", "cancelled_hours", "max_mb")
    assert [getattr(UNREADABLE.history, name) for name in limits] == [None] * 4
    assert UNREADABLE.history.audio == "failed"


@pytest.mark.parametrize("key", SCALARS)
def test_the_default_may_be_written(key: str) -> None:
    field, default = SCALARS[key]
    if default is not None:
        config, problems = read_config(tree(key, plain(field.shown)), PATH)
        assert (value_of(config, key), problems) == (default, ())


LIMITS = [key for key, (field, _) in SCALARS.items() if isinstance(field, Limit)]
CONSENTS = [key for key, (field, _) in SCALARS.items() if isinstance(field, Consent)]
TARGETS = [key for key, (field, _) in SCALARS.items() if isinstance(field, Target)]


@pytest.mark.parametrize("key", sorted(SCALARS.keys() - {*LIMITS, *CONSENTS, *TARGETS}))
@pytest.mark.parametrize("node", [Sequence(1, [plain("1")]), Mapping(1)])
def test_what_is_no_scalar_is_one_problem_and_keeps_the_default(key: str, node: Node) -> None:
    config, problems = read_config(tree(key, node), PATH)
    assert config == Config()
    assert [problem.key for problem in problems] == [key]


@pytest.mark.parametrize("key", TARGETS)
@pytest.mark.parametrize("node", [Sequence(1, [plain("1")]), Mapping(1)])
def test_what_is_no_target_sends_nothing_anywhere(key: str, node: Node) -> None:
    config, problems = read_config(tree(key, node), PATH)
    assert value_of(config, key) == ""
    assert [problem.key for problem in problems] == [key]


def test_what_a_missing_variable_leaves_is_no_target() -> None:
    node = Scalar("", "${GATEWAY}", 1, unset=("GATEWAY",))
    config, problems = read_config(tree("asr.qwen.url", node), PATH)
    assert config.asr.qwen.url == ""
    assert [problem.key for problem in problems] == ["asr.qwen.url"]


@pytest.mark.parametrize("key", CONSENTS)
@pytest.mark.parametrize(
    "node",
    [
        *map(plain, ("", "~", "null", "no", "NO", "off", "Off", "n", "0", "never", "maybe", "2")),
        *map(quoted, ("", "false", "no", "off", "0", " false ", "nein")),
        Scalar("no", "${CORRECT}", 1),
        Scalar("", "${CORRECT}", 1, unset=("CORRECT",)),
        Sequence(1, [plain("true")]),
        Mapping(1),
    ],
)
def test_what_is_no_clear_yes_is_no_and_is_named(key: str, node: Node) -> None:
    config, problems = read_config(tree(key, node), PATH)
    assert value_of(config, key) is False
    assert [problem.key for problem in problems] == [key]


@pytest.mark.parametrize("node", [plain("yes"), plain("On"), quoted("true"), quoted("1")])
def test_a_clear_yes_is_yes(node: Node) -> None:
    config, problems = read_config(tree("llm.enabled", node), PATH)
    assert config.llm.enabled
    assert [problem.key for problem in problems] == ["llm.enabled"]


@pytest.mark.parametrize(
    "text",
    [
        "llm:\n  Enabled: false\n",
        "llm:\n  enable: no\n",
        "llm:\n  enabeld: false\n",
        "llm:\n  disabled: true\n",
        "llm:\n  '“enabled”': false\n",
        "llm:\nenabled: false\n",
        "Enabled: false\nllm:\n",
        "LLM:\n  enabled: false\n",
        "LLM: off\n",
        "lml: off\n",
        "llm: {enabled:false}\n",
        "asr:\n  llm:\n    enabled: false\n",
        "asr:\n  qwen:\n    llm: off\n",
        "llm.enabled: false\n",
        "llm:\n  enabled: false\n  enabled: true\n",
        "llm:\n  enabled: false\nllm:\n  timeout_ms: 9\n",
        "llm: no\nllm:\n  enabled: true\n",
        "llm:\n  enabled: true\n  Enabled: maybe\n",
    ],
)
def test_a_no_counts_wherever_it_stands(text: str) -> None:
    config, problems = read_config(compose(text, PATH, {}), PATH)
    assert not config.llm.enabled
    assert "llm.enabled" in [problem.key for problem in problems]
    assert "it is off until this is corrected" in str(problems)


@pytest.mark.parametrize(
    "text",
    [
        "llm:\n  Enabled: true\n",
        "LLM:\n  timeout_ms: 9\n",
        "llm:\nllm:\n  enabled: true\n",
        "llm:\n  enabled: true\n  enabled: true\n",
        "llm:\n  prompt_templates_enabld: true\n",
    ],
)
def test_a_stray_that_says_no_no_changes_nothing(text: str) -> None:
    assert read_config(compose(text, PATH, {}), PATH)[0].llm.enabled


@pytest.mark.parametrize("node", [plain("no"), plain("~"), quoted(""), Sequence(1)])
def test_what_is_no_group_corrects_nothing(node: Node) -> None:
    config, problems = read_config(tree("llm", node), PATH)
    assert not config.llm.enabled
    assert [problem.key for problem in problems] == ["llm"]


@pytest.mark.parametrize("key", sorted(SCALARS.keys() - CONSENTS))
@pytest.mark.parametrize("text", ["", "~", "null", "Null", "NULL"])
def test_null_counts_as_absent(key: str, text: str) -> None:
    """Explicit nulls failed once, or were the text ``null`` (spec config §3.2)."""
    assert read_config(tree(key, plain(text)), PATH) == (Config(), ())


@pytest.mark.parametrize("section", [*Config.declared, "asr.doubao", "llm.profiles.x.mlx"])
def test_a_section_may_be_empty(section: str) -> None:
    config, problems = read_config(tree(section, plain("")), PATH)
    assert problems == ()
    if section not in {"prompt_templates", "llm.profiles.x.mlx"}:
        assert config == Config()


@pytest.mark.parametrize("key", LIMITS)
@pytest.mark.parametrize(
    "node",
    [
        *[
            plain(text)
            for text in ("soon", "-3", "lots", "7.5", "7 days", "no", "1_000", "1000001")
        ],
        quoted(""),
        quoted("never"),
        Sequence(1, [plain("1")]),
        Mapping(1),
    ],
)
def test_a_bad_limit_is_one_problem_and_no_limit(key: str, node: Node) -> None:
    """Nothing may be removed by a mistake in the file."""
    config, problems = read_config(tree(key, node), PATH)
    assert value_of(config, key) is None
    assert [problem.key for problem in problems] == [key]
    assert "everything is kept until this is corrected" in str(problems[0])


@pytest.mark.parametrize("key", LIMITS)
def test_a_limit_from_a_variable_that_is_not_set_is_none(key: str) -> None:
    for is_plain in (True, False):
        node = Scalar("", "${DAYS}", 3, is_plain, ("DAYS",))
        config, problems = read_config(tree(key, node), PATH)
        assert value_of(config, key) is None
        assert [problem.message for problem in problems] == [
            "environment variable 'DAYS' is not set; its place stays empty"
        ]


@pytest.mark.parametrize("key", LIMITS)
def test_values_of_limits(key: str) -> None:
    values = {"0": 0, "1": 1, "1000000": 1_000_000, "unlimited": None, " Unlimited ": None}
    for text, value in values.items():
        config, problems = read_config(tree(key, quoted(text)), PATH)
        assert (value_of(config, key), problems) == (value, ())


NO = ["no", "No", "off", "false", "FALSE", "0", "none", "never"]


@pytest.mark.parametrize("node", [make(text) for text in NO for make in (plain, quoted)])
def test_no_means_no(node: Node) -> None:
    for key in ("history.audio", "history"):
        config, problems = read_config(tree(key, node), PATH)
        assert (config.history.audio, config.history.text, problems) == ("nothing", False, ())


def test_what_is_kept() -> None:
    for text in ("failed", "all", "nothing"):
        assert read_config(tree("history.audio", plain(text)), PATH)[0].history.audio == text
    assert read_config(tree("history.text", plain("yes")), PATH)[0].history.text is True


REJECTED = [
    ("history", plain("yes")),
    ("history.audio", plain("yes")),
    ("history.audio", plain("Failed")),
    ("history.text", plain("some")),
    ("asr.stall_ms", plain("499")),
    ("asr.fallback", Mapping(1)),
    ("asr.fallback", plain("nova")),
    ("asr.fallback", quoted("")),
    *[("feedback.start_sound", plain(text)) for text in ["yes", "on", "1", "tRUE", "0"]],
    ("feedback.start_sound", quoted("true")),
    ("feedback", plain("true")),
    ("asr.moonshine.final_wait_timeout_ms", plain("3600001")),
    ("asr.moonshine.update_interval_ms", plain("99")),
    ("asr.moonshine.update_interval_ms", plain("5001")),
    ("asr.moonshine", quoted("")),
    ("clipboard.restore_delay_ms", quoted("1500")),
    ("hotkey.trigger_key", plain("9" * 5000)),
    ("hotkey.trigger_key", plain("F5")),
    ("hotkey.cancel_key", plain("escape")),
    ("hotkey.trigger_mode", plain("Hold")),
    ("hotkey.trigger_mode", quoted("")),
    ("overlay.font_size", plain("big")),
    ("overlay.limit_visible_lines", plain("maybe")),
    ("overlay.max_visible_lines", plain("all")),
    ("paste.auto_return", plain("maybe")),
    ("experimental.paste_asr_first", quoted("")),
    ("prompt_templates", plain("x")),
    ("prompt_templates", Mapping(1)),
]


@pytest.mark.parametrize(("key", "node"), REJECTED)
def test_a_bad_value_is_one_problem_and_keeps_the_default(key: str, node: Node) -> None:
    config, problems = read_config(tree(key, node), PATH)
    assert config == Config()
    assert [problem.key for problem in problems] == [key]


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("asr.provider", "whatever", "whatever"),  # opening the engine fails
        ("asr.provider", "0012", "0012"),
        ("hotkey.trigger_key", "0x7A", "122"),
        ("hotkey.trigger_key", "right_ctrl", "right_ctrl"),
        ("dictionary.path", "../词.txt", "../词.txt"),
        ("clipboard.restore_delay_ms", "-0", 0),
        ("clipboard.restore_delay_ms", "0xFF", 255),
        ("overlay.font_family", " SYSTEM ", "system"),
        ("overlay.font_family", "PingFang SC", "PingFang SC"),
        ("overlay.font_size", "12.5", 12.5),
        ("overlay.font_size", "40", 28),
        ("overlay.bottom_margin", "-1", 0),
        ("overlay.bottom_margin", "181", 180),
        ("overlay.limit_visible_lines", "off", False),
        ("overlay.max_visible_lines", "4.4", 4),
        ("overlay.max_visible_lines", "9", 5),
        ("paste.auto_return", "YES", True),
        ("experimental.paste_asr_first", "1", True),
    ],
)
def test_values_that_are_accepted(key: str, text: str, value: object) -> None:
    config, problems = read_config(tree(key, plain(text)), PATH)
    assert (value_of(config, key), problems) == (value, ())


@pytest.mark.parametrize("flag", FeedbackConfig.declared)
@pytest.mark.parametrize(
    ("text", "value"), [("true", True), ("FALSE", False), ("", None), ("~", None)]
)
def test_feedback_flags(flag: str, text: str, value: bool | None) -> None:
    config, problems = read_config(tree(f"feedback.{flag}", plain(text)), PATH)
    assert (config.feedback, problems) == (FeedbackConfig().replace(**{flag: value}), ())


def test_sentences() -> None:
    root = Mapping(1)
    for key, text in (
        ("feedback.start_sound", "yes"),
        ("clipboard.restore_delay_ms", "60001"),
        ("hotkey.trigger_mode", "press"),
        ("paste.auto_return", "maybe"),
    ):
        root.items.extend(tree(key, plain(text), line=7).items)
    _, problems = read_config(root, PATH)
    assert [str(problem) for problem in problems] == [
        "config.yaml, line 7: feedback.start_sound: 'yes' is not true or false "
        "(without quotes); treating it as not set",
        "config.yaml, line 7: clipboard.restore_delay_ms: '60001' is not a whole number "
        "from 0 to 60000 (without quotes); using 1500",
        "config.yaml, line 7: hotkey.trigger_mode: 'press' is not hold or toggle or "
        "double_tap; using 'hold'",
        "config.yaml, line 7: paste.auto_return: 'maybe' is not one of true, yes, on, 1, "
        "false, no, off, 0; using false",
    ]


# --- whole files ---------------------------------------------------------------------------


def load(directory: Path, content: str) -> tuple[Config, list[str]]:
    (directory / "config.yaml").write_text(content, encoding="utf-8")
    snapshot = Store(directory, {}).load()
    return snapshot.config, [problem.key for problem in snapshot.problems]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "clipboard: {}",
        "clipboard:",
        "clipboard:\n  restore_delay_ms:",
        *[
            f"clipboard: {{restore_delay_ms: {value}}}"
            for value in ["-1", "1.5", '"fast"', "true", "60001", "9" * 26, "[1500]"]
        ],
        "clipboard: fast",
        "clipboard: 1500",
    ],
)
def test_the_delay_is_1500(tmp_path: Path, content: str) -> None:
    assert load(tmp_path, content)[0].clipboard.restore_delay_ms == 1500


@pytest.mark.parametrize("delay", [0, 1500, 60000])
def test_the_limits_of_the_delay(tmp_path: Path, delay: int) -> None:
    config, problems = load(tmp_path, f"clipboard: {{restore_delay_ms: {delay}}}")
    assert (config.clipboard.restore_delay_ms, problems) == (delay, [])


def test_a_bad_value_does_not_disturb_its_neighbours(tmp_path: Path) -> None:
    config, problems = load(
        tmp_path,
        "asr:\n  provider: qwen\n  qwen: {connect_timeout_ms: 1234}\n"
        "clipboard: {restore_delay_ms: fast}\n",
    )
    assert (config.asr.provider, config.asr.qwen.connect_timeout) == ("qwen", 1.234)
    assert (config.clipboard.restore_delay_ms, problems) == (1500, ["clipboard.restore_delay_ms"])


def test_the_template_and_the_overlay_that_are_built_in() -> None:
    (template,) = Config().prompt_templates
    assert (template.name, template.shortcut, template.enabled) == ("翻译英文", 1, True)
    assert template.system_prompt
    assert template.system_prompt_path is None
    assert Config().llm.auto_paste_processed_text is True


def test_an_empty_overlay_stays_readable(tmp_path: Path) -> None:
    assert load(tmp_path, "overlay:\n") == (Config(), [])
    assert load(tmp_path, "overlay: null\n") == (Config(), [])  # a deviation: it failed


def test_shortcuts_are_not_checked_on_reading(tmp_path: Path) -> None:
    config, problems = load(tmp_path, "prompt_templates: [{name: A, shortcut: 0}]")
    assert (config.prompt_templates, problems) == ((PromptTemplate(name="A"),), [])


def test_a_template_without_shortcut_is_kept(tmp_path: Path) -> None:
    """A deviation: the whole file was refused for it."""
    config, problems = load(tmp_path, "prompt_templates: [{name: A}]")
    assert config.prompt_templates == (PromptTemplate(name="A"),)
    assert problems == ["prompt_templates[0]"]


def test_templates_have_all_their_settings(tmp_path: Path) -> None:
    config, problems = load(
        tmp_path,
        "prompt_templates:\n- name: 推文\n  shortcut: 255\n  enabled: false\n"
        "  system_prompt: |\n    a\n    b\n"
        "- name: B\n  shortcut: 256\n  system_prompt_path: b.txt\n",
    )
    assert config.prompt_templates == (
        PromptTemplate(name="推文", shortcut=255, enabled=False, system_prompt="a\nb\n"),
        PromptTemplate(name="B", system_prompt_path="b.txt"),
    )
    assert problems == ["prompt_templates[1].shortcut"]


@pytest.mark.parametrize("content", ["prompt_templates: []", "prompt_templates:"])
def test_no_templates(tmp_path: Path, content: str) -> None:
    assert load(tmp_path, content)[0].prompt_templates == ()


def test_of_two_sections_the_last_counts(tmp_path: Path) -> None:
    """A deviation: the whole file was refused for it."""
    config, problems = load(tmp_path, "llm: {enabled: true}\nllm: {enabled: false}")
    assert (config.llm.enabled, problems) == (False, ["llm"])


def test_a_byte_order_mark_is_accepted(tmp_path: Path) -> None:
    """A deviation: the whole file was refused for it (spec config §3.2)."""
    assert load(tmp_path, "\ufeffasr: {provider: x}")[0].asr.provider == "x"


def test_reading_does_not_write(tmp_path: Path) -> None:
    """A deviation: the file was rewritten, without its comments."""
    content = "# c\nllm: {enabled: true}\n"
    assert load(tmp_path, content) == (Config(), [])
    assert (tmp_path / "config.yaml").read_text(encoding="utf-8") == content


# --- random files ------------------------------------------------------------------------


def keys_of(section: Section) -> Iterator[str]:
    for name, field in section.declared.items():
        yield field.key
        value = getattr(section, name)
        of = field.of if isinstance(field, Table | SectionList) else value
        if isinstance(of, Section):
            yield from keys_of(of)


SCALAR = st.builds(
    Scalar,
    text=st.text() | st.sampled_from(["true", "yes", "1", "0x1F", "1e999", "9" * 5000, "~", " 5 "]),
    written=st.text() | st.sampled_from(["openai", "mlx", *keys_of(Config())]),
    line=st.just(1),
    is_plain=st.booleans(),
    unset=st.sampled_from([(), ("NAME",)]),
)
TREES = st.recursive(
    SCALAR,
    lambda node: (
        st.builds(Sequence, st.just(1), st.lists(node, max_size=4))
        | st.builds(
            lambda pairs: Mapping(1, [each for pair in pairs for each in pair]),
            st.lists(st.tuples(SCALAR | node, node), max_size=6),
        )
    ),
    max_leaves=30,
)


def check(root: Node | None) -> None:
    try:
        config, problems = read_config(root, PATH)
    except ConfigError:
        return
    assert isinstance(config, Config)
    assert repr(config)
    assert all(str(problem).startswith(PATH) for problem in problems)


@given(TREES)
def test_any_tree_is_read(root: Node) -> None:
    check(root)


@given(st.sampled_from(sorted({*SCALARS, "llm.profiles", "prompt_templates", "llm"})), TREES)
def test_any_value_is_read(key: str, value: Node) -> None:
    check(tree(key, value))


@given(
    content=st.text()
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
        lambda value: (
            st.lists(value, max_size=3)
            | st.dictionaries(st.sampled_from(sorted(set(keys_of(Config())))), value, max_size=6)
        ),
    ).map(lambda value: yaml.safe_dump(value, allow_unicode=True))
)
def test_any_file_is_read(tmp_path_factory: pytest.TempPathFactory, content: str) -> None:
    directory = tmp_path_factory.getbasetemp()
    (directory / "config.yaml").write_bytes(content.encode("utf-8", "surrogatepass"))
    try:
        config = Store(directory, {}).load().config
    except ConfigError:
        return
    assert isinstance(config, Config)


def test_unknown_keys_are_named_with_their_line() -> None:
    asr = trees.group(sherpa_onnx=trees.group(model="x"))
    _, problems = read_config(Mapping(7, [Scalar("asr", "asr", 7), asr]), PATH)
    assert [problem.key for problem in problems] == ["asr.sherpa_onnx"]


@pytest.mark.parametrize(
    ("node", "rules", "problems"),
    [
        (plain("no"), (), 0),
        (Sequence(1, []), (), 0),
        (plain("width, numbers"), ("width", "numbers"), 0),
        (Sequence(1, [plain("fillers"), plain("spelling")]), ("fillers",), 1),
        (Mapping(1), ("spacing", "punctuation"), 1),
        (plain(""), ("spacing", "punctuation"), 0),
    ],
)
def test_rules_of_clean_up(node: Node, rules: tuple[str, ...], problems: int) -> None:
    config, found = read_config(tree("text.cleanup", node), PATH)
    assert config.text.cleanup == rules
    assert len(found) == problems
    assert all("spoken_punctuation" in problem.message for problem in found)
