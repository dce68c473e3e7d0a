"""Any bytes as a file, any key, any value, any kind of file: a sentence at worst.

Nothing else than `ConfigError` is raised, what was written can be read again, and what could
not be written has left everything as it was.
"""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from koe.config.dictionary import add_terms, remove_terms
from koe.config.people.check import find_problems
from koe.config.people.listing import list_settings
from koe.config.store import Store
from koe.config.windows.access import get_json, get_text, set_text
from koe.errors import ConfigError
from koe.yamltext import parser
from tests.files.confinement import run_on_small_disk, run_powerless

ENVIRON = {"KEY": "v", "ODD": "a: b\n- [", "RAW": "\udcff"}

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes, links and pipes")


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One for all examples, where no time is spent on waiting for the disk."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield tmp_path_factory.mktemp("koe")


@pytest.fixture(params=["CBaseLoader", "BaseLoader"], scope="module")
def _each_loader(request: pytest.FixtureRequest) -> Iterator[None]:
    """With libyaml, if it is there, and with the parser in pure Python."""
    if not hasattr(yaml, request.param):
        pytest.skip("PyYAML was built without libyaml")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parser, "_Loader", getattr(yaml, request.param))
        yield


each_loader = pytest.mark.usefixtures("_each_loader")


# --- any input ---------------------------------------------------------------------------

# What YAML is made of, and what has broken parsers.
TOKENS = [
    "a", "b: ", "- ", "? ", ": ", ":", "\n", "\n  ", "\n    ", "  ", "{", "}", "[", "]", ", ",
    "&x ", "*x", "!t ", "!!str ", "!<", "|", "|+\n", ">-\n", "|9", "'", '"', "# c", "\t", "---\n",
    "...\n", "\r\n", "\r", "\ufeff", "\u2028", "\x85", "\0", "\x1b", "%YAML 1.1\n", "%YAML 9.9\n",
    "%TAG ! x\n", "<<: ", "${KEY}", "${", "${ODD}", "1", "true", "null", "~", "0o9", "1e999",
    "asr:", "\n  provider: ", "llm:\n  base_url: x\n", "hotkey: {trigger_key: 5}\n", "é", "😀",
    '"\\x"', '"\\ud800"', '"\\UFFFFFFFF"', "@", "`", "=",
]  # fmt: skip
SOUPS = st.lists(st.sampled_from(TOKENS), max_size=25).map("".join)

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)
NAMES = st.sampled_from(
    ["asr", "provider", "qwen", "api_key", "headers", "llm", "profiles", "model", "hotkey",
     "trigger_key", "clipboard", "restore_delay_ms", "prompt_templates", "name", "a", "", "1"]
)  # fmt: skip
TREES = st.dictionaries(
    NAMES,
    st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
        max_leaves=8,
    ),
    max_size=4,
).map(lambda tree: yaml.safe_dump(tree, allow_unicode=True, sort_keys=False))

CONTENTS = (
    st.binary(max_size=60)
    | SOUPS.map(lambda text: text.encode())
    | SOUPS.map(lambda text: text.encode("utf-16"))
    | TREES.map(lambda text: text.encode())
    | st.tuples(TREES, SOUPS).map(lambda texts: "".join(texts).encode())
)
KEYS = (
    st.lists(NAMES | st.text(max_size=4), min_size=1, max_size=5).map(".".join) | st.text()
)  # fmt: skip
VALUES = (
    st.sampled_from(
        ["true", "12", "-0", "007", "0.5", "1e999", "${KEY}", "${", "", "\n", "a\nb", "|", "- x",
         "{", "# c", "\0", "\x1b", " x ", "\r\n", "null", "\ufeff", "\u2028", "9" * 30]
    )
    | st.text(max_size=20)
)  # fmt: skip


def check_error(error: ConfigError, path: Path) -> None:
    assert error.path == str(path)
    assert str(error).startswith(f"config error: {path}: ")
    assert error.reason
    assert error.reason.isprintable()


def read(store: Store, key: str, path: Path) -> str | None:
    """A setting; None when the file can't be read."""
    try:
        text = get_text(store, key)
    except ConfigError as exc:
        check_error(exc, path)
        text = None
    try:
        get_json(store, key)
    except ConfigError as exc:
        check_error(exc, path)
    return text


def put(path: Path, content: bytes) -> None:
    """Write a file as if that had been long ago: one that was written just now is waited for."""
    path.write_bytes(content)
    os.utime(path, (0, 0))


@each_loader
@given(CONTENTS, st.booleans())
def test_any_file_is_loaded_or_refused(directory: Path, content: bytes, renews: bool) -> None:
    path = directory / "config.yaml"
    put(path, content)
    store = Store(directory, ENVIRON, renews_old_files=renews)
    try:
        store.load()
        document = store.read_document()
        listing = list_settings(document, ENVIRON)
    except ConfigError as exc:
        check_error(exc, path)
        assert path.read_bytes() == content
    else:
        problems = find_problems(document, listing, directory, ("moonshine",))
        assert all(str(problem).isprintable() for problem in problems)


@each_loader
@given(CONTENTS, st.lists(st.tuples(KEYS, VALUES), min_size=1, max_size=3))
def test_any_setting_is_stored_or_refused(
    directory: Path, content: bytes, changes: list[tuple[str, str]]
) -> None:
    path = directory / "config.yaml"
    put(path, content)
    store = Store(directory, ENVIRON)
    for key, value in changes:
        before = path.read_bytes()
        read(store, key, path)
        try:
            set_text(store, key, value)
        except ConfigError as exc:
            check_error(exc, path)
            assert path.read_bytes() == before
            continue
        store.load()
        text = read(store, key, path)
        assert text == value or same_number(text, value)
        get_json(store, key)


def same_number(text: str | None, value: str) -> bool:
    with suppress(ValueError):
        return text is not None and float(text) == float(value)
    return False


@each_loader
def test_any_beginning_of_a_file(directory: Path) -> None:
    """As an editor leaves it that does not write a file as a whole, and dies."""
    (directory / "config.yaml").unlink(missing_ok=True)
    store = Store(directory, ENVIRON)
    store.create_missing_files()
    path = directory / "config.yaml"
    content = path.read_bytes()
    for length in range(0, len(content), 23):
        put(path, content[:length])
        try:
            store.load()
        except ConfigError as exc:
            check_error(exc, path)


# --- any kind of file --------------------------------------------------------------------


def huge(path: Path) -> None:
    with path.open("wb") as file:
        # Of which nothing is on the disk, but on Windows.
        file.truncate(2**21 if sys.platform == "win32" else 2**34)


def half_of_a_character(path: Path) -> None:
    path.write_bytes("asr:\n  provider: é".encode()[:-1])


def loop(path: Path) -> None:
    path.symlink_to(path)


def dangling(path: Path) -> None:
    path.symlink_to("missing/config.yaml")


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def pipe(path: Path) -> None:
    os.mkfifo(path)


HARD: list[tuple[Callable[[Path], None], str]] = [
    (huge, "larger than 1 MiB"),
    (half_of_a_character, "line 2, byte 13: not UTF-8 text"),
    (Path.mkdir, "this is not a file"),
]
HARD_ON_POSIX: list[tuple[Callable[[Path], None], str]] = [
    (loop, "Too many levels of symbolic links"),
    (dangling, "does not exist|No such file or directory"),
    (device, "this is not a file"),
    (pipe, "this is not a file"),
]


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        *(pytest.param(*case, id=case[0].__name__) for case in HARD),
        *(pytest.param(*case, id=case[0].__name__, marks=posix_only) for case in HARD_ON_POSIX),
    ],
)  # fmt: skip
def test_a_hard_file(tmp_path: Path, make: Callable[[Path], None], reason: str) -> None:
    config, dictionary = tmp_path / "config.yaml", tmp_path / "dictionary.txt"
    make(config)
    make(dictionary)
    before = config.lstat()
    store = Store(tmp_path, ENVIRON)

    for action in (
        store.load,
        lambda: get_text(store, "asr.provider"),
        lambda: get_json(store, "asr.provider"),
        lambda: set_text(store, "asr.provider", "x"),
    ):
        with pytest.raises(ConfigError, match=reason) as raised:
            action()
        check_error(raised.value, config)
    if make is not dangling:  # which counts as no file
        with pytest.raises(ConfigError, match=reason):
            add_terms(dictionary, ["Koe"])
        with pytest.raises(ConfigError, match=reason):
            remove_terms(dictionary, ["Koe"])

    after = config.lstat()
    assert (after.st_mode, after.st_size, after.st_ino) == (
        before.st_mode, before.st_size, before.st_ino,
    )  # fmt: skip
    left = {path.name for path in tmp_path.iterdir()}
    assert left <= {config.name, dictionary.name, f"{config.name}.lock", f"{dictionary.name}.lock"}


@posix_only
def test_links_to_files_are_followed_and_stay(tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    for name in ("config.yaml", "dictionary.txt"):
        (tmp_path / "dotfiles" / name).write_bytes(b"# mine\n")
        (tmp_path / name).symlink_to(Path("dotfiles", name))
    store = Store(tmp_path, ENVIRON)

    set_text(store, "asr.provider", "x")
    add_terms(tmp_path / "dictionary.txt", ["Koe"])

    snapshot = store.load()
    assert (snapshot.config.asr.provider, snapshot.terms) == ("x", ("Koe",))
    for name in ("config.yaml", "dictionary.txt"):
        assert (tmp_path / name).is_symlink()
        target = tmp_path / "dotfiles" / name
        assert target.read_bytes().startswith(b"# mine\n")
        assert stat.S_IMODE(target.stat().st_mode) == 0o600


# What each of these prints is one line for each thing that it tries.
TRY = """
import os, sys
from pathlib import Path
from koe.config.windows.access import get_text, set_text
from koe.config.people.check import find_problems
from koe.config.dictionary import add_terms
from koe.config.settings import Settings
from koe.config.store import Store
from koe.errors import ConfigError

folder = Path(sys.argv[1])
store = Store(folder, {})

def attempt(action):
    try:
        print(action())
    except ConfigError as exc:
        print(exc.reason)
"""


def test_a_file_without_permission(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_bytes(b"asr: {provider: x}\n")
    code = TRY + (
        "os.chmod(folder / 'config.yaml', 0)\n"
        "attempt(lambda: store.load().config.asr.provider)\n"
        "attempt(lambda: get_text(store, 'asr.provider'))\n"
        "attempt(lambda: set_text(store, 'asr.provider', 'y'))\n"
    )
    assert run_powerless(code, tmp_path).splitlines() == [
        "cannot be read: Permission denied",
        "cannot be read: Permission denied",
        "cannot be read: Permission denied",
    ]
    assert file.read_bytes() == b"asr: {provider: x}\n"


def test_a_folder_without_permission_to_write(tmp_path: Path) -> None:
    code = TRY + (
        "store.create_missing_files()\n"
        "(folder / 'dictionary.txt').unlink()\n"
        "os.chmod(folder, 0o500)\n"
        "attempt(lambda: get_text(store, 'asr.provider'))\n"
        "attempt(lambda: set_text(store, 'asr.provider', 'y'))\n"
        "attempt(lambda: add_terms(folder / 'dictionary.txt', ['Koe']))\n"
        "attempt(store.create_missing_files)\n"
        "attempt(lambda: Settings(store).current.config.asr.provider)\n"
        "os.chmod(folder, 0o700)\n"
    )
    refused = "cannot be written: Permission denied; it stays as it was"
    assert run_powerless(code, tmp_path).splitlines() == [
        "moonshine",
        refused,
        refused,
        refused,
        "moonshine",
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "config.yaml", "config.yaml.lock", "system_prompt.txt", "user_prompt.txt",
    ]  # fmt: skip


def test_a_read_only_disk(tmp_path: Path) -> None:
    code = TRY + (
        "store.create_missing_files()\n"
        "import subprocess\n"
        "subprocess.run(['mount', '-o', 'remount,ro', folder], check=True)\n"
        "attempt(lambda: get_text(store, 'asr.provider'))\n"
        "attempt(lambda: set_text(store, 'asr.provider', 'y'))\n"
        "attempt(lambda: add_terms(folder / 'dictionary.txt', ['Koe']))\n"
        "attempt(lambda: Settings(store).current.config.asr.provider)\n"
    )
    refused = "cannot be written: Read-only file system; it stays as it was"
    assert run_on_small_disk(code, tmp_path).splitlines() == [
        "moonshine",
        refused,
        refused,
        "moonshine",
    ]


def test_a_full_disk(tmp_path: Path) -> None:
    """Full already, and full in the middle of a write."""
    code = TRY + (
        "store.create_missing_files()\n"
        "set_text(store, 'asr.provider', 'x')\n"
        "add_terms(folder / 'dictionary.txt', ['Koe'])\n"
        "def content(): return {path.name: path.read_bytes() for path in folder.iterdir()}\n"
        "def fill(left):\n"
        "    with open(folder / 'filler', 'wb', buffering=0) as file:\n"
        "        try:\n"
        "            while file.write(bytes(4096)): pass\n"
        "        except OSError: pass\n"
        "        file.truncate(max(0, file.tell() - left))\n"
        "for left in (0, 4096):\n"
        "    fill(left)\n"
        "    before = content()\n"
        "    attempt(lambda: set_text(store, 'asr.provider', 'y' * 9000))\n"
        "    terms = [str(n) * 50 for n in range(99)]\n"
        "    attempt(lambda: add_terms(folder / 'dictionary.txt', terms))\n"
        "    attempt(lambda: content() == before)\n"
        "(folder / 'filler').unlink()\n"
        "attempt(lambda: set_text(store, 'asr.provider', 'z'))\n"
        "attempt(lambda: store.load().config.asr.provider)\n"
    )
    refused = "cannot be written: No space left on device; it stays as it was"
    assert run_on_small_disk(code, tmp_path).splitlines() == [
        *[refused, refused, "True"] * 2,
        "None",
        "z",
    ]


@pytest.mark.parametrize(
    "moment", ["os.fsync", "pathlib.Path.replace", "koe.files.whole.sync_folder"]
)
def test_a_process_that_dies_while_it_writes(tmp_path: Path, moment: str) -> None:
    """As in a power cut: the file is the old or the new one, and the next writer gets in."""
    store = Store(tmp_path, ENVIRON)
    for text in ("older", "old"):  # the first time there is a copy to write, too
        set_text(store, "asr.provider", text)
    module, _, name = moment.rpartition(".")
    owner = "__import__('pathlib').Path" if "Path" in module else f"import_module({module!r})"
    code = TRY + (
        "from importlib import import_module\n"
        "import koe.files.write\n"
        f"setattr({owner}, {name!r}, lambda *_: os._exit(7))\n"
        "set_text(store, 'asr.provider', 'new')\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert done.returncode == 7

    kept = "new" if moment.endswith("sync_folder") else "old"
    assert store.load().config.asr.provider == kept
    set_text(store, "asr.provider", "newer")
    assert store.load().config.asr.provider == "newer"
    # What was being written may hold keys.
    assert not [path.name for path in tmp_path.iterdir() if path.suffix == ".tmp"]
