from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from koe.cli import Exit, main
from tests.cli.command import USAGE, command, environment, run_koe
from tests.cli.configuration import configure, lab
from tests.cli.test_llm import REFUSED
from tests.servers.llm import KEY, Running

TEXT = "to be or not to be"

TEMPLATES = [
    {"name": "polite", "shortcut": 3, "system_prompt": "Be polite."},
    {"name": "from a file", "shortcut": 4, "enabled": False, "system_prompt_path": "mine.txt"},
    {"name": "without", "shortcut": 5},
]


def correct(*words: str, directory: Path) -> int:
    return main(["correct", *words, "--config", str(directory)])


@pytest.mark.parametrize(
    ("model", "text", "reported", "status"),
    [
        ("koe-echo", f"{TEXT}!!\n", "", Exit.OK),
        (
            "koe-cut-off",
            f"{TEXT}\n",
            "koe: LLM correction failed: the model's answer is cut off; raise "
            "llm.max_output_tokens (1024)\n",
            Exit.ERROR,
        ),
        (
            "koe-fragment",
            f"{TEXT}\n",
            "koe: the model's answer was not used: it keeps only a fragment\n",
            Exit.OK,
        ),
        ("koe-refuse", f"{TEXT}\n", f"koe: {REFUSED}\n", Exit.ERROR),
    ],
)
def test_a_text(
    model: str,
    text: str,
    reported: str,
    status: Exit,
    url: str,
    directory: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure(directory, lab(url, model))
    assert correct(TEXT, directory=directory) == status
    assert capsys.readouterr() == (text, reported)


@pytest.mark.parametrize(
    ("model", "report"),
    [
        ("koe-echo", {"ok": True, "text": f"{TEXT}!!", "corrected": True, "message": ""}),
        (
            "koe-fragment",
            {
                "ok": True,
                "text": TEXT,
                "corrected": False,
                "message": "the model's answer was not used: it keeps only a fragment",
            },
        ),
        ("koe-refuse", {"ok": False, "text": TEXT, "corrected": False, "message": REFUSED}),
    ],
)
def test_for_a_program(
    model: str,
    report: dict[str, object],
    url: str,
    directory: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure(directory, lab(url, model))
    assert correct("--json", TEXT, directory=directory) == (Exit.OK if report["ok"] else Exit.ERROR)
    out, err = capsys.readouterr()
    reported = json.loads(out)
    assert reported.pop("seconds") >= 0
    assert reported == {"profile": "lab", "model": model, **report}
    assert err == ""


def test_it_is_asked_as_a_dictation_is(fake: Running, directory: Path) -> None:
    configure(directory, lab(fake.url, "koe-echo"))
    (directory / "system_prompt.txt").write_text("Mine.", encoding="utf-8")
    (directory / "dictionary.txt").write_text("Hamlet", encoding="utf-8")
    assert correct(TEXT, directory=directory) == Exit.OK
    [question] = fake.service.questions
    assert question.system == "Mine."
    assert "Hamlet" in question.user


@pytest.mark.parametrize(
    ("template", "instruction"),
    [
        ("polite", "Be polite."),
        ("3", "Be polite."),
        ("4", "Be brief."),
        ("from a file", "Be brief."),
    ],
)
def test_a_template(
    template: str,
    instruction: str,
    fake: Running,
    directory: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure(directory, lab(fake.url, "koe-fragment"), prompt_templates=TEMPLATES)
    (directory / "mine.txt").write_text("Be brief.", encoding="utf-8")
    assert correct("--template", template, TEXT, directory=directory) == Exit.OK
    assert capsys.readouterr() == ("to\n", "")  # the instruction asked for a short text
    assert [question.system for question in fake.service.questions] == [instruction]


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("9", "prompt_templates has no '9'; choose from: 3 polite, 4 from a file, 5 without"),
        ("", "prompt_templates has no ''; choose from: 3 polite, 4 from a file, 5 without"),
        ("rude", "prompt_templates has no 'rude'; choose from: 3 polite, 4 from a file, 5 without"),
        (
            "without",
            "the template 'without' has no usable prompt; write one into its system_prompt",
        ),
        ("4", "the template '4' has no usable prompt; write one into its system_prompt"),
    ],
)
def test_no_such_template(
    template: str, reason: str, directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(directory, {}, prompt_templates=TEMPLATES)
    assert correct("--template", template, TEXT, directory=directory) == Exit.ERROR
    assert capsys.readouterr() == (
        f"{TEXT}\n", f"koe: config error: {directory / 'config.yaml'}: {reason}\n"
    )  # fmt: skip


def test_settings_that_cannot_be_read_cost_no_text(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (directory / "config.yaml").mkdir(parents=True)
    assert correct(TEXT, directory=directory) == Exit.ERROR
    out, err = capsys.readouterr()
    assert out == f"{TEXT}\n"
    assert str(directory / "config.yaml") in err
    assert correct("--json", TEXT, directory=directory) == Exit.ERROR
    found = json.loads(capsys.readouterr().out)
    assert (found["ok"], found["text"], found["model"]) == (False, TEXT, None)


def test_a_service_that_wants_a_key_does_not_get_the_text(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a computer without a configuration."""
    assert correct(TEXT, directory=directory) == Exit.ERROR
    assert capsys.readouterr() == (
        f"{TEXT}\n",
        "koe: LLM correction failed: the profile has no api_key; enter the one that the service "
        "gave you\n",
    )


def test_without_a_network(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The text is printed unchanged, and one line says why."""
    configure(directory, lab("http://127.0.0.1:9/v1", "koe-echo"))
    assert correct(TEXT, directory=directory) == Exit.ERROR
    out, err = capsys.readouterr()
    assert out == f"{TEXT}\n"
    assert err.startswith("koe: LLM correction failed: ")
    assert err.count("\n") == 1


def test_another_profile(url: str, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    profiles = {"a": lab(url, "koe-never"), "b": lab(url, "koe-echo")}
    text = json.dumps({
        "llm": {"active_profile": "a", "profiles": profiles}, "prompt_templates": TEMPLATES,
    })  # fmt: skip
    directory.mkdir()
    (directory / "config.yaml").write_text(text, encoding="utf-8")
    for words in ([], ["--template", "polite"]):
        assert correct("--profile", "b", *words, TEXT, directory=directory) == Exit.OK
        assert capsys.readouterr().out == f"{TEXT}!!\n"


@pytest.mark.parametrize("text", ["", " \n"])
def test_no_text(text: str, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty text is refused: a model would answer with the dictionary."""
    assert correct(text, directory=directory) == Exit.ERROR
    assert capsys.readouterr() == (
        "",
        'koe: the text is empty; give one, as in: koe correct "helo world"\n',
    )


def test_from_stdin(url: str, tmp_path: Path) -> None:
    configure(tmp_path / ".koe", lab(url, "koe-echo"))
    done = run_koe("correct", "-", home=tmp_path, stdin="今天 koe\n", LC_ALL="C")
    assert (done.returncode, done.stdout) == (Exit.OK, "今天 koe!!\n"), done.stderr
    assert KEY not in done.stderr
    done = run_koe("correct", "-", home=tmp_path)
    assert (done.returncode, done.stderr) == (
        Exit.ERROR,
        'koe: the text is empty; give one, as in: koe correct "helo world"\n',
    )
    assert run_koe("correct", home=tmp_path).returncode == USAGE


def test_what_is_no_text(tmp_path: Path) -> None:
    done = subprocess.run(
        command("correct", "-"),
        input=b"\xff\xfe",
        capture_output=True,
        env=environment(tmp_path),
        check=False,
    )
    assert done.returncode == Exit.ERROR
    assert done.stderr == b"koe: the text on stdin is not UTF-8; convert it first\n"
