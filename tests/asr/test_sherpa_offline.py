"""The real library, with models that understand tones (see `tests.asr.wholes`)."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from array import array
from collections.abc import Callable
from pathlib import Path

import pytest

from koe.asr import Engine
from koe.asr.model_files import find_model_files
from koe.asr.offline_files import find_offline_files
from koe.asr.passes import WholePasses
from koe.asr.samples import float_samples
from koe.asr.sherpa_offline import OfflineModel, OfflineRecogniser, plain_text, terms_of_prompt
from koe.asr.sherpa_onnx import open_engine, used_model, used_offline
from koe.config.engines import AsrConfig, SherpaOnnxConfig
from koe.errors import AsrConnectionError, AsrProtocolError
from koe.events import DefiniteHeard, Event, InterimHeard
from tests.asr.contract import PATIENCE, EngineContract, dictate, final_text, in_frames
from tests.asr.tones import build_model, say, silence, tone
from tests.asr.wholes import (
    build_nemo,
    build_paraformer,
    build_qwen,
    build_sense_voice,
    build_whisper,
)

pytestmark = pytest.mark.model

LETTERS = "甲乙丙丁戊己庚辛"
PIECES = ["▁HE", "▁KO", "LLO", "▁WORLD", "▁"]


@pytest.fixture(scope="module")
def sense_voice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """It writes its mood between the words, and 1 for 甲 when it normalises."""
    tokens = [*LETTERS[:6], "<|HAPPY|>", "▁OK"]
    return build_sense_voice(tmp_path_factory.mktemp("sense-voice"), tokens, {"甲": "1"})


def load(folder: Path, *terms: str, **settings: object) -> OfflineModel:
    files = find_offline_files(folder)
    assert files is not None
    section = SherpaOnnxConfig(model=str(folder)).replace(**settings)
    with used_offline(section, files, terms, None) as made:
        return made


def hear(folder: Path, pcm: bytes, *terms: str, **settings: object) -> str:
    return OfflineRecogniser(load(folder, *terms, **settings)).recognise(float_samples(pcm))


def open_with(folder: Path, **settings: object) -> Engine:
    section = SherpaOnnxConfig(model=str(folder)).replace(**settings)
    return open_engine(AsrConfig(sherpa_onnx=section, keep_loaded_minutes=None), ())


class TestSenseVoice(EngineContract):
    @pytest.fixture(autouse=True)
    def _model(self, sense_voice: Path) -> None:
        self.folder = sense_voice

    def open(self) -> Engine:
        return open_with(self.folder)

    @pytest.fixture
    def speech(self) -> bytes:
        return silence(0.5) + say(0, 1, 2) + silence(2) + say(3, 4, 5) + silence(2.5)

    def is_right(self, text: str) -> bool:
        return text == "1乙丙丁戊己"

    def test_text_grows(self, speech: bytes) -> None:
        model = load(self.folder)
        recogniser = WholePasses(OfflineRecogniser(model), update_interval=model.update_interval)
        events = list[Event]()
        for pcm in in_frames(speech, 6400):
            events += [*recogniser.feed(pcm), *recogniser.recognise_so_far()]
        interims = [event.text for event in events if isinstance(event, InterimHeard)]
        definite = [event.text for event in events if isinstance(event, DefiniteHeard)]
        assert interims[:2] == ["1乙", "1乙丙"]
        assert definite == ["1乙丙", "1乙丙丁戊己"]


# --- what is written -----------------------------------------------------------------------


def test_tags_never_reach_the_text(sense_voice: Path) -> None:
    assert hear(sense_voice, say(1, 6, 2, 7, 6)) == "乙丙 OK"


def test_what_is_heard_where_there_is_no_speech(sense_voice: Path) -> None:
    """The model says so itself: for Korean, this one does."""
    assert hear(sense_voice, say(1, 2), language="ko") == ""


def test_numbers_as_digits(sense_voice: Path) -> None:
    assert hear(sense_voice, say(0, 1)) == "1乙"
    assert hear(sense_voice, say(0, 1), use_itn=False) == "甲乙"


def test_the_language_is_set(sense_voice: Path) -> None:
    for language, said in (("auto", "<|zh|>"), ("zh", "<|zh|>"), ("en", "<|en|>")):
        recogniser = load(sense_voice, language=language).recogniser
        stream = recogniser.create_stream()
        stream.accept_waveform(16_000, float_samples(say(1)))
        recogniser.decode_stream(stream)
        assert stream.result.lang == said


def test_paraformer(tmp_path: Path) -> None:
    """Pieces of words are joined, and words are parted."""
    folder = build_paraformer(tmp_path, ["hel@@", "lo", "world", "你", "好"])
    spoken = b"".join(tone(index, 0.24) for index in range(5))
    assert hear(folder, spoken + silence(1)) == "hello world 你好"


@pytest.mark.parametrize("language", ["auto", "zh", "en"])
def test_whisper(tmp_path: Path, language: str) -> None:
    folder = build_whisper(tmp_path, LETTERS, ["zh", "en"])
    assert hear(folder, say(0, 1, 2) + silence(1), language=language) == "甲乙丙"


def test_whisper_for_english(tmp_path: Path) -> None:
    folder = build_whisper(tmp_path, ["He", "llo"], [])
    assert hear(folder, say(0, 1) + silence(1)) == "Hello"


def test_a_transducer_of_nemo(tmp_path: Path) -> None:
    folder = build_nemo(tmp_path, PIECES, {1: 0})
    assert hear(folder, silence(0.2) + say(0, 2, 3)) == "HELLO WORLD"


def test_qwen(tmp_path: Path) -> None:
    """Without what it says of the language before the text."""
    folder = build_qwen(tmp_path, ["one", "Ġtwo", "Ġthree"], "@", "uno")
    for language in ("auto", "zh"):
        assert hear(folder, say(0, 1, 2) + silence(1), language=language) == "one two three"


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("<|zh|><|NEUTRAL|><|Speech|><|withitn|>你好。", "你好。"),
        ("<|nospeech|><|EMO_UNKNOWN|><|Event_UNK|><|woitn|>", ""),
        ("你好<|BGM|>世界<unk></s>", "你好世界"),
        ("language Chinese<asr_text>你好", "你好"),
        (" hello   world ", "hello world"),
        ("。", ""),
        ("<|en|> . ", ""),
        ("7.", "7."),
        ("a < b | c > d", "a < b | c > d"),
        ("C++ <b>", "C++ <b>"),
    ],
)
def test_plain_text(written: str, text: str) -> None:
    assert plain_text(written) == text


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("我 喜 欢 ， 你", "我喜欢，你"),
        ("我 用 GitHub 写 code", "我用 GitHub 写 code"),
        ("안녕 하세요", "안녕 하세요"),
        ("hello world", "hello world"),
    ],
)
def test_spaces_between_characters(written: str, text: str) -> None:
    assert plain_text(written, by_character=True) == text


# --- the dictionary ------------------------------------------------------------------------


def test_terms_that_a_transducer_prefers(tmp_path: Path) -> None:
    folder = build_nemo(tmp_path, PIECES, {1: 0})
    spoken = silence(0.2) + say(0, 2, 3)
    assert hear(folder, spoken, "Kollo", "鑫") == "KOLLO WORLD"
    assert hear(folder, spoken, "World") == "HELLO WORLD"


def test_terms_that_a_prompt_has(tmp_path: Path) -> None:
    folder = build_qwen(tmp_path, ["one", "Ġtwo", "Ġthree"], "@", "uno")
    assert hear(folder, say(0, 1) + silence(1), "x", "@") == "uno two"


def test_a_prompt_has_room_for_some_terms() -> None:
    assert terms_of_prompt(("a", "b,c", "<|im_end|>", "d e")) == "a,d e"
    terms = tuple(f"term {number}" for number in range(100))
    prompt = terms_of_prompt(terms)
    assert prompt.startswith("term 0,term 1,")
    assert 200 < len(prompt) <= 256
    assert terms_of_prompt(()) == ""


# --- loading -------------------------------------------------------------------------------


def test_a_model_is_loaded_once(sense_voice: Path, tmp_path: Path) -> None:
    first = load(sense_voice).recogniser
    assert load(sense_voice, endpoint_silence=3.0).recogniser is first
    other = build_model(tmp_path / "streaming", "甲乙")
    with used_model(SherpaOnnxConfig(model=str(other)), find_model_files(other), (), None):
        pass
    assert load(sense_voice).recogniser is not first


def test_two_dictionaries_share_a_model(tmp_path: Path) -> None:
    folder = build_nemo(tmp_path, PIECES)
    assert load(folder, "kollo").recogniser is load(folder, "world").recogniser


@pytest.mark.parametrize("language", ["xx", "", "zh-CN", "de"])
def test_a_language_that_a_model_does_not_know(language: str, sense_voice: Path) -> None:
    """The library would end the process."""
    with pytest.raises(AsrConnectionError) as caught:
        load(sense_voice, language=language)
    assert caught.value.message == (
        f"asr.sherpa-onnx.language is {language!r}, which the model does not support; set it to "
        "one of: auto, zh, en, ja, ko, yue"
    )
    assert caught.value.is_permanent


def test_models_that_take_no_language(tmp_path: Path) -> None:
    folder = build_nemo(tmp_path, PIECES)
    assert hear(folder, say(0, 2), language="xx") == "HELLO"


@pytest.mark.parametrize("samples", [0, 1, 320, 1120])
def test_a_piece_that_is_too_short_to_be_looked_at(
    samples: int, sense_voice: Path, tmp_path: Path
) -> None:
    folder = build_paraformer(tmp_path, ["你", "好"])
    for model in (sense_voice, folder):
        assert OfflineRecogniser(load(model)).recognise(array("f", bytes(4 * samples))) == ""


def test_a_damaged_model(tmp_path: Path) -> None:
    """One whose parts do not fit, though each is whole."""
    folder = build_nemo(tmp_path, PIECES)
    joiner = folder / "joiner.int8.onnx"
    joiner.write_bytes(joiner.read_bytes().replace(b"Concat", b"Concet", 1))
    with pytest.raises(AsrConnectionError, match="failed to create sherpa-onnx recognizer: "):
        load(folder)


def test_the_library_fails_while_it_works(tmp_path: Path) -> None:
    """A list of tokens that lacks one: it is missed when it is to be written."""
    folder = build_sense_voice(tmp_path, "甲乙", {})
    path = folder / "tokens.txt"
    path.write_text(path.read_text(encoding="utf-8").replace("乙 2\n", ""), encoding="utf-8")
    with pytest.raises(AsrProtocolError, match="sherpa-onnx failed: "):
        hear(folder, say(1))


CONNECT = """
import asyncio, sys
from koe.asr import open_engine
from koe.config.engines import AsrConfig, SherpaOnnxConfig
from koe.errors import AsrError
async def run(folder):
    settings = SherpaOnnxConfig(model=folder)
    engine = open_engine(AsrConfig(provider="sherpa-onnx", sherpa_onnx=settings))
    try:
        await engine.connect()
    finally:
        await engine.close()
for folder in sys.argv[1:]:
    try:
        asyncio.run(run(folder))
    except AsrError as exc:
        print("refused")
print("alive")
"""


BUILDERS: list[Callable[[Path], Path]] = [
    lambda folder: build_sense_voice(folder, "甲乙", {}),
    lambda folder: build_paraformer(folder, "甲乙"),
    lambda folder: build_nemo(folder, PIECES),
    lambda folder: build_whisper(folder, "甲乙", ["zh", "en"]),
    lambda folder: build_qwen(folder, ["one"], "@", "uno"),
]


def test_damaged_models_do_not_end_the_process(tmp_path: Path) -> None:
    """Each file of each kind in turn is empty, cut off, or another file."""
    folders: list[str] = []
    for build in BUILDERS:
        whole = build(tmp_path / str(len(folders)))
        for path in [it for it in whole.rglob("*") if it.is_file()]:
            half = path.read_bytes()[: path.stat().st_size // 2]
            for content in (b"", half, b'{"a": 1}'):
                damaged = shutil.copytree(whole, tmp_path / f"damaged {len(folders)}")
                (damaged / path.relative_to(whole)).write_bytes(content)
                folders.append(str(damaged))
    done = subprocess.run(
        [sys.executable, "-c", CONNECT, *folders],
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.endswith("alive\n")
    assert done.stdout.count("refused") > len(folders) / 2


def test_the_final_text_of_long_speech(sense_voice: Path) -> None:
    """It is the same whichever way the speech comes."""
    speech = (say(1, 2, 3) + silence(0.4)) * 20
    whole = final_text(asyncio.run(dictate(open_with(sense_voice), [speech])))
    assert whole == "乙丙丁" * 20
    pieces = asyncio.run(dictate(open_with(sense_voice), in_frames(speech, 6400)))
    assert final_text(pieces) == whole
