"""The configuration directory: finding, creating and reading it, and noticing changes.

Modification times are set, never waited for: `OLD` files are trusted to be unchanged.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from koe.config.schema import Config, DictionaryConfig, LlmConfig
from koe.config.store import (
    DEFAULTS,
    Snapshot,
    Store,
    config_directory,
    parse_terms,
    term_of,
)
from koe.config.windows.access import set_text
from koe.errors import ConfigError
from koe.yamltext import loading, parser
from tests.files.editor import Clock, Editor

OLD = 1_700_000_000

# Of the files that a new user gets.
NAMES = ["config.yaml", "dictionary.txt", "system_prompt.txt", "user_prompt.txt"]
CURRENT = "hotkey: {trigger_key: fn}\n"  # what no migration adds then

WINDOWS = sys.platform == "win32"
posix_only = pytest.mark.skipif(WINDOWS, reason="Windows has no such modes")


def write(path: Path, content: str | bytes, mtime: float = OLD) -> None:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    os.utime(path, (mtime, mtime))


def load(directory: Path, content: str | bytes, environ: dict[str, str] | None = None) -> Snapshot:
    write(directory / "config.yaml", content)
    return Store(directory, environ or {}).load()


def provider(directory: Path, yaml_text: str, environ: dict[str, str] | None = None) -> str:
    return load(directory, f"asr:\n  provider: {yaml_text}\n", environ).config.asr.provider


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(params=["CBaseLoader", "BaseLoader"])
def _each_loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a test with libyaml, if it is there, and with the parser in pure Python."""
    if not hasattr(yaml, request.param):
        pytest.skip("PyYAML was built without libyaml")
    monkeypatch.setattr(parser, "_Loader", getattr(yaml, request.param))
    monkeypatch.setattr(loading, "read_lines", lambda *_: None)


each_loader = pytest.mark.usefixtures("_each_loader")


# --- the directory -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("platform", "environ", "directory"),
    [
        ("linux", {"HOME": "/home/u"}, "/home/u/.koe"),
        ("darwin", {"HOME": "/Users/u", "APPDATA": "x"}, "/Users/u/.koe"),
        ("linux", {}, "/tmp/.koe"),
        ("linux", {"HOME": ""}, "/tmp/.koe"),
        ("win32", {"APPDATA": "C:/Users/u/AppData", "HOME": "x"}, "C:/Users/u/AppData/koe"),
        ("win32", {"HOME": "x"}, "C:\\koe"),
        ("win32", {"APPDATA": ""}, "C:\\koe"),
    ],
)
def test_config_directory(platform: str, environ: dict[str, str], directory: str) -> None:
    assert config_directory(environ, platform) == Path(directory)


def test_missing_files_are_created_once(tmp_path: Path) -> None:
    directory = tmp_path / "a" / "koe"
    store = Store(directory, {})

    assert store.create_missing_files() == [directory / name for name in NAMES]
    assert store.create_missing_files() == []

    (directory / "dictionary.txt").unlink()
    (directory / "user_prompt.txt").unlink()
    assert store.create_missing_files() == [
        directory / "dictionary.txt", directory / "user_prompt.txt",
    ]  # fmt: skip


def test_the_default_files_say_what_the_defaults_are(tmp_path: Path) -> None:
    store = Store(tmp_path, {})
    store.create_missing_files()

    config, terms, problems = (snapshot := store.load()).config, snapshot.terms, snapshot.problems

    assert (terms, problems) == ((), ())
    flags = config.feedback
    assert (flags.start_sound, flags.stop_sound, flags.error_sound) == (False, False, False)
    assert flags.mute_system_output is False
    assert config.llm.enabled is False
    # All else is as without a file.
    assert config == Config(feedback=flags, llm=LlmConfig(enabled=False))


def test_the_default_file_can_be_edited_line_by_line() -> None:
    """As shells of generation B do, which know no YAML (spec abi §6.4)."""
    text = (DEFAULTS / "config.yaml").read_text("utf-8")
    parents: list[str] = []
    keys = {}
    for line in text.splitlines():
        if line.lstrip().startswith("#") or not line:
            continue
        match = re.fullmatch(r"((?:  )*)(?:- )?([a-z_-]+):(?: ([^'{\[#]+))?", line)
        assert match, line
        indent, key, value = match.groups()
        del parents[len(indent) // 2 :]
        parents.append(key)
        keys[".".join(parents)] = value
    for key in (
        "asr.provider", "asr.doubao.app_key", "asr.doubao.access_key", "llm.enabled",
        "llm.base_url", "llm.api_key", "llm.model", "llm.max_token_parameter",
        "hotkey.trigger_key", "feedback.start_sound", "feedback.stop_sound",
        "feedback.error_sound",
    ):  # fmt: skip
        assert keys[key], key


def test_existing_files_are_never_overwritten(tmp_path: Path) -> None:
    for name in NAMES:
        write(tmp_path / name, f"# mine: {name}")

    assert Store(tmp_path, {}).create_missing_files() == []

    for name in NAMES:
        assert (tmp_path / name).read_text() == f"# mine: {name}"


@posix_only
def test_created_files_are_private(tmp_path: Path) -> None:
    directory = tmp_path / "koe"
    Store(directory, {}).create_missing_files()

    assert mode(directory) == 0o700
    assert [mode(directory / name) for name in NAMES] == [0o600] * 4


@posix_only
def test_loose_modes_are_tightened(tmp_path: Path) -> None:
    own = config_directory({"HOME": str(tmp_path), "APPDATA": str(tmp_path)})
    own.mkdir()
    write(own / "config.yaml", "")
    write(own / "dictionary.txt", "")
    for path, loose in (("", 0o755), ("config.yaml", 0o644), ("dictionary.txt", 0o644)):
        (own / path).chmod(loose)

    Store(own, {"HOME": str(tmp_path), "APPDATA": str(tmp_path)}).create_missing_files()

    assert mode(own) == 0o700
    assert mode(own / "config.yaml") == 0o600
    assert mode(own / "dictionary.txt") == 0o644


@posix_only
def test_a_directory_that_is_not_koes_own_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir(mode=0o755)

    Store(tmp_path / "shared", {"HOME": str(tmp_path)}).create_missing_files()

    assert mode(tmp_path / "shared") == 0o755
    assert mode(tmp_path / "shared" / "config.yaml") == 0o600


@posix_only
def test_a_default_file_is_written_wholly_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def disk_full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", disk_full)
    with pytest.raises(ConfigError, match="No space left on device"):
        Store(tmp_path, {}).create_missing_files()

    assert [path.name for path in tmp_path.iterdir()] == ["config.yaml.lock"]


def test_a_directory_that_cannot_be_created_is_named(tmp_path: Path) -> None:
    (tmp_path / "koe").write_text("a file is in its place")

    with pytest.raises(ConfigError, match="must be a folder; move the file") as caught:
        Store(tmp_path / "koe", {}).create_missing_files()

    assert caught.value.path == str(tmp_path / "koe")

    # Windows names the file that is in the way.
    named, reason = ("koe", "must be a folder") if WINDOWS else ("koe/below", "cannot be created")
    with pytest.raises(ConfigError, match=reason) as caught:
        Store(tmp_path / "koe" / "below", {}).create_missing_files()

    assert caught.value.path == str(tmp_path / named)


@pytest.mark.skipif(WINDOWS, reason="Windows has no such places")
def test_a_directory_of_another_user_in_a_public_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without HOME the directory is in /tmp, where another user may have made it before."""
    store = Store(tmp_path / "koe", {})
    store.create_missing_files()
    monkeypatch.setattr("os.geteuid", lambda: 12_345)
    monkeypatch.setattr("koe.config.store._SYSTEM", -1)
    store.load()  # other users cannot make a directory here
    tmp_path.chmod(0o1777)
    with pytest.raises(ConfigError, match="belongs to another user, and is not used; set HOME"):
        store.load()


def test_a_directory_in_the_place_of_a_file_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").mkdir(mode=0o755)
    before = mode(tmp_path / "config.yaml")

    assert Store(tmp_path, {}).create_missing_files() == [tmp_path / name for name in NAMES[1:]]

    assert mode(tmp_path / "config.yaml") == before


# --- config.yaml -------------------------------------------------------------------------


@each_loader
@pytest.mark.parametrize(
    "content",
    ["", "\n \n", "# comment\n", "---\n", "\ufeff", "clipboard: {}", "clipboard:", "asr: ~\n..."],
)
def test_files_that_change_nothing(tmp_path: Path, content: str) -> None:
    assert load(tmp_path, content) == Snapshot(Config(), (), ())


@each_loader
@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("asr: {provider: x}", "x"),
        ("\ufeffasr:\n  provider: x\n", "x"),
        ("asr:\r\n  provider: x\r\n", "x"),
        ("asr:\n  provider: 0012 # comment", "0012"),
        ("asr:\n  provider: !foo x", "x"),
        ("dictionary: {path: &name x}\nasr:\n  provider: *name", "x"),
        ("experimental: &all\n  provider: x\nasr: *all", "x"),
        ("asr:\n  provider: >-\n    x\n    y", "x y"),
        ("asr: {provider: x}\nasr: {provider: y}", "y"),
        ("? [a, b]\n: c\nasr: {provider: x}", "x"),
        ("asr: &self {provider: x, moonshine: *self}", "x"),
        ("&a [x]: y\nasr: {provider: x}", "x"),
    ],
)
def test_yaml_that_is_accepted(tmp_path: Path, content: str, found: str) -> None:
    assert load(tmp_path, content).config.asr.provider == found


@each_loader
@pytest.mark.parametrize(
    ("content", "where"),
    [
        ("a: 1\n  b: 2\n", "line 2, column 4"),
        ("asr:\n\tprovider: x", "line 2, column 1"),
        ("a: 1\n---\nb: 2", "line 2, column 1"),
        ("a: 1\nb: *c", "line 2, column 4"),
        ("a: é\nb: é\x07", "line 2, column 5"),
        ('a: "\\ud800"', "line 1, column"),
        ("a: 'open", "line 1, column"),
        ("\n" + "[" * 129 + "]" * 129, "line 2, column 129"),
        ("[" * 100_000, "line 1, column 129"),
        ("- " * 200, "line 1, column"),
        ("a: " + "{b: " * 200_000, "line 1, column"),
        (b"a: 1\nb: \xff", "line 2, byte 4"),
        ("a: 1".encode("utf-16"), "line 1, byte 1"),
        ("- a", "line 1"),
        ("text", "line 1"),
        ("~", "line 1"),
    ],
)
def test_a_file_that_is_not_usable_says_where(
    tmp_path: Path, content: str | bytes, where: str
) -> None:
    with pytest.raises(ConfigError, match=where) as caught:
        load(tmp_path, content)
    assert caught.value.path == str(tmp_path / "config.yaml")


@each_loader
def test_the_deepest_nesting_is_accepted(tmp_path: Path) -> None:
    content = "asr: {wetype: " + "[" * 126 + "]" * 126 + "}"
    assert load(tmp_path, content) == Snapshot(Config(), (), ())


@each_loader
def test_aliases_are_not_expanded(tmp_path: Path) -> None:
    lines = ["asr:", "  wetype:", "    l0: &l0 x"]
    lines += [f"    l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 40)]
    assert load(tmp_path, "\n".join(lines)) == Snapshot(Config(), (), ())


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"config\.yaml: the file does not exist"):
        Store(tmp_path, {}).load()


def test_a_directory_in_place_of_the_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").mkdir()
    with pytest.raises(ConfigError, match="not a file"):
        Store(tmp_path, {}).load()


def test_a_file_in_place_of_the_directory_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "koe").write_text("")
    reason = "the file does not exist" if WINDOWS else "cannot be read"
    with pytest.raises(ConfigError, match=rf"config\.yaml: {reason}"):
        Store(tmp_path / "koe", {}).load()


def test_a_huge_file_is_an_error(tmp_path: Path) -> None:
    limit = 1024 * 1024
    assert load(tmp_path, "#" * limit).config == Config()
    with pytest.raises(ConfigError, match="larger than 1 MiB"):
        load(tmp_path, "#" * (limit + 1))


def test_a_problem_has_the_line_of_its_key(tmp_path: Path) -> None:
    content = "asr:\n  provider: x\n\nfeedback:\n  # comment\n  start_sound:\n    yes\nnope: 1\n"

    problems = load(tmp_path, content).problems

    assert [(problem.line, problem.key) for problem in problems] == [
        (6, "feedback.start_sound"),
        (8, "nope"),
    ]


# --- environment variables (spec config §§7.1, 7.2) --------------------------------------

ENVIRON = {
    "A": "va",
    "B": "${A}",
    "E": "",
    "SELF": "${SELF}",
    "OUTER": "${INNER}",
    "INNER": "hello",
    "HOST": "localhost",
    "PORT": "8080",
    "COMMENT": "ab #c",
    "QUOTE": "a\"b'c",
    "LINES": "x\nfeedback:\n  start_sound: true",
    "T": "1234",
    "BYTES": "\udcff",
}


@each_loader
@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("${A}", "va"),
        ("${B}", "${A}"),
        ("${SELF}", "${SELF}"),
        ("${OUTER}", "${INNER}"),
        ('"${E}"', ""),
        ("$A", "$A"),
        ("$ {A}", "$ {A}"),
        ("'%A%'", "%A%"),
        ("$${A}", "$va"),
        ("x ${A", "x ${A"),
        ("${UNCLOSED", "${UNCLOSED"),
        ("x} ${A}", "x} va"),
        ("http://${HOST}:${PORT}/v1", "http://localhost:8080/v1"),
        ("'${A}'", "va"),
        ("${COMMENT}", "ab #c"),
        ('"${QUOTE}"', "a\"b'c"),
        ("${LINES}", "x\nfeedback:\n  start_sound: true"),
    ],
)
def test_substitution(tmp_path: Path, written: str, found: str) -> None:
    snapshot = load(tmp_path, f"asr:\n  provider: {written}\n", ENVIRON)

    assert snapshot.config == Config(asr=Config().asr.replace(provider=found))
    assert snapshot.problems == ()


@pytest.mark.parametrize(
    ("written", "found", "name"),
    [
        ("x${UNSET}", "x", "UNSET"),
        ("${${A}}", "}", "${A"),
        ("x${}", "x", ""),
        ("x${ A }", "x", " A "),
        ("x${A:-y}", "x", "A:-y"),
        ("x${BYTES}", "x", "BYTES"),
        ("x${UNSET}${UNSET}", "x", "UNSET"),
        ("${UNSET}", "moonshine", "UNSET"),
        ('"${UNSET}"', "", "UNSET"),
    ],
)
def test_an_unset_variable_is_empty_and_a_problem(
    tmp_path: Path, written: str, found: str, name: str
) -> None:
    snapshot = load(tmp_path, f"asr:\n  provider: {written}\n", ENVIRON)

    assert snapshot.config.asr.provider == found
    (problem,) = snapshot.problems
    assert (problem.line, problem.key) == (2, "asr.provider")
    assert f"variable {name!r} is not set" in problem.message


def test_a_substituted_value_is_converted_by_its_field(tmp_path: Path) -> None:
    content = "clipboard: {restore_delay_ms: '1'}\nclipboard:\n  restore_delay_ms: ${T}\n"
    assert load(tmp_path, content, ENVIRON).config.clipboard.restore_delay_ms == 1234


def test_keys_and_comments_are_not_substituted(tmp_path: Path) -> None:
    content = "# note ${A\nasr: {provider: x}\n${A}: 1\n# ${UNSET}\n"

    snapshot = load(tmp_path, content, ENVIRON)

    assert snapshot.config.asr.provider == "x"
    assert [problem.key for problem in snapshot.problems] == ["${A}"]


def test_many_unterminated_references_are_quick(tmp_path: Path) -> None:
    text = "${" * 500_000
    assert provider(tmp_path, text) == text


def test_no_substituted_value_reaches_a_message(tmp_path: Path) -> None:
    content = (
        "clipboard:\n  restore_delay_ms: ${KEY}\nfeedback: ${KEY}\nhotkey:\n"
        "  trigger_mode: ${KEY}\nnope: ${KEY}\nasr:\n  moonshine: ['${KEY}']\n"
    )

    problems = load(tmp_path, content, {"KEY": "hunter2"}).problems

    assert len(problems) == 5
    assert not any("hunter2" in f"{problem} {problem!r}" for problem in problems)


# --- the dictionary ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("", []),
        (
            "# c\n\n  foo  \nFoo\nfoo\n#x\n  # indented comment\nbar # not comment\n"
            "\u3000wide\u3000\nba#z\nfoo\r\nlast",
            ["foo", "Foo", "bar # not comment", "wide", "ba#z", "last"],
        ),
        ("a\rb\n\x0bv\x0c\n\u00a0nb\u00a0\n", ["a\rb", "v", "nb"]),
        ("\x85a\u2028\n\u1680b\u200a\n\u202fc\u205f", ["a", "b", "c"]),
    ],
)
def test_one_term_per_line(text: str, terms: list[str]) -> None:
    assert parse_terms(text) == terms


def test_information_separators_and_zero_width_spaces_belong_to_a_term() -> None:
    assert parse_terms("\x1ca\x1f\n\u200bb") == ["\x1ca\x1f", "\u200bb"]


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("\ufefffoo\n# c\n", ["foo"]),
        ("\ufeff# c\nfoo", ["foo"]),
        ("foo\n\ufeffbar", ["foo", "\ufeffbar"]),
    ],
)
def test_only_a_leading_byte_order_mark_is_dropped(text: str, terms: list[str]) -> None:
    assert parse_terms(text) == terms


@pytest.mark.parametrize(
    ("line", "term"), [(" Koe\r", "Koe"), ("", ""), ("  # c", ""), ("C# 8", "C# 8"), ("#", "")]
)
def test_the_term_of_a_line(line: str, term: str) -> None:
    assert term_of(line) == term


def test_the_dictionary_is_read(tmp_path: Path) -> None:
    write(tmp_path / "dictionary.txt", "\ufefffoo\n# c\n词\n")
    assert load(tmp_path, "").terms == ("foo", "词")


def test_the_dictionary_may_be_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    write(tmp_path / "sub" / "words.txt", "relative")
    write(tmp_path / "words.txt", "absolute")
    write(tmp_path / "dictionary.txt", "default")

    assert load(tmp_path, "dictionary: {path: sub/words.txt}").terms == ("relative",)
    absolute = f"dictionary:\n  path: '{tmp_path / 'words.txt'}'\n"
    assert load(tmp_path, absolute).terms == ("absolute",)
    assert load(tmp_path, "dictionary: {path: missing.txt}") == Snapshot(
        Config(dictionary=DictionaryConfig(path="missing.txt")), (), ()
    )


@pytest.mark.parametrize(
    "path",
    # To Windows, what is below a file is just not there.
    ["''", ".", r'"a\0b"', "invalid.txt", *([] if WINDOWS else ["config.yaml/x"])],
)
def test_an_unreadable_dictionary_is_empty_and_a_problem(tmp_path: Path, path: str) -> None:
    write(tmp_path / "invalid.txt", b"a\n\xff")

    snapshot = load(tmp_path, f"dictionary:\n  path: {path}\n")

    assert snapshot.terms == ()
    (problem,) = snapshot.problems
    assert (problem.line, problem.key) == (None, "dictionary.path")


UNLOADED = """
import builtins
import sys
compile = builtins.compile

def refuse(source, name, *rest, **options):
    assert name != "<string>", source  # of an annotation
    return compile(source, name, *rest, **options)

builtins.compile = refuse
from pathlib import Path
from koe.config.store import Store
store = Store(Path(sys.argv[1]), {})
store.create_missing_files()  # none is
store.load()
print(*sys.modules)
"""


def test_loading_imports_nothing_for_writing_and_for_mistakes(tmp_path: Path) -> None:
    """Each import is time in the shell's first call. The files are those of a new user."""
    Store(tmp_path, {}).create_missing_files()

    done = subprocess.run(
        [sys.executable, "-c", UNLOADED, tmp_path], capture_output=True, text=True, check=True
    )

    loaded = {name.partition("koe.")[2] for name in done.stdout.split()}
    assert "yamltext.tree" in loaded
    assert loaded.isdisjoint({
        "config.migrate", "files.write", "yamltext.document", "yamltext.edit", "yamltext.outline",
        "yamltext.places", "yamltext.scalars", "yamltext.slips",
    })  # fmt: skip
    assert {"difflib", "yaml"}.isdisjoint(done.stdout.split())


# --- changes -----------------------------------------------------------------------------


@pytest.fixture
def loaded(tmp_path: Path) -> Store:
    """A store that has loaded provider ``a`` and the term ``foo``."""
    write(tmp_path / "config.yaml", CURRENT + "asr: {provider: a}")
    write(tmp_path / "dictionary.txt", "foo")
    store = Store(tmp_path, {})
    store.load()
    return store


def test_nothing_changed(loaded: Store) -> None:
    assert loaded.load_if_changed() is None


def test_what_was_forgotten_is_read_again(loaded: Store) -> None:
    loaded.forget()

    assert loaded.load_if_changed() is not None
    assert loaded.load_if_changed() is None


def test_a_store_that_has_not_loaded_loads(tmp_path: Path) -> None:
    write(tmp_path / "config.yaml", "")
    store = Store(tmp_path, {})

    assert store.load_if_changed() == Snapshot(Config(), (), ())
    assert store.load_if_changed() is None


@pytest.mark.parametrize(
    ("name", "content", "mtime"),
    [
        ("config.yaml", CURRENT + "asr: {provider: b}", OLD + 1),
        ("config.yaml", CURRENT + "asr: {provider: bb}", OLD),
        ("dictionary.txt", "bar", OLD + 1),
        ("dictionary.txt", "foobar", OLD),
    ],
)
def test_a_change_is_seen_once(loaded: Store, name: str, content: str, mtime: float) -> None:
    write(loaded.directory / name, content, mtime)

    changed = loaded.load_if_changed()

    assert changed == loaded.load()
    assert loaded.load_if_changed() is None


def test_a_replaced_file_is_seen(loaded: Store) -> None:
    write(loaded.directory / "new", CURRENT + "asr: {provider: b}")
    (loaded.directory / "new").replace(loaded.directory / "config.yaml")

    changed = loaded.load_if_changed()

    assert changed is not None
    assert changed.config.asr.provider == "b"


def test_a_file_that_was_young_when_read_is_read_again(loaded: Store) -> None:
    future = time.time() + 3600  # as young as can be, however slow this test is
    write(loaded.directory / "config.yaml", CURRENT + "asr: {provider: b}", future)
    assert loaded.load_if_changed() is not None

    write(loaded.directory / "config.yaml", CURRENT + "asr: {provider: c}", future)
    changed = loaded.load_if_changed()

    assert changed is not None
    assert changed.config.asr.provider == "c"


def test_another_dictionary_is_watched_once_it_is_configured(loaded: Store) -> None:
    words = loaded.directory / "words.txt"
    write(words, "one")
    write(loaded.directory / "config.yaml", CURRENT + "dictionary: {path: words.txt}")
    assert loaded.load().terms == ("one",)
    assert loaded.load_if_changed() is None

    write(loaded.directory / "dictionary.txt", "not used any more")
    assert loaded.load_if_changed() is None

    write(words, "two", OLD + 1)
    changed = loaded.load_if_changed()
    assert changed is not None
    assert changed.terms == ("two",)


def test_a_deleted_dictionary_is_empty(loaded: Store) -> None:
    (loaded.directory / "dictionary.txt").unlink()

    changed = loaded.load_if_changed()

    assert changed is not None
    assert (changed.terms, changed.problems) == ((), ())


def test_an_unreadable_dictionary_keeps_the_terms_unless_loaded_anew(loaded: Store) -> None:
    write(loaded.directory / "dictionary.txt", b"\xff")

    changed = loaded.load_if_changed()

    assert changed is not None
    assert changed.terms == ("foo",)
    assert [problem.key for problem in changed.problems] == ["dictionary.path"]
    assert loaded.load().terms == ()


def test_a_broken_file_is_reported_once_and_its_repair_is_seen(loaded: Store) -> None:
    write(loaded.directory / "config.yaml", "asr: [")
    write(loaded.directory / "dictionary.txt", "foobar")
    with pytest.raises(ConfigError):
        loaded.load_if_changed()
    assert loaded.load_if_changed() is None

    write(loaded.directory / "config.yaml", CURRENT + "asr: {provider: b}")
    changed = loaded.load_if_changed()

    assert changed is not None
    assert (changed.config.asr.provider, changed.terms) == ("b", ("foobar",))


def test_a_deleted_file_is_reported_once(loaded: Store) -> None:
    (loaded.directory / "config.yaml").unlink()

    with pytest.raises(ConfigError, match="does not exist"):
        loaded.load_if_changed()

    assert loaded.load_if_changed() is None


# --- a file that another program writes --------------------------------------------------

LLM = (
    b"llm:\n  profiles:\n    p:\n      api_key: k\n      model: m\n"
    b"      base_url: https://llm.example.com/v1\n  active_profile: p\n"
)
NO = b"  enabled: false\n"
EACH_CUT = [*range(0, len(LLM + NO), 7), len(LLM), len(LLM + NO) - 2]


@pytest.mark.parametrize("cut", EACH_CUT)
@pytest.mark.parametrize("is_first", [True, False])
def test_half_a_file_is_never_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut: int, is_first: bool
) -> None:
    content = LLM + NO
    write(tmp_path / "config.yaml", content)
    store = Store(tmp_path, {})
    if not is_first:
        store.load()
    clock = Clock.of(tmp_path / "config.yaml", monkeypatch)

    with Editor(tmp_path / "config.yaml", clock) as editor:
        editor.write(content[:cut])
        clock.steps = [lambda: None] * 10 + [lambda: editor.write(content[cut:])]
        snapshot = store.load_if_changed()

    assert snapshot is not None
    assert snapshot.config.llm.correcting_profile is None
    assert snapshot.config.llm.profiles["p"].base_url == "https://llm.example.com/v1"
    assert not snapshot.problems


def test_a_program_that_does_not_stop_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "config.yaml", LLM + NO)
    store = Store(tmp_path, {})
    clock = Clock.of(tmp_path / "config.yaml", monkeypatch)

    with Editor(tmp_path / "config.yaml", clock) as editor:
        editor.write(LLM)
        clock.steps = [lambda: editor.write(b"# more\n")] * 1000
        with pytest.raises(ConfigError, match="another program is writing it; try again"):
            store.load()
        clock.steps = [lambda: editor.write(NO)]
        assert not store.load().config.llm.enabled
    assert clock.slept < 1  # a shell waits for both calls


def test_what_koe_wrote_is_used_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock.of(tmp_path / "config.yaml", monkeypatch)
    store = Store(tmp_path, {})
    store.create_missing_files()
    store.load()
    set_text(store, "asr.provider", "qwen")
    assert Store(tmp_path, {}).load().config.asr.provider == "qwen"
    assert clock.slept == 0


def test_the_time_of_another_clock_delays_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock.of(tmp_path / "config.yaml", monkeypatch)
    write(tmp_path / "config.yaml", LLM + NO, time.time() + 3600)
    assert not Store(tmp_path, {}).load().config.llm.enabled
    assert clock.slept == 0
