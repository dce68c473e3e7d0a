from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from koe.cli import COMMANDS, Exit, main
from koe.cli.completion import SHELLS
from tests.cli.command import USAGE, run_koe

# The typed words, and the completions of the last one.
TYPED = {
    "koe ": list(COMMANDS),
    "koe dic": ["dictate", "dict"],
    "koe dict ": ["list", "add", "remove", "check"],
    "koe dictate --rea": ["--realtime"],
    "koe dictate --engine wh": ["whisper"],
    "koe dictate tal": ["talk.wav"],
    "koe eval fol": ["folder/"],
    "koe completion ": list(SHELLS),
}

_BASH = """
source {script}
words=({typed})
COMP_WORDS=("${{words[@]}}" {empty})
COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
function=$(complete -p koe | sed 's/.* -F \\([^ ]*\\).*/\\1/')
$function koe "${{COMP_WORDS[COMP_CWORD]}}" "${{COMP_WORDS[COMP_CWORD - 1]}}"
printf '%s\\n' "${{COMPREPLY[@]}}"
"""

# Presses Tab in a terminal inside zsh, and prints what it shows between two marks.
_ZSH = """
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'PS1= PS2=; stty -echo; autoload -U compinit; fpath=({folder} $fpath)'
zpty -w shell 'compinit -u -D; unsetopt list_beep; zstyle ":completion:*" list-colors ""'
zpty -w shell 'list() {{ compadd() {{ local -a found; builtin compadd -O found "$@"; '\
'print -rl -- $found >> {out}; builtin compadd "$@" }} ; _main_complete }}'
zpty -w shell 'zle -C list list-choices list; bindkey "^I" list; print ready >> {out}.ready'
while [[ ! -e {out}.ready ]]; do sleep 0.05; done
zpty -n -w shell $'{typed}\\t'
for i in {{1..100}}; do [[ -s {out} ]] && break; sleep 0.05; done
zpty -d shell
cat {out}
"""


def script_of(shell: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["completion", shell]) == Exit.OK
    return capsys.readouterr().out


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The working directory of the user."""
    (tmp_path / "here" / "folder").mkdir(parents=True)
    (tmp_path / "here" / "talk.wav").touch()
    return tmp_path / "here"


def run(*words: str | Path, folder: Path) -> list[str]:
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash(tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "koe.bash"
    script.write_text(script_of("bash", capsys))
    for typed, expected in TYPED.items():
        empty = "''" if typed.endswith(" ") else ""
        code = _BASH.format(script=script, typed=typed, empty=empty)
        found = [it.removesuffix("/") for it in run("bash", "-c", code, folder=folder)]
        assert set(found) >= {it.removesuffix("/") for it in expected}, typed
        assert typed[-1] == " " or len(found) == len(expected), typed


@pytest.mark.skipif(shutil.which("fish") is None, reason="there is no fish")
def test_fish(tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "koe.fish"
    script.write_text(script_of("fish", capsys))
    for typed, expected in TYPED.items():
        code = f"source {script}; complete -C {typed!r}"
        found = [line.partition("\t")[0] for line in run("fish", "-N", "-c", code, folder=folder)]
        assert set(found) >= set(expected), typed


@pytest.mark.skipif(shutil.which("zsh") is None, reason="there is no zsh")
def test_zsh(tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    functions = tmp_path / "functions"
    functions.mkdir()
    (functions / "_koe").write_text(script_of("zsh", capsys))
    assert run("zsh", "-f", "-n", functions / "_koe", folder=folder) == []
    code = f"fpath=({functions} $fpath); autoload -U compinit; compinit -u -D; print $_comps[koe]"
    assert run("zsh", "-f", "-c", code, folder=folder) == ["_koe"]
    for number, typed in enumerate(("koe dic", "koe dict ", "koe dictate --engine wh")):
        out = tmp_path / f"out{number}"
        code = _ZSH.format(folder=functions, out=out, typed=typed)
        assert set(run("zsh", "-f", "-c", code, folder=folder)) >= set(TYPED[typed]), typed


def test_no_such_shell(tmp_path: Path) -> None:
    done = run_koe("completion", "cmd", home=tmp_path)
    assert (done.returncode, done.stdout) == (USAGE, "")
