"""The dictionary's file: what is reported about it, and what a change leaves alone."""

from __future__ import annotations

import os
import stat
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koe.config.dictionary import LONGEST_TERM, add_terms, find_flaws, remove_terms
from koe.config.store import parse_terms
from koe.errors import ConfigError
from koe.files.read import LARGEST_FILE_BYTES


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "dictionary.txt"


# --- looking -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "flaws"),
    [
        (b"", []),
        (b"\xef\xbb\xbf# c\r\n\r\n Koe\r\n\t# d\r\nC#\r\n#x", []),
        (b"a\nb\n a \n", ["3: 'a' is on line 1; ignored here"]),
        (b"\xef\xbb\xbfa\na", ["2: 'a' is on line 1; ignored here"]),
        (
            b"GitHub\n\nGithub\n",
            ["3: 'Github': 'GitHub' on line 1 differs in case only; keep the right one"],
        ),
        (
            b"a\n\xe9t\xe9\nb\xff\n",
            [
                "2: byte 1 is not UTF-8, so nothing in the file is used; save it as UTF-8",
                "3: byte 2 is not UTF-8, so nothing in the file is used; save it as UTF-8",
            ],
        ),
        (
            "Koe\n".encode("utf-16"),
            ["1: the file is UTF-16, so nothing in it is used; save it as UTF-8"],
        ),
        (
            b"Koe # an app\n",
            [
                "1: 'Koe # an app': '# an app' is part of the term, because a comment needs a "
                "line of its own"
            ],
        ),
        ("x" * LONGEST_TERM, []),
        (
            "x" * (LONGEST_TERM + 1),
            [f"1: '{'x' * 40}…' is 101 characters long, and a term has at most 100"],
        ),
        ("K\ufffde", ["1: 'K\ufffde' was garbled when the file was saved in another encoding; "
                      "type it again"]),
        ("a\n\u200bK", ["2: '\\u200bK' contains the invisible character U+200B; type it again"]),
        ("a\rb", ["1: 'a\\rb' contains the control character U+000D; type it again"]),
    ],
)  # fmt: skip
def test_flaws(content: bytes | str, flaws: list[str]) -> None:
    encoded = content if isinstance(content, bytes) else content.encode()
    assert [f"{flaw.line}: {flaw.message}" for flaw in find_flaws(encoded)] == flaws


@given(st.binary(max_size=80) | st.text(max_size=80).map(str.encode))
def test_any_file_is_looked_at(content: bytes) -> None:
    lines = content.count(b"\n") + 1
    assert all(1 <= flaw.line <= lines and flaw.message for flaw in find_flaws(content))


# --- adding ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, "Koe\n用 Koe\n"),
        ("", "Koe\n用 Koe\n"),
        ("\ufeff", "\ufeffKoe\n用 Koe\n"),
        ("# c\n\n", "# c\n\nKoe\n用 Koe\n"),
        ("# c\na", "# c\na\nKoe\n用 Koe\n"),
        ("a\r\nb\r\n", "a\r\nb\r\nKoe\r\n用 Koe\r\n"),
        ("a\r\nb", "a\r\nb\r\nKoe\r\n用 Koe\r\n"),
    ],
)
def test_adding(file: Path, before: str | None, after: str) -> None:
    if before is not None:
        file.write_bytes(before.encode())
    assert add_terms(file, [" Koe ", "用 Koe", "Koe"]) == {"Koe": None, "用 Koe": None}
    assert file.read_bytes().decode() == after


def test_what_is_there_already(file: Path) -> None:
    file.write_bytes(b"github\nGitHub\nkoe\n")
    before = file.stat()
    found = add_terms(file, ["GitHub", "GITHUB", "KOE"])
    assert found == {"GitHub": "GitHub", "GITHUB": "github", "KOE": "koe"}
    after = file.stat()  # Reading changes only the time of the last access.
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_two_spellings_at_once(file: Path) -> None:
    assert add_terms(file, ["Koe", "KOE"]) == {"Koe": None, "KOE": "Koe"}
    assert file.read_text() == "Koe\n"


@pytest.mark.parametrize(
    ("term", "fault"),
    [
        ("", "is blank"),
        (" \u3000", "is blank"),
        ("# c", "would be a comment"),
        (" #c", "would be a comment"),
        ("a\nb", "contains the control character U+000A"),
        ("a\0b", "contains the control character U+0000"),
        ("a\u200bb", "contains the invisible character U+200B"),
        ("a\udcff", "is not UTF-8 text"),
        ("x" * 101, "is 101 characters long"),
    ],
)
def test_what_can_be_no_term(file: Path, term: str, fault: str) -> None:
    file.write_bytes(b"a\n")
    with pytest.raises(ConfigError, match="; nothing was added") as raised:
        add_terms(file, ["good", term])
    assert fault in str(raised.value)
    assert str(raised.value).isprintable()
    assert file.read_bytes() == b"a\n"


# --- removing ----------------------------------------------------------------------------

FULL = "\ufeffa # b\n# a\n\n  Koe \r\n\u3000Koe\nkoe\n  # c\nlast"


@pytest.mark.parametrize(
    ("terms", "after", "missing"),
    [
        (["Koe "], "\ufeffa # b\n# a\n\nkoe\n  # c\nlast", {}),
        (["a # b"], "\ufeff# a\n\n  Koe \r\n\u3000Koe\nkoe\n  # c\nlast", {}),
        (["last", "koe"], "\ufeffa # b\n# a\n\n  Koe \r\n\u3000Koe\n  # c\n", {}),
        (["# a", "", "a", "KOE"], FULL, {"# a": None, "": None, "a": None, "KOE": "Koe"}),
        (["no", "Koe", "koe"], "\ufeffa # b\n# a\n\n  # c\nlast", {"no": None}),
    ],
)
def test_removing(file: Path, terms: list[str], after: str, missing: dict[str, str | None]) -> None:
    file.write_bytes(FULL.encode())
    assert remove_terms(file, terms) == missing
    assert file.read_bytes().decode() == after


def test_removing_from_no_file(file: Path) -> None:
    assert remove_terms(file, ["Koe"]) == {"Koe": None}
    assert not file.exists()


@given(
    st.lists(st.text(max_size=8) | st.sampled_from(["# c", "", "Koe", " koe"]), max_size=8),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["Koe", "koe", "x", "用"]),
)
def test_what_was_added_and_removed_leaves_the_rest(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], end: str, term: str
) -> None:
    file = tmp_path_factory.getbasetemp() / "dictionary.txt"
    before = "".join(line + end for line in lines)
    file.write_bytes(before.encode())
    os.utime(file, (0, 0))  # else koe waits for an editor that may still be writing
    terms = parse_terms(before)

    added = add_terms(file, [term])[term] is None

    now = file.read_bytes().decode()
    assert parse_terms(now) == terms + [term] * added
    assert now.startswith(before)
    if added:
        assert remove_terms(file, [term]) == {}
        assert file.read_bytes().decode() == before


# --- the file ----------------------------------------------------------------------------


@pytest.mark.parametrize("change", [add_terms, remove_terms])
def test_a_file_that_cannot_be_read_is_left_alone(file: Path, change: object) -> None:
    assert callable(change)
    for content in (b"a\n\xff\n", b"x\n" * (LARGEST_FILE_BYTES // 2 + 1)):
        file.write_bytes(content)
        with pytest.raises(ConfigError, match=r"line 2, byte 1: not UTF-8|larger than 1 MiB"):
            change(file, ["Koe"])
        assert file.read_bytes() == content
    file.unlink()
    file.mkdir()
    with pytest.raises(ConfigError, match="this is not a file"):
        change(file, ["Koe"])
    with pytest.raises(ConfigError, match="No such file"):
        change(file.parent / "missing" / "dictionary.txt", ["Koe"])


def test_a_file_that_would_be_too_large(file: Path) -> None:
    content = b"# c\n" * (LARGEST_FILE_BYTES // 4)
    file.write_bytes(content)
    with pytest.raises(ConfigError, match="would become larger than 1 MiB"):
        add_terms(file, ["Koe"])
    assert file.read_bytes() == content


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes and links")
def test_the_file_is_private_and_a_link_stays(file: Path) -> None:
    target = file.with_name("words")
    target.write_bytes(b"a\n")
    target.chmod(0o644)
    file.symlink_to("words")
    add_terms(file, ["b"])
    assert file.is_symlink()
    assert (target.read_bytes(), stat.S_IMODE(target.stat().st_mode)) == (b"a\nb\n", 0o600)


def test_two_who_add_at_the_same_time(file: Path) -> None:
    names = [f"{letter}{number}" for letter in "ab" for number in range(20)]

    def add(letter: str) -> None:
        for name in names:
            if name[0] == letter:
                add_terms(file, [name])

    threads = [threading.Thread(target=add, args=(letter,)) for letter in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(parse_terms(file.read_text())) == sorted(names)
