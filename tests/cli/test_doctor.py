from __future__ import annotations

import errno
import json
import os
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import koe.cli.doctor
from koe import __version__
from koe.cli import Exit, main
from koe.cli.doctor import Finding, Severity, examine
from koe.cli.history_table import when
from koe.config.store import config_directory
from koe.errors import AudioError
from koe.http.routes import LIBRARY
from koe.journal import folder
from koe.journal.entries import Entry
from koe.journal.format import End
from koe.microphone import MicrophoneInfo
from tests.cli.command import run_koe
from tests.journal import making


@pytest.fixture(autouse=True)
def microphone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A computer with a microphone."""
    info = MicrophoneInfo("Desk Microphone", "PortAudio V19")
    monkeypatch.setattr(koe.cli.doctor, "describe_microphone", lambda: info)


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system whose language is English."""
    speak(monkeypatch, "en_US.UTF-8")


def speak(monkeypatch: pytest.MonkeyPatch, locale: str) -> None:
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.delenv("LC_MESSAGES", raising=False)
    monkeypatch.setenv("LANG", locale)


def find(directory: Path, topic: str) -> list[Finding]:
    return [finding for finding in examine(directory) if finding.topic == topic]


def write(directory: Path, config: str) -> Path:
    directory.mkdir()
    (directory / "config.yaml").write_text(config, encoding="utf-8")
    return directory


def test_a_healthy_machine(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (write(directory, "llm: {enabled: false}") / "dictionary.txt").write_text(
        "Kubernetes\n", encoding="utf-8"
    )
    assert main(["doctor", "--config", str(directory)]) == Exit.OK
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"ok    koe         {__version__}, Python 3.")
    assert lines[1:] == [
        f"ok    config      {directory / 'config.yaml'}",
        f"ok    dictionary  {directory / 'dictionary.txt'}: 1 term",
        "ok    engine      moonshine: ready; koe engines lists the others",
        "ok    correction  off",
        f"ok    http        {LIBRARY}",
        f"ok    history     0 entries, 0.0 MB in {directory / 'journal'}; recordings without a "
        "complete text are kept for 7 days, 500 MB at most",
        "ok    microphone  Desk Microphone, PortAudio V19",
    ]


@pytest.mark.parametrize(
    ("config", "finding"),
    [
        ("", Finding(Severity.OK, "correction", "by the profile 'openai'; koe llm test tries it")),
        (
            "llm: {active_profile: x, profiles: {}}",
            Finding(
                Severity.WARN,
                "correction",
                "the profile 'x' is not one of llm.profiles (there are none); nothing is corrected",
            ),
        ),
        ("llm: {enabled: false}", Finding(Severity.OK, "correction", "off")),
        ("llm: [", Finding(Severity.OK, "correction", "off")),
    ],
)
def test_correction(config: str, finding: Finding, directory: Path) -> None:
    assert find(write(directory, config), "correction") == [finding]


def test_the_library_that_sends(directory: Path) -> None:
    (finding,) = find(directory, "http")
    assert finding.level is Severity.OK
    assert finding.message.startswith("pyreqwest 0.")


def test_proxies(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not find(directory, "proxy")
    monkeypatch.setenv("HTTPS_PROXY", "http://user:word@proxy:port")
    monkeypatch.setenv("NO_PROXY", "localhost,10.0.0.0/99")
    assert find(directory, "proxy") == [
        Finding(
            Severity.WARN,
            "proxy",
            "the address of the proxy in HTTPS_PROXY can't be read; correct it, or remove it to "
            "connect without a proxy",
        ),
        Finding(
            Severity.WARN,
            "proxy",
            "entry 2 of NO_PROXY can't be read and is ignored; correct or remove it",
        ),
    ]


def test_nothing_is_created(directory: Path) -> None:
    (config,) = find(directory, "config")
    assert config.level is Severity.OK
    assert "does not exist; the first dictation creates it" in config.message
    assert not directory.exists()


def test_the_user_s_own_folder_is_looked_at(tmp_path: Path) -> None:
    done = run_koe("doctor", home=tmp_path)
    folder = config_directory({"HOME": str(tmp_path), "APPDATA": str(tmp_path)})
    assert str(folder) in done.stdout
    # Not the whole home: the PulseAudio client creates a folder when koe looks for a microphone.
    assert not folder.exists()


def test_problems_of_the_configuration(directory: Path) -> None:
    write(directory, "clipboard:\n  restore_delay_ms: soon\n")
    path, problem = find(directory, "config")
    assert (path.level, problem.level) == (Severity.OK, Severity.WARN)
    assert "config.yaml, line 2: clipboard.restore_delay_ms: 'soon' is not" in problem.message


def test_a_configuration_that_cannot_be_read(directory: Path) -> None:
    (problem,) = find(write(directory, "asr: [\n"), "config")
    assert problem.level is Severity.FAIL
    assert "not valid YAML" in problem.message
    assert main(["doctor", "--config", str(directory)]) == Exit.ERROR


def without_entrance(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that the user may not enter. It is simulated, because root may enter any folder."""
    real_stat = Path.stat

    def refuse(path: Path, **options: bool) -> os.stat_result:
        if directory in path.parents:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return real_stat(path, **options)

    monkeypatch.setattr(Path, "stat", refuse)


def test_a_folder_that_cannot_be_entered(
    directory: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """This is a finding, not a missing file and not an error of the output."""
    without_entrance(write(directory, ""), monkeypatch)
    (problem,) = find(directory, "config")
    assert problem.level is Severity.FAIL
    assert f"{directory / 'config.yaml'}: cannot be read: Permission denied" in problem.message
    assert main(["doctor", "--config", str(directory)]) == Exit.ERROR
    assert capsys.readouterr().err == ""


def test_an_engine_that_does_not_exist(directory: Path) -> None:
    (unknown,) = find(write(directory, "asr:\n  provider: parrot\n"), "engine")
    assert unknown.level is Severity.FAIL
    assert unknown.message.startswith("parrot: this version knows: moonshine, ")


def test_an_engine_that_lacks_something(directory: Path) -> None:
    write(directory, "asr:\n  provider: glm\n")
    assert find(directory, "engine") == [
        Finding(Severity.FAIL, "engine", "glm: it has no key; set asr.glm.api_key")
    ]
    assert main(["doctor", "--config", str(directory)]) == Exit.ERROR


@pytest.mark.parametrize(
    ("locale", "config", "message"),
    [
        ("en_GB.UTF-8", "moonshine", ""),
        ("C.UTF-8", "moonshine", ""),
        ("zh_CN.UTF-8", "moonshine", "moonshine recognises English only, and the language of "
         "this system is Chinese; koe setup proposes another engine"),
        ("de_DE", "glm", "glm does not recognise German, and the language of this system is "
         "German; koe setup proposes another engine"),
        ("zh_CN.UTF-8", "sherpa-onnx", ""),
        ("de_DE", "parrot", ""),
    ],
)  # fmt: skip
@pytest.mark.skipif(sys.platform == "win32", reason="Windows says it by other means")
def test_an_engine_that_does_not_hear_the_language_of_the_system(
    locale: str, config: str, message: str, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    speak(monkeypatch, locale)
    found = find(write(directory, f"asr: {{provider: {config}}}"), "language")
    assert found == ([Finding(Severity.WARN, "language", message)] if message else [])


def test_a_model_is_looked_for_in_the_configuration_s_folder(directory: Path) -> None:
    write(directory, "asr:\n  provider: sherpa-onnx\n  sherpa-onnx: {model: mine}\n")
    (finding,) = find(directory, "engine")
    missing = f"sherpa-onnx: model not found: {directory / 'models' / 'mine'}; "
    assert finding.message.startswith(missing)


@pytest.mark.parametrize(
    ("config", "messages"),
    [
        ("provider: moonshine", []),
        ("provider: parrot", []),
        (
            "provider: qwen, qwen: {api_key: k}",
            [
                "no engine takes over when qwen fails; to let moonshine (recognises English only) "
                "take over, run: koe config set asr.fallback moonshine"
            ],
        ),
        (
            "provider: qwen, glm: {api_key: k}",
            [
                "no engine takes over when qwen fails; to let glm take over, "
                "run: koe config set asr.fallback glm"
            ],
        ),
        (
            "provider: moonshine, fallback: [moonshine, glm]",
            [
                "moonshine is asr.provider itself and can't take over; name another engine",
                "glm: it has no key; set asr.glm.api_key",
                "moonshine (recognises English only), then glm",
            ],
        ),
    ],
)
def test_fallbacks(config: str, messages: list[str], directory: Path) -> None:
    found = find(write(directory, f"asr: {{{config}}}"), "fallback")
    assert [finding.message for finding in found] == messages
    levels = [Severity.WARN] * (len(messages) - 1) + [Severity.OK] * bool(messages)
    assert [finding.level for finding in found] == levels


def test_no_fallback_is_ready(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(koe.cli.doctor, "fault_of", lambda name, config: "it is missing")
    (finding,) = find(write(directory, "asr: {provider: qwen}"), "fallback")
    assert finding.message == (
        "no engine takes over when qwen fails, and no other engine is ready; koe engines "
        "says what each needs"
    )


def recordings(directory: Path, *ends: End | None) -> list[Path]:
    """Add recordings with these results; None: an interrupted session."""
    paths = []
    for number, end in enumerate(ends):
        entry_id = f"20260714T09300{number}.007Z-42-1"
        path = folder.path_of(directory / "journal", entry_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        paths.append(making.write(path, making.records(end)))
    return paths


def test_history(directory: Path) -> None:
    write(directory, "llm: {enabled: false}")
    recordings(directory, End("failed", heard="a", reason="r"), *[None] * 5)
    first, *others = find(directory, "history")
    assert first.level is Severity.OK
    assert first.message.startswith("6 entries, 0.0 MB in ")
    assert [finding.level for finding in others] == [Severity.WARN] * 4
    moment = when(Entry("", making.HEADER.began))
    for number, finding in zip((5, 4, 3), others, strict=False):
        assert finding.message == (
            f"a dictation of 0 s was interrupted on {moment}; to recognise it: "
            f"koe history retry 20260714T09300{number}.007Z-42-1"
        )
    assert others[-1].message == "2 more were interrupted; to list them: koe history"
    assert not (directory / "history.db").exists()
    assert main(["doctor", "--config", str(directory)]) == Exit.OK


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("no", "no recordings are kept"),
        ("{audio: all, text: true}", "all recordings are kept for 7 days, 500 MB at most; texts "
         "are kept for 30 days"),
        ("{audio: nothing, text: true, text_days: unlimited}", "no recordings are kept; texts are "
         "kept forever"),
        ("{max_mb: lots}", "recordings without a complete text are kept for 7 days"),
        ("{audio_days: soon}", "recordings without a complete text are kept forever, 500 MB at "
         "most"),
    ],
)  # fmt: skip
def test_retention(config: str, message: str, directory: Path) -> None:
    (finding,) = find(write(directory, f"history: {config}"), "history")
    assert finding.message.partition("; ")[2] == message


@pytest.mark.parametrize("config", ["history: {audio_days: x, max_mb: unlimited}", "history: ["])
def test_recordings_that_pile_up(config: str, directory: Path) -> None:
    _, finding = find(write(directory, config), "history")
    assert finding == Finding(
        Severity.WARN, "history",
        "recordings are never removed; set history.audio_days or history.max_mb",
    )  # fmt: skip


def test_a_journal_that_cannot_be_used(directory: Path) -> None:
    write(directory, "")
    (directory / "journal").touch()
    (finding,) = find(directory, "history")
    assert finding.level is Severity.WARN
    assert finding.message == (
        f"{directory / 'journal'} cannot be used: it is no folder; move that file away; dictation "
        "works without it"
    )


@pytest.mark.parametrize("is_there", [True, False])
def test_a_journal_that_cannot_be_written(
    directory: Path, monkeypatch: pytest.MonkeyPatch, is_there: bool
) -> None:
    folder = write(directory, "")
    if is_there:
        folder = folder / "journal"
        folder.mkdir()
    monkeypatch.setattr(os, "access", lambda path, mode: path != folder)
    _, finding = find(directory, "history")
    assert finding.message == (
        f"{folder} is not writable, so the history keeps nothing; dictation works without it; "
        "make the folder writable for your user"
    )


def test_a_disk_that_is_nearly_full(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(directory, "")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1_200_000))
    _, finding = find(directory, "history")
    assert finding.message == (
        f"the disk of {directory} has only 1.2 MB left, and a full disk keeps no "
        "dictation; free some space"
    )


def test_recordings_that_cannot_be_read(directory: Path) -> None:
    (path,) = recordings(directory, None)
    path.write_bytes(b"a file of another program")
    _, finding = find(directory, "history")
    assert finding.level is Severity.WARN
    assert finding.message.startswith(f"skipped: recording {path}: it is no recording of koe")


def test_without_a_microphone(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> MicrophoneInfo:
        raise AudioError("no microphone was found")

    monkeypatch.setattr(koe.cli.doctor, "describe_microphone", fail)
    (finding,) = find(directory, "microphone")
    assert finding.level is Severity.WARN
    assert finding.message.startswith("no microphone was found; ")
    assert main(["doctor", "--config", str(directory)]) == Exit.OK


@pytest.mark.skipif(sys.platform != "linux", reason="koe serve is for Linux")
def test_the_terminal_interface(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr("koe.linux.examination.examine", lambda environ, settings: ([], []))
    (finding,) = find(directory, "desktop")
    assert finding.message == "koe tui: ready"
    monkeypatch.setattr(koe.cli.doctor, "find_spec", lambda name: None)
    (finding,) = find(directory, "desktop")
    assert finding.level is Severity.OK
    assert finding.message.endswith("not installed; to install it: pip install 'koe-core[tui]'")


def test_json(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(directory, "asr: {provider: 鹦鹉}\n")
    assert main(["doctor", "--json", "--config", str(directory)]) == Exit.ERROR
    out = capsys.readouterr().out
    report = json.loads(out)
    assert report["ok"] is False
    assert [finding["level"] for finding in report["findings"]].count("fail") == 1
    assert {finding["topic"] for finding in report["findings"]} == {
        "koe", "config", "dictionary", "engine", "correction", "http", "history", "microphone",
    }  # fmt: skip
    assert "鹦鹉" in out


def test_the_end_of_the_log(directory: Path) -> None:
    """Problems that shells could not show. They may be solved by now, so they are no warnings."""
    assert find(directory, "log") == []
    lines = [f"2026-11-28T08:00:0{second}Z [7] error: no {second}\x1b[2J" for second in range(9)]
    log = write(directory, "") / "koe.log"
    log.write_text("\n".join(["x" * 20_000, *lines, ""]), encoding="utf-8")
    first, *shown = find(directory, "log")
    head = f"{log}, the log of the library in shells; its last lines:"
    assert first == Finding(Severity.OK, "log", head)
    assert shown == [Finding(Severity.OK, "log", line.replace("\x1b", " ")) for line in lines[-5:]]


def test_a_log_that_is_none(directory: Path) -> None:
    (write(directory, "") / "koe.log").mkdir()
    [finding] = find(directory, "log")
    assert finding.level is Severity.WARN
