"""Profiles as a settings window shows and saves them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from koe.config.llm import BUILT_IN_PROFILES, LlmProfile
from koe.config.store import Store
from koe.config.windows.profiles import parse_profile, profiles_json, save_profiles
from koe.errors import ConfigError

FILE = """\
# mine
llm:
  enabled: true # on
  active_profile: lab
  profiles:
    # the lab's own
    lab:
      name: Lab # short
      base_url: https://llm.example.net/v1
      api_key: ${LAB_KEY} # from the keyring
      model: m-1
      chat_completions_path: /alt
      no_reasoning_control: none
      cost: 5
    old: {model: x, base_url: http://127.0.0.1}
asr: {provider: qwen}
"""
SECRET = "sk-very-secret"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    (tmp_path / "config.yaml").write_text(FILE)
    return Store(tmp_path, {"LAB_KEY": SECRET})


def text(store: Store) -> str:
    return store.config_path.read_text()


def test_the_profiles_of_a_file(store: Store) -> None:
    assert profiles_json(store).startswith(
        '{"active_profile":"lab","profiles":{"lab":{"name":"Lab","provider":"openai",'
        '"api_protocol":"openai_chat","base_url":"https://llm.example.net/v1",'
        '"api_key":"sk-very-secret","model":"m-1","endpoint_path":"/alt",'
        '"max_token_parameter":"max_completion_tokens","no_reasoning_control":"none",'
        '"mlx":{"model":"mlx/Qwen3-0.6B-4bit"}},"old":{'
    )


def test_without_profiles_the_built_in_ones_are_there(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("")

    payload = json.loads(profiles_json(Store(tmp_path, {})))

    assert payload["active_profile"] == "openai"
    assert list(payload["profiles"]) == sorted(BUILT_IN_PROFILES)


def test_a_file_that_cannot_be_loaded(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("{{{{")

    payload = json.loads(profiles_json(Store(tmp_path, {})))

    assert list(payload) == ["active_profile", "error", "profiles"]
    assert (payload["active_profile"], payload["profiles"]) == ("openai", {})
    assert payload["error"].startswith("config error: ")


def test_saving_what_was_shown_changes_only_spellings(store: Store) -> None:
    save_profiles(store, profiles_json(store))

    assert text(store) == FILE.replace("      chat_completions_path: /alt\n", "").replace(
        "      cost: 5\n",
        "      cost: 5\n"
        "      provider: openai\n"
        "      api_protocol: openai_chat\n"
        "      endpoint_path: /alt\n"
        "      max_token_parameter: max_completion_tokens\n"
        "      mlx:\n"
        "        model: mlx/Qwen3-0.6B-4bit\n",
    ).replace(
        "{model: x, base_url: http://127.0.0.1}",
        "{model: x, base_url: http://127.0.0.1, name: '', provider: openai, "
        "api_protocol: openai_chat, api_key: '', endpoint_path: '', "
        "max_token_parameter: max_completion_tokens, no_reasoning_control: reasoning_effort, "
        "mlx: {model: mlx/Qwen3-0.6B-4bit}}",
    ).replace("''", '""')
    again = text(store)
    save_profiles(store, profiles_json(store))
    assert text(store) == again


def test_changes_additions_and_removals(store: Store) -> None:
    payload = json.loads(profiles_json(store))
    del payload["profiles"]["old"]
    payload["profiles"]["lab"]["model"] = "m-2"
    payload["profiles"]["lab-2"] = {**payload["profiles"]["lab"], "name": "Copy"}
    payload["active_profile"] = "lab-2"

    save_profiles(store, json.dumps(payload))

    assert SECRET not in text(store)  # not in the copy either
    assert "api_key: ${LAB_KEY} # from the keyring" in text(store)
    assert "# the lab's own" in text(store)
    assert "cost: 5" in text(store)
    assert json.loads(profiles_json(store)) == payload


def test_a_new_key_replaces_the_reference(store: Store) -> None:
    payload = json.loads(profiles_json(store))
    payload["profiles"]["lab"]["api_key"] = "typed"

    save_profiles(store, json.dumps(payload))

    assert "api_key: typed # from the keyring" in text(store)


def test_a_variable_that_is_not_set_here_stays_a_reference(store: Store) -> None:
    elsewhere = Store(store.directory, {})

    save_profiles(elsewhere, profiles_json(elsewhere))

    assert "api_key: ${LAB_KEY} # from the keyring" in text(store)
    assert text(store).count("LAB_KEY") == 1


def test_a_flat_model_is_saved_as_a_profile_without_its_secret(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    for more in ("", "  active_profile: openai\n"):
        file.write_text("llm:\n  model: m\n  api_key: ${LAB_KEY}\n" + more)
        store = Store(tmp_path, {"LAB_KEY": SECRET})

        save_profiles(store, profiles_json(store))

        assert SECRET not in file.read_text()
        profile = store.load().config.llm.profiles["openai"]
        assert (profile.model, profile.api_key) == ("m", SECRET)


def test_the_first_profiles_of_a_file(tmp_path: Path) -> None:
    store = Store(tmp_path, {})

    save_profiles(store, '{"active_profile":"a","profiles":{"a":{"model":"0012"}}}')

    llm = store.load().config.llm
    assert llm.active_profile == "a"
    assert llm.profiles == {"a": LlmProfile(model="0012")}
    assert llm.profiles["a"].no_reasoning_control == "reasoning_effort"


def test_an_active_profile_need_not_exist(store: Store) -> None:
    save_profiles(store, '{"active_profile":"gone","profiles":{}}')

    assert store.load().config.llm.profiles == {}


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ("", "can't be saved: Expecting value"),
        ("[]", "the payload must be an object"),
        ('{"profiles":{}}', "active_profile must be a text"),
        ('{"active_profile":1,"profiles":{}}', "active_profile must be a text"),
        ('{"active_profile":"a"}', "profiles must be an object"),
        ('{"active_profile":"a","profiles":[]}', "profiles must be an object"),
        ('{"active_profile":"a","profiles":{"x":1}}', "profile x must be an object"),
        ('{"active_profile":"a","profiles":{"x":{"name":null}}}', "profile x: name must be a text"),
    ],
)
def test_a_payload_that_is_refused(store: Store, payload: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        save_profiles(store, payload)

    assert text(store) == FILE


def test_a_file_that_cannot_be_parsed_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("{{{{")

    with pytest.raises(ConfigError, match="not valid YAML"):
        save_profiles(Store(tmp_path, {}), '{"active_profile":"a","profiles":{}}')

    assert (tmp_path / "config.yaml").read_text() == "{{{{"


# --- trying one --------------------------------------------------------------------------

RUNTIME = {
    "id": "lab", "name": "", "provider": "openai", "base_url": "https://h/v1", "api_key": "k",
    "model": "m", "max_token_parameter": "max_tokens", "no_reasoning_control": "none", "mlx": {},
}  # fmt: skip


def test_a_profile_that_is_tried() -> None:
    profile = parse_profile(json.dumps(RUNTIME))

    assert profile == LlmProfile(
        name="lab",
        base_url="https://h/v1",
        api_key="k",
        model="m",
        max_token_parameter="max_tokens",
        no_reasoning_control="none",
    )


@pytest.mark.parametrize("key", sorted(RUNTIME))
def test_what_a_tried_profile_must_say(key: str) -> None:
    incomplete = {name: value for name, value in RUNTIME.items() if name != key}

    with pytest.raises(ValueError, match=f"has no {key}"):
        parse_profile(json.dumps(incomplete))


def test_what_no_window_knows_stays_in_the_file(store: Store) -> None:
    hidden = '      headers: {X-Team: "${LAB_KEY}"}\n      allow_plain_http: true\n'
    store.config_path.write_text(FILE.replace("      cost: 5\n", hidden))
    shown = profiles_json(store)
    assert "X-Team" not in shown
    assert "allow_plain_http" not in shown
    save_profiles(store, shown)
    assert hidden in text(store)
    saved = store.load().config.llm
    assert saved.profiles["lab"].headers == {"X-Team": SECRET}
    # A window tries a profile: what it does not know is as saved for this address, and no other.
    tried = LlmProfile(base_url="https://llm.example.net/v1", endpoint_path="/alt", model="m-2")
    assert saved.completed(tried).headers == {"X-Team": SECRET}
    assert saved.completed(tried).allow_plain_http
    assert not saved.completed(tried.replace(base_url="https://other.example/v1")).headers
