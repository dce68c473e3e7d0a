"""Every setting with its value and its origin, and never a secret."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koe.config import schema
from koe.config.people.listing import MASK, Listing, Origin, Setting, list_settings
from koe.config.sections import Group, Section, SectionList, Table
from koe.config.store import DEFAULTS
from koe.errors import ConfigError
from koe.yamltext.document import Document

ENVIRON = {"KEY": "sk-from-environment", "WAIT": "7", "EMPTY": ""}


def listing(text: str) -> Listing:
    return list_settings(Document.parse(text, "config.yaml"), ENVIRON)


def setting(text: str, key: str) -> Setting:
    (found,) = [it for it in listing(text).settings if it.key == key]
    return found


def keys_of(section: Section, prefix: str = "") -> Iterator[str]:
    """By the declarations, with the entries that are built in."""
    for name, declared in section.declared.items():
        key, value = f"{prefix}{declared.key}", getattr(section, name)
        if isinstance(declared, Group):
            yield from keys_of(value, f"{key}.")
        elif isinstance(declared, Table):
            for entry, inner in value.items():
                yield from keys_of(inner, f"{key}.{entry}.")
        elif isinstance(declared, SectionList):
            for index, inner in enumerate(value):
                yield from keys_of(inner, f"{key}[{index}].")
        else:
            yield key


def test_an_empty_file_lists_every_setting_as_its_default() -> None:
    found = listing("")
    assert [it.key for it in found.settings] == list(keys_of(schema.Config()))
    assert {it.origin for it in found.settings} == {Origin.DEFAULT}
    assert {it.line for it in found.settings} == {None}
    assert all(it.is_usable and it.effect and it.accepts for it in found.settings)
    assert (found.config, found.problems) == (schema.Config(), ())


def test_the_default_file_says_nearly_everything() -> None:
    text = (DEFAULTS / "config.yaml").read_text("utf-8")
    lines = text.splitlines()
    for it in listing(text).settings:
        assert it.is_usable
        if it.origin is Origin.FILE:
            assert it.line is not None
            assert f"{it.place.rpartition('.')[2]}:" in lines[it.line - 1]


@pytest.mark.parametrize(
    ("text", "key", "value", "shown", "origin"),
    [
        ("feedback: {start_sound: TRUE}", "feedback.start_sound", True, "true", "file"),
        ("", "feedback.start_sound", None, "true in A and B, false in C", "default"),
        ("asr: {qwen: {url: a b}}", "asr.qwen.url", "a b", "a b", "file"),
        ("asr: {qwen: {url: ''}}", "asr.qwen.url", "", '""', "file"),
        ("asr: {qwen: {url: }}", "asr.qwen.language", "zh", "zh", "default"),
        ('llm: {model: "a\\tb"}', "llm.profiles.openai.model", "a\tb", '"a\\tb"', "file"),
        ("llm: {timeout_ms: 0x10}", "llm.timeout_ms", 16, "16", "file"),
        ("llm: {timeout_ms: '${WAIT}'}", "llm.timeout_ms", 7, "7", "environment"),
        ("llm: {timeout_ms: 8000}", "llm.timeout_ms", 8000, "8000", "file"),
        ("llm: {timeout_ms: '${EMPTY}'}", "llm.timeout_ms", 8000, "8000", "default"),
        ("asr:\n  provider: ${EMPTY}", "asr.provider", "moonshine", "moonshine", "default"),
        ("llm: {timeout_ms: ~}", "llm.timeout_ms", 8000, "8000", "default"),
        ("clipboard: {restore_delay_ms: 5}", "clipboard.restore_delay_ms", 5, "5", "file"),
        ("llm: {temperature: 0.25}", "llm.temperature", 0.25, "0.25", "file"),
        ("llm: {top_p: 1.0}", "llm.top_p", 1.0, "1", "file"),
        ("overlay: {font_size: 99}", "overlay.font_size", 28, "28", "file"),
        ("llm: {profiles: }", "llm.profiles", {}, "{}", "file"),
        ("prompt_templates: []", "prompt_templates", [], "[]", "file"),
        ("", "asr.qwen.headers", {}, "{}", "default"),
        ("a: &a {url: x}\nasr: {qwen: *a}", "asr.qwen.url", "x", "x", "file"),
        ("asr: {provider: a, provider: b}", "asr.provider", "b", "b", "file"),
        ("history: {max_mb: 5}", "history.max_mb", 5, "5", "file"),
        ("history: {max_mb: unlimited}", "history.max_mb", None, "unlimited", "file"),
        ("history: {max_mb: lots}", "history.max_mb", None, "unlimited", "default"),
        ("history: {max_mb: '${NONE}'}", "history.max_mb", None, "unlimited", "default"),
        ("", "asr.fallback", [], "[]", "default"),
        ("asr: {fallback: }", "asr.fallback", [], "[]", "default"),
        ("asr: {fallback: []}", "asr.fallback", [], "[]", "file"),
        ("asr: {fallback: no}", "asr.fallback", [], "[]", "file"),
        ("", "text.cleanup", ["spacing", "punctuation"], "[spacing, punctuation]", "default"),
        ("text: {cleanup: width}", "text.cleanup", ["width"], "[width]", "file"),
        ("asr: {fallback: qwen}", "asr.fallback", ["qwen"], "[qwen]", "file"),
        ("asr: {fallback: [qwen, nova]}", "asr.fallback", ["qwen"], "[qwen]", "file"),
        ("asr: {fallback: ['${NONE}', qwen]}", "asr.fallback", ["qwen"], "[qwen]", "environment"),
        # what follows from other settings
        ("history: no", "history.audio", "nothing", "nothing", "derived"),
        ("asr: {api_key: k}", "asr.provider", "doubao", "doubao", "derived"),
        ("llm: {enabled: true, model: m}", "llm.enabled", False, "false", "derived"),
    ],
)
def test_values(text: str, key: str, value: object, shown: str, origin: str) -> None:
    found = setting(text, key)
    assert (found.value, found.shown, found.origin) == (value, shown, origin)
    assert type(found.value) is type(value) or isinstance(value, int | float)


def test_places() -> None:
    text = "asr:\n  provider: a\nllm:\n  profiles:\n    x:\n      chat_completions_path: /p\n"
    assert (setting(text, "asr.provider").place, setting(text, "asr.provider").line) == (
        "asr.provider",
        2,
    )
    path = setting(text, "llm.profiles.x.endpoint_path")
    assert (path.value, path.place, path.line) == ("/p", "llm.profiles.x.chat_completions_path", 6)
    # Of a profile in the file, what it does not say is not that of one built in.
    assert setting(text, "llm.profiles.x.no_reasoning_control").value == "reasoning_effort"


def test_settings_that_stand_where_earlier_shells_have_them() -> None:
    text = "llm:\n  model: m\n  mlx: {model: n}\nasr:\n  app_key: k\n  enable_itn: no\n"
    model = setting(text, "llm.profiles.openai.model")
    assert (model.value, model.place, model.line) == ("m", "llm.model", 2)
    assert setting(text, "llm.profiles.openai.mlx.model").place == "llm.mlx.model"
    key = setting(text, "asr.doubao.app_key")
    assert (key.value, key.place, key.line) == (MASK, "asr.app_key", 5)
    itn = setting(text, "asr.doubao.enable_itn")
    assert (itn.value, itn.origin, itn.place, itn.is_usable) == (
        True, Origin.DEFAULT, "asr.enable_itn", False,
    )  # fmt: skip


def test_flat_settings_that_are_not_read() -> None:
    text = "llm: {model: m, profiles: {openai: {model: n}}}\n"
    assert setting(text, "llm.profiles.openai.model").value == "n"
    assert listing(text).find("llm.model") is None


def test_templates() -> None:
    text = "prompt_templates:\n- name: a\n  shortcut: 2\n- \n- name: [b]\n"
    names = [it for it in listing(text).settings if it.key.endswith("].name")]
    assert [(it.key, it.value, it.line, it.is_usable) for it in names] == [
        ("prompt_templates[0].name", "a", 2, True),
        ("prompt_templates[1].name", "", None, True),
        ("prompt_templates[2].name", "", 5, False),
    ]
    assert setting("", "prompt_templates[0].shortcut").origin is Origin.DEFAULT


@pytest.mark.parametrize(
    "text",
    [
        "clipboard: {restore_delay_ms: '5'}",
        "feedback: {start_sound: yes}",
        "llm: {timeout_ms: [1]}",
        "hotkey: {trigger_key: F5}",
    ],
)
def test_what_cannot_be_used(text: str) -> None:
    found = listing(text)
    (unusable,) = [it for it in found.settings if not it.is_usable]
    assert [problem.key for problem in found.problems] == [unusable.key]
    assert (unusable.origin, unusable.line) == (Origin.DEFAULT, 1)


def test_an_empty_variable_is_as_nothing() -> None:
    found = setting("llm:\n  timeout_ms: ${EMPTY}\n", "llm.timeout_ms")
    assert (found.value, found.is_usable, found.line) == (8000, True, 2)


def test_what_is_unknown_without_the_variable_is_usable() -> None:
    found = setting("llm: {timeout_ms: '${NO_SUCH}'}", "llm.timeout_ms")
    assert (found.value, found.origin, found.is_usable) == (8000, Origin.DEFAULT, True)


# --- secrets -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("sk-secret", MASK),
        ("''", ""),
        ("${KEY}", "${KEY}"),
        ("${EMPTY}", "${EMPTY}"),
        ("${NO_SUCH}", "${NO_SUCH}"),
        ("sk-secret${KEY}", "***${KEY}"),
        ("'${KEY} sk-secret ${WAIT}sk-secret'", "${KEY}***${WAIT}***"),
        ("${sk-secret}", "***"),
        ("${KEY", MASK),
        ("sk-secret ${KEY", MASK),
    ],
)
def test_secrets_are_masked_and_references_are_not(written: str, shown: str) -> None:
    text = f"asr:\n  qwen:\n    api_key: {written}\n    headers:\n      X-Key: {written}\n"
    for key in ("asr.qwen.api_key", "asr.qwen.headers.X-Key"):
        found = setting(text, key)
        assert found.value == shown
        assert found.shown == (shown or '""')
        assert found.is_secret
        assert "sk-" not in repr(found)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("https://me:sk-secret@h/v1", "https://***@h/v1"),
        ("https://sk-secret@h", "https://***@h"),
        ("wss://h/v1?token=sk-secret&a=b", "wss://h/v1?***"),
        ("https://h/a@b", "https://h/a@b"),
        ("https://h/v1", "https://h/v1"),
    ],
)
def test_what_an_address_holds_is_masked(written: str, shown: str) -> None:
    found = setting(f"llm: {{base_url: '{written}'}}", "llm.profiles.openai.base_url")
    assert (found.value, found.shown) == (shown, shown)


SECRETS = [it.key for it in listing("").settings if it.is_secret and not it.is_group]


def test_which_settings_are_secret() -> None:
    assert {key.rpartition(".")[2] for key in SECRETS} == {"api_key", "app_key", "access_key"}


# --- asking ------------------------------------------------------------------------------


def test_finding() -> None:
    found = listing("llm: {model: m}\nasr: {qwen: {headers: {X-A: b}}}")
    model = found.find("llm.profiles.openai.model")
    assert model is not None
    assert found.find("llm.model") is model
    assert found.find("asr.qwen.headers.X-A") is not None
    for key in ("llm", "asr.qwen.headers", "asr.doubao.headers", "no", ""):
        assert found.find(key) is None


def test_groups() -> None:
    found = listing("")
    assert {it.key for it in found.within("clipboard")} == {"clipboard.restore_delay_ms"}
    assert [it.key for it in found.within("asr.qwen.headers")] == ["asr.qwen.headers"]
    assert len(found.within("prompt_templates")) == 5
    assert found.within("") == list(found.settings)
    assert found.within("clip") == found.within("asr.provider") == []


def test_the_nearest_key() -> None:
    found = listing("")
    assert found.nearest("asr.provder") == "asr.provider"
    assert found.nearest("clipboard.restore_delay") == "clipboard.restore_delay_ms"
    assert found.nearest("weather") is None


# --- anything ----------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["- a", "a: [", "a", "a: 1\n---\n"])
def test_what_is_no_configuration(text: str) -> None:
    with pytest.raises(ConfigError):
        listing(text)


SCALARS = ["sk-secret", "true", "7", "~", "[sk-secret]", "{a: sk-secret}", "${KEY}", "''", "*x"]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                ["asr", "asr.qwen", "asr.doubao", "asr.doubao.headers", "llm", "llm.profiles",
                 "llm.profiles.a", "prompt_templates", "hotkey", *SECRETS]
            ),
            st.sampled_from(["", "api_key", "model", "provider", "x", "headers", "base_url"]),
            st.sampled_from(SCALARS),
        ),
        max_size=5,
    )
)  # fmt: skip
def test_any_shape_is_listed_without_its_secrets(parts: list[tuple[str, str, str]]) -> None:
    tree: dict[str, object] = {}
    for group, name, value in parts:
        place = tree
        words = [*group.split("."), *filter(None, [name])]
        for word in words[:-1]:
            inner = place.setdefault(word, {})
            if not isinstance(inner, dict):
                inner = place[word] = {}
            place = inner
        place[words[-1]] = value
    found = listing(f"z: &x {{api_key: sk-secret}}\n{written(tree)}")
    for it in found.settings:
        is_name = it.key.endswith((".model", ".provider", ".base_url"))  # not declared secret
        assert is_name or "sk-" not in f"{it.value}{it.shown}"
        if it.origin in {Origin.FILE, Origin.ENVIRONMENT}:
            assert it.line is not None


def written(tree: dict[str, object]) -> str:
    def flow(value: object) -> str:
        if isinstance(value, dict):
            return "{" + ", ".join(f"{key}: {flow(it)}" for key, it in value.items()) + "}"
        return str(value).replace("${KEY}", "'${KEY}'")

    return "".join(f"{key}: {flow(value)}\n" for key, value in tree.items())
