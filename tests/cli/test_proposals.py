from __future__ import annotations

from pathlib import Path

import pytest

from koe.asr import ENGINES
from koe.cli import proposals
from koe.cli.proposals import PROPOSALS, Proposal, languages_of_engine, propose
from koe.config.engines import AsrConfig, QwenConfig, SherpaOnnxConfig
from koe.models.catalogue import shipped_manifests


def names(*languages: str, may_leave: bool = False, config: AsrConfig | None = None) -> list[str]:
    found = propose(
        languages, may_leave=may_leave, config=config or AsrConfig(), models=Path("nowhere")
    )
    return [it.model or it.engine for it in found]


def test_the_table() -> None:
    for proposal in PROPOSALS:
        assert proposal.engine in ENGINES
        assert proposal.recognised_languages
        assert not proposal.model or proposal.model in shipped_manifests()


def test_english() -> None:
    assert names("en")[0] == "moonshine"


def test_chinese_stays_on_this_computer() -> None:
    found = names("zh", "en")
    assert "sherpa-onnx/bilingual-zh-en" in found
    assert "moonshine" not in found
    assert not {"qwen", "doubao"} & {*found}


def test_services_where_words_may_leave() -> None:
    found = names("zh", may_leave=True)
    assert found.index("qwen") > found.index("sherpa-onnx/bilingual-zh-en")
    assert names("hi", may_leave=True) == ["whisper/small", "qwen"]
    assert names("hi") == ["whisper/small"]


def test_what_works_already_is_proposed_first() -> None:
    config = AsrConfig(provider="qwen", qwen=QwenConfig(api_key="k"))
    assert names("zh", may_leave=True, config=config)[0] == "qwen"
    assert "qwen" not in names("zh", config=config)
    lacking = AsrConfig(provider="qwen")
    assert names("zh", may_leave=True, config=lacking)[0] != "qwen"


def test_what_lacks_a_package_comes_last(monkeypatch: pytest.MonkeyPatch) -> None:
    table = (
        Proposal("sherpa-onnx", "sherpa-onnx/bilingual-zh-en"),
        Proposal("moonshine", languages="zh"),
    )
    monkeypatch.setattr(proposals, "PROPOSALS", table)
    config = AsrConfig(provider="parrot")
    assert names("zh", config=config) == ["sherpa-onnx/bilingual-zh-en", "moonshine"]
    monkeypatch.setattr("koe.asr.sherpa_onnx.find_spec", lambda name: None)
    assert names("zh", config=config) == ["moonshine", "sherpa-onnx/bilingual-zh-en"]


@pytest.mark.parametrize(
    ("config", "heard"),
    [
        (AsrConfig(), ("en",)),
        (AsrConfig(provider="sherpa-onnx"), ("zh", "en")),
        (
            AsrConfig(provider="sherpa-onnx", sherpa_onnx=SherpaOnnxConfig(model="mine")),
            (),
        ),
        (AsrConfig(provider="parrot"), ()),
    ],
)
def test_what_the_configured_engine_hears(config: AsrConfig, heard: tuple[str, ...]) -> None:
    assert languages_of_engine(config) == heard
