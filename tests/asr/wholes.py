"""Models that recognise a whole piece of tones at once, as sherpa-onnx loads them.

As in `tests.asr.tones`, weights are chosen instead of trained. Each hears how loud the band of each
tone is, and does beside that what real ones do: it says which language, mood and kind of sound it
has heard, or goes by its settings.
"""

from __future__ import annotations

import base64
import json
import math
import string
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

from tests.asr.tones import BANDS, FREQUENCIES_HZ, LESS_LIKELY, NEVER, band, numbers, save, value

Array = numpy.typing.NDArray[numpy.float64]

# What SenseVoice and Paraformer look at together, and how far they go on, in frames of 10 ms.
_WINDOW, _SHIFT = 7, 6

# As the published model has them.
_LANGUAGES = {"auto": 0, "zh": 3, "en": 4, "yue": 7, "ja": 11, "ko": 12}
_WITH_ITN, _WITHOUT_ITN = 14, 15
_TAGS = (
    "<|zh|>", "<|NEUTRAL|>", "<|Speech|>", "<|withitn|>", "<|woitn|>", "<|en|>", "<|nospeech|>",
)  # fmt: skip

_LIKELY = 100.0

# Bands of the features of Qwen3-ASR.
_MELS = 128


def _floats(name: str, array: Array) -> onnx.TensorProto:
    return numpy_helper.from_array(array.astype(numpy.float32), name)


def _integers(name: str, shape: Sequence[str | int], bits: int = 32) -> onnx.ValueInfoProto:
    kind = TensorProto.INT32 if bits == 32 else TensorProto.INT64
    return helper.make_tensor_value_info(name, kind, shape)


def _write_tokens(folder: Path, tokens: Sequence[str], name: str = "tokens.txt") -> None:
    lines = [f"{token} {number}\n" for number, token in enumerate(tokens)]
    (folder / name).write_text("".join(lines), encoding="utf-8")


def _hearing(size: int, heard: Mapping[int, int], homophones: Mapping[int, int]) -> list[Array]:
    """Weights and bias that make tokens of bands.

    Args:
        size: How many tokens there are.
        heard: Token to tone.
        homophones: Token to the tone that it sounds like, a little less likely.
    """
    weights, bias = numpy.zeros((BANDS, size)), numpy.full(size, NEVER)
    for tokens, likeliness in ((heard, 0.0), (homophones, LESS_LIKELY)):
        for token, tone in tokens.items():
            weights[band(FREQUENCIES_HZ[tone]), token] = 1.0
            bias[token] = likeliness
    return [weights, bias]


def build_sense_voice(folder: Path, tokens: Sequence[str], digits: Mapping[str, str]) -> Path:
    """Write a SenseVoice model.

    Args:
        folder: Made if it is missing.
        tokens: What it writes; the number of each is its tone's.
        digits: What it writes instead of a token when it is to normalise.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = ["<blank>", *tokens, *digits.values(), *_TAGS]
    size = len(written)
    heard = {number + 1: number for number in range(len(tokens))}
    homophones = {written.index(it): tokens.index(plain) for plain, it in digits.items()}
    weights, bias = _hearing(size, heard, homophones)
    bias[0] = 0.0
    normalising = numpy.zeros((16, size))
    for it in digits.values():
        normalising[_WITH_ITN, written.index(it)] = -2 * LESS_LIKELY
    # What it says first: the language that it is set to, or Chinese, and for Korean that there is
    # no speech; and whether it normalises.
    said = numpy.zeros(16, numpy.int64)
    said[:14] = written.index("<|zh|>")
    said[_LANGUAGES["en"]] = written.index("<|en|>")
    said[_LANGUAGES["ko"]] = written.index("<|nospeech|>")
    said[_WITH_ITN], said[_WITHOUT_ITN] = map(written.index, ("<|withitn|>", "<|woitn|>"))
    graph = helper.make_graph(
        [
            helper.make_node("Slice", ["x", "zero", "bands", "two"], ["frames"]),
            helper.make_node("MatMul", ["frames", "weights"], ["heard"]),
            helper.make_node("Add", ["heard", "bias"], ["biased"]),
            helper.make_node("Gather", ["normalising", "text_norm"], ["normal"]),
            helper.make_node("Add", ["biased", "normal"], ["speech"]),
            helper.make_node("Gather", ["said", "language"], ["first"]),
            helper.make_node("Gather", ["said", "text_norm"], ["last"]),
            helper.make_node("Concat", ["first", "mood", "last"], ["ids"], axis=0),
            helper.make_node("Gather", ["each", "ids"], ["rows"]),
            helper.make_node("Unsqueeze", ["rows", "zero"], ["tags"]),
            helper.make_node("Concat", ["tags", "speech"], ["logits"], axis=1),
        ],
        "sense-voice",
        [value("x", 1, "T", BANDS * _WINDOW), _integers("x_length", [1]),
         _integers("language", [1]), _integers("text_norm", [1])],
        [value("logits", 1, "L", size)],
        [
            numbers("zero", 0), numbers("two", 2), numbers("bands", BANDS),
            numpy_helper.from_array(said, "said"),
            numbers("mood", written.index("<|NEUTRAL|>"), written.index("<|Speech|>")),
            _floats("weights", weights), _floats("bias", bias),
            _floats("normalising", normalising), _floats("each", numpy.eye(size) * _LIKELY),
        ],
    )  # fmt: skip
    save(folder / "model.int8.onnx", graph, {
        "model_type": "sense_voice_ctc", "comment": "small", "vocab_size": size,
        "normalize_samples": 1, "with_itn": _WITH_ITN, "without_itn": _WITHOUT_ITN,
        **{f"lang_{code}": number for code, number in _LANGUAGES.items()}, **_normalisation(),
    })  # fmt: skip
    _write_tokens(folder, written)
    return folder


def build_paraformer(folder: Path, tokens: Sequence[str]) -> Path:
    """Write a Paraformer model, which takes a tone each 0.24 s; silence ends the text."""
    folder.mkdir(parents=True, exist_ok=True)
    written = ["<blank>", "</s>", *tokens]
    size = len(written)
    weights, bias = _hearing(size, {it + 2: it for it in range(len(tokens))}, {})
    # Its samples are 32768 times as large, so are the sums of squares.
    bias[1] = 2 * math.log(32768)
    graph = helper.make_graph(
        [
            helper.make_node("Slice", ["speech", "first", "last", "time_band", "every"], ["x"]),
            helper.make_node("MatMul", ["x", "weights"], ["heard"]),
            helper.make_node("Add", ["heard", "bias"], ["logits"]),
            helper.make_node("Identity", ["speech_lengths"], ["token_num"]),
        ],
        "paraformer",
        [value("speech", 1, "T", BANDS * _WINDOW), _integers("speech_lengths", [1])],
        [value("logits", 1, "L", size), _integers("token_num", [1])],
        [
            numbers("first", 1, 0), numbers("last", 1 << 30, BANDS), numbers("time_band", 1, 2),
            numbers("every", 4, 1), _floats("weights", weights), _floats("bias", bias),
        ],
    )  # fmt: skip
    save(folder / "model.int8.onnx", graph, {
        "model_type": "paraformer", "vocab_size": size, **_normalisation(),
    })  # fmt: skip
    _write_tokens(folder, written)
    return folder


def _normalisation() -> dict[str, object]:
    return {
        "lfr_window_size": _WINDOW,
        "lfr_window_shift": _SHIFT,
        "neg_mean": ",".join(["0"] * BANDS * _WINDOW),
        "inv_stddev": ",".join(["1"] * BANDS * _WINDOW),
    }


def build_nemo(
    folder: Path, tokens: Sequence[str], homophones: Mapping[int, int] | None = None
) -> Path:
    """Write a transducer of NeMo that predicts durations too; homophones as in `tones`."""
    folder.mkdir(parents=True, exist_ok=True)
    size = len(tokens) + 1  # the last is the blank
    weights, bias = numpy.zeros((BANDS, size)), numpy.zeros(size)
    after = numpy.zeros((size, size))
    for token in range(len(tokens)):
        like = (homophones or {}).get(token, token)
        for near in (-1, 0, 1):
            weights[_slaney_band(FREQUENCIES_HZ[like], 7600) + near, token] = 1 / 3
        bias[token] = _LOUD if like == token else _LOUD + LESS_LIKELY
        for other in {token, like}:
            after[token, other] = after[other, token] = NEVER
    durations = numpy.array([NEVER, 0.0, NEVER, NEVER, NEVER])
    states = [value("h", 1, 1, 1), value("c", 1, 1, 1)]
    next_states = [value("next_h", 1, 1, 1), value("next_c", 1, 1, 1)]
    encoder = helper.make_graph(
        [
            helper.make_node("Transpose", ["audio_signal"], ["frames"], perm=[0, 2, 1]),
            helper.make_node("Slice", ["frames", "zero", "most", "one", "step"], ["some"]),
            helper.make_node("MatMul", ["some", "weights"], ["heard"]),
            helper.make_node("Add", ["heard", "bias"], ["biased"]),
            helper.make_node("Transpose", ["biased"], ["outputs"], perm=[0, 2, 1]),
            helper.make_node("Shape", ["some"], ["shape"]),
            helper.make_node("Slice", ["shape", "one", "two"], ["encoded_lengths"]),
        ],
        "encoder",
        [value("audio_signal", 1, BANDS, "T"), _integers("length", [1], 64)],
        [value("outputs", 1, size, "L"), _integers("encoded_lengths", [1], 64)],
        [
            numbers("zero", 0), numbers("one", 1), numbers("two", 2), numbers("step", 8),
            numbers("most", 1 << 30), _floats("weights", weights), _floats("bias", bias),
        ],
    )  # fmt: skip
    save(folder / "encoder.int8.onnx", encoder, {
        "model_type": "EncDecRNNTBPEModel", "vocab_size": len(tokens), "subsampling_factor": 8,
        "normalize_type": "", "pred_rnn_layers": 1, "pred_hidden": 1, "feat_dim": BANDS,
        "url": "https://example.org/parakeet-tdt",
    })  # fmt: skip
    decoder = helper.make_graph(
        [
            helper.make_node("Gather", ["after", "targets"], ["rows"]),
            helper.make_node("Transpose", ["rows"], ["prediction"], perm=[0, 2, 1]),
            helper.make_node("Identity", ["target_length"], ["lengths"]),
            helper.make_node("Identity", ["h"], ["next_h"]),
            helper.make_node("Identity", ["c"], ["next_c"]),
        ],
        "decoder",
        [_integers("targets", [1, 1]), _integers("target_length", [1]), *states],
        [value("prediction", 1, size, 1), _integers("lengths", [1]), *next_states],
        [_floats("after", after)],
    )
    save(folder / "decoder.int8.onnx", decoder, {})
    joiner = helper.make_graph(
        [
            helper.make_node("Add", ["encoded", "predicted"], ["both"]),
            helper.make_node("Transpose", ["both"], ["row"], perm=[0, 2, 1]),
            helper.make_node("Concat", ["row", "durations"], ["rows"], axis=2),
            helper.make_node("Unsqueeze", ["rows", "one"], ["logits"]),
        ],
        "joiner",
        [value("encoded", 1, size, 1), value("predicted", 1, size, 1)],
        [value("logits", 1, 1, 1, size + len(durations))],
        [numbers("one", 1), _floats("durations", durations.reshape(1, 1, -1))],
    )
    save(folder / "joiner.int8.onnx", joiner, {})
    _write_tokens(folder, [*tokens, "<blk>"])
    return folder


# How loud a band is when nothing sounds in it, as NeMo's features have it.
_LOUD = 4.0


def _slaney_band(frequency_hz: float, high_hz: float, bands: int = BANDS) -> int:
    """The band of a tone in features like those of librosa, which begin at 0 Hz."""

    def mel(hz: float) -> float:
        return 15 + 27 * math.log(hz / 1000) / math.log(6.4) if hz > 1000 else 3 * hz / 200

    return round(mel(frequency_hz) / (mel(high_hz) / (bands + 1))) - 1


def build_whisper(folder: Path, tokens: Sequence[str], languages: Sequence[str]) -> Path:
    """Write a whisper model, which takes a tone each 0.25 s; silence ends the text.

    Without languages it is one for English only.
    """
    folder.mkdir(parents=True, exist_ok=True)
    special = ["sot", "transcribe", "translate", "no_timestamps", "no_speech", *languages]
    eot = len(tokens)
    size = eot + 1 + len(special)
    ids = {name: eot + 1 + number for number, name in enumerate(special)}
    weights, bias = numpy.zeros((BANDS, size)), numpy.full(size, NEVER)
    for token in range(len(tokens)):
        for near in (-1, 0, 1):
            weights[_slaney_band(FREQUENCIES_HZ[token], 8000) + near, token] = 1 / 3
        bias[token] = 0.0
    bias[eot] = 0.3
    begin = [ids["sot"], ids[languages[0]], ids["transcribe"]] if languages else [ids["sot"]]
    encoder = helper.make_graph(
        [
            helper.make_node("Transpose", ["mel"], ["frames"], perm=[0, 2, 1]),
            helper.make_node("Slice", ["frames", "middle", "most", "one", "step"], ["some"]),
            helper.make_node("MatMul", ["some", "weights"], ["heard"]),
            helper.make_node("Add", ["heard", "bias"], ["biased"]),
            helper.make_node("Unsqueeze", ["biased", "zero"], ["cross_k"]),
            helper.make_node("Identity", ["cross_k"], ["cross_v"]),
        ],
        "encoder",
        [value("mel", 1, BANDS, "T")],
        [value("cross_k", 1, 1, "L", size), value("cross_v", 1, 1, "L", size)],
        [
            numbers("zero", 0), numbers("one", 1), numbers("middle", 12), numbers("step", 25),
            numbers("most", 1 << 30), _floats("weights", weights), _floats("bias", bias),
        ],
    )  # fmt: skip
    codes = ",".join(languages)
    save(folder / "small-encoder.int8.onnx", encoder, {
        "model_type": "whisper-small", "n_mels": BANDS, "n_text_layer": 1, "n_text_ctx": 448,
        "n_text_state": size, "n_vocab": size, "eot": eot, "blank_id": 0,
        **{name: ids[name] for name in special[:5]}, "is_multilingual": int(bool(languages)),
        "sot_sequence": ",".join(map(str, begin)), "all_language_codes": codes,
        "all_language_tokens": ",".join(str(ids[code]) for code in languages),
    })  # fmt: skip
    decoder = helper.make_graph(
        [
            # The frame of a token: how many there were before it, without those of the beginning.
            helper.make_node("Shape", ["tokens"], ["shape"]),
            helper.make_node("Slice", ["shape", "one", "two"], ["count"]),
            helper.make_node("Add", ["offset", "count"], ["there"]),
            helper.make_node("Sub", ["there", "begun"], ["index"]),
            helper.make_node("Max", ["index", "zero"], ["frame"]),
            helper.make_node("Gather", ["cross_k", "frame"], ["logit"], axis=2),
            helper.make_node("Squeeze", ["logit", "zero"], ["row"]),
            helper.make_node("Concat", ["one", "count", "one"], ["repeats"], axis=0),
            helper.make_node("Tile", ["row", "repeats"], ["logits"]),
            helper.make_node("Identity", ["self_k"], ["next_k"]),
            helper.make_node("Identity", ["self_v"], ["next_v"]),
        ],
        "decoder",
        [_integers("tokens", [1, "n"], 64), value("self_k", 1, 1, 448, size),
         value("self_v", 1, 1, 448, size), value("cross_k", 1, 1, "L", size),
         value("cross_v", 1, 1, "L", size), _integers("offset", [1], 64)],
        [value("logits", 1, "n", size), value("next_k", 1, 1, 448, size),
         value("next_v", 1, 1, 448, size)],
        [numbers("zero", 0), numbers("one", 1), numbers("two", 2),
         numbers("begun", len(begin) + 1)],
    )  # fmt: skip
    save(folder / "small-decoder.int8.onnx", decoder, {})
    encoded = [base64.b64encode(token.encode()).decode() for token in tokens]
    _write_tokens(folder, encoded, "small-tokens.txt")
    return folder


def build_qwen(folder: Path, tokens: Sequence[str], term: str, preferred: str) -> Path:
    """Write a Qwen3-ASR model, which takes a tone each 0.25 s; silence ends the text.

    Args:
        folder: Made if it is missing.
        tokens: What it writes, of printable ASCII; the number of each is its tone's.
        term: A character; if the prompt has it …
        preferred: … the model writes this in the place of the first token.
    """
    tokenizer = folder / "tokenizer"
    tokenizer.mkdir(parents=True, exist_ok=True)
    preface = ["language", "ĠChinese", "<asr_text>"]
    end = "<|im_end|>"
    special = ["<|im_start|>", "<|audio_start|>", "<|audio_pad|>", "<|audio_end|>", end]
    written = [*tokens, preferred, term, *preface, *special, *string.ascii_letters, "Ċ", "Ġ"]
    written = list(dict.fromkeys(written))
    size = len(written)
    ids = {token: number for number, token in enumerate(written)}
    weights, bias = numpy.zeros((_MELS, size)), numpy.full(size, NEVER)
    for token in range(len(tokens)):
        for near in range(-2, 3):
            weights[_slaney_band(FREQUENCIES_HZ[token], 8000, _MELS) + near, token] = 1 / 5
        bias[token] = 0.0
    bias[ids[end]] = 0.3
    weights[:, ids[preferred]], bias[ids[preferred]] = weights[:, 0], LESS_LIKELY
    before = numpy.eye(size)[[ids[it] for it in preface]] * _LIKELY
    after = numpy.eye(size)[[ids[end]]] * _LIKELY
    prefers = numpy.zeros(size)
    prefers[ids[preferred]] = -1.05 * LESS_LIKELY
    frontend = helper.make_graph(
        [
            helper.make_node("Slice", ["x", "middle", "most", "one", "step"], ["some"]),
            helper.make_node("MatMul", ["some", "weights"], ["heard"]),
            helper.make_node("Add", ["heard", "bias"], ["features"]),
        ],
        "frontend",
        [value("x", 1, "T", _MELS)],
        [value("features", 1, "A", size)],
        [
            numbers("one", 1), numbers("middle", 12), numbers("step", 25),
            numbers("most", 1 << 30), _floats("weights", weights), _floats("bias", bias),
        ],
    )  # fmt: skip
    save(folder / "conv_frontend.onnx", frontend, {})
    mask = helper.make_tensor_value_info("mask", TensorProto.BOOL, [1, "A"])
    encoder = helper.make_graph(
        [helper.make_node("Identity", ["features"], ["encoded"])],
        "encoder",
        [value("features", 1, "A", size), mask],
        [value("encoded", 1, "A", size)],
    )
    save(folder / "encoder.int8.onnx", encoder, {})
    cache, delta = (1, "M", 1, 1), (1, "S", 1, 1)
    decoder = helper.make_graph(
        [
            # How many tokens there were before the first answer: kept as the first key.
            helper.make_node("ReduceMax", ["position"], ["last"], axes=[0], keepdims=1),
            helper.make_node("Add", ["last", "one"], ["there"]),
            helper.make_node("ReduceMax", ["key"], ["kept"], axes=[0, 1, 2, 3], keepdims=0),
            helper.make_node("Cast", ["kept"], ["begun"], to=TensorProto.INT64),
            helper.make_node("Equal", ["begun", "nothing"], ["is_first"]),
            helper.make_node("Where", ["is_first", "there", "begun"], ["prompt"]),
            helper.make_node("Sub", ["there", "prompt"], ["index"]),
            # Whether the prompt has the term: kept as a value.
            helper.make_node("Equal", ["ids", "term"], ["equal"]),
            helper.make_node("Cast", ["equal"], ["has"], to=TensorProto.FLOAT),
            helper.make_node("ReduceMax", ["has"], ["has_term_now"], axes=[0, 1], keepdims=0),
            helper.make_node("ReduceMax", ["past"], ["had_term"], axes=[0, 1, 2, 3], keepdims=0),
            helper.make_node("Max", ["has_term_now", "had_term"], ["knows_term"]),
            helper.make_node("Mul", ["prefers", "knows_term"], ["preference"]),
            # The answer: a preface, what was heard, and an end.
            helper.make_node("Squeeze", ["audio", "zero"], ["heard"]),
            helper.make_node("Add", ["heard", "preference"], ["weighed"]),
            helper.make_node("Concat", ["before", "weighed", "after"], ["rows"], axis=0),
            helper.make_node("Gather", ["rows", "index"], ["row"], axis=0),
            helper.make_node("Unsqueeze", ["row", "zero"], ["logit"]),
            helper.make_node("Shape", ["position"], ["count"]),
            helper.make_node("Concat", ["one", "count", "one"], ["repeats"], axis=0),
            helper.make_node("Tile", ["logit", "repeats"], ["logits"]),
            helper.make_node("Concat", ["one", "count", "one", "one"], ["shape"], axis=0),
            helper.make_node("Cast", ["prompt"], ["as_key"], to=TensorProto.FLOAT),
            helper.make_node("Expand", ["as_key", "shape"], ["new_key"]),
            helper.make_node("Expand", ["knows_term", "shape"], ["new_past"]),
        ],
        "decoder",
        [_integers("ids", [1, "S"], 64), value("audio", 1, "A", size),
         _integers("attention", [1, "S"], 64), _integers("position", ["S"], 64),
         value("key", *cache), value("past", *cache)],
        [value("logits", 1, "S", size), value("new_key", *delta), value("new_past", *delta)],
        [
            numbers("zero", 0), numbers("one", 1), numbers("nothing", 0),
            numbers("term", ids[term]), _floats("before", before), _floats("after", after),
            _floats("prefers", prefers),
        ],
    )  # fmt: skip
    save(folder / "decoder.int8.onnx", decoder, {})
    added = {str(ids[it]): {"content": it} for it in [*special, "<asr_text>"]}
    configuration = json.dumps({"added_tokens_decoder": added})
    (tokenizer / "tokenizer_config.json").write_text(configuration, encoding="utf-8")
    vocabulary = {it: number for it, number in ids.items() if str(number) not in added}
    (tokenizer / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    (tokenizer / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")
    return folder
