from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path

import pytest

from koe.asr import ENGINES
from koe.cli import Exit, main
from tests.cli.command import run_koe

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes and scripts")


class Folder:
    """A configuration folder, for which it runs the command."""

    def __init__(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.path = path
        self.file = path / "config.yaml"
        self._capsys = capsys

    def write(self, text: str) -> None:
        self.path.mkdir(exist_ok=True)
        self.file.write_bytes(text.encode())

    def koe(self, *words: str) -> tuple[int, str, str]:
        """Exit status, stdout, stderr."""
        status = main(["config", words[0], "--config", str(self.path), *words[1:]])
        out, err = self._capsys.readouterr()
        return status, out, err


@pytest.fixture
def folder(directory: Path, capsys: pytest.CaptureFixture[str]) -> Folder:
    return Folder(directory, capsys)


def test_path(folder: Folder, tmp_path: Path) -> None:
    assert folder.koe("path") == (Exit.OK, f"{folder.file}\n", "")
    done = run_koe("config", "path", home=tmp_path)
    assert done.stdout.startswith(str(tmp_path))
    assert not list(tmp_path.iterdir())


def test_path_and_check_for_a_program(folder: Folder) -> None:
    assert json.loads(folder.koe("path", "--json")[1]) == {"path": str(folder.file)}
    status, out, _ = folder.koe("check", "--json")
    assert (status, json.loads(out)) == (
        Exit.OK, {"ok": True, "path": str(folder.file), "problems": []},
    )  # fmt: skip
    folder.write("asr:\n  provider: parrot\n")
    status, out, _ = folder.koe("check", "--json")
    report = json.loads(out)
    [problem] = report["problems"]
    assert (status, report["ok"]) == (Exit.ERROR, False)
    assert (problem["line"], problem["key"]) == (2, "asr.provider")
    folder.write("a: [")
    status, out, _ = folder.koe("check", "--json")
    [problem] = json.loads(out)["problems"]
    assert (status, problem["line"]) == (Exit.ERROR, None)


# --- get ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "text", "in_json"),
    [
        ("asr.provider", "moonshine", '"moonshine"'),
        ("asr.qwen.api_key", "${KEY}", '"${KEY}"'),
        ("asr.qwen.headers.X-A", "x", '"x"'),
        ("overlay.font_size", "99", "99"),
        ("llm.timeout_ms", "16", "16"),
        ("llm.profiles.openai.api_key", "sk-1", '"sk-1"'),
        ("llm.api_key", "sk-1", '"sk-1"'),
    ],
)
def test_what_the_file_says_is_reported_as_it_stands(
    folder: Folder, key: str, text: str, in_json: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY", "sk-2")
    folder.write(
        "asr: {provider: moonshine, qwen: {api_key: '${KEY}', headers: {X-A: x}}}\n"
        "overlay: {font_size: 99}\nllm: {timeout_ms: 0x10, api_key: sk-1}\n"
    )
    assert folder.koe("get", key) == (Exit.OK, f"{text}\n", "")
    assert folder.koe("get", "--json", key) == (Exit.OK, f"{in_json}\n", "")


@pytest.mark.parametrize(
    ("key", "text", "in_json"),
    [
        ("clipboard.restore_delay_ms", "1500", "1500"),
        ("llm.enabled", "true", "true"),
        ("asr.qwen.language", "zh", '"zh"'),
        ("asr.qwen.api_key", "", '""'),
        ("feedback.start_sound", "true in A and B, false in C", "null"),
    ],
)
def test_what_it_does_not_say_is_reported_as_the_default(
    folder: Folder, key: str, text: str, in_json: str
) -> None:
    folder.write("asr: {qwen: {api_key: }}\n")
    note = f"koe: note: {key} is not in {folder.file}; this value is the default\n"
    assert folder.koe("get", key) == (Exit.OK, f"{text}\n", note)
    assert folder.koe("get", "--json", key) == (Exit.OK, f"{in_json}\n", note)


def test_what_follows_from_other_settings(folder: Folder) -> None:
    folder.write("asr: {app_key: k}\n")
    status, out, err = folder.koe("get", "asr.provider")
    assert (status, out) == (Exit.OK, "doubao\n")
    assert "this value follows from other settings\n" in err


def test_a_value_that_cannot_be_used_is_reported_with_the_reason(folder: Folder) -> None:
    folder.write("clipboard:\n  restore_delay_ms: soon\n")
    status, out, err = folder.koe("get", "clipboard.restore_delay_ms")
    assert (status, out) == (Exit.OK, "soon\n")
    assert err == (
        f"koe: note: {folder.file}, line 2: clipboard.restore_delay_ms: 'soon' is not a whole "
        "number from 0 to 60000 (without quotes); using 1500\n"
    )


def test_without_a_file_it_is_what_the_first_start_writes(folder: Folder) -> None:
    status, out, err = folder.koe("get", "llm.enabled")
    assert (status, out) == (Exit.OK, "false\n")
    assert "this value is the default" in err
    assert not folder.path.exists()


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("asr.provder", "there is no setting 'asr.provder'; did you mean asr.provider?"),
        ("weather", "there is no setting 'weather'; koe config show lists all settings"),
        ("", "there is no setting ''; koe config show lists all settings"),
        ("asr", "'asr' is a group or a list, not one value; try: koe config show asr"),
        ("asr.qwen.headers", "is a group or a list, not one value; try: koe config show asr.qwen"),
        ("prompt_templates", "is a group or a list, not one value; try: koe config show prompt_t"),
        ("mine.group", "'mine.group' is a group or a list, not one value; koe does not use it"),
    ],
)
def test_keys_that_have_no_value(folder: Folder, key: str, message: str) -> None:
    folder.write("mine: {group: {a: 1}}\n")
    status, out, err = folder.koe("get", key)
    assert (status, out) == (Exit.ERROR, "")
    assert err.startswith(f"koe: config error: {folder.file}: ")
    assert message in err


def test_a_key_that_only_the_file_knows(folder: Folder) -> None:
    folder.write("mine:\n  size: 0x1F\n")
    status, out, err = folder.koe("get", "mine.size")
    assert (status, out) == (Exit.OK, "31\n")
    assert err == f"koe: note: {folder.file}, line 1: mine: there is no such setting; ignoring it\n"


def test_a_profile_with_a_dot_in_its_name(folder: Folder) -> None:
    folder.write("llm: {profiles: {gpt-5.4: {model: m}}}\n")
    assert folder.koe("get", "llm.profiles.gpt-5.4.model")[:2] == (Exit.OK, "m\n")
    assert folder.koe("get", "--json", "llm.profiles.gpt-5.4.model")[:2] == (Exit.OK, '"m"\n')


def test_a_broken_file(folder: Folder) -> None:
    folder.write("asr: [\n")
    for words in (["get", "asr.provider"], ["show"], ["set", "asr.provider", "x"]):
        status, out, err = folder.koe(*words)
        assert (status, out) == (Exit.ERROR, "")
        assert "config.yaml: line 1: not valid YAML" in err


# --- set ---------------------------------------------------------------------------------


def test_setting_keeps_everything_else(folder: Folder) -> None:
    folder.write("# mine\nllm:\n  timeout_ms: 8000 # long\nz: 1\n")
    status, out, err = folder.koe("set", "llm.timeout_ms", "9000")
    assert (status, out, err) == (
        Exit.OK, "llm.timeout_ms is set; the change takes effect with the next recording\n", "",
    )  # fmt: skip
    assert folder.file.read_text() == "# mine\nllm:\n  timeout_ms: 9000 # long\nz: 1\n"


def test_setting_creates_the_default_files(folder: Folder) -> None:
    assert folder.koe("set", "asr.moonshine.update_interval_ms", "200")[0] == Exit.OK
    assert "    update_interval_ms: 200\n" in folder.file.read_text("utf-8")
    assert (folder.path / "dictionary.txt").exists()
    assert folder.koe("check")[0] == Exit.OK


REFUSED = [
    ("clipboard.restore_delay_ms", "soon", "'soon' is not a whole number from 0 to 60000; nothing"),
    ("feedback.start_sound", "yes", "'yes' is not true or false; nothing was changed"),
    ("hotkey.trigger_key", "F5", "'F5' is not one of fn, left_option"),
    ("hotkey.trigger_mode", "Hold", "'Hold' is not hold or toggle or double_tap; nothing"),
    ("llm.temperature", "3", "'3' is not a number from 0 to 2; nothing was changed"),
    ("llm.timeout_ms", "", "'' is not a whole number from 0 to 3600000; nothing was changed"),
    ("llm.timeout_ms", "9" * 50, "'9999999999999999999999999999999999999999…' is not a whole"),
    ("history.audio_days", "soon", "'soon' is not a whole number from 0 to 1000000, or unlimited"),
    ("asr.fallback", "qwen,nova", "'qwen,nova' is not a list of engines (choose from: moonshine, "),
    ("history", "1", "history is a group or a list"),
    ("asr", "x", "asr is a group or a list, not one value; try: koe config edit"),
    ("asr.qwen", "x", "asr.qwen is a group or a list"),
    ("asr.qwen.headers", "x", "asr.qwen.headers is a group or a list"),
    ("prompt_templates", "x", "prompt_templates is a group or a list"),
    ("prompt_templates[0].name", "x", "prompt_templates[0].name can't be changed by its key"),
    ("llm.profiles.gpt-5.4.model", "x", "llm.profiles.gpt-5.4.model can't be changed by its key"),
    (
        "asr.provider",
        "parrot",
        "'parrot' is not an engine of this version (choose from: moonshine, ",
    ),
    (
        "llm.active_profile",
        "no-such",
        "'no-such' is not one of llm.profiles (choose from: gpt-5.4)",
    ),
    ("llm.enabled", "maybe", "'maybe' is not true or false; nothing was changed"),
    ("llm.enabled", "nope", "'nope' is not true or false; nothing was changed"),
    ("llm.enabled", "否", "'否' is not true or false; nothing was changed"),
    ("llm.timeout_ms", "-5", "'-5' is not a whole number from 0 to 3600000; nothing was changed"),
    ("llm.timeout_ms", "８０００", "'８０００' is not a whole number from 0 to 3600000"),
    ("llm.temperature", "nan", "'nan' is not a number from 0 to 2; nothing was changed"),
    ("asr.provider", "Qwen", "'Qwen' is not an engine of this version"),
    ("asr.provider", "", "'' is not an engine of this version"),
    ("asr.fallback", "parrot", "'parrot' is not a list of engines (choose from: moonshine, "),
    ("asr.qwen.url", "wss://", "'wss://' is not a safe address"),
    ("llm.profiles.p.base_url", "http://evil.example/v1", "is not a safe address"),
    ("llm.profiles.p.base_url", "htps://h/v1", "is not a safe address"),
    ("llm", "no", "llm is a group or a list"),
    ("asr.qwen.url", "ws://h/x", "'ws://h/x' is not a safe address, which begins with https:// or"),
    ("asr.glm.url", "h", "'h' is not a safe address"),
    ("llm.profiles.p.base_url", "http://me:pw@h/v1", "'http://***@h/v1' is not a safe address"),
    ("asr.provider.x", "y", "asr.provider is not a group, so there can be no asr.provider.x"),
    ("hotkey.trigger_key.x", "y", "hotkey.trigger_key is not a group"),
    ("mine.a.b", "1", "mine.a is not a group, so there can be no mine.a.b"),
    ("mine.list.b", "1", "mine.list is not a group"),
    ("mine", "1", "mine is a group or a list"),
    ("mine.list", "1", "mine.list is a group or a list"),
    ("asr.mlx", "1", "asr.mlx is a group or a list"),
    ("a..b", "1", "'a..b' is not a key"),
    ("a\n", "1", "'a\\n' is not a key"),
    ("", "1", "'' is not a key"),
    ("asr.provider", "a\udcff", "can't be stored: it contains characters that are not Unicode"),
]


@pytest.mark.parametrize(("key", "value", "message"), REFUSED)
def test_what_is_refused(folder: Folder, key: str, value: str, message: str) -> None:
    before = (
        "asr: {provider: moonshine}\nmine: {a: 1, list: [1]}\n"
        "llm: {profiles: {gpt-5.4: {model: m}}}\n"
    )
    folder.write(before)
    status, out, err = folder.koe("set", key, value)
    assert (status, out) == (Exit.ERROR, "")
    assert message in err
    assert folder.file.read_text() == before


@pytest.mark.parametrize(
    ("key", "value", "notes"),
    [
        (
            "asr.provder",
            "qwen",
            ["there is no such setting; did you mean provider?"],
        ),
        ("asr.doubaoime.x", "1", ["koe does not use asr.doubaoime.x, but a shell may"]),
        ("asr.provider", "${NO_SUCH}", ["environment variable 'NO_SUCH' is not set"]),
        ("llm.timeout_ms", "${NO_SUCH}", ["environment variable 'NO_SUCH' is not set; its place"]),
        ("dictionary.path", "words.txt", ["'words.txt' does not exist; there are no terms"]),
        (
            "llm.base_url",
            "http://h",
            ["not used, because there is llm.profiles; use llm.profiles.o"],
        ),
        ("mine.new.key", "1", ["mine: there is no such setting; ignoring it"]),
    ],
)
def test_what_is_written_with_a_note(
    folder: Folder, key: str, value: str, notes: list[str]
) -> None:
    folder.write("llm: {profiles: {openai: {base_url: u, model: m}}}\n")
    status, out, err = folder.koe("set", key, value)
    assert (status, out.partition(";")[0].rstrip()) == (Exit.OK, f"{key} is set")
    assert len(err.splitlines()) == len(notes)
    for line, note in zip(err.splitlines(), notes, strict=True):
        assert line.startswith("koe: note: ")
        assert note in line
    assert folder.koe("get", key)[:2] == (Exit.OK, f"{value}\n")


@pytest.mark.parametrize("word", ["no", "off", "off ", "0", "n", "False", "never", "disabled"])
def test_a_word_for_no_is_written_as_false(folder: Folder, word: str) -> None:
    folder.write("llm: {enabled: true}\n")
    assert folder.koe("set", "llm.enabled", word)[0] == Exit.OK
    assert folder.file.read_text() == "llm: {enabled: false}\n"


def test_what_changes_besides_is_reported(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "sk-2")
    folder.write("llm: {enabled: true, base_url: u, model: m}\n")
    status, _, err = folder.koe("set", "llm.api_key", "${KEY}")
    assert status == Exit.OK
    assert err == "koe: note: this also changes other settings: llm.enabled\n"


def test_a_list_of_names(folder: Folder) -> None:
    folder.write("asr: {provider: doubao}\n")
    assert folder.koe("get", "asr.fallback")[1] == "[]\n"
    assert folder.koe("set", "asr.fallback", "qwen, moonshine")[0] == Exit.OK
    assert folder.koe("get", "asr.fallback")[1] == "qwen, moonshine\n"
    assert folder.koe("show", "asr.fallback")[1].endswith("  [qwen, moonshine]\n")
    folder.write("asr: {fallback: [qwen, glm]}\n")
    assert folder.koe("get", "asr.fallback")[1] == "[qwen, glm]\n"
    assert folder.koe("get", "--json", "asr.fallback")[1] == '["qwen","glm"]\n'
    assert "try: koe config edit" in folder.koe("set", "asr.fallback", "qwen")[2]
    folder.write("asr:\n  fallback: [nova, glm]\n")
    status, out, err = folder.koe("get", "asr.fallback")
    assert (status, out) == (Exit.OK, "[glm]\n")
    assert "line 2: asr.fallback[0]: 'nova' is not a known engine (choose from: moonshine" in err


def test_a_header(folder: Folder) -> None:
    folder.write("")
    assert folder.koe("set", "asr.qwen.headers.X-Team", "${TEAM_KEY}")[0] == Exit.OK
    assert folder.koe("get", "asr.qwen.headers.X-Team")[1] == "${TEAM_KEY}\n"


def test_setting_for_a_program(folder: Folder) -> None:
    folder.write("mine: {a: 1}\n")
    status, out, err = folder.koe("set", "--json", "llm.timeout_ms", "9000")
    assert (status, err) == (Exit.OK, "")
    assert json.loads(out) == {
        "path": str(folder.file), "key": "llm.timeout_ms", "effect": "with the next recording",
    }  # fmt: skip
    status, out, err = folder.koe("set", "--json", "asr.qwen.api_key", "sk-1")
    assert (status, json.loads(out)["key"]) == (Exit.OK, "asr.qwen.api_key")
    assert "your shell may remember what you typed" in err
    assert "sk-1" not in out + err
    status, out, err = folder.koe("set", "--json", "mine.a", "2")
    assert (status, json.loads(out)["effect"]) == (Exit.OK, None)
    assert "mine: there is no such setting; ignoring it" in err
    status, out, err = folder.koe("set", "--json", "llm.timeout_ms", "soon")
    assert (status, out) == (Exit.ERROR, "")
    assert "nothing was changed" in err


def test_a_secret_in_the_arguments(folder: Folder) -> None:
    folder.write("")
    status, out, err = folder.koe("set", "asr.qwen.api_key", "sk-1")
    assert status == Exit.OK
    assert (
        "your shell may remember what you typed; next time: koe config set asr.qwen.api_key -"
        in err
    )
    assert "sk-1" not in out + err
    assert folder.koe("set", "asr.qwen.api_key", "")[2] == ""


@pytest.mark.parametrize(("typed", "value"), [("sk-1\r\n", "sk-1"), ("-\n", "-")])
def test_a_secret_on_stdin(tmp_path: Path, typed: str, value: str) -> None:
    (tmp_path / "config.yaml").write_bytes(b"")
    words = ["--config", str(tmp_path), "asr.qwen.api_key"]
    done = run_koe("config", "set", *words, "-", home=tmp_path, stdin=typed)
    assert (done.returncode, done.stderr) == (Exit.OK, "")
    assert "sk-1" not in done.stdout
    done = run_koe("config", "get", *words, home=tmp_path)
    assert done.stdout == f"{value}\n"


# --- show --------------------------------------------------------------------------------


def test_show(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KOE_TEST_KEY", "sk-2")
    monkeypatch.setenv("KOE_TEST_WAIT", "7")
    folder.write(
        "asr:\n  qwen:\n    api_key: ${KOE_TEST_KEY}\n    url: wss://h\n"
        "    connect_timeout_ms: ${KOE_TEST_WAIT}\n    final_wait_timeout_ms: soon\n"
        "    headers: {X-A: sk-3}\n"
    )
    status, out, err = folder.koe("show", "asr.qwen")
    assert (status, err) == (Exit.OK, "koe: note: 1 problem; koe config check describes them\n")
    assert out.splitlines() == [
        "asr.qwen.url                    file, line 4            wss://h",
        "asr.qwen.api_key                environment, line 3     ${KOE_TEST_KEY}",
        "asr.qwen.model                  default                 qwen3-asr-flash-realtime",
        "asr.qwen.language               default                 zh",
        "asr.qwen.connect_timeout_ms     environment, line 5     7",
        "asr.qwen.final_wait_timeout_ms  default (bad line 6)    5000",
        "asr.qwen.headers.X-A            file, line 7            ********",
    ]


def test_show_as_json(folder: Folder) -> None:
    folder.write("asr: {qwen: {api_key: sk-1}}\nclipboard: {restore_delay_ms: 5}\n")
    status, out, err = folder.koe("show", "--json")
    assert (status, err) == (Exit.OK, "")
    assert "sk-1" not in out
    report = json.loads(out)
    assert report["path"] == str(folder.file)
    by_key = {it.pop("key"): it for it in report["settings"]}
    assert by_key["asr.qwen.api_key"] == {
        "value": "********", "origin": "file", "line": 1, "usable": True, "secret": True,
    }  # fmt: skip
    assert by_key["clipboard.restore_delay_ms"]["value"] == 5
    assert by_key["feedback.start_sound"]["value"] is None


def test_show_one_setting_and_none(folder: Folder) -> None:
    folder.write("")
    assert folder.koe("show", "asr.provider")[:2] == (
        Exit.OK, "asr.provider  default                 moonshine\n",
    )  # fmt: skip
    status, out, err = folder.koe("show", "asr.qwn")
    assert (status, out) == (Exit.ERROR, "")
    assert "there is no setting 'asr.qwn'" in err


def test_show_without_a_file(folder: Folder) -> None:
    status, out, err = folder.koe("show", "llm.enabled")
    assert (status, out.split(), err) == (Exit.OK, ["llm.enabled", "default", "false"], "")
    assert not folder.path.exists()


# --- check -------------------------------------------------------------------------------


def test_check(folder: Folder) -> None:
    folder.write("asr:\n  provider: parrot\nclipboard:\n  restore_delay_ms: soon\n")
    status, out, err = folder.koe("check")
    assert (status, err) == (Exit.ERROR, "")
    assert out.splitlines() == [
        f"{folder.file}, line 2: asr.provider: 'parrot' is not an engine of this version (choose "
        f"from: {', '.join(ENGINES)}); nothing is recognised",
        f"{folder.file}, line 4: clipboard.restore_delay_ms: 'soon' is not a whole number from 0 "
        "to 60000 (without quotes); using 1500",
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"asr: [\n", "config.yaml: line 1: not valid YAML"),
        (b"a: \xff", "config.yaml: line 1, byte 4: not UTF-8 text; save the file as UTF-8"),
        (b"- a\n", "config.yaml: line 1: expected settings such as 'asr:'"),
        (b"#" * 1_100_000, "config.yaml: the file is larger than 1 MiB; make it smaller"),
    ],
)
def test_check_of_what_cannot_be_read(folder: Folder, content: bytes, message: str) -> None:
    folder.write("")
    folder.file.write_bytes(content)
    status, out, err = folder.koe("check")
    assert (status, err) == (Exit.ERROR, "")
    assert message in out


def test_check_without_problems(folder: Folder) -> None:
    status, out, _ = folder.koe("check")
    assert status == Exit.OK
    assert out == (
        f"{folder.file} does not exist; the first dictation creates it with the defaults\n"
    )
    folder.write("")
    assert folder.koe("check") == (Exit.OK, f"{folder.file}: nothing is wrong\n", "")


def test_check_warns_of_what_goes_unencrypted(folder: Folder) -> None:
    folder.write(
        "llm:\n  enabled: true\n  active_profile: lan\n  profiles:\n    lan:\n"
        "      base_url: http://192.168.1.5/v1\n      model: m\n      allow_plain_http: true\n"
    )
    status, out, err = folder.koe("check")
    assert (status, out) == (Exit.OK, f"{folder.file}: nothing is wrong\n")
    assert err == (
        "koe: note: the key and all texts are sent unencrypted to 192.168.1.5, because the "
        "profile has allow_plain_http; to encrypt them, use an https address\n"
    )


@posix_only
@pytest.mark.parametrize("words", [("check",), ("show",), ("get", "asr.provider")])
def test_a_file_where_the_folder_should_be(folder: Folder, words: tuple[str, ...]) -> None:
    """No file will be created there, so the message does not mention the defaults."""
    folder.path.write_text("")
    status, out, err = folder.koe(*words)
    assert status == Exit.ERROR
    assert f"{folder.file}: cannot be read: Not a directory" in out + err


# --- edit --------------------------------------------------------------------------------


@pytest.fixture
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Use a Python script as the editor; its content does what the user would do."""
    script = tmp_path / "my editor.py"
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", f'"{sys.executable}" "{script}"')
    return script


def test_editing(folder: Folder, editor: Path) -> None:
    editor.write_text("import sys, pathlib; pathlib.Path(sys.argv[1]).write_text('asr: {a: 1}')")
    status, out, err = folder.koe("edit")
    assert (status, err) == (Exit.ERROR, "")
    assert out == f"{folder.file}, line 1: asr.a: there is no such setting; ignoring it\n"
    assert (folder.path / "dictionary.txt").exists()


def test_editing_nothing(folder: Folder, editor: Path) -> None:
    editor.write_text("")
    assert folder.koe("edit") == (Exit.OK, f"{folder.file}: nothing is wrong\n", "")


@posix_only
def test_what_was_edited_is_private(folder: Folder, editor: Path) -> None:
    editor.write_text(
        "import sys, os\nos.remove(sys.argv[1])\nwith open(sys.argv[1], 'w'): pass\n"
        "os.chmod(sys.argv[1], 0o644)"
    )
    assert folder.koe("edit")[0] == Exit.OK
    assert stat.S_IMODE(folder.file.stat().st_mode) == 0o600


def test_an_editor_that_fails(folder: Folder, editor: Path) -> None:
    editor.write_text("raise SystemExit(3)")
    status, out, err = folder.koe("edit")
    assert (status, out) == (Exit.ERROR, "")
    assert "ended with status 3; check whether it saved your changes" in err


def test_no_editor(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", "no-such-editor --wait")
    status, _, err = folder.koe("edit")
    assert status == Exit.ERROR
    assert "editor 'no-such-editor' can't start: " in err
    monkeypatch.delenv("EDITOR")
    monkeypatch.setenv("PATH", os.fspath(folder.path))
    assert "no editor was found; set the variable EDITOR to one" in folder.koe("edit")[2]


# --- usage -------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [["sing"], ["get"], ["set", "a"]])
def test_wrong_usage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["config", *words])
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("usage: koe config")


@pytest.mark.parametrize("action", ["path", "get", "set", "edit", "check", "show"])
def test_help_of_every_action(action: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["config", action, "--help"])
    assert ended.value.code == Exit.OK
    help_text = capsys.readouterr().out
    assert help_text.startswith(f"usage: koe config {action}")
    assert max(map(len, help_text.splitlines())) <= 100
