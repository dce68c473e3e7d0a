from __future__ import annotations

import itertools
import os
from functools import partial
from pathlib import Path

import pytest

from koe.config.prompts import built_in_prompts
from koe.config.schema import UNREADABLE, Config
from koe.config.settings import Settings
from koe.config.store import Store
from koe.errors import ConfigError, LlmConfigError
from tests.files.editor import Clock, Editor


def settings_in(directory: Path) -> Settings:
    return Settings(Store(directory, {}))


def write(directory: Path, text: str) -> None:
    directory.mkdir(exist_ok=True)
    (directory / "config.yaml").write_text(text, encoding="utf-8")


def test_the_first_start_writes_and_reads_the_defaults(directory: Path) -> None:
    settings = settings_in(directory)
    assert (directory / "config.yaml").exists()
    assert settings.current.config.asr.provider == "moonshine"
    assert settings.current.problems == ()


def test_a_broken_file_is_reported_and_does_not_stop(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(directory, "asr: [")
    settings = settings_in(directory)
    assert settings.current.config == UNREADABLE
    reported = capsys.readouterr().err.splitlines()
    assert len(reported) == 2
    assert "config.yaml" in reported[0]
    assert "not valid YAML" in reported[0]
    assert (
        reported[1]
        == "koe: until the file is repaired, the default settings are used without correction"
    )


def test_while_a_program_writes_the_file_a_no_stays(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    yes = "llm: {active_profile: p, profiles: {p: {base_url: 'http://[::1]/', model: m}}}\n"
    write(directory, yes.replace("llm: {", "llm: {enabled: false, "))
    settings = settings_in(directory)
    clock = Clock.of(directory / "config.yaml", monkeypatch)
    with Editor(directory / "config.yaml", clock) as editor:
        editor.write(yes.encode())
        clock.steps = itertools.repeat(partial(editor.write, b"#\n"))
        settings.refresh()
        assert settings.current.config.llm.correcting_profile is None
        assert settings_in(directory).current.config == UNREADABLE
        clock.steps = ()
        settings.refresh()
    assert settings.current.config.llm.correcting_profile is not None


def test_reload_keeps_everything_when_it_fails(directory: Path) -> None:
    write(directory, "asr: {provider: one}")
    settings = settings_in(directory)
    before = settings.current
    write(directory, "asr: [")
    with pytest.raises(ConfigError):
        settings.reload()
    assert settings.current is before


def test_a_reload_may_be_refused(directory: Path) -> None:
    """By the one that has to prepare for it; what was read then is still new at the next look."""

    def refuse(config: Config) -> None:
        raise LlmConfigError(config.asr.provider)

    write(directory, "asr: {provider: one}")
    settings = settings_in(directory)
    write(directory, "asr: {provider: two}")
    for name in ("config.yaml", "dictionary.txt"):
        os.utime(directory / name, (0, 0))  # long ago, so that a look is enough
    for _ in range(2):
        with pytest.raises(LlmConfigError, match="two"):
            settings.reload(refuse)
        assert settings.current.config.asr.provider == "one"
    settings.refresh()
    assert settings.current.config.asr.provider == "two"


def test_refresh_adopts_a_change_and_survives_a_broken_one(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_in(directory)
    write(directory, "asr: {provider: two}")
    settings.refresh()
    assert settings.current.config.asr.provider == "two"
    write(directory, "asr: [ # broken")
    settings.refresh()
    settings.refresh()
    assert settings.current.config.asr.provider == "two"
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_problem_is_reported_once_and_again_when_it_comes_back(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad, good = "clipboard: {restore_delay_ms: soon}", "clipboard: {restore_delay_ms: 7}"
    write(directory, bad)
    settings = settings_in(directory)
    settings.reload()
    assert len(capsys.readouterr().err.splitlines()) == 1
    write(directory, good)
    settings.reload()
    assert settings.current.config.clipboard.restore_delay_ms == 7
    write(directory, bad)
    settings.reload()
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_folder_that_cannot_be_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    settings = settings_in(tmp_path / "file")
    assert settings.current.config == UNREADABLE
    assert str(tmp_path / "file") in capsys.readouterr().err


def test_the_prompts_are_read_anew_each_time(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_in(directory)
    assert settings.prompts() == built_in_prompts()
    (directory / "system_prompt.txt").write_text("mine", encoding="utf-8")
    assert settings.prompts().system == "mine"
    (directory / "system_prompt.txt").unlink()
    for _ in range(2):
        assert settings.prompts() == built_in_prompts()
        settings.reload()
    (reported,) = capsys.readouterr().err.splitlines()
    assert "llm.system_prompt_path: the file does not exist; using the built-in" in reported


def test_an_engine_may_be_set_from_outside(directory: Path) -> None:
    """Whatever the file says, also once it is read again, and when it can't be."""
    settings = Settings(Store(directory, {}), engine="glm")
    assert settings.current.config.asr.provider == "glm"
    write(directory, "asr: {provider: mimo, glm: {model: mine}}")
    settings.refresh()
    assert settings.current.config.asr.provider == "glm"
    assert settings.current.config.asr.glm.model == "mine"


def test_an_engine_from_outside_survives_a_broken_file(directory: Path) -> None:
    write(directory, "asr: [")
    settings = Settings(Store(directory, {}), engine="glm")
    assert settings.current.config.asr.provider == "glm"
    assert not settings.current.config.llm.enabled


def test_models_are_beside_the_configuration(directory: Path) -> None:
    assert settings_in(directory).models == directory / "models"


def test_correction_that_cannot_be_is_reported(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(directory, "llm: {active_profile: anthropic}")
    settings = settings_in(directory)
    settings.reload()
    assert capsys.readouterr().err == (
        f"koe: {directory / 'config.yaml'}: llm.active_profile: the profile 'anthropic' needs a "
        "base_url and a model in llm.profiles; nothing is corrected\n"
    )
    write(directory, "llm: {active_profile: anthropic, enabled: false}")
    settings.reload()
    assert capsys.readouterr().err == ""
