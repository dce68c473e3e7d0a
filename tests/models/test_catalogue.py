from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from koe.errors import ManifestError
from koe.models.catalogue import (
    describe,
    find_models,
    install_manifests,
    languages_of,
    shipped_manifests,
)
from koe.models.manifest import load, render
from koe.models.paths import MANIFEST_NAME, components
from tests.cli.command import PROJECT
from tests.models.making import make_model, model_file, write_file

# What every manifest must have, as published.
SHIPPED = {
    "mlx/Qwen3-0.6B-4bit": ("mlx", "llm", 8, 351_382_911),
    "mlx/Qwen3-1.7B-4bit": ("mlx", "llm", 8, 984_012_537),
    "mlx/Qwen3-ASR-0.6B-4bit": ("mlx", "asr", 6, 712_777_119),
    "mlx/Qwen3-ASR-1.7B-4bit": ("mlx", "asr", 6, 1_607_628_946),
    "sherpa-onnx/bilingual-zh-en": ("sherpa-onnx", "", 4, 198_270_793),
    "sherpa-onnx/multilingual-8lang": ("sherpa-onnx", "", 4, 338_873_347),
    "sherpa-onnx/parakeet-v3": ("sherpa-onnx", "", 4, 670_478_772),
    "sherpa-onnx/sense-voice": ("sherpa-onnx", "", 2, 239_549_735),
    "sherpa-onnx/zh-xlarge": ("sherpa-onnx", "", 4, 771_230_802),
    "whisper/base": ("whisper", "asr", 3, 145_679_702),
    "whisper/small": ("whisper", "asr", 3, 484_009_133),
    "whisper/turbo": ("whisper", "asr", 3, 1_618_955_306),
    "wetype/embed140m": ("wetype", "asr", 2, 134_938_750),
}


def paths_in(root: Path) -> list[str]:
    return [model.path for model in find_models(root)[0]]


def test_no_models(tmp_path: Path) -> None:
    assert find_models(tmp_path / "none") == ([], [])
    write_file(tmp_path / "file", b"")
    assert find_models(tmp_path / "file") == ([], [])


def test_models_at_any_depth_by_path(tmp_path: Path) -> None:
    for path in ("b", "a/deep/er", ".hidden/x", "a/deep"):
        make_model(tmp_path / path)
    make_model(tmp_path)  # the root itself is none
    (tmp_path / "empty").mkdir()
    assert paths_in(tmp_path) == [".hidden/x", "a/deep", "a/deep/er", "b"]


def test_links_are_not_followed(tmp_path: Path) -> None:
    root = tmp_path / "models"
    make_model(root / "a")
    make_model(tmp_path / "outside")
    (root / "link").symlink_to(tmp_path / "outside")
    (root / "a" / "loop").symlink_to(root)
    assert paths_in(root) == ["a"]


def test_broken_manifests_are_reported(tmp_path: Path) -> None:
    make_model(tmp_path / "good")
    write_file(tmp_path / "bad" / MANIFEST_NAME, b"{")
    models, (problem,) = find_models(tmp_path)
    assert [model.path for model in models] == ["good"]
    assert f"manifest not found in {tmp_path / 'bad'}: .koe-manifest.json is not JSON" in str(
        problem
    )


@pytest.mark.skipif(sys.platform != "linux", reason="other systems know only text as names")
def test_names_that_are_no_text(tmp_path: Path) -> None:
    make_model(tmp_path / os.fsdecode(b"caf\xe9"))
    assert paths_in(tmp_path) == ["caf?"]


def test_shipped_manifests(tmp_path: Path) -> None:
    root = tmp_path / "koe" / "models"
    assert len(install_manifests(root)) == len(SHIPPED)
    models, problems = find_models(root)
    assert problems == []
    assert {
        model.path: (
            model.manifest.provider,
            model.manifest.mode,
            len(model.manifest.files),
            model.manifest.total_bytes,
        )
        for model in models
    } == SHIPPED
    for model in models:
        for file in model.manifest.files:
            assert file.size_bytes > 0
            assert len(bytes.fromhex(file.sha256)) == 32
            assert file.url.startswith("https://")
            assert file.url.endswith(f"/{file.name}")
            assert components(file.name, "win32") == (file.name,)
    if os.name == "posix":
        assert (tmp_path / "koe").stat().st_mode & 0o777 == 0o700


def test_what_shipped_models_hear() -> None:
    manifests = shipped_manifests()
    assert manifests.keys() == SHIPPED.keys()
    for manifest in manifests.values():
        assert bool(manifest.languages) == (manifest.mode != "llm")
        assert len(set(manifest.languages)) == len(manifest.languages)


def test_what_models_hear_that_were_described_before(tmp_path: Path) -> None:
    """Manifests had no languages, and are never changed."""
    install_manifests(tmp_path)
    path = tmp_path / "sherpa-onnx" / "bilingual-zh-en" / MANIFEST_NAME
    former = replace(load(path.parent), languages=())
    path.write_bytes(render(former))

    def heard() -> tuple[str, ...]:
        models = {model.path: model for model in find_models(tmp_path)[0]}
        return languages_of(models["sherpa-onnx/bilingual-zh-en"])

    assert heard() == ("zh", "en")
    path.write_bytes(render(replace(former, files=former.files[:1])))  # it is another model
    assert heard() == ()
    path.write_bytes(render(replace(former, languages=("de",))))
    assert heard() == ("de",)


def test_manifests_that_are_there_are_never_changed(tmp_path: Path) -> None:
    path = write_file(tmp_path / "models" / "wetype" / "embed140m" / MANIFEST_NAME, b"mine")
    assert len(install_manifests(tmp_path / "models")) == len(SHIPPED) - 1
    assert path.read_bytes() == b"mine"
    path.unlink()
    path.symlink_to(tmp_path / "nowhere")
    assert install_manifests(tmp_path / "models") == []
    path.unlink()
    assert install_manifests(tmp_path / "models") == [path]
    assert load(path.parent).provider == "wetype"


def test_manifests_that_cannot_be_written(tmp_path: Path) -> None:
    write_file(tmp_path / "models", b"not a directory")
    with pytest.raises(ManifestError, match=r"^config error: write .*: "):
        install_manifests(tmp_path / "models")


def test_what_is_said_of_a_model(tmp_path: Path) -> None:
    make_model(tmp_path / "moonshine" / "demo", model_file("a.bin", b"abc"))
    ((model,), _) = find_models(tmp_path)
    assert describe(model, 1) == {
        "description": "A model",
        "mode": "",
        "path": "moonshine/demo",
        "provider": "moonshine",
        "repo": "owner/name",
        "status": 1,
        "total_size": 3,
    }


def test_nothing_slow_is_imported() -> None:
    """By looking at models and by removing them."""
    code = (
        "import sys, koe.models.catalogue, koe.models.verification, koe.models.removal\n"
        "sys.exit(bool({'httpx', 'asyncio', 'ssl', 'tqdm', 'yaml'} & {*sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=False)
    assert done.returncode == 0
