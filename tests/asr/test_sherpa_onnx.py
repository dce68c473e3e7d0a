"""The real library, with models that understand tones (see `tests.asr.tones`)."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import koe.asr.sherpa_onnx
from koe.asr import Engine
from koe.asr.model_files import find_model_files
from koe.asr.sherpa_onnx import SherpaModel, SherpaRecogniser, open_engine, used_model
from koe.config.engines import AsrConfig, SherpaOnnxConfig
from koe.errors import AsrConnectionError, AsrProtocolError, EngineUnavailableError
from koe.events import DefiniteHeard, EngineWorking, Event, FinalHeard, InterimHeard
from tests.asr.contract import PATIENCE, EngineContract, dictate, final_text, in_frames
from tests.asr.tones import WINDOW, build_model, say, silence, tone

pytestmark = pytest.mark.model

LETTERS = "甲乙丙丁戊己庚辛"
ALL = range(len(LETTERS))


@pytest.fixture(scope="module")
def letters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_model(tmp_path_factory.mktemp("letters"), LETTERS)


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pieces of English words, of which KO sounds as HE does."""
    tokens = ["▁HE", "▁KO", "LLO", "▁WORLD", "▁"]
    return build_model(tmp_path_factory.mktemp("words"), tokens, {1: 0})


def config(folder: Path, **settings: object) -> AsrConfig:
    section = SherpaOnnxConfig(model=str(folder))
    return AsrConfig(sherpa_onnx=section, keep_loaded_minutes=None).replace(**settings)


def model(folder: Path, *terms: str, **settings: float) -> SherpaModel:
    section = SherpaOnnxConfig(model=str(folder)).replace(**settings)
    with used_model(section, find_model_files(folder), terms, None) as made:
        return made


def hear(model: SherpaModel, *frames: bytes) -> list[Event]:
    recogniser = SherpaRecogniser(model)
    events = [event for frame in frames for event in recogniser.feed(frame)]
    events += recogniser.finish()
    return events


def connect(folder: Path) -> None:
    async def run() -> None:
        engine = open_engine(config(folder), ())
        try:
            await engine.connect()
        finally:
            await engine.close()

    asyncio.run(run())


class TestSherpaOnnx(EngineContract):
    @pytest.fixture(autouse=True)
    def _model(self, letters: Path) -> None:
        self.letters = letters

    def open(self) -> Engine:
        return open_engine(config(self.letters), ())

    @pytest.fixture
    def speech(self) -> bytes:
        return say(0, 1, 2) + silence(2) + say(3, 4, 5) + silence(2.5)

    def is_right(self, text: str) -> bool:
        return text == "甲乙丙丁戊己"

    def test_pauses_end_segments(self, speech: bytes) -> None:
        """Wherever the audio is cut: all at once gives what small pieces give."""
        for frames in ([speech], in_frames(speech, 6400), in_frames(speech, 100_002)):
            events = asyncio.run(dictate(self.open(), frames))
            definite = [event for event in events if isinstance(event, DefiniteHeard)]
            assert [event.text for event in definite] == ["甲乙丙", "甲乙丙丁戊己"]
            # Within the pauses: after what makes them pauses, and before what is said next.
            assert [event.upto for event in definite] == [30_720, 76_800]

    def test_a_thread_that_hears_for_no_listener(self, speech: bytes) -> None:
        """Spec asr §3.1.4: close, with everything said and nothing read."""

        async def run() -> None:
            engine = self.open()
            await engine.connect()
            for _ in range(5):
                await engine.send_audio(speech)
            await engine.finish_input()
            listening = asyncio.create_task(engine.next_event())
            await asyncio.sleep(0)
            listening.cancel()
            async with asyncio.timeout(PATIENCE):
                await engine.close()

        asyncio.run(run())

    def test_the_loop_goes_on_while_it_computes(self, speech: bytes) -> None:
        async def run() -> int:
            turns = 0
            dictation = asyncio.create_task(dictate(self.open(), [speech * 5]))
            while not dictation.done():
                await asyncio.sleep(0)
                turns += 1
            assert EngineWorking() in await dictation
            return turns

        assert asyncio.run(run()) > 20


def test_text_grows(letters: Path) -> None:
    events = hear(model(letters), *in_frames(say(*ALL), 6400))
    interims = [event.text for event in events if isinstance(event, InterimHeard)]
    assert len(interims) > 3
    assert all(LETTERS.startswith(text) for text in interims)
    assert interims == sorted(set(interims), key=len)
    assert events[-1] == FinalHeard(LETTERS, len(say(*ALL)) // 2)


@pytest.mark.parametrize("milliseconds", range(0, 400, 40))
def test_the_last_moment_is_heard(letters: Path, milliseconds: int) -> None:
    """However far its end is from what the encoder looks at together."""
    speech = say(*ALL) + silence(milliseconds / 1000) + tone(0, 0.15)
    assert final_text(hear(model(letters), speech)) == f"{LETTERS}甲"


def test_without_a_tail_it_would_not_be(letters: Path) -> None:
    """So that the test above can fail."""
    silent = SherpaModel(model(letters).recogniser, model(letters).hotwords, tail=0)
    assert final_text(hear(silent, say(*ALL))) != LETTERS


def test_the_tail_is_as_long_as_what_is_looked_at_together(letters: Path) -> None:
    assert model(letters).tail / 16_000 >= max(0.5, WINDOW / 100)


def test_no_result_reaches_beyond_the_end(letters: Path) -> None:
    """Though a pause may be found in the silence that is put after it."""
    speech = say(0, 1) + silence(0.3)
    events = hear(model(letters, endpoint_silence=0.4), speech)
    assert [event.upto for event in events if isinstance(event, DefiniteHeard)] == [12_800]
    assert events[-1] == FinalHeard("甲乙", 12_800)


def test_words_are_separated_across_segments(words: Path) -> None:
    """The library drops the space that pieces begin with."""
    events = hear(model(words), say(0, 2, 3) + silence(2) + say(0, 2))
    assert [event.text for event in events if isinstance(event, DefiniteHeard)] == ["HELLO WORLD"]
    assert final_text(events) == "HELLO WORLD HELLO"


def test_silence(letters: Path) -> None:
    assert hear(model(letters), silence(6)) == [FinalHeard("", 96_000)]
    assert hear(model(letters)) == [FinalHeard("", 0)]


@pytest.mark.parametrize(("endpoint_silence", "segments"), [(0.4, 2), (3.0, 0)])
def test_endpoint_silence(letters: Path, endpoint_silence: float, segments: int) -> None:
    speech = say(0, 1) + silence(1) + say(2, 3) + silence(1)
    events = hear(model(letters, endpoint_silence=endpoint_silence), speech)
    assert [type(event) for event in events].count(DefiniteHeard) == segments
    assert final_text(events) == "甲乙丙丁"


def test_zero_means_the_default(letters: Path) -> None:
    settings = model(letters, endpoint_silence=0, hotwords_score=0).recogniser.config
    assert settings.endpoint_config.rule2.min_trailing_silence == pytest.approx(1.2)
    assert settings.hotwords_score == pytest.approx(1.5)


def test_settings(letters: Path) -> None:
    settings = model(letters, num_threads=3, hotwords_score=2.5).recogniser.config
    assert settings.model_config.num_threads == 3
    assert settings.hotwords_score == pytest.approx(2.5)
    assert settings.endpoint_config.rule1.min_trailing_silence == pytest.approx(2.4)
    assert settings.endpoint_config.rule3.min_utterance_length == 300
    assert settings.decoding_method == "greedy_search"


# --- the dictionary ----------------------------------------------------------------------------


def test_a_term_is_preferred(words: Path) -> None:
    assert final_text(hear(model(words), say(0, 2))) == "HELLO"
    assert final_text(hear(model(words, "Kollo"), say(0, 2))) == "KOLLO"


def test_a_term_is_preferred_in_every_segment(words: Path) -> None:
    preferring = model(words, "World", "kollo")
    heard = hear(preferring, say(0, 2) + silence(2) + say(3, 0, 2))
    assert final_text(heard) == "KOLLO WORLD KOLLO"


def test_characters_are_preferred(tmp_path: Path) -> None:
    folder = build_model(tmp_path / "characters", ["中", "钟", "文", "▁HE"], {1: 0})
    assert final_text(hear(model(folder), say(0, 2))) == "中文"
    assert final_text(hear(model(folder, "钟文"), say(0, 2))) == "钟文"


def test_bytes_are_preferred(tmp_path: Path) -> None:
    """Pieces of bytes, as the newer large models have them."""
    folder = build_model(tmp_path / "bytes", ["▁ƋŞœ", "▁Ɛĵń", "▁ƍĹĨ"], {1: 0})
    assert final_text(hear(model(folder), say(0, 2))) == "中文"
    assert final_text(hear(model(folder, "钟"), say(0, 2))) == "钟文"


def test_terms_that_cannot_be_written(words: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """They have no effect, and the library does not complain about them."""
    terms = ("鑫", "C:/x", ":1.5", "#tag", "@me", "HELXO", "", " ", "\0")
    loaded = model(words, *terms)
    assert loaded.hotwords.terms == ()
    assert loaded.recogniser.config.decoding_method == "greedy_search"
    assert final_text(hear(model(words, *terms, "kollo"), say(0, 2))) == "KOLLO"
    assert capfd.readouterr().err == ""


# --- loading -----------------------------------------------------------------------------------


def test_a_model_is_loaded_once(letters: Path) -> None:
    assert model(letters).recogniser is model(letters).recogniser


@pytest.mark.parametrize("minutes", [0, None])
def test_a_model_is_kept_for_some_time(letters: Path, minutes: int | None) -> None:
    recogniser = model(letters).recogniser
    kept = config(letters, keep_loaded_minutes=minutes)
    asyncio.run(dictate(open_engine(kept, ()), [say(0)]))
    assert (model(letters).recogniser is recogniser) == (minutes is None)


def test_two_dictionaries_share_a_model(words: Path) -> None:
    first, second = model(words, "kollo"), model(words, "world")
    assert first.recogniser is second.recogniser
    assert final_text(hear(second, say(0, 2))) == "HELLO"
    assert final_text(hear(first, say(0, 2))) == "KOLLO"


def test_a_model_that_was_replaced_is_loaded_anew(tmp_path: Path) -> None:
    folder = build_model(tmp_path / "model", "甲乙")
    assert final_text(hear(model(folder), say(0))) == "甲"
    build_model(folder, "子丑")
    assert final_text(hear(model(folder), say(0))) == "子"


BOTH = """
import asyncio, sys
from pathlib import Path
from koe.asr import open_engine
from koe.config.engines import AsrConfig, SherpaOnnxConfig
from tests.asr.contract import dictate, final_text
sherpa_onnx = SherpaOnnxConfig(model=sys.argv[1])
pcm = Path(sys.argv[2]).read_bytes()
for name in sys.argv[3:]:
    engine = open_engine(AsrConfig(provider=name, sherpa_onnx=sherpa_onnx))
    print(name, ascii(final_text(asyncio.run(dictate(engine, [pcm])))))
"""


@pytest.mark.parametrize("names", [("moonshine", "sherpa-onnx"), ("sherpa-onnx", "moonshine")])
def test_both_local_engines_in_one_process(
    letters: Path, tmp_path: Path, names: tuple[str, str]
) -> None:
    """Each brings a library of the same name, and of another version."""
    (tmp_path / "speech.pcm").write_bytes(say(0, 1))
    command = [sys.executable, "-c", BOTH, str(letters), str(tmp_path / "speech.pcm"), *names]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    texts = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    assert list(texts) == list(names)
    assert texts["sherpa-onnx"] == ascii(LETTERS[:2])


def test_no_model(tmp_path: Path) -> None:
    with pytest.raises(AsrConnectionError) as caught:
        open_engine(config(tmp_path / "nowhere"), ())
    missing = f"ASR connection failed: model not found: {tmp_path / 'nowhere'}; "
    assert str(caught.value).startswith(missing)


def test_a_damaged_model(tmp_path: Path) -> None:
    folder = build_model(tmp_path / "model", LETTERS)
    joiner = folder / "joiner.onnx"
    joiner.write_bytes(joiner.read_bytes().replace(b"logit", b"digit", 1))
    with pytest.raises(AsrConnectionError, match="failed to create sherpa-onnx recognizer: "):
        connect(folder)


def test_a_model_of_another_kind_does_not_end_the_process(tmp_path: Path) -> None:
    folder = build_model(tmp_path / "model", LETTERS)
    (folder / "encoder.onnx").unlink()
    (folder / "encoder.onnx").write_bytes((folder / "joiner.onnx").read_bytes())
    with pytest.raises(AsrConnectionError, match="its model_type is not given"):
        connect(folder)


def test_the_library_fails_while_it_works(letters: Path, tmp_path: Path) -> None:
    """A list of tokens that lacks one: it is missed when it is to be written."""
    folder = build_model(tmp_path / "model", "甲乙")
    (folder / "tokens.txt").write_text("<blk> 0\n甲 1\n", encoding="utf-8")
    recogniser = SherpaRecogniser(model(folder))
    recogniser.feed(say(0))
    with pytest.raises(AsrProtocolError, match="sherpa-onnx failed: "):
        recogniser.feed(say(1) + silence(1))


def test_closed_before_it_was_loaded(letters: Path) -> None:
    async def run() -> None:
        engine = open_engine(config(letters), ())
        with koe.asr.sherpa_onnx._loading:
            connecting = asyncio.create_task(engine.connect())
            await asyncio.sleep(0)
            await engine.close()
        with pytest.raises(AsrConnectionError, match="closed before its turn came"):
            await connecting

    asyncio.run(run())


def test_package_is_not_installed(letters: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("koe.asr.sherpa_onnx.find_spec", lambda name: None)
    with pytest.raises(EngineUnavailableError, match=r"pip install 'sherpa-onnx=="):
        open_engine(config(letters), ())


def test_package_is_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = build_model(tmp_path / "model", LETTERS)
    monkeypatch.setitem(sys.modules, "sherpa_onnx", None)
    with pytest.raises(EngineUnavailableError, match="its package is damaged"):
        model(folder)


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        thread.join(PATIENCE)
        assert not thread.is_alive()
