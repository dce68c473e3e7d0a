"""``llm``: keys, profiles, what is derived from them, and files without profiles."""

from __future__ import annotations

from pathlib import Path

import pytest

from koe.config.llm import BUILT_IN_PROFILES, LlmConfig, LlmProfile, MlxModel
from koe.config.schema import Config, read_config
from koe.config.store import Store
from koe.yamltext.tree import Node
from tests.config.trees import PATH, plain, quoted, tree, value_of


def load(directory: Path, content: str) -> tuple[LlmConfig, list[str]]:
    (directory / "config.yaml").write_text(content, encoding="utf-8")
    snapshot = Store(directory, {"MY_KEY": "secret"}).load()
    return snapshot.config.llm, [problem.key for problem in snapshot.problems]


def test_keys_and_defaults() -> None:
    section = LlmConfig()
    found = {field.key: getattr(section, name) for name, field in section.declared.items()}
    assert found == {
        "enabled": True,
        "prompt_templates_enabled": False,
        "auto_paste_processed_text": True,
        "active_profile": "openai",
        "profiles": BUILT_IN_PROFILES,
        "temperature": 0,
        "top_p": 1,
        "timeout_ms": 8.0,
        "max_output_tokens": 1024,
        "dictionary_max_candidates": 0,
        "system_prompt_path": "system_prompt.txt",
        "user_prompt_path": "user_prompt.txt",
    }


@pytest.mark.parametrize(
    ("key", "node", "value"),
    [
        ("enabled", plain("FALSE"), False),
        ("prompt_templates_enabled", quoted(" On "), True),
        ("auto_paste_processed_text", plain("false"), False),
        ("temperature", plain("2"), 2.0),
        ("temperature", quoted("0.5"), 0.5),  # as sp_config_set leaves it; a deviation
        ("top_p", plain("1e-1"), 0.1),
        ("timeout_ms", plain("0"), 0.0),
        ("timeout_ms", plain("3600000"), 3600.0),
        ("max_output_tokens", plain("4294967295"), 4294967295),
        ("dictionary_max_candidates", plain("0x10"), 16),
        ("active_profile", plain("007"), "007"),
    ],
)
def test_values_that_are_accepted(key: str, node: Node, value: object) -> None:
    config, problems = read_config(tree(f"llm.{key}", node), PATH)
    assert (value_of(config, f"llm.{key}"), problems) == (value, ())


@pytest.mark.parametrize(
    ("key", "node"),
    [
        ("enabled", quoted("false")),
        ("enabled", plain("off")),
        ("auto_paste_processed_text", plain("yes")),
        ("prompt_templates_enabled", plain("enabled")),
        ("temperature", plain("2.1")),
        ("temperature", plain("-0.1")),
        ("temperature", plain(".nan")),
        ("top_p", plain("1.1")),
        ("timeout_ms", plain("3600001")),
        ("timeout_ms", plain("-1")),
        ("max_output_tokens", plain("4294967296")),
        ("dictionary_max_candidates", plain("all")),
        ("profiles", plain("openai")),
    ],
)
def test_a_bad_value_is_one_problem_and_sends_nothing_more(key: str, node: Node) -> None:
    config, problems = read_config(tree(f"llm.{key}", node), PATH)
    refused = {"enabled": False, "profiles": {}}
    values: dict[str, object] = {key: refused[key]} if key in refused else {}
    assert config == Config(llm=LlmConfig().replace(**values))
    assert [problem.key for problem in problems] == [f"llm.{key}"]


# --- profiles ----------------------------------------------------------------------------


def test_keys_and_defaults_of_a_profile() -> None:
    profile = LlmProfile()
    # The order is that in which profiles are saved (spec config §4.4).
    assert [(field.key, getattr(profile, name)) for name, field in profile.declared.items()] == [
        ("name", ""),
        ("provider", "openai"),
        ("api_protocol", "openai_chat"),
        ("base_url", ""),
        ("api_key", ""),
        ("model", ""),
        ("endpoint_path", ""),
        ("max_token_parameter", "max_completion_tokens"),
        ("no_reasoning_control", "reasoning_effort"),
        ("mlx", MlxModel(model="mlx/Qwen3-0.6B-4bit")),
        ("headers", {}),
        ("allow_plain_http", False),
    ]


def test_the_profiles_that_are_built_in() -> None:
    openai = "https://api.openai.com/v1"
    chat, limit = "/chat/completions", "max_completion_tokens"
    assert {
        name: (
            it.name, it.provider, it.api_protocol, it.base_url, it.api_key, it.model,
            it.endpoint_path, it.max_token_parameter, it.no_reasoning_control, it.mlx,
        )
        for name, it in BUILT_IN_PROFILES.items()
    } == {
        "openai": (
            "OpenAI Chat Completions", "openai", "openai_chat", openai, "", "gpt-5.4-nano",
            chat, limit, "none", MlxModel(),
        ),
        "openai-responses": (
            "OpenAI Responses", "openai", "openai_responses", openai, "", "gpt-5.4-nano",
            "/responses", limit, "none", MlxModel(),
        ),
        "anthropic": (
            "Anthropic Messages", "anthropic", "anthropic_messages",
            "https://api.anthropic.com/v1", "", "", "/messages", "max_tokens", "none", MlxModel(),
        ),
        "apfel": (
            "APFEL", "apfel", "openai_chat", "http://127.0.0.1:11434/v1", "",
            "apple-foundationmodel", chat, "max_tokens", "none", MlxModel(),
        ),
        "mlx": (
            "MLX (Apple Silicon)", "mlx", "openai_chat", "", "", "", "", "max_tokens", "none",
            MlxModel(),
        ),
    }  # fmt: skip


def test_profiles_in_the_file_replace_those_built_in(tmp_path: Path) -> None:
    llm, problems = load(
        tmp_path,
        "llm:\n  active_profile: 007\n  profiles:\n    007:\n      provider: openai\n"
        "      base_url: https://h/v1\n      api_key: ${MY_KEY}\n      model: 1.10\n"
        "      chat_completions_path: /alt\n    empty:\n",
    )
    assert problems == []
    assert llm.profiles == {
        "007": LlmProfile(
            base_url="https://h/v1", api_key="secret", model="1.10", endpoint_path="/alt"
        ),
        "empty": LlmProfile(),
    }
    assert llm.correcting_profile == llm.profiles["007"]


@pytest.mark.parametrize("written", ["", "{}", "null"])
def test_empty_profiles_correct_nothing(tmp_path: Path, written: str) -> None:
    """``null``, which empty profiles became when the file was rewritten, was an error."""
    llm, problems = load(tmp_path, f"llm:\n  profiles: {written}\n")
    assert (llm.profiles, llm.correcting_profile, problems) == ({}, None, [])


def test_both_spellings_of_the_path(tmp_path: Path) -> None:
    """A deviation: the whole file was refused for it."""
    llm, problems = load(
        tmp_path, "llm: {profiles: {a: {chat_completions_path: /old, endpoint_path: /new}}}"
    )
    assert llm.profiles["a"].endpoint_path == "/new"
    assert problems == ["llm.profiles.a.chat_completions_path"]


@pytest.mark.parametrize("key", ["api_protocol", "max_token_parameter", "no_reasoning_control"])
@pytest.mark.parametrize("word", ["", "~", "OpenAI_Chat", "other"])
def test_words_of_a_profile_are_exact(tmp_path: Path, key: str, word: str) -> None:
    llm, problems = load(tmp_path, f"llm: {{profiles: {{a: {{{key}: {word!r}}}}}}}")
    assert (llm.profiles, problems) == ({"a": LlmProfile()}, [f"llm.profiles.a.{key}"])


def test_a_key_is_in_no_repr(tmp_path: Path) -> None:
    llm, _ = load(tmp_path, "llm: {profiles: {a: {api_key: '${MY_KEY}'}}}")
    assert llm.profiles["a"].api_key == "secret"
    assert "secret" not in repr(llm)


@pytest.mark.parametrize(
    ("provider", "configured", "spoken"),
    [
        ("openai", "openai_chat", "openai_chat"),
        ("openai", "openai_responses", "openai_responses"),
        ("other", "anthropic_messages", "anthropic_messages"),
        ("anthropic", "openai_chat", "anthropic_messages"),
        ("apfel", "openai_responses", "openai_chat"),
    ],
)
def test_the_protocol_that_is_spoken(provider: str, configured: str, spoken: str) -> None:
    assert LlmProfile(provider=provider, api_protocol=configured).protocol == spoken


@pytest.mark.parametrize(
    ("protocol", "path"),
    [
        ("openai_chat", "/chat/completions"),
        ("openai_responses", "/responses"),
        ("anthropic_messages", "/messages"),
    ],
)
@pytest.mark.parametrize("written", ["", "  "])
def test_every_protocol_has_a_path(protocol: str, path: str, written: str) -> None:
    assert LlmProfile(api_protocol=protocol, endpoint_path=written).path == path


@pytest.mark.parametrize(
    ("base_url", "path", "url"),
    [
        ("https://h/v1", "", "https://h/v1/chat/completions"),
        ("https://h/v1//", " //custom ", "https://h/v1/custom"),
        ("https://h", "/c?api-version=1", "https://h/c?api-version=1"),
        ("https://h?a=1", "/c?b=2", "https://h/c?b=2&a=1"),
        ("https://h/chat/completions?a=1", "", "https://h/chat/completions?a=1"),
        ("https://h/v1/chat/completions/", "", "https://h/v1/chat/completions"),
        ("https://h/v1/chat/completions", "/custom", "https://h/v1/custom"),
        ("https://h/custom", "custom?a=1", "https://h/custom?a=1"),
        (" “https://h/v1”\u200b\n", "", "https://h/v1/chat/completions"),
    ],
)
def test_the_address(base_url: str, path: str, url: str) -> None:
    assert LlmProfile(base_url=base_url, endpoint_path=path).url == url


@pytest.mark.parametrize(
    ("profile", "is_ready"),
    [
        (LlmProfile(base_url="x", model="y"), True),  # a key is not asked for
        (LlmProfile(base_url=" ", model=" "), True),
        (LlmProfile(base_url="x"), False),
        (LlmProfile(model="y"), False),
        (LlmProfile(provider="mlx"), True),
        (LlmProfile(provider="mlx", mlx=MlxModel(model="")), False),
    ],
)
def test_when_a_profile_is_ready(profile: LlmProfile, is_ready: bool) -> None:
    assert profile.is_ready is is_ready


@pytest.mark.parametrize(
    ("llm", "corrects"),
    [
        (LlmConfig(enabled=True), "openai"),
        (LlmConfig(enabled=False), None),
        (LlmConfig(active_profile="apfel"), "apfel"),
        (LlmConfig(active_profile="mlx"), "mlx"),
        (LlmConfig(active_profile="anthropic"), None),  # it has no model
        (LlmConfig(active_profile="nope"), None),
    ],
)
def test_which_profile_corrects(llm: LlmConfig, corrects: str | None) -> None:
    expected = BUILT_IN_PROFILES[corrects] if corrects else None
    assert llm.correcting_profile == expected


@pytest.mark.parametrize(
    ("profile", "lacks_key"),
    [
        (BUILT_IN_PROFILES["openai"], True),
        (BUILT_IN_PROFILES["openai"].replace(base_url="https://api.openai.com/v1/"), True),
        (BUILT_IN_PROFILES["anthropic"], True),
        (BUILT_IN_PROFILES["openai"].replace(api_key="secret"), False),
        (BUILT_IN_PROFILES["apfel"], False),
        (LlmProfile(base_url="https://llm.example/v1"), False),
    ],
)
def test_services_that_require_a_key(profile: LlmProfile, lacks_key: bool) -> None:
    assert profile.lacks_key is lacks_key


# --- files without profiles --------------------------------------------------------------

GENERATION_B = """\
llm:
  enabled: true
  base_url: "https://llm.example/v1"
  api_key: "${MY_KEY}"
  model: "small-1"
  max_token_parameter: "max_tokens"
"""


def test_a_model_without_a_profile_is_the_profile_openai(tmp_path: Path) -> None:
    llm, problems = load(tmp_path, GENERATION_B)
    expected = BUILT_IN_PROFILES["openai"].replace(
        base_url="https://llm.example/v1",
        api_key="secret",
        model="small-1",
        max_token_parameter="max_tokens",
    )
    assert problems == []
    assert llm == LlmConfig(profiles={**BUILT_IN_PROFILES, "openai": expected})
    assert llm.correcting_profile == expected
    assert (tmp_path / "config.yaml").read_text(encoding="utf-8") == GENERATION_B


def test_all_that_stood_there_between_b_and_c(tmp_path: Path) -> None:
    llm, problems = load(
        tmp_path,
        "llm: {provider: mlx, mlx: {model: mine}, no_reasoning_control: thinking}",
    )
    assert problems == []
    assert llm.correcting_profile == BUILT_IN_PROFILES["openai"].replace(
        provider="mlx", mlx=MlxModel(model="mine"), no_reasoning_control="thinking"
    )


@pytest.mark.parametrize(
    "content",
    [
        'llm: {base_url: "https://api.openai.com/v1", api_key: "", model: gpt-5.4-nano}',  # fresh B
        'llm: {base_url: "", api_key: "", model: ""}',  # fresh A
        'llm: {base_url: "", api_key: x, model: m}',
        "llm: {base_url: x, api_key: y, model: z, enabled: false}",
    ],
)
def test_files_of_a_and_b_that_correct_nothing(tmp_path: Path, content: str) -> None:
    llm, problems = load(tmp_path, content)
    assert (llm.correcting_profile, problems) == (None, [])


def test_another_profile_needs_no_key(tmp_path: Path) -> None:
    llm, _ = load(tmp_path, "llm: {api_key: '', active_profile: apfel}")
    assert llm.correcting_profile == BUILT_IN_PROFILES["apfel"]


@pytest.mark.parametrize("profiles", ["{}", "", "{a: {model: m}}"])
def test_beside_profiles_a_model_is_ignored(tmp_path: Path, profiles: str) -> None:
    llm, problems = load(tmp_path, f"llm:\n  api_key: x\n  model: y\n  profiles: {profiles}\n")
    assert problems == []
    assert llm.profiles == ({"a": LlmProfile(model="m")} if "m" in profiles else {})


@pytest.mark.parametrize(
    ("changes", "obstacle"),
    [
        ({}, ""),
        ({"active_profile": "apfel"}, ""),
        ({"active_profile": "anthropic"}, "needs a base_url and a model in llm.profiles"),
        ({"active_profile": "anthropic", "enabled": False}, ""),
        (
            {"active_profile": "x", "profiles": {}},
            "is not one of llm.profiles (there are none)",
        ),
        (
            {"active_profile": "x"},
            "is not one of llm.profiles "
            "(choose from: openai, openai-responses, anthropic, apfel, mlx)",
        ),
        (
            {
                "active_profile": "x",
                "profiles": {"x": LlmProfile(provider="mlx", mlx=MlxModel(model=""))},
            },
            "needs mlx.model in llm.profiles",
        ),
    ],
)
def test_why_nothing_is_corrected(changes: dict[str, object], obstacle: str) -> None:
    llm = LlmConfig().replace(**changes)
    assert llm.obstacle == (obstacle and f"the profile {llm.active_profile!r} {obstacle}")
