from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import pytest

import koe.cli.doctor
from koe import __version__
from koe.cli import COMMANDS, Exit, main
from tests.cli.command import USAGE, command, environment, run_koe
from tests.wav import wav


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == Exit.OK
    out = capsys.readouterr().out
    assert all(f"{name} " in out for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_every_command(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == Exit.OK
    help_text = capsys.readouterr().out
    assert help_text.startswith(f"usage: koe {name}")
    assert max(map(len, help_text.splitlines())) <= 100


def test_version(tmp_path: Path) -> None:
    done = run_koe("--version", home=tmp_path)
    assert (done.returncode, done.stdout) == (Exit.OK, f"koe {__version__}\n")


@pytest.mark.parametrize("words", [["sing"], ["--sing"], ["doctor", "now"], ["doctor", "--no"]])
def test_wrong_usage(words: list[str], tmp_path: Path) -> None:
    done = run_koe(*words, home=tmp_path)
    assert done.returncode == USAGE
    assert done.stdout == ""
    assert done.stderr.startswith("usage: koe ")


@pytest.mark.parametrize("name", ["", "config", "dict", "llm", "manifest", "model"])
def test_a_missing_word_shows_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(name.split()) == Exit.OK
    out, err = capsys.readouterr()
    assert (out[: len(f"usage: koe {name}")], err) == (f"usage: koe {name}", "")


@pytest.mark.parametrize("words", ["--config {} config path", "config --config {} path"])
def test_the_folder_before_the_command(
    words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words.format("here").split()) == Exit.OK
    assert capsys.readouterr().out == f"{Path('here', 'config.yaml')}\n"


@pytest.mark.parametrize("word", ["--help", "--version"])
def test_help_loads_no_command(word: str, tmp_path: Path) -> None:
    code = (
        "import sys\nfrom koe.cli import main\n"
        f"try: main(['{word}'])\n"
        "except SystemExit: pass\n"
        "sys.exit(bool({'asyncio', 'yaml', 'numpy', 'koe.dictation'} & {*sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], env=environment(tmp_path), check=False)
    assert done.returncode == 0


def test_interrupted(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt(arguments: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(koe.cli.doctor, "run", interrupt)
    assert main(["doctor"]) == Exit.INTERRUPTED
    assert capsys.readouterr() == ("", "koe: interrupted\n")


def test_a_fault_of_the_system_is_reported_as_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An OSError is an error of the output only if it occurs while output is written."""

    def fail(arguments: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied", "/some/folder")

    monkeypatch.setattr(koe.cli.doctor, "run", fail)
    assert main(["doctor"]) == Exit.ERROR
    assert capsys.readouterr().err == "koe: /some/folder: Permission denied\n"


def test_the_reader_of_the_output_is_gone(tmp_path: Path) -> None:
    with subprocess.Popen(
        command("doctor"),
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == Exit.ERROR


@pytest.mark.skipif(sys.platform == "win32", reason="a shell of Unix")
def test_a_closed_output(tmp_path: Path) -> None:
    """The text is lost, so the command must fail."""
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", *command("engines")],
        env=environment(tmp_path),
        stderr=subprocess.PIPE,
        check=False,
    )
    assert done.returncode == Exit.ERROR
    assert done.stderr == b"koe: the output cannot be written: stdout is closed\n"


@pytest.mark.skipif(sys.platform == "win32", reason="a shell of Unix")
def test_a_closed_output_of_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav(b"\1\0" * 99))
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", *command("convert", tmp_path / "a.wav", "-")],
        env=environment(tmp_path),
        stderr=subprocess.PIPE,
        check=False,
    )
    assert done.returncode == Exit.ERROR
    assert done.stderr == b"koe: the output cannot be written: stdout is closed\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that Linux has")
@pytest.mark.parametrize(
    "words", ["doctor", "config path", "config show", "dict check", "model list"]
)
def test_a_full_disk(tmp_path: Path, words: str) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command(*words.split()),
            env=environment(tmp_path),
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == Exit.ERROR
    assert done.stderr == b"koe: the output cannot be written: No space left on device\n"
