"""Each step on its own files, and what holds for all of them."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from koe.config import migrate as migrate_module
from koe.config.legacy import is_outdated
from koe.config.llm import BUILT_IN_PROFILES
from koe.config.migrate import STEPS, keep_other_settings, migrate
from koe.config.schema import Config, read_config
from koe.config.store import Store
from koe.errors import ConfigError
from koe.yamltext.document import Document
from koe.yamltext.edit import set_value
from koe.yamltext.loading import compose

FILES = Path(__file__).with_name("migrations")
CASES = sorted(FILES.iterdir())

# The texts of the early builds are known by their digests only.
PROMPTS = ("one\ntwo", "b", "c", "d", "e")


@pytest.fixture(autouse=True)
def _own_prompts(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [name for name, _ in migrate_module._TEMPLATES]
    digests = [sha256(prompt.encode()).hexdigest() for prompt in PROMPTS]
    monkeypatch.setattr(migrate_module, "_TEMPLATES", tuple(zip(names, digests, strict=True)))


def migrated(text: str) -> str:
    return migrate(Document.parse(text, "p")).text


def outdated(text: str) -> bool:
    return is_outdated(compose(text, "p", {}))


def load(document: Document) -> Config:
    config, problems = read_config(compose(document.text, "p", {"KEY": "k"}), "p")
    assert problems == ()
    return config


def read(path: Path) -> str:
    return path.read_bytes().decode()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_before_and_after(case: Path) -> None:
    before, after = read(case / "before.yaml"), read(case / "after.yaml")

    assert migrated(before) == after
    assert outdated(before)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_migrated_file_is_current(case: Path) -> None:
    after = read(case / "after.yaml")

    assert migrated(after) == after
    assert not outdated(after)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_windows_line_ends_stay(case: Path) -> None:
    before, after = read(case / "before.yaml"), read(case / "after.yaml")

    assert migrated(before.replace("\n", "\r\n")) == after.replace("\n", "\r\n")


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_every_step_has_its_files(step: object) -> None:
    assert (FILES / getattr(step, "__name__", "")).is_dir()


H = "hotkey: {trigger_key: fn}\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# only comments\n",
        "hotkey:\n",
        "hotkey: nonsense",
        H + "asr: {language: x}",  # spec config §8.2
        H + "asr: {doubao: ~, url: x}",
        H + "asr: {provider: qwen, api_key: x}",
        H + "llm: {profiles: {}, model: x}",
        H + "llm: {active_profile: anthropic, model: x}",
        H + "llm: {enabled: true}",
        "hotkey: {trigger_key: right_ctrl}",
        "hotkey: {trigger_key: '${HK}'}",
        "hotkey: {trigger_key: command+shift+49}",
        "k: &k fn\nhotkey: {trigger_key: *k}",
        H + "prompt_templates: [a, b, c, d, e]",
        H
        + read(FILES / "replace_untouched_templates" / "before.yaml").replace(
            "name: 小红书", "name: mine"
        ),
    ],
)
def test_nothing_to_do(text: str) -> None:
    assert migrated(text) == text


@pytest.mark.parametrize(
    ("written", "spelled"),
    [
        ("{trigger_key: 122}", '{trigger_key: "122"}'),  # the table of spec config §8.4
        ("{trigger_key: 0x7A}", '{trigger_key: "122"}'),
        ('{trigger_key: "shift+cmd+49"}', '{trigger_key: "command+shift+49"}'),
        ("{trigger_key: FN}", "{trigger_key: fn}"),
        ('{trigger_key: " fn "}', '{trigger_key: "fn"}'),
        ("{trigger_key: nonexistent}", "{trigger_key: fn}"),
        ("{trigger_key: }", "{trigger_key: fn}"),
        ("{trigger_key: 1.5}", "{trigger_key: fn}"),
        ("{trigger_key: [a]}", "{trigger_key: fn}"),
        ("{trigger_mode: hold}", "{trigger_mode: hold, trigger_key: fn}"),
        ("{}", "\n  trigger_key: fn"),
    ],
)
def test_the_trigger_key(written: str, spelled: str) -> None:
    result = migrated(f"hotkey: {written}")

    assert result == f"hotkey: {spelled}".replace(": \n", ":\n")
    assert "cancel_key" not in result
    assert outdated(f"hotkey: {written}")


def test_the_other_engines_stay() -> None:  # spec config §8.2
    before = H + "asr: {api_key: x, qwen: {model: y}}"
    after = H + "asr: {qwen: {model: y}, provider: doubao, doubao: {api_key: x}}"
    assert migrated(before) == after


def test_an_impossible_step_leaves_the_file_as_it_is() -> None:
    text = "asr:\n  url: &u x\n  other: *u\n"

    with pytest.raises(ConfigError, match=r"can't be converted \(nest flat asr\): line 2"):
        migrate(Document.parse(text, "p"))


@pytest.mark.parametrize(
    ("path", "taken"),
    [
        (("asr", "doubao", "url"), "nest_flat_asr"),
        (("asr", "provider"), "nest_flat_asr"),
        (("asr", "qwen", "api_key"), None),
        (("asr",), None),
        (("llm", "enabled"), None),
        (("hotkey", "trigger_key"), None),
    ],
)
def test_room_is_made_only_where_an_older_form_would_be_hidden(
    path: tuple[str, ...], taken: str | None
) -> None:
    document = Document.parse("asr: {app_key: x}\nllm: {model: y}\n", "p")
    expected = document.text
    if taken is not None:
        expected = getattr(migrate_module, taken)(document).text

    assert keep_other_settings(document, path).text == expected


PROFILES = {
    "flat": "llm:\n  # mine\n  base_url: https://h\n  api_key: ${KEY}\n  model: m\n  top_p: 0.5\n",
    "flat, of apfel": "llm: {provider: apfel, model: m, api_key: k}\n",
    "flat, beside active_profile": (
        "llm:\n  enabled: true\n  api_key: k # mine\n  max_token_parameter: max_tokens\n"
        "  active_profile: openai\n"
    ),
    "none": "llm:\n  enabled: true\n",
    "no llm": "asr: {provider: moonshine}\n",
}


@pytest.mark.parametrize("text", PROFILES.values(), ids=PROFILES)
def test_the_first_profile_in_a_file_hides_no_other(text: str) -> None:
    document = Document.parse(text, "p")
    before = load(document).llm

    changed = keep_other_settings(document, ("llm", "profiles", "mine", "model"))
    changed = set_value(changed, ("llm", "profiles", "mine", "model"), "m")

    after = load(changed).llm
    mine = after.profiles["mine"]
    assert mine.model == "m"
    if "apfel" in text:  # it was read as the profile openai
        assert before.profiles["openai"].model == after.profiles["apfel"].model == "m"
        assert after.active_profile == "apfel"
        return
    assert after == before.replace(profiles={**before.profiles, "mine": mine})
    assert after.correcting_profile == before.correcting_profile
    assert changed.text.count("# mine") == text.count("# mine")


def test_a_profile_can_be_chosen_in_a_flat_file() -> None:
    document = Document.parse(PROFILES["flat"], "p")
    changed = keep_other_settings(document, ("llm", "active_profile"))
    assert load(changed).llm == load(document).llm
    assert set(load(changed).llm.profiles) == set(BUILT_IN_PROFILES)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("llm: {profiles: {a: {model: x}}, api_key: k}\n", "profiles"),
        ("llm: {profiles: , active_profile: a}\n", "profiles"),
        ("llm: {active_profile: a, api_key: k}\n", "active_profile"),
        ("llm: {enabled: true}\n", "active_profile"),
    ],
)
def test_the_user_s_own_profiles_are_all_there_are(text: str, key: str) -> None:
    document = Document.parse(text, "p")
    assert keep_other_settings(document, ("llm", key)) is document


# --- by the store ------------------------------------------------------------------------


def test_loading_renews_the_file_once_and_keeps_the_old_one(tmp_path: Path) -> None:
    before = "\ufeffasr: {app_key: x}\n"
    file = tmp_path / "config.yaml"
    file.write_bytes(before.encode())

    snapshot = Store(tmp_path, {}, renews_old_files=True).load()

    assert snapshot.config.asr.provider == "doubao"
    assert snapshot.problems == ()
    after = read(file)
    assert after.startswith("\ufeffasr: {provider: doubao")
    assert read(tmp_path / "config.yaml.bak") == before

    file.write_bytes(b"# nothing else\nhotkey: {trigger_key: 5}\n")
    Store(tmp_path, {}, renews_old_files=True).load()
    assert read(tmp_path / "config.yaml.bak") == before


def test_a_file_that_cannot_be_renewed_is_used_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.yaml").write_bytes(b"asr: {app_key: x}\n")

    def refuse(path: Path, content: bytes) -> None:
        raise ConfigError(str(path), "cannot be written: for a reason")

    monkeypatch.setattr("koe.files.write.write_private", refuse)
    snapshot = Store(tmp_path, {}, renews_old_files=True).load()

    assert snapshot.config.asr.provider == "doubao"
    (problem,) = snapshot.problems
    assert "cannot be written: for a reason" in problem.message
    assert read(tmp_path / "config.yaml") == "asr: {app_key: x}\n"


def test_a_secret_stays_in_the_environment(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_bytes(b"asr:\n  app_key: ${SECRET}\n")

    Store(tmp_path, {"SECRET": "sk-1"}, renews_old_files=True).load()

    written = read(tmp_path / "config.yaml")
    assert "${SECRET}" in written
    assert "sk-1" not in written


def test_an_up_to_date_file_is_not_touched(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_bytes(H.encode())
    before = file.stat()

    Store(tmp_path, {}, renews_old_files=True).load()

    assert file.stat().st_mtime_ns == before.st_mtime_ns
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.yaml"]


def test_loading_renews_nothing_unless_asked_to(tmp_path: Path) -> None:
    """Shells of the first generations edit the old form themselves."""
    file = tmp_path / "config.yaml"
    file.write_bytes(b"asr: {app_key: x}\n")

    snapshot = Store(tmp_path, {}).load()

    assert snapshot.config.asr.provider == "doubao"
    assert read(file) == "asr: {app_key: x}\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.yaml"]
