"""Of which kind a model is, and whether it can be one; that they can, test_sherpa_offline."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
from onnx import helper

from koe.asr.offline_files import (
    QWEN_LANGUAGES,
    SENSE_VOICE_LANGUAGES,
    ModelKind,
    OfflineFiles,
    examine_offline,
    find_offline_files,
)
from koe.errors import AsrConnectionError
from tests.asr.tones import build_model
from tests.asr.wholes import (
    build_nemo,
    build_paraformer,
    build_qwen,
    build_sense_voice,
    build_whisper,
)

BUILDERS: dict[ModelKind, Callable[[Path], Path]] = {
    ModelKind.SENSE_VOICE: lambda folder: build_sense_voice(folder, "甲乙", {"甲": "1"}),
    ModelKind.PARAFORMER: lambda folder: build_paraformer(folder, "甲乙"),
    ModelKind.NEMO_TRANSDUCER: lambda folder: build_nemo(folder, ["▁A", "▁B"]),
    ModelKind.WHISPER: lambda folder: build_whisper(folder, "甲乙", ["zh", "en"]),
    ModelKind.QWEN3_ASR: lambda folder: build_qwen(folder, ["one", "Ġtwo"], "@", "uno"),
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[ModelKind, Path]:
    root = tmp_path_factory.mktemp("built")
    return {kind: build(root / kind.name) for kind, build in BUILDERS.items()}


@pytest.fixture
def folders(built: dict[ModelKind, Path], tmp_path: Path) -> Callable[[ModelKind], Path]:
    """A copy of a model, which may be damaged."""
    return lambda kind: shutil.copytree(built[kind], tmp_path / kind.name)


def found(folder: Path) -> OfflineFiles:
    files = find_offline_files(folder)
    assert files is not None
    return files


def refused(folder: Path) -> str:
    """Why a model can't be one."""
    with pytest.raises(AsrConnectionError) as caught:
        examine_offline(found(folder))
    return caught.value.message


def change(path: Path, **metadata: object) -> None:
    """Change what a file says about itself; None: it says nothing."""
    model = onnx.load(path)
    said = {it.key: it.value for it in model.metadata_props} | metadata
    kept = {key: str(it) for key, it in said.items() if it is not None}
    helper.set_model_props(model, kept)
    onnx.save(model, path)


@pytest.mark.parametrize("kind", ModelKind)
def test_the_kind_is_found_from_the_files(kind: ModelKind, built: dict[ModelKind, Path]) -> None:
    files = found(built[kind])
    assert files.kind is kind
    assert all(path.exists() for path in files.paths.values())
    assert len(files.stamp) == len(files.paths)
    assert examine_offline(files)


def test_other_models(tmp_path: Path) -> None:
    assert find_offline_files(build_model(tmp_path / "streaming", "甲乙")) is None
    (tmp_path / "empty").mkdir()
    assert find_offline_files(tmp_path / "empty") is None
    for name in ("encoder.onnx", "decoder.onnx"):
        (tmp_path / "empty" / name).touch()
    assert find_offline_files(tmp_path / "empty") is None


def test_the_smallest_precision(folders: Callable[[ModelKind], Path]) -> None:
    folder = folders(ModelKind.SENSE_VOICE)
    (folder / "model.onnx").touch()
    assert found(folder).paths["model"].name == "model.int8.onnx"


def test_languages(built: dict[ModelKind, Path], tmp_path: Path) -> None:
    languages = {kind: examine_offline(found(folder)).languages for kind, folder in built.items()}
    assert languages == {
        ModelKind.SENSE_VOICE: SENSE_VOICE_LANGUAGES,
        ModelKind.PARAFORMER: (),
        ModelKind.NEMO_TRANSDUCER: (),
        ModelKind.WHISPER: ("zh", "en"),
        ModelKind.QWEN3_ASR: tuple(QWEN_LANGUAGES),
    }
    english = build_whisper(tmp_path / "english", "甲乙", [])
    assert examine_offline(found(english)).languages == ("en",)


def test_a_vocabulary_of_pieces(folders: Callable[[ModelKind], Path]) -> None:
    folder = folders(ModelKind.NEMO_TRANSDUCER)
    assert found(folder).bpe_vocab is None
    (folder / "bpe.vocab").touch()
    assert found(folder).bpe_vocab == folder / "bpe.vocab"


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(AsrConnectionError, match="model not found: "):
        find_offline_files(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("kind", "name", "missing"),
    [
        (ModelKind.SENSE_VOICE, "tokens.txt", "tokens.txt"),
        (ModelKind.WHISPER, "small-tokens.txt", "tokens.txt"),
        (ModelKind.QWEN3_ASR, "decoder.int8.onnx", "decoder*.onnx"),
        (ModelKind.QWEN3_ASR, "tokenizer/merges.txt", "tokenizer/merges.txt"),
    ],
)
def test_something_is_missing(
    kind: ModelKind, name: str, missing: str, folders: Callable[[ModelKind], Path]
) -> None:
    folder = folders(kind)
    (folder / name).unlink()
    with pytest.raises(AsrConnectionError) as caught:
        find_offline_files(folder)
    assert caught.value.message.startswith(f"missing {missing} in {folder}; ")


@pytest.mark.parametrize("kind", ModelKind)
def test_a_file_that_is_cut_off(kind: ModelKind, folders: Callable[[ModelKind], Path]) -> None:
    """At any place: it is refused, and nothing is loaded."""
    folder = folders(kind)
    for path in folder.glob("*.onnx"):
        whole = path.read_bytes()
        for part in (0.0, 0.3, 0.6, 0.99):
            path.write_bytes(whole[: int(len(whole) * part)])
            with pytest.raises(AsrConnectionError):
                files = find_offline_files(folder)
                # What says nothing of itself may be a part of another kind.
                raise AsrConnectionError("") if files is None else examine(files)
        path.write_bytes(whole)


def examine(files: OfflineFiles) -> AssertionError:
    examine_offline(files)
    return AssertionError("it was taken")


@pytest.mark.parametrize(
    ("kind", "name", "metadata", "reason"),
    [
        (ModelKind.SENSE_VOICE, "model", {"vocab_size": 0}, "its vocab_size is 0"),
        (ModelKind.SENSE_VOICE, "model", {"lfr_window_shift": 0}, "its lfr_window_shift is 0"),
        (ModelKind.SENSE_VOICE, "model", {"lfr_window_size": 101}, "its lfr_window_size is 101"),
        (ModelKind.SENSE_VOICE, "model", {"neg_mean": "0,0"}, "its neg_mean is not 560 numbers"),
        (ModelKind.SENSE_VOICE, "model", {"inv_stddev": None}, "its inv_stddev is not 560 numbers"),
        (ModelKind.SENSE_VOICE, "model", {"lang_yue": None}, "its lang_yue is missing or invalid"),
        (ModelKind.SENSE_VOICE, "model", {"with_itn": -1}, "its with_itn is missing or invalid"),
        (
            ModelKind.PARAFORMER,
            "model",
            {"neg_mean": ",".join(["nan"] * 560)},
            "its neg_mean is not",
        ),
        (
            ModelKind.NEMO_TRANSDUCER,
            "encoder",
            {"subsampling_factor": 0},
            "its subsampling_factor is 0",
        ),
        (ModelKind.NEMO_TRANSDUCER, "encoder", {"normalize_type": "x"}, "its normalize_type is x"),
        (ModelKind.WHISPER, "encoder", {"n_mels": 81}, "its n_mels is 81"),
        (ModelKind.WHISPER, "encoder", {"eot": "x"}, "its eot is missing or invalid"),
        (ModelKind.WHISPER, "encoder", {"sot_sequence": "3"}, "its sot_sequence is 3"),
        (
            ModelKind.WHISPER,
            "encoder",
            {"all_language_codes": "zh"},
            "its all_language_tokens do not",
        ),
        (
            ModelKind.WHISPER,
            "encoder",
            {"all_language_tokens": "1,99"},
            "its all_language_tokens do",
        ),
    ],
)
def test_what_would_end_the_process(
    kind: ModelKind, name: str, metadata: dict[str, object], reason: str,
    folders: Callable[[ModelKind], Path],
) -> None:  # fmt: skip
    folder = folders(kind)
    (path,) = folder.glob(f"*{name}*.onnx")
    change(path, **metadata)
    message = refused(folder)
    assert message.startswith(f"{path} is not part of a model that sherpa-onnx can run: {reason}")


def test_a_single_file_of_another_kind(folders: Callable[[ModelKind], Path]) -> None:
    folder = folders(ModelKind.PARAFORMER)
    change(folder / "model.int8.onnx", model_type="telespeech_ctc")
    with pytest.raises(AsrConnectionError, match="its model_type is telespeech_ctc"):
        find_offline_files(folder)


@pytest.mark.parametrize(
    ("kind", "name", "other", "ports"),
    [
        (ModelKind.SENSE_VOICE, "model.int8.onnx", ModelKind.PARAFORMER, "2 inputs and 2 outputs"),
        (
            ModelKind.NEMO_TRANSDUCER,
            "decoder.int8.onnx",
            ModelKind.QWEN3_ASR,
            "6 inputs and 3 outputs",
        ),
        (
            ModelKind.QWEN3_ASR,
            "encoder.int8.onnx",
            ModelKind.NEMO_TRANSDUCER,
            "2 inputs and 2 outputs",
        ),
        (
            ModelKind.QWEN3_ASR,
            "decoder.int8.onnx",
            ModelKind.NEMO_TRANSDUCER,
            "4 inputs and 4 outputs",
        ),
    ],
)
def test_a_file_that_takes_something_else(
    kind: ModelKind, name: str, other: ModelKind, ports: str, folders: Callable[[ModelKind], Path]
) -> None:
    folder, source = folders(kind), folders(other)
    said = {it.key: it.value for it in onnx.load(folder / name).metadata_props}
    shutil.copy(source / name, folder / name)
    change(folder / name, **said)
    if (kind, name) == (ModelKind.QWEN3_ASR, "encoder.int8.onnx"):
        model = onnx.load(folder / name)
        model.graph.input.add().CopyFrom(model.graph.input[0])
        model.graph.input[-1].name = "third"
        onnx.save(model, folder / name)
        ports = "3 inputs and 2 outputs"
    assert f"{name} is not part of a model that sherpa-onnx can run: it has {ports}" in refused(
        folder
    )


@pytest.mark.parametrize(
    "tokens", ["▁A 0\n▁B 1\n", "▁A 0\n<blk> 1\n▁B 2\n", "▁A 0\n<blk> 2\n", "▁A 0\n▁B 0\n<blk> 2\n"]
)
def test_tokens_of_a_transducer(tokens: str, folders: Callable[[ModelKind], Path]) -> None:
    folder = folders(ModelKind.NEMO_TRANSDUCER)
    (folder / "tokens.txt").write_text(tokens, encoding="utf-8")
    assert "it does not have 3 tokens, of which <blk> is the last" in refused(folder)


def test_tokens_of_paraformer(folders: Callable[[ModelKind], Path]) -> None:
    folder = folders(ModelKind.PARAFORMER)
    (folder / "tokens.txt").write_text("甲 0\n", encoding="utf-8")
    assert "it has no token </s>" in refused(folder)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("vocab.json", "{", "vocab.json is not part of"),
        ("vocab.json", "[]", "it is not a JSON object"),
        ("tokenizer_config.json", "{}", "it has no token <asr_text>"),
        ("tokenizer_config.json", '{"added_tokens_decoder": {"1": 2}}', "it has no token"),
    ],
)
def test_a_tokenizer(
    name: str, content: str, reason: str, folders: Callable[[ModelKind], Path]
) -> None:
    folder = folders(ModelKind.QWEN3_ASR)
    (folder / "tokenizer" / name).write_text(content, encoding="utf-8")
    assert reason in refused(folder)


def test_a_tokenizer_beside_the_model(folders: Callable[[ModelKind], Path]) -> None:
    folder = folders(ModelKind.QWEN3_ASR)
    for path in (folder / "tokenizer").iterdir():
        path.rename(folder / path.name)
    (folder / "tokenizer").rmdir()
    vocabulary = json.loads((folder / "vocab.json").read_bytes())
    (folder / "vocab.json").write_text(json.dumps(vocabulary | {"<asr_text>": 900}))
    (folder / "tokenizer_config.json").write_text("{}")
    assert examine_offline(found(folder)).languages
