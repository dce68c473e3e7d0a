"""A Whisper model that understands two tones, as CTranslate2 loads it.

It is a real encoder and decoder with weights that are chosen instead of trained. The encoder hears
how loud the bands of the tones are; the decoder looks at all of it, and writes the word of the tone
that is louder, in the language of that tone; then it ends.
"""

from __future__ import annotations

import math
from array import array
from pathlib import Path
from typing import Any

import numpy
from ctranslate2.specs import WhisperSpec
from numpy.typing import NDArray

from koe.asr.spectrogram import log_mel

LOW_HZ, HIGH_HZ = 440, 2_000

_DEPTH = 16

# What a row of the encoder and a state of the decoder are made of.
_LOW, _HIGH, _ALWAYS, _AT_START, _AT_TEXT, _AT_END, _ELSE = range(7)

_WORDS = ("ä½łå¥½", "Ġhello")  # as vocabularies have it: 你好, and hello
_END, _START, _CHINESE, _ENGLISH = "<|endoftext|>", "<|startoftranscript|>", "<|zh|>", "<|en|>"
_TASK, _TEXT, _SILENCE = "<|transcribe|>", "<|notimestamps|>", "<|nospeech|>"
# The library takes a model for one of several languages by its token of no characters.
_TOKENS = [*_WORDS, "", _END, _START, _ENGLISH, _CHINESE, "<|translate|>", _TASK, _SILENCE, _TEXT]

Floats = NDArray[numpy.float32]


def tone(frequency_hz: int, seconds: float) -> bytes:
    """16 kHz mono s16le."""
    step = 2 * math.pi * frequency_hz / 16_000
    samples = (round(9000 * math.sin(step * at)) for at in range(int(16_000 * seconds)))
    return array("h", samples).tobytes()


def low(seconds: float = 1.0) -> bytes:
    """What sounds as 你好."""
    return tone(LOW_HZ, seconds)


def high(seconds: float = 1.0) -> bytes:
    """What sounds as hello."""
    return tone(HIGH_HZ, seconds)


def silence(seconds: float) -> bytes:
    return bytes(2 * int(16_000 * seconds))


def build_whisper(folder: Path, bands: int = 80) -> Path:
    """Write a model; the folder is made if it is missing, and returned."""
    folder.mkdir(parents=True, exist_ok=True)
    spec = WhisperSpec(1, 1, 1, 1)
    _fill_encoder(spec.encoder, bands)
    _fill_decoder(spec.decoder)
    spec.register_vocabulary(_TOKENS)
    spec.config.suppress_ids = spec.config.suppress_ids_begin = []
    spec.config.lang_ids = [_TOKENS.index(_CHINESE), _TOKENS.index(_ENGLISH)]
    spec.validate()
    spec.save(str(folder))
    return folder


def _fill_encoder(encoder: Any, bands: int) -> None:
    """A row has how loud each tone is, and something that is always there."""
    hear = _zeros(_DEPTH, bands, 3)
    hear[_LOW, _band_of(LOW_HZ, bands), 1] = hear[_HIGH, _band_of(HIGH_HZ, bands), 1] = 5
    always = _zeros(_DEPTH)
    always[_ALWAYS] = 1
    keep = _zeros(_DEPTH, _DEPTH, 3)
    keep[:, :, 1] = numpy.eye(_DEPTH)
    encoder.conv1.weight, encoder.conv1.bias = hear, always
    encoder.conv2.weight, encoder.conv2.bias = keep, _zeros(_DEPTH)
    encoder.position_encodings.encodings = _zeros(1500, _DEPTH)
    _fill_norm(encoder.layer_norm)
    _fill_layer(encoder.layer[0])


def _fill_decoder(decoder: Any) -> None:
    """Each token leads to a state; the states and what was heard lead to the next token."""
    state = _zeros(len(_TOKENS), _DEPTH)
    state[:, _ELSE] = 10
    for token, at in {_START: _AT_START, _TEXT: _AT_TEXT}.items():
        state[_TOKENS.index(token)] = 10 * numpy.eye(_DEPTH)[at]
    for word in _WORDS:
        state[_TOKENS.index(word)] = 10 * numpy.eye(_DEPTH)[_AT_END]
    after = _zeros(len(_TOKENS), _DEPTH)
    for token, at, heard in [
        (_CHINESE, _AT_START, _LOW), (_ENGLISH, _AT_START, _HIGH), (_SILENCE, _AT_START, _ELSE),
        (_WORDS[0], _AT_TEXT, _LOW), (_WORDS[1], _AT_TEXT, _HIGH), (_END, _AT_END, _ELSE),
    ]:  # fmt: skip
        after[_TOKENS.index(token), at] = 10
        after[_TOKENS.index(token), heard] = 20
    decoder.embeddings.weight, decoder.projection.weight = state, after
    decoder.position_encodings.encodings = _zeros(448, _DEPTH)
    _fill_norm(decoder.layer_norm)
    layer = decoder.layer[0]
    _fill_layer(layer)
    _fill_norm(layer.attention.layer_norm)
    # It looks at all rows alike, and takes over what they have of the tones.
    query, key_and_value, output = layer.attention.linear
    query.weight, query.bias = _zeros(_DEPTH, _DEPTH), _zeros(_DEPTH)
    key_and_value.weight, key_and_value.bias = _zeros(2 * _DEPTH, _DEPTH), _zeros(2 * _DEPTH)
    key_and_value.weight[_DEPTH:] = numpy.eye(_DEPTH)
    output.weight, output.bias = _zeros(_DEPTH, _DEPTH), _zeros(_DEPTH)
    output.weight[_LOW, _LOW] = output.weight[_HIGH, _HIGH] = 1


def _fill_layer(layer: Any) -> None:
    """Nothing is added to what goes in."""
    for attention, size in zip(layer.self_attention.linear, (3 * _DEPTH, _DEPTH), strict=True):
        attention.weight, attention.bias = _zeros(size, _DEPTH), _zeros(size)
    first, second = layer.ffn.linear_0, layer.ffn.linear_1
    first.weight, first.bias = _zeros(_DEPTH, _DEPTH), _zeros(_DEPTH)
    second.weight, second.bias = _zeros(_DEPTH, _DEPTH), _zeros(_DEPTH)
    _fill_norm(layer.self_attention.layer_norm)
    _fill_norm(layer.ffn.layer_norm)


def _fill_norm(norm: Any) -> None:
    norm.gamma, norm.beta = numpy.ones(_DEPTH, numpy.float32), _zeros(_DEPTH)


def _zeros(*shape: int) -> Floats:
    return numpy.zeros(shape, numpy.float32)


def _band_of(frequency_hz: int, bands: int) -> int:
    sound = array("f", [it / 32_768 for it in array("h", tone(frequency_hz, 1.0))])
    return int(log_mel(sound, bands, 100).sum(axis=1).argmax())
