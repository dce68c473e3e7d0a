from __future__ import annotations

import json
from pathlib import Path

import pytest

from koe.cli import Exit, main
from tests.cli.command import USAGE, run_koe
from tests.cli.configuration import configure, lab
from tests.servers.llm import KEY, MODELS, Running

REFUSED = (
    "LLM correction failed: HTTP 500 Internal Server Error: The server had an error while "
    "processing your request. (invalid_request_error)"
)


def llm(*words: str, directory: Path) -> int:
    return main(["llm", *words, "--config", str(directory)])


class TestTest:
    def test_an_answer(
        self, fake: Running, directory: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        configure(directory, lab(fake.url, "koe-echo"))
        assert llm("test", directory=directory) == Exit.OK
        out, err = capsys.readouterr()
        assert out.startswith("lab: koe-echo answered in ")
        assert err == ""
        [question] = fake.service.questions
        assert "how much cpu" in question.user

    def test_no_answer(self, url: str, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
        configure(directory, lab(url, "koe-refuse"))
        assert llm("test", directory=directory) == Exit.ERROR
        assert capsys.readouterr() == ("", f"koe: {REFUSED}\n")

    def test_for_a_program(
        self, url: str, directory: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        for model, ok, message in [("koe-echo", True, ""), ("koe-refuse", False, REFUSED)]:
            configure(directory, lab(url, model))
            assert llm("test", "--json", directory=directory) == (Exit.OK if ok else Exit.ERROR)
            out, err = capsys.readouterr()
            report = json.loads(out)
            assert report.pop("seconds") >= 0
            assert report == {"ok": ok, "profile": "lab", "model": model, "message": message}
            assert err == ""

    def test_another_profile(
        self, fake: Running, directory: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """The test works while correction is off, but a note says that it is off."""
        profiles = {"a": lab(fake.url, "koe-never"), "b": lab(fake.url, "koe-echo")}
        text = json.dumps({"llm": {"enabled": False, "active_profile": "a", "profiles": profiles}})
        directory.mkdir()
        (directory / "config.yaml").write_text(text, encoding="utf-8")
        assert llm("test", "--profile", "b", directory=directory) == Exit.OK
        out, err = capsys.readouterr()
        assert out.startswith("b: koe-echo answered in ")
        assert err == (
            "koe: note: correction is off; to have dictations corrected: "
            "koe config set llm.enabled true\n"
        )

    @pytest.mark.parametrize("words", [[], ["--profile", "lab"]])
    def test_an_unready_profile(
        self, words: list[str], directory: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        configure(directory, {})
        assert llm("test", *words, directory=directory) == Exit.ERROR
        assert capsys.readouterr() == (
            "",
            "koe: LLM correction failed: the profile has no base_url; enter the address of the "
            "server\n",
        )

    def test_keys_are_not_shown(
        self, url: str, directory: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        configure(directory, lab(url, "koe-echo", api_key="sk-koe-mistyped-123456"))
        assert llm("test", directory=directory) == Exit.ERROR
        assert llm("test", "--json", directory=directory) == Exit.ERROR
        out, err = capsys.readouterr()
        assert "HTTP 401 Unauthorized: Incorrect API key provided: ***." in err
        assert "mistyped" not in out + err

    def test_no_key(self, url: str, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
        configure(directory, lab(url, "koe-echo", api_key=""))
        assert llm("test", directory=directory) == Exit.ERROR
        assert capsys.readouterr().err.endswith(
            "; to set it: koe config set llm.profiles.lab.api_key -\n"
        )


class TestModels:
    def test_a_list(self, url: str, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
        configure(directory, lab(url, ""))
        assert llm("models", directory=directory) == Exit.OK
        assert capsys.readouterr() == ("".join(f"{name}\n" for name in MODELS), "")

    def test_for_a_program(
        self, url: str, directory: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        configure(directory, lab(url, "", provider="anthropic"))
        assert llm("models", "--json", directory=directory) == Exit.OK
        assert json.loads(capsys.readouterr().out) == {
            "ok": True, "profile": "lab", "models": list(MODELS), "message": "",
        }  # fmt: skip

    def test_no_list(self, url: str, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
        configure(directory, lab(url.removesuffix("/v1"), ""))
        message = "LLM correction failed: HTTP 404 Not Found: The model `/models` does not exist"
        assert llm("models", directory=directory) == Exit.ERROR
        assert capsys.readouterr() == ("", f"koe: {message} (invalid_request_error)\n")
        assert llm("models", "--json", directory=directory) == Exit.ERROR
        report = json.loads(capsys.readouterr().out)
        assert (report["ok"], report["models"]) == (False, [])


def test_no_such_profile(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configure(directory, {})
    for action in ("test", "models"):
        assert llm(action, "--profile", "gone", directory=directory) == Exit.ERROR
        out, err = capsys.readouterr()
        assert out == ""
        assert err.endswith("config.yaml: llm.profiles has no 'gone'; choose from: lab\n")


def test_settings_that_cannot_be_read(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The settings are not replaced by the defaults, which would send the sample elsewhere."""
    directory.mkdir()
    (directory / "config.yaml").write_text("llm: {", encoding="utf-8")
    assert llm("test", directory=directory) == Exit.ERROR
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("koe: config error: ")


def test_as_a_process(url: str, tmp_path: Path) -> None:
    configure(tmp_path / ".koe", lab(url, "koe-echo", api_key="${LAB_KEY}"))
    done = run_koe("llm", "test", home=tmp_path, LAB_KEY=KEY)
    assert done.returncode == Exit.OK, done.stderr
    assert done.stdout.startswith("lab: koe-echo answered in ")
    assert run_koe("llm", "sing", home=tmp_path).returncode == USAGE
