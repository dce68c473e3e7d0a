from __future__ import annotations

from pathlib import Path

import pytest

from koe.cli import model_line
from koe.cli.model_line import listed, obstacle_to, size
from koe.models.catalogue import Model
from koe.models.manifest import Manifest, ModelFile
from koe.models.verification import Status


def make(provider: str = "sherpa-onnx", count: int = 0, languages: tuple[str, ...] = ()) -> Model:
    files = (ModelFile("a", count, "", ""),)
    manifest = Manifest(provider, "A model", "owner/name", files, languages=languages)
    return Model("mine", Path("mine"), manifest)


@pytest.mark.parametrize(
    ("model", "remark"),
    [
        (make(), ""),
        (make(count=198_270_793, languages=("zh", "en")), " (198 MB; recognises zh en)"),
        (make("wetype", 134_938_750), " (135 MB; not usable here)"),
    ],
)
def test_a_line(model: Model, remark: str) -> None:
    line = model_line.model_line(model, Status.INCOMPLETE)
    assert line == f"{'mine':<40} [incomplete] A model{remark}"


@pytest.mark.parametrize(
    ("count", "shown"),
    [(999_999, "999999 bytes"), (1_000_000, "1 MB"), (712_777_119, "713 MB"), (1.6e9, "1.6 GB")],
)
def test_sizes(count: int, shown: str) -> None:
    assert size(count) == shown


def test_many_languages() -> None:
    assert listed(tuple("abcdefgh")) == "a b c d e f g h"
    assert listed(tuple("abcdefghij")) == "a b c d e f g h and 2 more"


def test_what_a_machine_cannot_use(monkeypatch: pytest.MonkeyPatch) -> None:
    assert obstacle_to(make()) is None
    assert obstacle_to(make("wetype")) == "no engine of this version uses it"
    monkeypatch.setattr("koe.asr.sherpa_onnx.find_spec", lambda name: None)
    assert str(obstacle_to(make())).startswith("its package is not installed; run: pip install")
