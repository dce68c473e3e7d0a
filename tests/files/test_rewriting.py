"""Changes to a file that another program writes at the same time. No test waits for time."""

from __future__ import annotations

import os
import sys
from functools import partial
from io import FileIO
from pathlib import Path

import pytest

from koe.config.store import DEFAULTS, Store
from koe.config.windows.access import set_text
from koe.errors import ConfigError
from koe.files import whole as whole_module
from koe.files.rewriting import rewrite
from tests.files.editor import Clock, Editor

OLD = 1_700_000_000
DEFAULT = (DEFAULTS / "config.yaml").read_bytes()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_bytes(DEFAULT)
    os.utime(path, (OLD, OLD))
    return path


@pytest.fixture
def clock(file: Path, monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock.of(file, monkeypatch)


def with_mark(content: bytes | None) -> bytes:
    return (content or b"") + b"# mark\n"


def test_a_file_at_rest_is_changed_at_once(file: Path, clock: Clock) -> None:
    rewrite(file, with_mark)
    rewrite(file, with_mark)  # young, and koe's own
    assert file.read_bytes() == DEFAULT + b"# mark\n# mark\n"
    assert clock.slept == 0


def test_a_missing_file_is_created(tmp_path: Path, clock: Clock) -> None:
    rewrite(tmp_path / "new", with_mark)
    assert (tmp_path / "new").read_bytes() == b"# mark\n"
    assert clock.slept == 0


def test_an_editor_that_has_emptied_the_file_is_waited_for(file: Path, clock: Clock) -> None:
    with file.open("wb") as editor:

        def write() -> None:
            editor.write(DEFAULT)
            editor.flush()

        clock.steps = [*[lambda: None] * 50, write]
        set_text(Store(file.parent, {}), "llm.timeout_ms", "9000")
    saved = file.read_bytes()
    assert saved.count(b"#") == DEFAULT.count(b"#") > 50
    assert b"timeout_ms: 9000" in saved


def test_another_process_that_has_emptied_the_file(file: Path, clock: Clock) -> None:
    with Editor(file, clock) as editor:
        clock.steps = [lambda: None, lambda: editor.write(b"# theirs\n" + DEFAULT)]
        set_text(Store(file.parent, {}), "llm.timeout_ms", "9000")
    saved = file.read_bytes()
    assert saved.startswith(b"# theirs\n")
    assert saved.count(b"#") == DEFAULT.count(b"#") + 1
    assert b"timeout_ms: 9000" in saved


def test_an_editor_that_writes_in_pieces_is_waited_for(file: Path, clock: Clock) -> None:
    with file.open("wb", buffering=0) as editor:
        pieces = [DEFAULT[at : at + 1000] for at in range(0, len(DEFAULT), 1000)]
        clock.touch()
        clock.steps = (partial(editor.write, piece) for piece in pieces)
        rewrite(file, with_mark)
    assert file.read_bytes() == DEFAULT + b"# mark\n"


def test_what_was_saved_after_reading_is_read_again(file: Path, clock: Clock) -> None:
    seen: list[bytes | None] = []

    def change(content: bytes | None) -> bytes:
        if not seen:
            file.write_bytes(b"# theirs\n" + DEFAULT)
        seen.append(content)
        return with_mark(content)

    rewrite(file, change)
    assert seen == [DEFAULT, b"# theirs\n" + DEFAULT]
    assert file.read_bytes() == b"# theirs\n" + DEFAULT + b"# mark\n"


def test_what_can_not_be_changed_is_read_again_if_it_has_changed(file: Path, clock: Clock) -> None:
    def change(content: bytes | None) -> bytes:
        if content == DEFAULT:
            file.write_bytes(b"a: 1\n")
            raise ConfigError("p", "half a file")
        return with_mark(content)

    rewrite(file, change)
    assert file.read_bytes() == b"a: 1\n# mark\n"


@pytest.mark.skipif(sys.platform == "win32", reason="an open file can't be replaced")
def test_an_editor_that_writes_to_the_former_file_loses_nothing(
    file: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = whole_module._replace
    editors: list[FileIO] = []

    def replace_late(temporary: Path, target: Path) -> None:
        if not editors:
            editors.append(target.open("wb", buffering=0))  # which empties it
            clock.steps = [lambda: editors[0].write(b"# theirs\n" + DEFAULT)]
        replace(temporary, target)

    monkeypatch.setattr(whole_module, "_replace", replace_late)
    rewrite(file, with_mark)
    editors[0].close()
    assert file.read_bytes() == b"# theirs\n" + DEFAULT + b"# mark\n"


def test_an_editor_that_does_not_stop(file: Path, clock: Clock) -> None:
    def change(content: bytes | None) -> bytes:
        with file.open("ab") as editor:
            editor.write(b"# more\n")
        return with_mark(content)

    with pytest.raises(ConfigError, match="another program is writing it; try again"):
        rewrite(file, change)
    assert b"# mark" not in file.read_bytes()
    assert sorted(path.name for path in file.parent.iterdir()) == [
        "config.yaml",
        "config.yaml.lock",
    ]


def test_a_file_that_is_meant_to_be_empty(file: Path, clock: Clock) -> None:
    file.write_bytes(b"")
    rewrite(file, with_mark)
    assert file.read_bytes() == b"# mark\n"
    assert clock.slept <= 2.1
