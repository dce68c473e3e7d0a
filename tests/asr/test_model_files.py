"""Which files are a model's, and whether they can be one; whether they are, test_sherpa_onnx."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koe.asr.model_files import (
    ModelFiles,
    examine_model,
    find_model_files,
    read_metadata,
    read_tokens,
)
from koe.errors import AsrConnectionError
from tests.asr.tones import WINDOW, build_model, set_metadata

ANY_MODEL = (
    "put a model for sherpa-onnx there, or choose a model from koe model list, fetch it with koe "
    "model pull, and set asr.sherpa-onnx.model to its name"
)


def folder_with(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).touch()
    return folder


def found(folder: Path) -> list[str]:
    files = find_model_files(folder)
    return [path.name for path in (files.encoder, files.decoder, files.joiner, files.tokens)]


@pytest.mark.parametrize(
    "names",
    [
        ["encoder-epoch-99-avg-1.int8.onnx", "decoder-epoch-99-avg-1.int8.onnx",
         "joiner-epoch-99-avg-1.int8.onnx", "tokens.txt"],
        ["encoder.int8.onnx", "decoder.onnx", "joiner.int8.onnx", "tokens.txt"],
        ["encoder-epoch-75-avg-11-chunk-16-left-128.int8.onnx",
         "decoder-epoch-75-avg-11-chunk-16-left-128.onnx",
         "joiner-epoch-75-avg-11-chunk-16-left-128.int8.onnx", "tokens.txt"],
    ],
)  # fmt: skip
def test_the_published_models(directory: Path, names: list[str]) -> None:
    others = [".koe-manifest.json", "README.md", "bpe.model"]
    assert found(folder_with(directory, *names, *others)) == names


def test_the_smallest_precision_is_preferred_file_by_file(directory: Path) -> None:
    names = ["a-encoder.onnx", "b-encoder.fp16.onnx", "c-encoder.int8.onnx", "d-encoder.int8.onnx",
             "decoder.fp16.onnx", "decoder.onnx", "joiner.2.onnx", "joiner.1.onnx",
             "b-encoder.int8.onnx.part", "tokens.txt", "bpe.vocab"]  # fmt: skip
    expected = ["c-encoder.int8.onnx", "decoder.fp16.onnx", "joiner.1.onnx", "tokens.txt"]
    assert found(folder_with(directory, *names)) == expected
    assert find_model_files(directory).bpe_vocab == directory / "bpe.vocab"


@pytest.mark.parametrize(
    ("names", "missing"),
    [
        ([], "encoder*.onnx"),
        (["encoder.onnx", "tokens.txt"], "decoder*.onnx"),
        (["encoder.onnx", "decoder.onnx", "tokens.txt"], "joiner*.onnx"),
        (["encoder.onnx", "decoder.onnx", "joiner.onnx", "my-tokens.txt"], "tokens.txt"),
    ],
)
def test_something_is_missing(directory: Path, names: list[str], missing: str) -> None:
    with pytest.raises(AsrConnectionError) as caught:
        find_model_files(folder_with(directory, *names))
    assert caught.value.message == f"missing {missing} in {directory}; {ANY_MODEL}"


def test_no_folder(directory: Path) -> None:
    (directory.parent / "file").touch()
    for path in (directory, directory.parent / "file"):
        with pytest.raises(AsrConnectionError) as caught:
            find_model_files(path)
        assert caught.value.message == f"model not found: {path}; {ANY_MODEL}"
    with pytest.raises(AsrConnectionError, match=r"read model dir: "):
        find_model_files(Path("a\0b"))


@pytest.mark.parametrize("is_begun", [False, True])
def test_a_model_that_can_be_fetched(directory: Path, is_begun: bool) -> None:
    """What koe fetches lies in a folder that is named as the engine."""
    folder = directory / "sherpa-onnx" / "zh-xlarge"
    if is_begun:
        folder_with(folder, ".koe-manifest.json", "encoder.int8.onnx.part")
    with pytest.raises(AsrConnectionError, match=r"; run: koe model pull sherpa-onnx/zh-xlarge$"):
        find_model_files(folder)


@pytest.fixture
def model(directory: Path) -> ModelFiles:
    return find_model_files(build_model(directory, "甲乙"))


def test_facts(model: ModelFiles) -> None:
    facts = examine_model(model)
    assert (facts.kind, facts.window) == ("lstm", WINDOW)
    assert facts.tokens == {"<blk>": 0, "甲": 1, "乙": 2}


def test_the_stamp_changes_with_the_files(model: ModelFiles) -> None:
    before = model.stamp
    assert before == model.stamp
    model.joiner.write_bytes(model.joiner.read_bytes() + b"\0")
    assert model.stamp != before


OFFLINE = {"model_type": "zipformer2", "version": 1, "model_author": "k2-fsa"}
STREAMING = {
    "encoder_dims": "192,256", "query_head_dims": "32,32", "value_head_dims": "12,12",
    "num_heads": "4,4", "num_encoder_layers": "2,2", "cnn_module_kernels": "31,31",
    "left_context_len": "64,32", "T": 45, "decode_chunk_len": 32,
}  # fmt: skip


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ({}, "its model_type is not given"),
        ({"model_type": "whisper"}, "its model_type is whisper"),
        (OFFLINE, "its T is missing or invalid"),
        (OFFLINE | STREAMING | {"T": -1}, "its T is missing or invalid"),
        (OFFLINE | STREAMING | {"num_heads": "4,x"}, "its num_heads is missing or invalid"),
        (OFFLINE | STREAMING | {"num_heads": "1000000"}, "its num_heads is missing or invalid"),
        (OFFLINE | STREAMING | {"T": "45,45"}, "its T is 45,45"),
        (OFFLINE | STREAMING | {"decode_chunk_len": 0}, "its decode_chunk_len is 0"),
    ],
)
def test_another_kind_of_model(model: ModelFiles, metadata: dict[str, object], reason: str) -> None:
    set_metadata(model.encoder, metadata)
    with pytest.raises(AsrConnectionError) as caught:
        examine_model(model)
    assert caught.value.message == (
        f"{model.encoder} is not part of a model that sherpa-onnx can run: {reason}"
    )


def test_the_common_kind_of_model(model: ModelFiles) -> None:
    set_metadata(model.encoder, OFFLINE | STREAMING)
    assert examine_model(model).kind == "zipformer2"


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ({"vocab_size": 3}, "its context_size is missing or invalid"),
        ({"vocab_size": 3, "context_size": 0}, "its context_size is 0"),
        ({"vocab_size": 99_999_999_999, "context_size": 2}, "its vocab_size is missing or invalid"),
    ],
)
def test_another_kind_of_decoder(
    model: ModelFiles, metadata: dict[str, object], reason: str
) -> None:
    set_metadata(model.decoder, metadata)
    with pytest.raises(AsrConnectionError, match=reason):
        examine_model(model)


def test_half_a_joiner(model: ModelFiles) -> None:
    model.joiner.write_bytes(model.joiner.read_bytes()[:-1])
    with pytest.raises(AsrConnectionError, match="it is damaged, or is not an ONNX file: "):
        examine_model(model)


def test_metadata(model: ModelFiles) -> None:
    metadata = read_metadata(model.encoder)
    assert metadata["model_type"] == "lstm"
    assert metadata["T"] == str(WINDOW)


def test_fields_of_all_kinds(directory: Path) -> None:
    """A number, eight bytes, four bytes, and what is looked for."""
    path = folder_with(directory, "a.onnx") / "a.onnx"
    pair = b"\x0a\x03key\x12\x05value"
    path.write_bytes(b"\x08\x96\x01\x11" + b"\xff" * 8 + b"\x1d" + b"\xff" * 4 + b"\x72\x0c" + pair)
    assert read_metadata(path) == {"key": "value"}


def test_half_a_file(model: ModelFiles) -> None:
    """As an interrupted download leaves it: never taken for all of it."""
    whole = model.joiner.read_bytes()
    for size in range(1, len(whole), 7):
        model.joiner.write_bytes(whole[:size])
        try:
            assert read_metadata(model.joiner) == {}
        except AsrConnectionError as exc:
            assert "it is damaged, or is not an ONNX file: " in exc.message


def test_no_onnx_file(directory: Path) -> None:
    path = folder_with(directory, "a.onnx") / "a.onnx"
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n", encoding="utf-8")
    with pytest.raises(AsrConnectionError, match=r"it is damaged, or is not an ONNX file: "):
        read_metadata(path)
    with pytest.raises(AsrConnectionError, match=r"is not part of a model that sherpa-onnx "):
        read_metadata(directory / "missing.onnx")


@given(content=st.binary(max_size=200))
def test_any_file(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.onnx"
    path.write_bytes(content)
    try:
        metadata = read_metadata(path)
    except AsrConnectionError:
        return
    assert all(isinstance(text, str) for pair in metadata.items() for text in pair)


def tokens_in(directory: Path, content: bytes) -> dict[str, int]:
    path = directory / "tokens.txt"
    path.write_bytes(content)
    return read_tokens(path)


def test_tokens(tmp_path: Path) -> None:
    content = "<blk> 0\r\n▁THE\t1\n中 2\n\n3\n\u3000 4\n".encode()
    tokens = {"<blk>": 0, "▁THE": 1, "中": 2, " ": 3, "\u3000": 4}
    assert tokens_in(tmp_path, content) == tokens


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it has no tokens"),
        (b"a 0\nb c 1\n", "line 2 is not a token and its number"),
        (b"a\n", "line 1 is not a token and its number"),
        (b"a -1\n", "line 1 is not a token and its number"),
        (b"a 1000000\n", "line 1 is not a token and its number"),
        ("a ١\n".encode(), "line 1 is not a token and its number"),
        (b"\xff 1\n", "'utf-8' codec can't decode"),
    ],
)
def test_broken_tokens(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(AsrConnectionError) as caught:
        tokens_in(tmp_path, content)
    assert (
        f"tokens.txt is not part of a model that sherpa-onnx can run: {reason}"
        in caught.value.message
    )


@given(content=st.binary(max_size=100) | st.text(max_size=100).map(str.encode))
def test_any_tokens(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    try:
        tokens = tokens_in(tmp_path_factory.getbasetemp(), content)
    except AsrConnectionError:
        return
    assert all(number >= 0 for number in tokens.values())
