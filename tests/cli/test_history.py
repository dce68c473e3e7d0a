from __future__ import annotations

import json
import wave
from pathlib import Path

import pytest

from koe.cli import Exit, main
from koe.cli.live_line import display_width
from koe.config.schema import HistoryConfig
from koe.journal import folder
from koe.journal.entries import Why, entry_json
from koe.journal.format import End, Header, JournalRecord, Kind
from koe.journal.history import EMPTY_HISTORY, History
from tests.cli.command import USAGE, run_koe
from tests.cli.configuration import configure, lab
from tests.cli.screen import Screen
from tests.journal import making
from tests.scripted import ScriptedEngine

FAILED = End("failed", heard="部署 to staging", engine="scripted", reason="the connection broke")
SILENT = End("completed", engine="scripted")


class Past:
    """A configuration folder with recordings, for which it runs the command."""

    def __init__(self, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.directory = directory
        self._capsys = capsys
        self._count = 0

    def add(self, end: End | None) -> str:
        """Add a recording with this end (None: an interrupted session); return its ID."""
        self._count += 1
        entry_id = f"20990714T0930{self._count:02}.007Z-42-1"
        path = folder.path_of(self.directory / "journal", entry_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        records = making.records(end)
        if end is SILENT:
            records = [it for it in records if it.kind != Kind.EVENT]
        began = f"2099-07-14T09:30:{self._count:02}.007Z"
        records[0] = JournalRecord(Kind.HEADER, 1, Header(engine="scripted", began=began).payload())
        making.write(path, records)
        return entry_id

    def write(self, config: str) -> None:
        self.directory.mkdir(exist_ok=True)
        (self.directory / "config.yaml").write_text(config, encoding="utf-8")

    def koe(self, *words: str | Path) -> tuple[int, str, str]:
        """Exit status, stdout, stderr."""
        status = main(["history", *map(str, words), "--config", str(self.directory)])
        out, err = self._capsys.readouterr()
        return status, out, err

    @property
    def history(self) -> History:
        return History(self.directory, HistoryConfig())


@pytest.fixture
def past(directory: Path, capsys: pytest.CaptureFixture[str]) -> Past:
    return Past(directory, capsys)


def test_an_empty_history(past: Past) -> None:
    note = f"koe: note: {EMPTY_HISTORY}\n"
    assert past.koe() == past.koe("list") == (Exit.OK, "", note)
    assert past.koe("--json") == (Exit.OK, "[]\n", "")
    assert past.koe("prune") == (Exit.OK, "0 entries or recordings were removed\n", "")
    assert past.koe("show", "last") == (Exit.ERROR, "", f"koe: {EMPTY_HISTORY}\n")
    assert not past.directory.exists()


def test_the_list(past: Past) -> None:
    first, second = past.add(FAILED), past.add(SILENT)
    status, out, err = past.koe()
    assert (status, err) == (Exit.OK, "")
    head, newer, older = out.splitlines()
    assert head.split() == ["ID", "when", "seconds", "engine", "why", "text"]
    assert newer.startswith(f"{second[:15]}  2099-07-1")
    assert newer.endswith("  0.0  scripted  silent")
    assert older.startswith(first[:15])
    assert older.endswith("  0.0  scripted  failed  部署 to staging")
    assert past.koe("list", "--limit", "1")[1].count("\n") == 2


def test_the_list_on_a_terminal(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    past.add(End("failed", heard="word \x1b[2J" * 100, engine="scripted"))
    screen = Screen()
    monkeypatch.setattr("sys.stdout", screen)
    monkeypatch.setattr("koe.cli.history.columns_of", lambda terminal: 90)
    assert main(["history", "--config", str(past.directory)]) == Exit.OK
    assert display_width(screen.lines[1]) == 89
    assert len(screen.lines) == 2
    assert "\x1b" not in screen.getvalue()
    assert screen.lines[1].endswith("…")


def test_the_list_as_json(past: Past) -> None:
    past.add(FAILED)
    expected = [entry_json(it) for it in past.history.survey().entries]
    status, out, err = past.koe("list", "--json")
    assert (status, json.loads(out), err) == (Exit.OK, expected, "")
    # The option may precede or follow the action.
    for words in (["--json"], ["--json", "list"], ["--json", "search", "staging"]):
        assert past.koe(*words)[1] == out


def test_searching(past: Past) -> None:
    past.add(SILENT)
    past.add(FAILED)
    assert past.koe("search", "STAG")[1].count("\n") == 2
    assert past.koe("search", "部")[1].count("\n") == 2
    assert past.koe("search", "prod") == (Exit.OK, "", "koe: note: nothing was found\n")


def test_showing(past: Past) -> None:
    entry_id = past.add(FAILED)
    status, out, _ = past.koe("show", "last")
    assert status == Exit.OK
    assert f"ID         {entry_id}\n" in out
    assert "reason     the connection broke\n" in out
    assert f"recording  {past.history.recording_of('last')}, 0.0 MB\n" in out
    assert past.koe("show", entry_id[:15])[1] == out
    found = json.loads(past.koe("show", "last", "--json")[1])
    assert found == entry_json(past.history.entry("last"))


def test_an_interrupted_dictation_is_reported_once(past: Past) -> None:
    entry_id = past.add(None)
    status, out, err = past.koe()
    assert status == Exit.OK
    assert out.endswith("  interrupted  one two 部署\n")
    assert err == (
        f"koe: note: a dictation was interrupted; to recognise it: koe history retry {entry_id}\n"
    )
    assert past.koe()[2] == ""


def test_exporting(past: Past, tmp_path: Path) -> None:
    entry_id = past.add(FAILED)
    path = tmp_path / "out.wav"
    assert past.koe("export", "last", path) == (Exit.OK, f"{path}: 0.0 s\n", "")
    with wave.open(str(path)) as wav:
        assert wav.readframes(1000) == b"".join(making.AUDIO)
    found = json.loads(past.koe("export", "last", path, "--json")[1])
    assert found == {"id": entry_id, "path": str(path), "seconds": 0.02}
    status, out, err = past.koe("export", "last", tmp_path)
    assert (status, out) == (Exit.ERROR, "")
    assert err == f"koe: {tmp_path} cannot be written: it is not a regular file\n"


def test_pinning(past: Past) -> None:
    entry_id = past.add(FAILED)
    assert past.koe("pin", "last") == (Exit.OK, f"{entry_id} is pinned\n", "")
    assert past.history.entry("last").is_pinned
    assert "failed*" in past.koe()[1]
    assert past.koe("unpin", "last")[1] == f"{entry_id} is no longer pinned\n"
    assert json.loads(past.koe("pin", "last", "--json")[1])["pinned"] is True


def test_removing(past: Past) -> None:
    first, second = past.add(FAILED), past.add(FAILED)
    assert past.koe("remove", first) == (Exit.OK, f"{first} is removed\n", "")
    assert json.loads(past.koe("remove", "last", "--json")[1]) == {"removed": second}
    assert not list(past.directory.rglob("*.koej"))
    status, _, err = past.koe("remove", first)
    assert (status, err) == (
        Exit.ERROR,
        f"koe: the history has no entry {first!r}; `koe history` lists them\n",
    )


def test_pruning(past: Past) -> None:
    past.add(FAILED)
    past.koe()
    past.write("history: {max_mb: 0, text_days: 30}\n")
    assert past.koe("prune") == (Exit.OK, "1 entry or recording was removed\n", "")
    assert "failed (text)" in past.koe()[1]
    assert json.loads(past.koe("prune", "--json")[1]) == {"removed": 0}


def test_what_is_left_alone_is_named(past: Past) -> None:
    entry_id = past.add(FAILED)
    (path,) = past.directory.rglob("*.koej")
    making.write(path, [JournalRecord(Kind.HEADER, 1, Header(format=2).payload())])
    status, out, err = past.koe("prune")
    assert (status, out) == (Exit.OK, "0 entries or recordings were removed\n")
    assert err.startswith(f"koe: note: skipped: recording {path}: a later koe made it")
    assert path.exists()
    assert entry_id


def test_settings_that_cannot_be_read_remove_nothing(past: Past) -> None:
    past.add(FAILED)
    past.write("history: [\n")
    status, out, err = past.koe("prune")
    assert (status, out) == (Exit.OK, "0 entries or recordings were removed\n")
    assert "until this is corrected, nothing is removed" in err


def test_a_history_that_cannot_be_used(past: Past) -> None:
    (past.directory / "history.db").mkdir(parents=True)
    past.add(FAILED)
    status, out, err = past.koe()
    assert (status, out) == (Exit.ERROR, "")
    assert err == f"koe: {past.directory / 'history.db'} is a link, or no file; move it away\n"


# --- another try -------------------------------------------------------------------------


def test_recognising_again(past: Past, engine: ScriptedEngine) -> None:
    entry_id = past.add(FAILED)
    past.write("llm: {enabled: false}\n")
    assert past.koe("retry", "last") == (Exit.OK, "hello world\n", "")
    assert bytes(engine.heard) == b"".join(making.AUDIO)
    entry = past.history.entry(entry_id)
    assert (entry.text, entry.why, entry.has_audio) == ("hello world", Why.COMPLETE, True)


def test_recognising_again_as_json(past: Past, engine: ScriptedEngine) -> None:
    past.add(FAILED)
    past.write("llm: {enabled: false}\n")
    status, out, _ = past.koe("retry", "last", "--json", "--engine", "qwen")
    (final,) = [it for it in map(json.loads, out.splitlines()) if it["event"] == "final"]
    assert (status, final["text"]) == (Exit.OK, "hello world")
    assert (final["engine"], final["audio_seconds"]) == ("qwen", 0.02)


def test_nothing_is_recognised_again(past: Past, engine: ScriptedEngine) -> None:
    engine.answer = ""
    entry_id = past.add(FAILED)
    past.write("llm: {enabled: false}\n")
    assert past.koe("retry", "last") == (Exit.NO_SPEECH, "", "koe: no speech was recognised\n")
    assert past.history.entry(entry_id).why is Why.FAILED


def test_correcting_again(past: Past, url: str) -> None:
    entry_id = past.add(FAILED)
    configure(past.directory, lab(url, "koe-echo"))
    assert past.koe("recorrect", "last") == (Exit.OK, "部署 to staging!!\n", "")
    assert past.history.entry(entry_id).is_corrected


def test_what_cannot_be_tried_again(past: Past) -> None:
    past.write("llm: {profiles: {lab: {model: m}}}\n")
    entry_id = past.add(SILENT)
    status, out, err = past.koe("recorrect", "last")
    assert (status, out) == (Exit.ERROR, "")
    assert f"{entry_id} has no text that could be corrected" in err
    assert "LLM profile not found: x" in past.koe("retry", "last", "--profile", "x")[2]
    past.add(FAILED)
    past.koe()
    past.write("history: {max_mb: 0}\n")
    past.koe("prune")
    status, out, err = past.koe("retry", "last", "--json")
    assert (status, err) == (Exit.ERROR, "")
    assert json.loads(out)["event"] == "error"
    assert "has no recording: it was removed, or never kept" in json.loads(out)["message"]
    assert past.koe("retry", "none")[2].startswith("koe: the history has no entry 'none'; ")


# --- usage -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ["sing"],
        ["show"],
        ["search"],
        ["export", "last"],
        ["list", "--limit", "0"],
        ["list", "--limit", "x"],
        ["retry", "last", "--engine", "parrot"],
        ["recorrect", "last", "--engine", "qwen"],
        ["prune", "last"],
    ],
)
def test_wrong_usage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["history", *words])
    assert ended.value.code == USAGE
    assert capsys.readouterr().err.startswith("usage: koe ")


@pytest.mark.parametrize(
    "action",
    ["list", "search", "show", "retry", "recorrect", "export", "pin", "unpin", "remove", "prune"],
)
def test_help_of_every_action(action: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["history", action, "--help"])
    assert ended.value.code == Exit.OK
    out = capsys.readouterr().out
    assert out.startswith(f"usage: koe history {action}")
    assert max(map(len, out.splitlines())) <= 100


def test_every_reason_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["history", "list", "--help"])
    out = capsys.readouterr().out
    assert all(f"\n  {why} " in out for why in Why)


def test_looking_loads_no_engine(tmp_path: Path) -> None:
    done = run_koe("history", home=tmp_path)
    assert (done.returncode, done.stdout) == (Exit.OK, "")
