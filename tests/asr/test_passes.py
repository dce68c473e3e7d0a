"""Chunks and passes, with a recogniser that says where its pieces begin and end."""

from __future__ import annotations

import hashlib
import random
from array import array
from collections.abc import Sequence

import numpy
import pytest

from koe.asr.chunk import MAX_CHUNK
from koe.asr.passes import WholePasses
from koe.asr.whole import SpeechGate, WholeRecogniser
from koe.errors import AsrPieceError
from koe.events import DefiniteHeard, Event, FinalHeard, InterimHeard, SpeechMissed
from tests.asr.contract import final_text, in_frames


class Counter(WholeRecogniser):
    """Says how many samples of speech a piece has, in tenths of a second."""

    def __init__(self) -> None:
        self.pieces: list[float] = []

    def recognise(self, samples: array[float]) -> str:
        self.pieces.append(len(samples) / 16_000)
        loud = sum(abs(sample) > 0.01 for sample in samples[::16])
        return f"{round(loud / 100)}."


def speech(seconds: float) -> bytes:
    """A sound at full scale for so long, 16 kHz mono s16le."""
    samples = 12_000 + 2_000 * numpy.sin(numpy.arange(int(16_000 * seconds)) / 5)
    return samples.round().astype("int16").tobytes()


def pause(seconds: float) -> bytes:
    return bytes(2 * int(16_000 * seconds))


def take(passes: WholePasses, pcm: bytes) -> list[Event]:
    """Feed audio behind which no other waits."""
    return [*passes.feed(pcm), *passes.recognise_so_far()]


def hear(pcm: bytes, size: int, recogniser: WholeRecogniser | None = None) -> list[Event]:
    passes = WholePasses(recogniser or Counter())
    events = [event for frame in in_frames(pcm, size) for event in take(passes, frame)]
    return events + passes.finish()


RECORDING = pause(0.5) + b"".join(
    speech(spoken) + pause(silent)
    for spoken, silent in [(1, 0.2), (2, 0.5), (9, 1.2), (3, 2.5), (30, 0.4), (2, 0.1)]
)


@pytest.mark.parametrize("size", [322, 640, 6_402, 10_000_000])
def test_the_text_does_not_depend_on_the_frames(size: int) -> None:
    assert final_text(hear(RECORDING, size)) == final_text(hear(RECORDING, 6_400))


def test_all_speech_is_in_some_chunk_and_no_piece_is_too_long() -> None:
    counter = Counter()
    text = final_text(hear(RECORDING, 6_400, counter))
    assert sum(map(float, text.split())) == pytest.approx(10 * (1 + 2 + 9 + 3 + 30 + 2), abs=6)
    assert max(counter.pieces) <= MAX_CHUNK


def test_a_pass_that_is_right_at_the_end_is_not_made_again() -> None:
    counter = Counter()
    passes = WholePasses(counter)
    take(passes, speech(2.0) + pause(0.4))
    pieces = len(counter.pieces)
    assert final_text(passes.finish()) == "20."
    assert len(counter.pieces) == pieces == 1


def test_a_live_text_is_made_when_there_is_time_for_it() -> None:
    counter = Counter()
    passes = WholePasses(counter, update_interval=0.5)
    assert passes.feed(speech(2.0) + pause(0.4)) == []
    assert counter.pieces == []
    assert passes.recognise_so_far() == [InterimHeard("20.")]
    assert passes.recognise_so_far() == []


def test_definite_text_ends_in_a_pause() -> None:
    events = hear(speech(3.0) + pause(3.0) + speech(2.0), 640)
    (definite,) = (event for event in events if isinstance(event, DefiniteHeard))
    assert definite.text == "30."
    assert 3.0 < (definite.upto or 0) / 16_000 < 4.5
    assert events[-1] == FinalHeard("30. 20.", 8 * 16_000)


class Impatient(Counter):
    """Can't recognise pieces that are longer than so many seconds."""

    def __init__(self, longest: float) -> None:
        super().__init__()
        self._longest = longest

    def recognise(self, samples: array[float]) -> str:
        if len(samples) > 16_000 * self._longest:
            raise AsrPieceError("a loop")
        return super().recognise(samples)


def test_a_piece_that_cannot_be_recognised_is_recognised_in_parts() -> None:
    recording = speech(2.0) + pause(0.5) + speech(1.5) + pause(1.0)
    assert final_text(hear(recording, 6_400, Impatient(2.9))) == "20. 15."


def test_a_part_that_cannot_be_recognised_costs_no_other() -> None:
    """The reason comes before what follows, so that another engine can recognise both."""
    recording = speech(9.0) + pause(3.0) + speech(2.0) + pause(1.0)
    events = [
        it for it in hear(recording, 6_400, Impatient(5.0)) if not isinstance(it, InterimHeard)
    ]
    assert events[0] == SpeechMissed("ASR error: a loop")
    assert events[-1] == FinalHeard("20.", 15 * 16_000)
    assert events.count(events[0]) == 1


def test_silence_is_not_recognised() -> None:
    counter = Counter()
    assert hear(pause(90.0), 6_400, counter) == [FinalHeard("", 90 * 16_000)]
    assert counter.pieces == []


class Listener(SpeechGate):
    """Hears speech where a sample is not zero."""

    def __init__(self) -> None:
        self.heard = array("f")

    def feed(self, samples: array[float]) -> None:
        self.heard.extend(samples)

    def has_speech(self, begin: int, end: int) -> bool:
        return any(self.heard[begin:end])


class Deaf(Listener):
    """Hears none."""

    def has_speech(self, begin: int, end: int) -> bool:
        return False


def test_what_is_loud_and_no_speech_is_not_recognised() -> None:
    counter, deaf = Counter(), Deaf()
    passes = WholePasses(counter, gate=deaf, update_interval=0.5)
    for frame in in_frames(RECORDING, 6_400):
        assert take(passes, frame) == []
    assert final_text(passes.finish()) == ""
    assert counter.pieces == []
    assert len(deaf.heard) == len(RECORDING) // 2


@pytest.mark.parametrize("size", [640, 100_000])
def test_speech_that_only_the_gate_hears_is_recognised(size: int) -> None:
    """It is as quiet as noise; every sample of it is in a chunk."""
    whisper = array("h", [1]).tobytes() * 16_000 * 40
    counter = Counter()
    passes = WholePasses(counter, gate=Listener())
    for frame in in_frames(pause(3.0) + whisper + pause(3.0), size):
        take(passes, frame)
    passes.finish()
    assert sum(counter.pieces) >= 40.0


class Forgetful(WholeRecogniser):
    """Says nothing of what is long, and otherwise a word for each half second."""

    def recognise(self, samples: array[float]) -> str:
        return "" if len(samples) > 64_000 else "word " * (len(samples) // 8_000)


def test_a_chunk_that_is_lost_is_recognised_in_parts() -> None:
    text = final_text(hear(speech(3.0) + pause(0.5) + speech(3.0), 6_400, Forgetful()))
    assert len(text.split()) >= 12


def test_long_speech_is_cut_where_it_is_quietest() -> None:
    """Once it must be; the recogniser gets all of it, at most so much at once."""
    counter = Counter()
    dip = array("h", [6_000]).tobytes() * 4_800  # 0.3 s
    text = final_text(hear((speech(20.0) + dip) * 3 + speech(5.0), 6_400, counter))
    assert text == "201. 203. 255."
    assert counter.pieces[:2] == pytest.approx([20.15, 20.3], abs=0.1)


def test_minutes_without_a_pause() -> None:
    """It does not matter how many: after a cut a chunk is as after any other."""
    counter = Counter()
    text = final_text(hear(speech(150.0), 10_000_000, counter))
    assert sum(map(float, text.split())) == pytest.approx(1_500, abs=5)
    assert max(counter.pieces) <= MAX_CHUNK


def test_live_text_comes_between_pauses() -> None:
    passes = WholePasses(Counter(), update_interval=0.5)
    shown = [
        event.text
        for frame in in_frames(speech(2.0) + pause(0.4) + speech(1.0), 3_200)
        for event in take(passes, frame)
        if isinstance(event, InterimHeard)
    ]
    assert shown[:4] == ["5.", "10.", "15.", "20."]
    assert shown[-1] == "29."
    assert final_text(passes.finish()) == "20. 10."


def test_live_text_takes_a_part_of_the_time_on_a_slow_computer() -> None:
    class Slow(Counter):
        """Takes half a second for each pass."""

        def recognise(self, samples: array[float]) -> str:
            text = super().recognise(samples)
            self.now = len(self.pieces) / 2
            return text

        now = 0.0

    slow = Slow()
    passes = WholePasses(slow, update_interval=0.1, clock=lambda: slow.now)
    for frame in in_frames(speech(4.9), 3_200):
        take(passes, frame)
    assert slow.pieces == pytest.approx([0.1, 2.1, 4.1], abs=0.1)


def test_odd_lengths_at_the_end() -> None:
    for size in (0, 2, 638, 640, 642, 12_346):
        pcm = speech(2.0) + speech(1.0)[:size]
        assert hear(pcm, 6_400)[-1] == FinalHeard(f"{round(len(pcm) / 3200)}.", len(pcm) // 2)


LONG = speech(11) + pause(0.3) + speech(2)


@pytest.mark.parametrize("size", [640, 6_400, 10_000_000])
def test_of_a_long_chunk_only_what_follows_its_last_pause_is_left(size: int) -> None:
    counter = Counter()
    assert final_text(hear(LONG, size, counter)) == "110. 20."
    assert counter.pieces[-1] < 2.3


def test_what_follows_the_last_pause_and_is_lost_alone_is_recognised_with_the_rest() -> None:
    class Deaf(Counter):
        def recognise(self, samples: array[float]) -> str:
            text = super().recognise(samples)
            return text if self.pieces[-1] > 5 else ""

    assert final_text(hear(LONG, 6_400, Deaf())) == "130."


class Talker(Counter):
    """Says a word for each half second of speech."""

    def recognise(self, samples: array[float]) -> str:
        words = round(float(super().recognise(samples)) / 5)
        return spoken(words) if words else ""


def spoken(words: int) -> str:
    """The text of a talker."""
    return " ".join(["word"] * words) + "."


def pieces_of(
    pcm: bytes, size: int, gate: SpeechGate | None = None
) -> tuple[list[float], list[int]]:
    """The lengths of the pieces that `finish` has recognised, and the words of each sentence."""
    talker = Talker()
    passes = WholePasses(talker, gate=gate, update_interval=0.5)
    for frame in in_frames(pcm, size):
        take(passes, frame)
    talker.pieces.clear()
    text = final_text(passes.finish())
    return talker.pieces, [len(sentence.split()) for sentence in text.split(".")[:-1]]


def test_where_pieces_take_as_long_as_the_whole_a_longer_chunk_is_one() -> None:
    class Even(Talker):
        longest_whole = MAX_CHUNK

    def longest_piece(talker: Talker) -> float:
        hear(LONG + pause(0.7), 6_400, talker)
        return max(talker.pieces)

    assert longest_piece(Talker()) < 12.0
    assert longest_piece(Even()) > 13.0


PHRASES = speech(2.0) + pause(0.4) + speech(3.0) + pause(0.4) + speech(1.5)


def test_a_chunk_that_goes_on_after_a_pause_is_recognised_as_a_whole_up_to_there() -> None:
    pieces, text = pieces_of(PHRASES, 6_400)
    assert text == [10, 3]
    assert max(pieces, default=0) < 2.0


def test_too_little_speech_is_recognised_with_what_is_before_it() -> None:
    pieces, text = pieces_of(PHRASES + pause(0.4) + speech(0.5), 6_400)
    assert text == [10, 4]
    assert pieces == pytest.approx([2.6], abs=0.1)


@pytest.mark.parametrize("gate", [None, Listener()])
def test_when_speech_has_ended_all_of_it_is_recognised_as_a_whole(gate: SpeechGate | None) -> None:
    assert pieces_of(PHRASES + pause(1.0), 6_400, gate) == ([], [13])


@pytest.mark.parametrize("size", [640, 10_000_000])
@pytest.mark.parametrize("silence", [0.1, 0.3, 0.7])
def test_the_text_of_pieces_does_not_depend_on_the_frames(size: int, silence: float) -> None:
    recording = RECORDING + PHRASES + pause(silence)
    assert pieces_of(recording, size)[1] == pieces_of(recording, 6_400)[1]


class Noise(Listener):
    """Hears speech where it is louder than noise at a tenth of full scale."""

    def has_speech(self, begin: int, end: int) -> bool:
        return any(sample > 0.2 for sample in self.heard[begin:end])


@pytest.mark.parametrize("size", [640, 6_400, 10_000_000])
def test_noise_after_speech_is_no_speech_where_the_gate_knows(size: int) -> None:
    noise = array("h", [3_000, -3_000]).tobytes() * 8_000
    assert pieces_of(PHRASES + noise, size, Noise())[1] == [13]


class Reader(Talker):
    """Recognises a whole sooner with the texts of its parts; notes how much was new to it."""

    reuses_parts = True
    longest_whole = MAX_CHUNK

    def __init__(self) -> None:
        super().__init__()
        self.new: list[int] = []

    def recognise_whole(self, samples: array[float], parts: Sequence[str]) -> str:
        text = self.recognise(samples)
        self.new.append(len(text.split()) - sum(len(part.split()) for part in parts))
        return text


@pytest.mark.parametrize("silence", [0.0, 0.1, 0.3, 0.7])
def test_at_the_end_the_whole_is_recognised_with_what_is_known(silence: float) -> None:
    reader = Reader()
    passes = WholePasses(reader, update_interval=0.5)
    for frame in in_frames(PHRASES + speech(4.0) + pause(silence), 640):
        take(passes, frame)
    reader.pieces.clear()
    assert final_text(passes.finish()) == spoken(21)
    assert len(reader.pieces) <= 1
    assert all(abs(words) <= 4 for words in reader.new[-1:])


@pytest.mark.parametrize("size", [322, 640, 10_000_000])
@pytest.mark.parametrize("silence", [0.0, 0.1, 0.3, 0.7])
def test_the_known_text_does_not_depend_on_the_frames(size: int, silence: float) -> None:
    class Copyist(Reader):
        """Its text depends on the parts."""

        def recognise_whole(self, samples: array[float], parts: Sequence[str]) -> str:
            return f"{self.recognise(samples)} ({' '.join(parts)})"

    recording = RECORDING + PHRASES + pause(silence)
    assert hear_fast(recording, size, Copyist()) == hear_fast(recording, 6_400, Copyist())


def test_before_the_end_the_last_speech_is_recognised_as_soon_as_it_may_have_ended() -> None:
    def pieces_after(silence: float, *, goes_on: bool = False) -> int:
        """The passes at the end, if all before was heard and the end was expected."""
        reader = Reader()
        passes = WholePasses(reader, update_interval=0.5)
        for frame in in_frames(PHRASES, 640):
            take(passes, frame)
        for frame in in_frames(pause(silence) + (speech(0.3) if goes_on else b""), 640):
            passes.feed(frame)
            passes.recognise_before_end()
        reader.pieces.clear()
        assert final_text(passes.finish()) == spoken(14 if goes_on else 13)
        return len(reader.pieces)

    assert pieces_after(0.0) == pieces_after(0.04) == 1
    assert pieces_after(0.06) == pieces_after(0.12) == 0
    assert pieces_after(0.08, goes_on=True) == 1


def test_before_the_end_the_speech_that_the_gate_has_ended_is_recognised() -> None:
    """Although louder noise follows, so that the last sound has just ended."""
    reader = Reader()
    passes = WholePasses(reader, gate=Noise(), update_interval=0.5)
    noise = array("h", [3_000, -3_000]).tobytes() * 4_800
    for frame in in_frames(PHRASES + noise, 640):
        take(passes, frame)
    for frame in in_frames(pause(0.12), 640):
        passes.feed(frame)
        passes.recognise_before_end()
    reader.pieces.clear()
    assert final_text(passes.finish()) == spoken(13)
    assert not reader.pieces


def test_silence_is_not_recognised_before_the_end() -> None:
    reader = Reader()
    passes = WholePasses(reader, gate=Lingering(), update_interval=0.5)
    for frame in in_frames(speech(1.0) + pause(2.2), 640):
        take(passes, frame)
    reader.pieces.clear()
    for frame in in_frames(pause(0.3), 640):
        passes.feed(frame)
        passes.recognise_before_end()
    assert not reader.pieces


def hear_fast(pcm: bytes, size: int, recogniser: WholeRecogniser) -> str:
    passes = WholePasses(recogniser, update_interval=0.5)
    for frame in in_frames(pcm, size):
        take(passes, frame)
    return final_text(passes.finish())


class Late(Listener):
    """Hears speech only when 0.2 s more were heard."""

    def has_speech(self, begin: int, end: int) -> bool:
        known = len(self.heard) - 3_200
        return max(self.heard[begin : min(end, known) : 80], default=0.0) > 0.2


class Recorder(Reader):
    """Its text depends on every sample and on the parts."""

    def recognise_whole(self, samples: array[float], parts: Sequence[str]) -> str:
        digest = hashlib.sha256(samples.tobytes() + repr(parts).encode()).hexdigest()
        return " ".join(digest[:3] for _ in range(len(samples) // 5_000))


def random_recording(source: random.Random) -> bytes:
    """Speech, noise that the gate does not hear, and silence, in turns."""
    pcm, size = bytearray(), 32_000 * source.uniform(4, 24)
    while len(pcm) < size:
        loudness = source.choice([4_000, 16_000, 16_000])
        pcm += array("h", [loudness] * 160).tobytes() * int(100 * source.uniform(0.02, 3))
        pcm += pause(source.choice([0.05, 0.15, 0.2, 0.25, 0.7]))
    return bytes(pcm[: source.randrange(len(pcm) // 4, len(pcm) // 2) * 2])


@pytest.mark.parametrize("seed", range(20))
def test_the_text_depends_on_the_samples_alone(seed: int) -> None:
    """Not on the sizes of the frames, nor on when there was time for live texts."""
    source = random.Random(seed)
    pcm = random_recording(source)
    texts = set()
    for busy in (0.0, 0.8, 1.0):
        passes = WholePasses(Recorder(), gate=Late(), update_interval=0.5)
        at = 0
        while at < len(pcm):
            size = 2 * source.choice([1, 100, 320, 1_600, 8_000, 30_000])
            passes.feed(pcm[at : at + size])
            at += size
            if source.random() >= busy:
                source.choice([passes.recognise_so_far, passes.recognise_before_end])()
        texts.add(final_text(passes.finish()))
    assert len(texts) == 1


class Lingering(Listener):
    """Hears speech for half a second after its end."""

    def has_speech(self, begin: int, end: int) -> bool:
        return any(self.heard[max(0, begin - 8_000) : end])


@pytest.mark.parametrize("silence", [0.7, 2.5, 5.0])
def test_what_a_gate_reports_late_makes_no_words_of_silence(silence: float) -> None:
    class Inventor(Counter):
        """Makes a word of silence."""

        def recognise(self, samples: array[float]) -> str:
            return super().recognise(samples).replace("0.", "you", samples[:1] == array("f", [0]))

    passes = WholePasses(Inventor(), gate=Lingering())
    for frame in in_frames(speech(2.0) + pause(silence), 640):
        take(passes, frame)
    assert final_text(passes.finish()) == "20."


def test_noise_after_speech_gets_no_live_text() -> None:
    """The text of the whole, which is known, stays, and the end does not wait for another pass."""
    reader = Reader()
    passes = WholePasses(reader, gate=Noise(), update_interval=0.5)
    for frame in in_frames(PHRASES + pause(0.3), 640):
        take(passes, frame)
    reader.pieces.clear()
    noise = array("h", [6_000, -6_000]).tobytes() * 16_000
    assert [event for frame in in_frames(noise, 640) for event in take(passes, frame)] == []
    assert reader.pieces == []
