from __future__ import annotations

import json
from pathlib import Path

import pytest

from koe.asr import ENGINES
from koe.cli import Exit, main
from koe.cli.engines import ABOUT, examine_engines
from koe.config.engines import AsrConfig, GlmConfig
from tests.cli.command import run_koe


def write(directory: Path, config: str) -> Path:
    directory.mkdir()
    (directory / "config.yaml").write_text(config, encoding="utf-8")
    return directory


def test_every_engine_is_described() -> None:
    assert set(ENGINES) <= set(ABOUT)


def test_a_new_user(tmp_path: Path) -> None:
    """The command creates no files."""
    done = run_koe("engines", home=tmp_path)
    assert done.returncode == Exit.OK, done.stderr
    lines = done.stdout.splitlines()
    assert lines[:2] == ["* moonshine     English, on this device", "                ready"]
    assert len(lines) == 2 * len(ENGINES)
    assert f"model not found: {tmp_path}" in done.stdout
    assert "it has no key; set asr.glm.api_key" in done.stdout
    assert not list(tmp_path.iterdir())


def test_a_configured_service(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(directory, "asr: {provider: glm, glm: {api_key: s3cret}}")
    assert main(["engines", "--config", str(directory)]) == Exit.OK
    out = capsys.readouterr().out
    assert "* glm           Chinese and English, the service of Zhipu" in out
    assert "s3cret" not in out


@pytest.mark.parametrize(
    ("config", "reported"),
    [
        ("provider: glm", "it has no key; set asr.glm.api_key"),
        ("{provider: mimo, mimo: {api_key: a, url: 'http://h'}}", "insecure endpoint http://h/:"),
        ("provider: sherpa-onnx", "model not found: "),
        ("provider: apple-speech", "the program that runs koe does not contain it"),
        ("provider: parrot", "this version knows: moonshine, "),
        ("provider: wetype", "it relies on a private interface"),
    ],
)
def test_what_the_configured_engine_lacks(
    directory: Path, capsys: pytest.CaptureFixture[str], config: str, reported: str
) -> None:
    write(directory, f"asr: {config}" if config[0] == "{" else f"asr:\n  {config}\n")
    assert main(["engines", "--config", str(directory)]) == Exit.ERROR
    lines = capsys.readouterr().out.splitlines()
    (configured,) = [index for index, line in enumerate(lines) if line.startswith("*")]
    assert reported in lines[configured + 1]


def test_a_model_of_the_configuration_s_folder(directory: Path) -> None:
    write(directory, "asr:\n  provider: sherpa-onnx\n  sherpa-onnx: {model: mine}\n")
    model = directory / "models" / "mine"
    model.mkdir(parents=True)
    for name in ("encoder.onnx", "decoder.onnx", "joiner.onnx", "tokens.txt"):
        (model / name).touch()
    assert main(["engines", "--config", str(directory)]) == Exit.OK


def test_json(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(directory, "asr: {provider: 鹦鹉}")
    assert main(["engines", "--json", "--config", str(directory)]) == Exit.ERROR
    engines = json.loads(capsys.readouterr().out)["engines"]
    assert [engine["name"] for engine in engines] == [*ENGINES, "鹦鹉"]
    assert engines[0] == {
        "name": "moonshine",
        "about": "English, on this device",
        "configured": False,
        "ready": True,
        "fault": None,
    }
    assert engines[-1]["configured"]
    assert not engines[-1]["ready"]


def test_a_configuration_that_cannot_be_read(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(directory, "asr: [")
    assert main(["engines", "--config", str(directory)]) == Exit.ERROR
    assert "not valid YAML" in capsys.readouterr().err


def test_states() -> None:
    config = AsrConfig(provider="glm", glm=GlmConfig(api_key="k"))
    states = {state.name: state for state in examine_engines(config)}
    assert states["glm"].configured
    assert states["glm"].ready
    assert not states["mimo"].ready
