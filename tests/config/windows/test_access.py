"""Single settings by key, through the file (spec config §9, spec abi §7.1)."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from koe.config.schema import AsrConfig, Config
from koe.config.store import Store
from koe.config.windows.access import get_json, get_text, resolved_trigger_key, set_text
from koe.errors import ConfigError


class Folder:
    """A configuration directory."""

    def __init__(self, path: Path, environ: dict[str, str] | None = None) -> None:
        self.store = Store(path, environ or {})
        self.file = path / "config.yaml"

    def write(self, content: str | bytes) -> None:
        self.file.write_bytes(content.encode() if isinstance(content, str) else content)

    def read(self) -> str:
        return self.file.read_bytes().decode()

    def get(self, key: str) -> str:
        return get_text(self.store, key)

    def get_json(self, key: str) -> str:
        return get_json(self.store, key)

    def set(self, key: str, value: str) -> None:
        set_text(self.store, key, value)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path, {"KEY": "sk-1"})


# --- get ---------------------------------------------------------------------------------

EXAMPLE = """\
asr:
  provider: qwen
  qwen:
    headers:
      X-Team: lab
      X-Env: "7"
overlay:
  font_size: 15
"""


@pytest.mark.parametrize(
    ("key", "text", "json"),
    [
        ("asr.provider", "qwen", '"qwen"'),
        ("overlay.font_size", "15", "15"),
        ("asr.qwen.headers", "", '{"X-Team":"lab","X-Env":"7"}'),
        ("asr.qwen.headers.X-Env", "7", '"7"'),
        ("asr.nope", "", ""),
        ("asr.provider.x", "", ""),
        ("", "", ""),
        ("asr.", "", ""),
    ],
)
def test_the_example_of_the_contract(folder: Folder, key: str, text: str, json: str) -> None:
    folder.write(EXAMPLE)
    assert (folder.get(key), folder.get_json(key)) == (text, json)


@pytest.mark.parametrize(
    ("written", "text", "json"),
    [
        ("text", "text", '"text"'),
        ("${KEY}", "${KEY}", '"${KEY}"'),
        ("'é\"'", 'é"', '"é\\""'),
        ("TRUE", "true", "true"),
        ("yes", "yes", '"yes"'),
        ("0x1F", "31", "31"),
        ("0012", "0012", '"0012"'),
        ("1.50", "1.5", "1.5"),
        ("1e3", "1000.0", "1000.0"),
        (".inf", ".inf", "null"),
        (".nan", ".nan", "null"),
        ("~", "", "null"),
        ("", "", "null"),
        ('""', "", '""'),
        ("[1, [a], {}]", "", '[1,["a"],{}]'),
        ("{b: 1, a: {5: x, true: y}}", "", '{"b":1,"a":{"5":"x","true":"y"}}'),
        ("{a: 1, b: 2, a: 3}", "", '{"a":3,"b":2}'),
        ("!foo 9", "", '{"!foo":9}'),
        ("!foo {a: 1}", "", '{"!foo":{"a":1}}'),
        ("&x [1]\nl: *x", "", "[1]"),
        ("|\n  a\n  b\n", "a\nb\n", '"a\\nb\\n"'),
    ],
)
def test_values(folder: Folder, written: str, text: str, json: str) -> None:
    folder.write(f"\ufeffk: {written}")
    assert (folder.get("k"), folder.get_json("k")) == (text, json)


def test_the_empty_key(folder: Folder) -> None:
    folder.write("'': {'': 1}\na: {'': 2}")
    assert [folder.get(key) for key in (".", "a.")] == ["1", "2"]


BROKEN = ["{{{{invalid yaml", b"a: \xff", "- a: [", "a: 1\n---\nb: 1"]


@pytest.mark.parametrize("content", [None, *BROKEN])
def test_what_cannot_be_read(folder: Folder, content: str | bytes | None) -> None:
    if content is not None:
        folder.write(content)
    for get in (folder.get, folder.get_json):
        with pytest.raises(ConfigError):
            get("a")


@pytest.mark.parametrize(
    "content",
    [
        "k: &x [*x]",
        "k: {[a]: 1}",
        "l0: &l0 [x, x]\n"
        + "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 10))
        + "\nk: *l9",
    ],
)
def test_what_is_no_json(folder: Folder, content: str) -> None:
    folder.write(content)
    assert folder.get("k") == ""
    with pytest.raises(ConfigError):
        folder.get_json("k")


# --- set ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "written"),
    [
        # the list of spec config §9.4, for an unknown key
        ("true", "true"),
        ("false", "false"),
        ("12", "12"),
        ("-12", "-12"),
        ("+12", "12"),
        ("007", "7"),
        ("-0", "0"),
        ("9223372036854775807", "9223372036854775807"),
        ("9223372036854775808", '"9223372036854775808"'),
        ("9" * 5000, f'"{"9" * 5000}"'),
        ("True", '"True"'),
        ("yes", "yes"),
        ("null", '"null"'),
        ("~", '"~"'),
        ("1.5", '"1.5"'),
        ("1e3", '"1e3"'),
        ("0x10", '"0x10"'),
        (" 12", '" 12"'),
        ("", '""'),
        ("${KEY}", "${KEY}"),
    ],
)
def test_types(folder: Folder, value: str, written: str) -> None:
    folder.write("mine:\n  other: 1\n")

    folder.set("mine.key", value)

    assert folder.read() == f"mine:\n  other: 1\n  key: {written}\n"


@pytest.mark.parametrize(
    ("key", "value", "written"),
    [
        ("asr.provider", "0012", "0012"),  # any text: all characters stay
        ("asr.provider", "+12", '"+12"'),
        ("asr.provider", "12345678", "12345678"),
        ("asr.provider", "1.10", '"1.10"'),
        ("asr.moonshine.final_wait_timeout_ms", "0012", "12"),
        ("clipboard.restore_delay_ms", "+12", "12"),
        ("feedback.start_sound", "true", "true"),
    ],
)
def test_types_that_the_setting_decides(folder: Folder, key: str, value: str, written: str) -> None:
    folder.set(key, value)
    assert folder.read().endswith(f"{key.rpartition('.')[2]}: {written}\n")


def test_a_decimal_number_is_one_where_only_numbers_are_taken(folder: Folder) -> None:
    folder.set("llm.temperature", "0.50")
    folder.set("llm.model", "0.50")

    assert folder.read() == 'llm:\n  temperature: 0.5\n  model: "0.50"\n'


@pytest.mark.parametrize(
    ("value", "written", "is_on"),
    [
        ("no", "false", False),
        ("Off", "false", False),
        ("0", "false", False),
        ("yes", "true", True),
        ("maybe", "maybe", False),
        ("", '""', False),
        ("${CORRECT}", "${CORRECT}", False),
    ],
)
def test_no_means_no(folder: Folder, value: str, written: str, is_on: bool) -> None:
    folder.set("llm.enabled", value)
    assert folder.read() == f"llm:\n  enabled: {written}\n"
    assert folder.store.load().config.llm.enabled is is_on


def test_other_settings_keep_their_words(folder: Folder) -> None:
    for key in ("llm.profiles.p.model", "asr.provider", "llm.profiles", "x.enabled"):
        folder.set(key, "no")
        assert folder.get(key) == "no"


@pytest.mark.parametrize(
    ("content", "key", "owner"),
    [
        ("asr: {provider: qwen}\n", "asr.provider.deep", "asr.provider"),
        ("asr: {provider: qwen}\n", "asr.provider.deep.er", "asr.provider"),
        ("asr: {fallback: [glm]}\n", "asr.fallback.first", "asr.fallback"),
        ("history: no\n", "history.audio", "history"),
        ("a: &b 1\nasr: *b\n", "asr.provider", "asr"),
    ],
)
def test_a_value_does_not_give_way_to_a_section(
    folder: Folder, content: str, key: str, owner: str
) -> None:
    folder.write(content)
    expected = rf"{key} would take the place of the value of {owner}; remove {owner} first"
    with pytest.raises(ConfigError, match=expected):
        folder.set(key, "1")
    assert folder.read() == content


@pytest.mark.parametrize("empty", ["", " ~", " ''", " []", " {}"])
def test_an_empty_value_gives_way_to_a_section(folder: Folder, empty: str) -> None:
    folder.write(f"asr:{empty}\n")
    folder.set("asr.provider", "qwen")
    assert folder.get("asr.provider") == "qwen"


def test_what_was_set_is_loaded(folder: Folder) -> None:
    for value in ("0012", "+12", "true", "null", "1.10", "", "a\nb", "é: #"):
        folder.set("asr.provider", value)
        folder.set("hotkey.trigger_key", "fn")
        assert folder.store.load().config == Config(asr=AsrConfig(provider=value))
        assert folder.get("asr.provider") == value


@pytest.mark.parametrize("content", [*BROKEN, "- a"])
def test_a_broken_file_is_left_alone(folder: Folder, content: str | bytes) -> None:
    folder.write(content)
    before = folder.file.read_bytes()

    with pytest.raises(ConfigError):
        folder.set("test.key", "value")

    assert folder.file.read_bytes() == before


def test_a_new_section(folder: Folder) -> None:
    folder.write("asr: {provider: doubao}")
    folder.set("llm.enabled", "true")
    assert folder.read() == "asr: {provider: doubao}\nllm:\n  enabled: true\n"


@pytest.mark.parametrize("content", [None, "", "# c\n"])
def test_a_file_without_settings(folder: Folder, content: str | None) -> None:
    if content is not None:
        folder.write(content)

    folder.set("llm.enabled", "true")
    folder.set("feedback.start_sound", "true")
    folder.set("llm.active_profile", "x")

    assert folder.get("llm.enabled") == folder.get("feedback.start_sound") == "true"
    assert folder.read() == (content or "") + (
        "llm:\n  enabled: true\n  active_profile: x\nfeedback:\n  start_sound: true\n"
    )


def test_an_empty_value_stays_empty(folder: Folder) -> None:
    folder.write("asr:\n  app_key:\n")
    folder.set("asr.other", "1")
    assert folder.read() == "asr:\n  app_key:\n  other: 1\n"
    assert folder.get("asr.app_key") == ""


def test_the_default_file_keeps_its_comments(folder: Folder) -> None:
    folder.store.create_missing_files()
    before = folder.read()

    folder.set("clipboard.restore_delay_ms", "14")
    folder.set("clipboard.restore_delay_ms", "1500")
    assert folder.read() == before

    folder.set("mine.size", "14")
    assert folder.read() == f"{before}mine:\n  size: 14\n"


def test_the_byte_order_mark_and_line_ends_stay(folder: Folder) -> None:
    folder.write("\ufeffa:\r\n  b: 1\r\n")
    folder.set("a.c", "2")
    assert folder.read() == "\ufeffa:\r\n  b: 1\r\n  c: 2\r\n"


def test_nothing_is_written_when_nothing_changes(folder: Folder) -> None:
    folder.write("a: 0x1F")
    before = folder.file.stat()
    folder.set("a", "31")
    assert folder.file.stat() == before


def test_a_secret_stays_in_the_environment(folder: Folder) -> None:
    folder.write("asr:\n  provider: ${KEY}\n")
    folder.set("asr.other", folder.get("asr.provider"))
    assert folder.read() == "asr:\n  provider: ${KEY}\n  other: ${KEY}\n"


@pytest.mark.parametrize(
    ("key", "value"),
    [("a", "\ud800"), ("\ud800", "a"), ("a", "x" * 1024 * 1024), (".".join("a" * 5000), "1")],
)
def test_what_cannot_be_stored(folder: Folder, key: str, value: str) -> None:
    folder.write("b: 1\n")
    with pytest.raises(ConfigError):
        folder.set(key, value)
    assert folder.read() == "b: 1\n"


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be written"):
        set_text(Store(tmp_path / "missing", {}), "a", "1")
    assert not (tmp_path / "missing").exists()


# --- the trigger key ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "key"),
    [("shift+cmd+49", "command+shift+49"), ("0x7A", "122"), ("right_ctrl", "fn"), ("${HK}", "122")],
)
def test_the_trigger_key(tmp_path: Path, written: str, key: str) -> None:
    folder = Folder(tmp_path, {"HK": "0x7A"})
    folder.write(f"hotkey:\n  trigger_key: {written}\n")
    assert resolved_trigger_key(folder.store) == key


def test_the_trigger_key_of_a_broken_file(folder: Folder) -> None:
    folder.write("hotkey: [")
    with pytest.raises(ConfigError):
        resolved_trigger_key(folder.store)


# --- writers at the same time ------------------------------------------------------------

TIMES = 100

COUNT = f"""
import sys
from pathlib import Path
from koe.config.windows.access import get_text, set_text
from koe.config.store import Store

store = Store(Path(sys.argv[1]), {{}})
for number in range(1, {TIMES} + 1):
    assert get_text(store, "count." + sys.argv[2]) in ("", str(number - 1))
    set_text(store, "count." + sys.argv[2], str(number))
"""


def test_two_processes_and_two_threads_lose_nothing(folder: Folder) -> None:
    folder.write("# counts\ncount:\n  z: 0 # not counted\n")
    directory = str(folder.file.parent)

    def count(name: str) -> None:
        store = Store(folder.file.parent, {})
        for number in range(1, TIMES + 1):
            set_text(store, f"count.{name}", str(number))

    threads = [threading.Thread(target=count, args=(name,)) for name in "ab"]
    processes = [subprocess.Popen([sys.executable, "-c", COUNT, directory, name]) for name in "cd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [process.wait(60) for process in processes] == [0, 0]

    assert [folder.get(f"count.{name}") for name in "abcd"] == [str(TIMES)] * 4
    assert folder.read().startswith("# counts\ncount:\n  z: 0 # not counted\n")
    assert sorted(path.name for path in folder.file.parent.iterdir()) == [
        "config.yaml",
        "config.yaml.bak",
        "config.yaml.lock",
    ]


def test_settings_in_an_older_form_are_not_hidden(folder: Folder) -> None:
    before = "asr:\n  app_key: ${KEY} # mine\n"
    folder.write(before)

    folder.set("asr.doubao.enable_itn", "false")

    assert folder.get("asr.doubao.app_key") == "${KEY}"
    assert folder.get("asr.provider") == "doubao"
    assert folder.file.with_name("config.yaml.bak").read_text() == before
