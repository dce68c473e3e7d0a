from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from itertools import pairwise
from pathlib import Path

import pytest
import soundfile

from koe.audio import open_pipe, open_recording
from koe.errors import AudioError
from tests.wav import FLOAT, as_floats, as_integers, loudness, samples_of, tone, wav


def write(tmp_path: Path, content: bytes, name: str = "recording.wav") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


def pcm_of(path: Path) -> bytes:
    with open_recording(path) as recording:
        return b"".join(recording)


def refusal(path: Path) -> str:
    with pytest.raises(AudioError) as caught, open_recording(path) as recording:
        list(recording)
    return str(caught.value)


def test_the_only_format_there_is_passes_as_it_is(tmp_path: Path) -> None:
    data = os.urandom(16_000)  # every value, the lowest and the highest too
    assert pcm_of(write(tmp_path, wav(data))) == data


@pytest.mark.parametrize("name", ["recording.raw", "recording", "录音 1.wav"])
def test_the_name_says_nothing(tmp_path: Path, name: str) -> None:
    assert pcm_of(write(tmp_path, wav(b"\1\0\2\0"), name)) == b"\1\0\2\0"


@pytest.mark.parametrize("extensible", [False, True])
@pytest.mark.parametrize("bits", [8, 16, 24, 32])
def test_integers_of_every_width(tmp_path: Path, bits: int, extensible: bool) -> None:
    spoken = tone(0.1)
    path = write(tmp_path, wav(as_integers(spoken, bits), bits=bits, extensible=extensible))
    step = 2.0**-7 if bits == 8 else 2.0**-14
    assert samples_of(pcm_of(path)) == pytest.approx(spoken, abs=step)


@pytest.mark.parametrize("extensible", [False, True])
@pytest.mark.parametrize("bits", [32, 64])
def test_floats(tmp_path: Path, bits: int, extensible: bool) -> None:
    spoken = tone(0.1)
    content = wav(as_floats(spoken, bits), bits=bits, coding=FLOAT, extensible=extensible)
    assert samples_of(pcm_of(write(tmp_path, content))) == pytest.approx(spoken, abs=2**-15)


def test_floats_are_clamped_and_scaled(tmp_path: Path) -> None:
    data = as_floats([1.0, -1.0, 7.5, -1e30, 0.0, 0.5])
    pcm = pcm_of(write(tmp_path, wav(data, bits=32, coding=FLOAT)))
    assert pcm == as_integers([1.0, -1.0, 1.0, -1.0, 0.0, 0.5], 16)


def test_what_is_no_number_is_silence(tmp_path: Path) -> None:
    data = as_floats([0.25, float("nan"), float("inf"), float("-inf"), 0.25])
    pcm = pcm_of(write(tmp_path, wav(data, bits=32, coding=FLOAT)))
    assert samples_of(pcm) == pytest.approx([0.25, 0, 0, 0, 0.25], abs=1e-4)


def test_what_is_no_number_does_not_spread(tmp_path: Path) -> None:
    spoken = tone(1.0, 48_000)
    spoken[24_000] = float("nan")
    pcm = pcm_of(write(tmp_path, wav(as_floats(spoken), bits=32, coding=FLOAT, rate_hz=48_000)))
    assert loudness(samples_of(pcm)) == pytest.approx(0.5 / 2**0.5, rel=0.01)


@pytest.mark.parametrize("channels", [2, 6])
def test_channels_are_averaged(tmp_path: Path, channels: int) -> None:
    frame = [0.6] + [0.0] * (channels - 1)
    path = write(tmp_path, wav(as_integers(frame * 100, 16), channels=channels))
    assert samples_of(pcm_of(path)) == pytest.approx([0.6 / channels] * 100, abs=1e-4)


@pytest.mark.parametrize("seconds_per_chunk", [0.01, 0.1, 1.0, 10.0])
@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 22_050, 44_100, 48_000, 96_000])
def test_every_rate(tmp_path: Path, rate_hz: int, seconds_per_chunk: float) -> None:
    path = write(tmp_path, wav(as_integers(tone(1.5, rate_hz), 16), rate_hz=rate_hz))
    with open_recording(path, seconds_per_chunk) as recording:
        chunks = list(recording)
    samples = samples_of(b"".join(chunks))
    assert all(chunk and len(chunk) % 2 == 0 for chunk in chunks)
    assert len(samples) == pytest.approx(24_000, abs=2)
    # Neither early nor late: the middle is the tone itself.
    assert samples[8_000:16_000] == pytest.approx(tone(1.5)[8_000:16_000], abs=0.01)


def test_a_resampler_that_overshoots_does_not_wrap(tmp_path: Path) -> None:
    square = ([0.999] * 100 + [-0.999] * 100) * 100
    path = write(tmp_path, wav(as_integers(square, 16), rate_hz=48_000))
    samples = samples_of(pcm_of(path))
    jumps = sum(abs(left - right) > 1.5 for left, right in pairwise(samples))
    assert max(samples) == 1.0
    assert jumps < 300  # one or two for each of the 200 edges of the square, and no others


def test_duration_is_known_first(tmp_path: Path) -> None:
    path = write(tmp_path, wav(bytes(2 * 2 * 66_150), rate_hz=44_100, channels=2))
    with open_recording(path) as recording:
        assert recording.duration == pytest.approx(1.5)


def test_chunks_are_as_long_as_was_said(tmp_path: Path) -> None:
    with open_recording(write(tmp_path, wav(bytes(2 * 4_000))), seconds_per_chunk=0.1) as recording:
        assert [len(chunk) for chunk in recording] == [3_200, 3_200, 1_600]


def test_a_long_recording_is_not_held_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    minute = bytes(2 * 2 * 48_000 * 60)
    with path.open("wb") as file:
        file.write(wav(b"", rate_hz=48_000, channels=2, declared_bytes=10 * len(minute)))
        for _ in range(10):
            file.write(minute)
    with open_recording(path) as recording:
        size = len(next(iter(recording)))  # what is loaded once is loaded now
        tracemalloc.start()
        size += sum(len(chunk) for chunk in recording)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert size > 9 * 60 * 32_000
    assert peak < 10_000_000


@pytest.mark.parametrize("declared_bytes", [32_000, 2**31 - 1, 2**32 - 1])
@pytest.mark.parametrize("size", [1_000, 1_001])
def test_a_recording_that_ends_early_is_read_as_far_as_it_goes(
    tmp_path: Path, size: int, declared_bytes: int
) -> None:
    data = os.urandom(size)
    path = write(tmp_path, wav(data, declared_bytes=declared_bytes))
    assert pcm_of(path) == data[:1_000]


def test_half_a_frame_at_the_end_is_none(tmp_path: Path) -> None:
    data = as_integers([0.5] * 12, 24) + b"\1\2\3\4"
    path = write(tmp_path, wav(data, channels=6, bits=24, declared_bytes=2**20))
    assert len(pcm_of(path)) == 2 * 2


def test_a_recording_without_sound(tmp_path: Path) -> None:
    assert "is an empty recording" in refusal(write(tmp_path, wav(b"")))


def test_no_bytes(tmp_path: Path) -> None:
    assert refusal(write(tmp_path, b"")).endswith(
        "recording.wav is empty: 0 bytes; give a recording that contains audio"
    )


@pytest.mark.parametrize(
    "content",
    [b"hello, world\n" * 9, b"R", b"RIFF\4\0\0\0AVI ", b"fLaC\0\0\0\x22", b"\xff\xfb\x90"],
)
def test_other_files(tmp_path: Path, content: bytes) -> None:
    path = write(tmp_path, content)
    sentence = refusal(path)
    assert sentence.startswith(
        f"{path} is damaged, or a recording of a kind that koe does not read"
    )
    assert sentence.endswith(f'; convert it: ffmpeg -i "{path}" "converted.wav"')


def test_another_file_in_a_pipe() -> None:
    reader, writer = os.pipe()
    os.write(writer, b"hello, world\n" * 9)
    os.close(writer)
    with pytest.raises(AudioError, match=r"convert it: … \| ffmpeg -i - -f wav - \| koe dictate -"):
        open_pipe(reader, "stdin")


def test_an_address() -> None:
    assert refusal(Path("https://example.org/a.mp3")).endswith(
        "example.org/a.mp3 is a web address; download the recording, and give the file"
    )


def test_the_result_of_the_proposed_conversion(tmp_path: Path) -> None:
    assert refusal(write(tmp_path, b"fLaC", "memo.flac")).endswith('memo.flac" "memo.wav"')


@pytest.mark.parametrize(
    "content",
    [
        b"RIFF\4\0\0\0WAVE",
        b"RIFF\xff\xff\xff\x7fWAVELIST\xff\xff\xff\x7f" + bytes(99),
        wav(bytes(99), rate_hz=0),
        wav(bytes(99), rate_hz=1),
        wav(bytes(99), rate_hz=2**31 - 1),
        wav(bytes(99), rate_hz=2**32 - 1),
        wav(bytes(99), channels=0),
        wav(bytes(99), channels=5_000),
        wav(bytes(99), bits=0),
        wav(bytes(99), coding=0x55),
    ],
)
def test_damaged_headers(tmp_path: Path, content: bytes) -> None:
    assert "is damaged, or a recording of a kind that koe does not read" in refusal(
        write(tmp_path, content)
    )


@pytest.mark.parametrize("length", range(0, 60))
def test_a_file_cut_off_anywhere(tmp_path: Path, length: int) -> None:
    """It is read or refused, with a sentence, and nothing else happens."""
    path = write(tmp_path, wav(bytes(16))[:length])
    if length >= 46:
        assert pcm_of(path) == bytes((length - 44) & ~1)
    else:
        assert str(path) in refusal(path)


@pytest.mark.parametrize("kind", ["AIFF", "AU", "CAF", "FLAC", "OGG", "MP3", "W64", "RF64"])
def test_other_kinds(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "recording"
    soundfile.write(path, tone(0.5), 16_000, format=kind)
    with open_recording(path) as recording:
        samples = samples_of(b"".join(recording))
        assert recording.flaw == ""
    assert loudness(samples[2_000:6_000]) == pytest.approx(0.5 / 2**0.5, rel=0.02)


@pytest.mark.parametrize("kind", ["FLAC", "OGG", "WAV"])
def test_a_pipe(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "recording"
    soundfile.write(path, tone(0.5), 16_000, format=kind)
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb") as file:
        file.write(path.read_bytes())
    with open_pipe(reader, "stdin") as recording:
        assert b"".join(recording) == pcm_of(path)
        assert recording.flaw == ""


def test_a_pipe_is_read_while_it_is_filled() -> None:
    """As programs write that record: the header does not know the length."""
    reader, writer = os.pipe()
    data = os.urandom(12_800)
    with os.fdopen(writer, "wb", buffering=0) as file:
        file.write(wav(data[:6_400], declared_bytes=2**32 - 1))
        with open_pipe(reader, "stdin", 0.2) as recording:
            assert recording.duration is None
            chunks = iter(recording)
            assert next(chunks) == data[:6_400]
            file.write(data[6_400:])
            assert next(chunks) == data[6_400:]
            file.close()
            assert list(chunks) == []
            assert recording.flaw == ""


def test_what_is_cut_off(tmp_path: Path) -> None:
    path = write(tmp_path, wav(bytes(32_000), declared_bytes=80_000))
    with open_recording(path) as recording:
        assert len(b"".join(recording)) == 32_000
        assert recording.flaw.startswith(f"{path} is cut off: according to its header, 1.5 s are")


def test_a_missing_file(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none.wav").endswith(
        "none.wav does not exist; give an existing recording"
    )


def test_a_directory(tmp_path: Path) -> None:
    assert refusal(tmp_path) == f"{tmp_path} is a directory; give a recording"


def test_a_name_that_no_file_can_have() -> None:
    assert "cannot be the name of a file" in refusal(Path("a\0b"))


def test_a_device() -> None:
    assert "is a device" in refusal(Path(os.devnull))


@pytest.mark.parametrize("riff", [b"\0\0\0\0", b"$\0\0\0"])
def test_the_recording_of_a_killed_program(tmp_path: Path, riff: bytes) -> None:
    """It has 0 as its length, because that is written at the end."""
    whole = wav(b"\1\0" * 16_000)
    at = whole.index(b"data") + 4
    path = write(tmp_path, whole[:4] + riff + whole[8:at] + bytes(4) + whole[at + 4 :])
    with open_recording(path) as recording:
        assert b"".join(recording) == b"\1\0" * 16_000
        assert recording.flaw == ""


@pytest.mark.skipif(not Path("/proc/cpuinfo").exists(), reason="Linux has such files")
def test_a_file_without_an_end(capfd: pytest.CaptureFixture[str]) -> None:
    assert "/proc/cpuinfo cannot be read" in refusal(Path("/proc/cpuinfo"))
    assert capfd.readouterr().err == ""


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: object, path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    path = write(tmp_path, wav(b"\0\0"))
    monkeypatch.setattr("koe.audio._RecordingFile.__init__", refuse)
    assert refusal(path) == f"{path} cannot be read: Permission denied"


def test_without_libsndfile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "soundfile", None)
    assert "libsndfile is missing" in refusal(write(tmp_path, wav(b"\0\0")))


def test_importing_costs_nothing() -> None:
    code = "import sys, koe.audio; sys.exit(bool({'numpy', 'soundfile', 'soxr'} & {*sys.modules}))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(("name", "seconds"), [("beckett.wav", 9.96), ("two_cities.wav", 44.37)])
def test_real_recordings(recordings: Path, name: str, seconds: float) -> None:
    with open_recording(recordings / name) as recording:
        size = sum(len(chunk) for chunk in recording)
    assert recording.duration == pytest.approx(seconds, abs=0.01)
    assert size / 32_000 == pytest.approx(recording.duration, abs=0.001)
