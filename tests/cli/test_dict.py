from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from koe.cli import Exit, main


class Folder:
    """A configuration folder, for which it runs the command."""

    def __init__(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.path = path
        self.file = path / "dictionary.txt"
        self._capsys = capsys

    def write(self, content: str | bytes) -> None:
        self.path.mkdir(exist_ok=True)
        self.file.write_bytes(content if isinstance(content, bytes) else content.encode())

    def koe(self, *words: str) -> tuple[int, str, str]:
        """Exit status, stdout, stderr."""
        status = main(["dict", words[0], "--config", str(self.path), *words[1:]])
        out, err = self._capsys.readouterr()
        return status, out, err


@pytest.fixture
def folder(directory: Path, capsys: pytest.CaptureFixture[str]) -> Folder:
    return Folder(directory, capsys)


def test_list(folder: Folder) -> None:
    folder.write("\ufeff# c\nKoe\n\n语音输入\nKoe\n")
    assert folder.koe("list") == (Exit.OK, "Koe\n语音输入\n", "")


def test_json(folder: Folder) -> None:
    folder.write("Koe\n语音输入\n")
    status, out, err = folder.koe("list", "--json")
    assert (status, err) == (Exit.OK, "")
    assert json.loads(out) == {"path": str(folder.file), "terms": ["Koe", "语音输入"]}
    status, out, _ = folder.koe("check", "--json")
    assert (status, json.loads(out)["ok"]) == (Exit.OK, True)
    folder.write("Koe\nkoe\n")
    status, out, _ = folder.koe("check", "--json")
    [problem] = json.loads(out)["problems"]
    assert (status, problem["line"]) == (Exit.ERROR, 2)
    folder.file.unlink()
    folder.file.mkdir()
    status, out, _ = folder.koe("check", "--json")
    [problem] = json.loads(out)["problems"]
    assert (status, problem["line"]) == (Exit.ERROR, None)


def test_json_without_a_file(folder: Folder) -> None:
    status, out, err = folder.koe("list", "--json")
    assert (status, json.loads(out)["terms"]) == (Exit.OK, [])
    assert err.endswith("does not exist; koe dict add creates it\n")
    status, out, _ = folder.koe("check", "--json")
    assert (status, json.loads(out)["problems"]) == (Exit.OK, [])


def test_list_without_a_file(folder: Folder) -> None:
    note = f"koe: note: {folder.file} does not exist; koe dict add creates it\n"
    assert folder.koe("list") == (Exit.OK, "", note)
    assert not folder.path.exists()


@pytest.mark.skipif(
    sys.platform == "win32", reason="to Windows, what is below a file is just not there"
)
def test_list_where_the_folder_is_a_file(folder: Folder) -> None:
    folder.path.write_text("")
    status, out, err = folder.koe("list")
    assert (status, out) == (Exit.ERROR, "")
    assert "config.yaml: cannot be read: Not a directory" in err


def test_add(folder: Folder) -> None:
    folder.write("# mine\nGitHub\n")
    status, out, err = folder.koe("add", "Koe", "GitHub", "github", "sherpa-onnx")
    assert (status, err) == (Exit.OK, "")
    assert out.splitlines() == [
        "added: Koe",
        "already there: GitHub",
        "already there: github, spelled GitHub; to change it, remove GitHub first",
        "added: sherpa-onnx",
        f"{folder.file} has 2 more terms, used from the next recording on",
    ]
    assert folder.file.read_text() == "# mine\nGitHub\nKoe\nsherpa-onnx\n"


def test_add_as_json(folder: Folder) -> None:
    folder.write("# mine\nGitHub\n")
    status, out, err = folder.koe("add", "--json", " 语音 ", "GitHub", "github", "语音")
    assert (status, err) == (Exit.OK, "")
    assert json.loads(out) == {
        "path": str(folder.file),
        "added": ["语音"],
        "present": [
            {"term": "GitHub", "spelling": "GitHub"},
            {"term": "github", "spelling": "GitHub"},
        ],
    }
    status, out, err = folder.koe("add", "--json", "# no")
    assert (status, out) == (Exit.ERROR, "")
    assert "nothing was added" in err
    assert folder.file.read_text("utf-8") == "# mine\nGitHub\n语音\n"


def test_add_creates_the_default_files(folder: Folder) -> None:
    assert folder.koe("add", "Koe")[0] == Exit.OK
    assert folder.file.read_text("utf-8").splitlines()[-1] == "Koe"
    assert folder.file.read_text("utf-8").startswith("# ")
    assert (folder.path / "config.yaml").exists()


@pytest.mark.parametrize("term", ["", "# no", "a\nb", "x" * 101])
def test_what_can_be_no_term(folder: Folder, term: str) -> None:
    folder.write("a\n")
    status, out, err = folder.koe("add", "Koe", term)
    assert (status, out) == (Exit.ERROR, "")
    assert "nothing was added" in err
    assert folder.file.read_text() == "a\n"


def test_remove(folder: Folder) -> None:
    folder.write("# mine\nKoe\nGitHub\n")
    assert folder.koe("remove", "Koe") == (Exit.OK, "", "")
    status, out, err = folder.koe("remove", "Koe", "github", "--", "-x")
    assert (status, out) == (Exit.ERROR, "")
    assert err.splitlines() == [
        f"koe: '-x' is not in {folder.file}; koe dict list shows all terms",
        f"koe: 'Koe' is not in {folder.file}; koe dict list shows all terms",
        f"koe: 'github' is not in {folder.file}; did you mean 'GitHub'?",
    ]
    assert folder.file.read_text() == "# mine\nGitHub\n"


def test_remove_as_json(folder: Folder) -> None:
    folder.write("Koe\nGitHub\n语音\n")
    status, out, err = folder.koe("remove", "--json", "语音")
    assert (status, err) == (Exit.OK, "")
    assert json.loads(out) == {
        "ok": True, "path": str(folder.file), "removed": ["语音"], "missing": [],
    }  # fmt: skip
    status, out, err = folder.koe("remove", "--json", " Koe ", "github", "Koe", "--", "-x")
    assert status == Exit.ERROR
    assert json.loads(out) == {
        "ok": False,
        "path": str(folder.file),
        "removed": ["Koe"],
        "missing": [{"term": "-x", "spelling": None}, {"term": "github", "spelling": "GitHub"}],
    }
    assert err.splitlines() == [
        f"koe: '-x' is not in {folder.file}; koe dict list shows all terms",
        f"koe: 'github' is not in {folder.file}; did you mean 'GitHub'?",
    ]
    assert folder.file.read_text() == "GitHub\n"


def test_check(folder: Folder) -> None:
    folder.write(b"Koe\n# c\nKoe\n\xff\n")
    status, out, err = folder.koe("check")
    assert (status, err) == (Exit.ERROR, "")
    assert out.splitlines() == [
        f"{folder.file}, line 3: 'Koe' is on line 1; ignored here",
        f"{folder.file}, line 4: byte 1 is not UTF-8, so nothing in the file is used; save it as "
        "UTF-8",
    ]


def test_check_without_problems(folder: Folder) -> None:
    assert folder.koe("check") == (
        Exit.OK, f"{folder.file} does not exist; koe dict add creates it\n", "",
    )  # fmt: skip
    folder.write("Koe\n")
    assert folder.koe("check") == (Exit.OK, f"{folder.file}: 1 term, nothing is wrong\n", "")


def test_a_file_that_cannot_be_read(folder: Folder) -> None:
    folder.path.mkdir()
    folder.file.mkdir()
    for words in (["list"], ["add", "Koe"], ["remove", "Koe"]):
        status, out, err = folder.koe(*words)
        assert (status, out) == (Exit.ERROR, "")
        assert "dictionary.txt: this is not a file; put a text file in its place" in err
    status, out, _ = folder.koe("check")
    assert status == Exit.ERROR
    assert "this is not a file" in out


def test_the_configured_file_is_meant(folder: Folder) -> None:
    folder.write("not this one\n")
    (folder.path / "config.yaml").write_text("dictionary: {path: words.txt}\n")
    assert folder.koe("add", "Koe")[0] == Exit.OK
    assert (folder.path / "words.txt").read_text() == "Koe\n"
    assert folder.koe("list") == (Exit.OK, "Koe\n", "")
    assert folder.file.read_text() == "not this one\n"


def test_a_broken_configuration(folder: Folder) -> None:
    folder.write("")
    (folder.path / "config.yaml").write_text("asr: [\n")
    for words in (["list"], ["add", "Koe"], ["remove", "Koe"], ["check"]):
        status, out, err = folder.koe(*words)
        assert (status, out) == (Exit.ERROR, "")
        assert "not valid YAML" in err


@pytest.mark.parametrize("action", ["list", "add", "remove", "check"])
def test_help_of_every_action(action: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["dict", action, "--help"])
    assert ended.value.code == Exit.OK
    help_text = capsys.readouterr().out
    assert help_text.startswith(f"usage: koe dict {action}")
    assert max(map(len, help_text.splitlines())) <= 100
