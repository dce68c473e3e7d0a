from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from koe.cli import Exit, main, proposals, setup
from koe.cli.proposals import Proposal
from koe.errors import AudioError
from koe.models import catalogue
from koe.models.paths import MANIFEST_NAME
from tests.cli.command import FAKES, run_koe
from tests.cli.terminal import type_in
from tests.models.downloading import WEIGHTS, serve_model
from tests.scripted import ScriptedEngine
from tests.servers.files import FileServer

OLD = "# mine\nasr:\n  provider: moonshine  # for now\n"
NEW = OLD.replace("moonshine", "sherpa-onnx") + "  sherpa-onnx:\n    model: demo\n"


def koe(*words: str, directory: Path) -> int:
    return main(["setup", *words, "--config", str(directory)])


@pytest.fixture
def settings(directory: Path) -> Path:
    """The settings of a user."""
    directory.mkdir()
    path = directory / "config.yaml"
    path.write_text(OLD, encoding="utf-8")
    return path


@pytest.fixture
def model(
    server: FileServer, directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Publish a model for Chinese on a server; return the path of its future folder."""
    shipped = serve_model(server, tmp_path / "shipped", a__bin=WEIGHTS) / MANIFEST_NAME
    (tmp_path / "manifests").mkdir()
    shipped.rename(tmp_path / "manifests" / "demo.json")
    monkeypatch.setattr(catalogue, "_SHIPPED", tmp_path / "manifests")
    table = (
        Proposal("moonshine", languages="en"),
        Proposal("sherpa-onnx", "demo", languages="zh en"),
        Proposal("qwen", languages="zh en hi", takes_language=True),
        Proposal("glm", languages="zh en"),
    )
    monkeypatch.setattr(proposals, "PROPOSALS", table)
    return directory / "models" / "demo"


def test_without_answers(tmp_path: Path) -> None:
    done = run_koe("setup", home=tmp_path)
    assert done.returncode == Exit.ERROR
    assert done.stderr == (
        "koe: koe setup asks questions, but stdin is not a terminal; answer with arguments, as in: "
        "koe setup --languages zh,en --words-may-leave no\n"
    )
    assert not (tmp_path / ".koe").exists()


def test_a_script(
    model: Path, settings: Path, directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--languages", "zh,en", "--words-may-leave", "no")
    assert koe(*words, directory=directory) == Exit.OK
    assert settings.read_text(encoding="utf-8") == NEW
    assert (model / "a.bin").read_bytes() == WEIGHTS
    out, err = capsys.readouterr()
    assert out == (
        "Model: demo, 307200 bytes\n"
        f"Settings that change in {settings}:\n"
        "  asr.provider: sherpa-onnx (now: moonshine)\n"
        "  asr.sherpa-onnx.model: demo (now: sherpa-onnx/bilingual-zh-en)\n"
        f"demo: pull complete\nPath: {model}\n"
        "Chinese and English: sherpa-onnx is set up\n"
    )
    assert err == (
        "Verifying... ok\n"
        "koe: no trial, because stdin is not a terminal; to try it: koe dictate --mic\n"
    )


def test_a_second_time(
    model: Path,
    settings: Path,
    server: FileServer,
    directory: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ("--languages", "zh", "--words-may-leave", "no", "--no-trial")
    koe(*words, directory=directory)
    asked = len(server.ranges("/a.bin"))
    capsys.readouterr()
    assert koe(*words, directory=directory) == Exit.OK
    assert "Settings: no changes are needed\n" in capsys.readouterr().out
    assert len(server.ranges("/a.bin")) == asked
    assert settings.read_text(encoding="utf-8") == NEW


def test_english_needs_nothing(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--languages", "en", "--words-may-leave", "no", "--no-trial")
    assert koe(*words, directory=directory) == Exit.OK
    assert capsys.readouterr() == (
        "Settings: no changes are needed\nEnglish: moonshine is set up\n",
        "",
    )


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("xx", "no"), "'xx' is not a language that koe knows; write codes or English names, such "
         "as: en, zh, Japanese"),
        (("", "no"), "--languages is empty; name a language, as in: --languages zh,en"),
        (("hi", "no"), "no engine on this computer recognises Hindi; allow services with "
         "--words-may-leave yes"),
        (("hi,th", "no"), "no engine on this computer recognises Hindi and Thai together; allow "
         "services with --words-may-leave yes or name fewer languages"),
        (("haw", "yes"), "no engine recognises Hawaiian; name another language"),
        (("hi,th", "yes"), "no engine recognises Hindi and Thai together; name fewer languages"),
        (("zh", "no", "--engine", "moonshine"), "moonshine does not recognise Chinese; omit "
         "--engine"),
        (("zh", "no", "--engine", "qwen"), "qwen is a service; allow services with "
         "--words-may-leave yes, or name another"),
        (("zh", "no", "--engine", "mlx"), "koe setup can't set up mlx; try: koe config set "
         "asr.provider mlx"),
        (("hi", "yes"), "qwen: it has no credentials: api_key is required; set asr.qwen.api_key; "
         "then run koe setup again"),
    ],
)  # fmt: skip
def test_what_cannot_be_done(
    words: tuple[str, ...],
    sentence: str,
    model: Path,
    settings: Path,
    directory: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    languages, may_leave, *more = words
    answers = ("--languages", languages, "--words-may-leave", may_leave, *more)
    assert koe(*answers, directory=directory) == Exit.ERROR
    assert capsys.readouterr() == ("", f"koe: {sentence}\n")
    assert settings.read_text(encoding="utf-8") == OLD


def test_a_package_that_is_missing(
    model: Path,
    settings: Path,
    directory: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("koe.asr.sherpa_onnx.find_spec", lambda name: None)
    words = ("--languages", "zh", "--words-may-leave", "no")
    assert koe(*words, directory=directory) == Exit.ERROR
    err = capsys.readouterr().err
    assert err.startswith("koe: sherpa-onnx: its package is not installed; run: pip install ")
    assert err.endswith("; then run koe setup again\n")


def test_settings_that_cannot_be_read(
    settings: Path, directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.write_text("asr: [", encoding="utf-8")
    assert koe("--languages", "en", "--words-may-leave", "no", directory=directory) == Exit.ERROR
    assert "config.yaml" in capsys.readouterr().err
    assert settings.read_text(encoding="utf-8") == "asr: ["


def test_a_model_that_cannot_be_had(
    model: Path,
    settings: Path,
    server: FileServer,
    directory: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    server.files.clear()
    words = ("--languages", "zh", "--words-may-leave", "no")
    assert koe(*words, directory=directory) == Exit.ERROR
    assert capsys.readouterr().err.endswith("koe: the settings are unchanged\n")
    assert settings.read_text(encoding="utf-8") == OLD


class TestAtATerminal:
    def test_the_questions(
        self,
        model: Path,
        settings: Path,
        directory: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
        type_in(monkeypatch, "", "", "")
        assert koe("--no-trial", directory=directory) == Exit.OK
        out = capsys.readouterr().out
        assert out.startswith(
            "Which languages do you speak? Codes or English names [zh] "
            "May a service on the internet recognise your speech? [no] "
            "Model: demo, 307200 bytes\n"
        )
        assert "Go ahead? [yes] " in out
        assert settings.read_text(encoding="utf-8") == NEW

    def test_no(
        self,
        model: Path,
        settings: Path,
        directory: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        type_in(monkeypatch, "zh", "no", "no")
        assert koe(directory=directory) == Exit.ERROR
        assert capsys.readouterr().err == "koe: the settings are unchanged\n"
        assert settings.read_text(encoding="utf-8") == OLD

    def test_one_of_several(
        self,
        model: Path,
        settings: Path,
        directory: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """A key is not shown, neither while it is typed nor later."""
        monkeypatch.setattr("koe.cli.setting.getpass", lambda question: "s3cret")
        type_in(monkeypatch, "zh", "perhaps", "yes", "4", "2", "yes")
        assert koe("--no-trial", directory=directory) == Exit.OK
        out, err = capsys.readouterr()
        assert "  1  sherpa-onnx with demo, 307200 bytes: on this computer\n" in out
        assert "  2  qwen: a service that gets your speech and needs an API key\n" in out
        assert "  asr.qwen.api_key: the key that you typed" in out
        assert "s3cret" not in out + err
        assert err == "koe: answer yes or no\nkoe: write a number from 1 to 3\n"
        text = settings.read_text(encoding="utf-8")
        assert "provider: qwen  # for now" in text
        assert "api_key: s3cret" in text

    def test_no_key(
        self,
        model: Path,
        settings: Path,
        directory: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.setattr("koe.cli.setting.getpass", lambda question: "")
        type_in(monkeypatch)
        words = ("--languages", "hi", "--words-may-leave", "yes")
        assert koe(*words, directory=directory) == Exit.ERROR
        sentence = "qwen needs an API key, so nothing was changed; get one, and run koe setup again"
        assert capsys.readouterr().err == f"koe: {sentence}\n"
        assert settings.read_text(encoding="utf-8") == OLD

    def test_nothing_to_do_is_not_asked(
        self, model: Path, directory: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        type_in(monkeypatch, "en", "no", "1")
        assert koe("--no-trial", directory=directory) == Exit.OK

    def test_interrupted(
        self,
        settings: Path,
        directory: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        def interrupt(question: str) -> str:
            raise KeyboardInterrupt

        type_in(monkeypatch)
        monkeypatch.setattr("builtins.input", interrupt)
        assert koe(directory=directory) == Exit.INTERRUPTED
        assert capsys.readouterr().err == "\nkoe: interrupted; the settings are unchanged\n"

    def test_the_end_of_input(
        self, settings: Path, directory: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        type_in(monkeypatch, "zh")
        assert koe(directory=directory) == Exit.ERROR
        assert settings.read_text(encoding="utf-8") == OLD


class TestTheTrial:
    @pytest.fixture(autouse=True)
    def at_a_terminal(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        type_in(monkeypatch)
        monkeypatch.setattr(setup, "TRIAL_SECONDS", 0.2)
        monkeypatch.syspath_prepend(FAKES)
        monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
        (tmp_path / "heard").write_bytes(bytes(16_000))
        monkeypatch.setenv("KOE_FAKE_MICROPHONE", str(tmp_path / "heard"))

    def trial(self, directory: Path) -> int:
        words = ("--languages", "en", "--words-may-leave", "no", "--yes")
        return koe(*words, directory=directory)

    def test_what_is_said_is_shown(
        self, engine: ScriptedEngine, directory: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert self.trial(directory) == Exit.OK
        out, err = capsys.readouterr()
        assert out.endswith("English: moonshine is set up\nhello world\n")
        assert "koe: say something now, for up to " in err
        assert len(engine.heard) >= 16_000

    def test_nothing_is_said(self, engine: ScriptedEngine, directory: Path) -> None:
        engine.answer = ""
        assert self.trial(directory) == Exit.NO_SPEECH

    def test_no_microphone(
        self,
        directory: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        def fail() -> None:
            raise AudioError("no microphone was found")

        monkeypatch.setattr(setup, "describe_microphone", fail)
        assert self.trial(directory) == Exit.OK
        assert capsys.readouterr().err == "koe: no trial: no microphone was found\n"


class TestInterrupted:
    """Ctrl-C at any time leaves either all old or all new settings, and the message says which."""

    def interrupted(self, directory: Path) -> int:
        words = ("--languages", "zh", "--words-may-leave", "no", "--no-trial")
        return koe(*words, directory=directory)

    def test_while_a_model_is_downloaded(
        self,
        model: Path,
        settings: Path,
        server: FileServer,
        directory: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """The downloaded part is kept, and the next run continues it."""

        def interrupt(*_: object) -> None:
            os.kill(os.getpid(), signal.SIGINT)

        monkeypatch.setattr("koe.cli.pull_report.BarsReport.show", interrupt)
        assert self.interrupted(directory) == Exit.INTERRUPTED
        assert capsys.readouterr().err == "koe: interrupted; the settings are unchanged\n"
        assert settings.read_text(encoding="utf-8") == OLD
        monkeypatch.undo()

    def test_before_there_were_settings(
        self,
        model: Path,
        directory: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """The file contains only defaults, so the settings are unchanged."""

        def interrupt(*_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(setup, "with_settings", interrupt)
        assert self.interrupted(directory) == Exit.INTERRUPTED
        assert (directory / "config.yaml").exists()
        expected = "koe: interrupted; the settings are unchanged\n"
        assert capsys.readouterr().err.endswith(expected)

    @pytest.mark.parametrize("is_late", [False, True])
    def test_while_the_settings_are_written(
        self,
        is_late: bool,
        model: Path,
        settings: Path,
        directory: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        real = os.replace

        def replace(source: str, target: str) -> None:
            if Path(target).name != "config.yaml":
                return real(source, target)
            if is_late:
                real(source, target)
            raise KeyboardInterrupt

        monkeypatch.setattr(os, "replace", replace)
        assert self.interrupted(directory) == Exit.INTERRUPTED
        outcome = "the settings are changed" if is_late else "the settings are unchanged"
        assert capsys.readouterr().err.endswith(f"koe: interrupted; {outcome}\n")
        assert settings.read_text(encoding="utf-8") == (NEW if is_late else OLD)
