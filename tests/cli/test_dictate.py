from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import wave
from pathlib import Path
from types import SimpleNamespace

import pytest

from koe.cli import Exit, main
from koe.errors import AsrConnectionError, AsrProtocolError, AudioError
from koe.events import InterimHeard
from koe.journal.writer import remedy_for
from tests.asr import tones
from tests.cli.command import FAKES, PATIENCE, USAGE, command, environment, run_koe
from tests.cli.configuration import configure, lab
from tests.models.making import make_model, model_file
from tests.scripted import ScriptedEngine
from tests.servers.files import FileServer, Lie
from tests.servers.speech import API_KEY, speech_server, transcribe_glm
from tests.wav import as_integers, tone, wav

REMEDY = remedy_for("last")


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """One second of audio."""
    path = tmp_path / "speech.wav"
    path.write_bytes(wav(as_integers(tone(1.0), 16)))
    return path


@pytest.fixture
def silence(tmp_path: Path) -> Path:
    path = tmp_path / "silence.wav"
    path.write_bytes(wav(bytes(32_000)))
    return path


def dictate(*words: str | Path, directory: Path) -> int:
    return main(["dictate", *map(str, words), "--config", str(directory)])


class TestWithAScriptedEngine:
    def test_the_text(
        self,
        engine: ScriptedEngine,
        recording: Path,
        directory: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        assert dictate(recording, directory=directory) == Exit.OK
        assert capsys.readouterr() == ("hello world\n", "")
        assert engine.heard == as_integers(tone(1.0), 16)

    def test_silence(
        self,
        engine: ScriptedEngine,
        recording: Path,
        directory: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        engine.answer = ""
        assert dictate(recording, directory=directory) == Exit.NO_SPEECH
        assert capsys.readouterr() == ("", "koe: no speech was recognised\n")

    def test_an_engine_that_does_not_answer(
        self,
        engine: ScriptedEngine,
        recording: Path,
        directory: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """That is an error, and not silence."""
        engine.answer = None
        directory.mkdir()
        config = "asr: {moonshine: {final_wait_timeout_ms: 20}}\n"
        (directory / "config.yaml").write_text(config, encoding="utf-8")
        assert dictate(recording, directory=directory) == Exit.ERROR
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("koe: the speech engine did not answer within ")

    def test_no_engine(
        self,
        engine: ScriptedEngine,
        recording: Path,
        directory: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        engine.connect_error = AsrConnectionError("no such key", is_permanent=True)
        assert dictate(recording, directory=directory) == Exit.ERROR
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("koe: ASR connection failed: no such key")

    def test_an_engine_that_fails_keeps_the_words(
        self,
        engine: ScriptedEngine,
        recording: Path,
        directory: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        engine.says.put_nowait(InterimHeard("so far"))
        engine.says.put_nowait(AsrProtocolError("it broke", is_permanent=True))
        assert dictate(recording, directory=directory) == Exit.ERROR
        out, err = capsys.readouterr()
        assert out == "so far\n"
        assert err.startswith("koe: warning: ")
        assert "it broke" in err

    def test_an_engine_that_fails_before_the_first_word(
        self,
        engine: ScriptedEngine,
        recording: Path,
        directory: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """That is an error, and not silence."""
        engine.says.put_nowait(AsrProtocolError("it broke", is_permanent=True))
        assert dictate(recording, directory=directory) == Exit.ERROR
        assert "it broke" in capsys.readouterr().err

    def test_a_recording_that_breaks_off_keeps_the_words(
        self,
        engine: ScriptedEngine,
        recording: Path,
        directory: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        def fail(self: object) -> None:
            raise AudioError("the disk has gone")

        monkeypatch.setattr("koe.audio.AudioInput.__iter__", fail)
        assert dictate(recording, directory=directory) == Exit.ERROR
        assert capsys.readouterr() == ("hello world\n", "koe: warning: the disk has gone\n")

    def test_as_fast_as_it_was_spoken(
        self,
        engine: ScriptedEngine,
        recording: Path,
        directory: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """Each chunk is fed when its last sample would have been spoken."""
        waits: list[float] = []

        async def note(seconds: float) -> None:
            waits.append(seconds)
            await asyncio.sleep(0)

        # Replaced only in this module, because other modules sleep, too. The clock stands still,
        # so each wait begins at the start of the recording.
        clock = SimpleNamespace(time=lambda: 5.0)
        asyncio_there = {**vars(asyncio), "sleep": note, "get_running_loop": lambda: clock}
        monkeypatch.setattr("koe.cli.dictate.asyncio", SimpleNamespace(**asyncio_there))
        assert dictate(recording, "--realtime", directory=directory) == Exit.OK
        assert waits == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
        assert engine.heard == as_integers(tone(1.0), 16)


def test_a_bad_recording(tmp_path: Path) -> None:
    path = tmp_path / "letter.wav"
    path.write_text("Dear Sir or Madam")
    done = run_koe("dictate", path, home=tmp_path)
    assert (done.returncode, done.stdout) == (Exit.ERROR, "")
    assert done.stderr.startswith(f"koe: {path} is damaged, or a recording of a kind")


def test_a_bad_recording_as_json(tmp_path: Path) -> None:
    done = run_koe("dictate", "--json", tmp_path / "语音.wav", home=tmp_path)
    path = str(tmp_path / "语音.wav")
    assert done.returncode == Exit.ERROR
    assert json.loads(done.stdout) == {
        "event": "error", "file": path,
        "message": f"{path} does not exist; give an existing recording",
    }  # fmt: skip
    assert done.stderr == ""


@pytest.mark.parametrize("words", [[], ["speech.wav", "--mic"], ["one.wav", "two.wav", "--mic"]])
def test_wrong_usage(words: list[str], tmp_path: Path) -> None:
    done = run_koe("dictate", *words, home=tmp_path)
    assert (done.returncode, done.stdout) == (USAGE, "")
    assert done.stderr.startswith("usage: koe ")


def test_an_unknown_engine(recording: Path, directory: Path, tmp_path: Path) -> None:
    directory.mkdir()
    (directory / "config.yaml").write_text("asr: {provider: parrot}\n")
    done = run_koe("dictate", recording, "--config", directory, home=tmp_path)
    assert (done.returncode, done.stdout) == (Exit.ERROR, "")
    assert "'parrot' is not available" in done.stderr


def test_without_a_microphone(tmp_path: Path) -> None:
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')\n")
    path = os.pathsep.join([str(tmp_path), environment(tmp_path)["PYTHONPATH"]])
    done = run_koe("dictate", "--mic", home=tmp_path, PYTHONPATH=path)
    assert (done.returncode, done.stdout) == (Exit.ERROR, "")
    assert done.stderr.startswith("koe: the microphone needs the PortAudio library")


class TestPipes:
    """A recording from a pipe."""

    def run(
        self, *words: str | Path, directory: Path, content: bytes, tmp_path: Path
    ) -> tuple[int, str, str]:
        """Exit status, stdout, stderr; the engine is a service that counts samples."""
        with speech_server(transcribe_glm) as server:
            directory.mkdir(exist_ok=True)
            glm = f"{{url: '{server.url}/', api_key: {API_KEY}}}"
            settings = f"asr: {{provider: glm, glm: {glm}}}"
            (directory / "config.yaml").write_text(settings, encoding="utf-8")
            done = subprocess.run(
                command("dictate", *words, "--config", directory),
                input=content,
                capture_output=True,
                env=environment(tmp_path),
                check=False,
            )
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def test_stdin_beside_files(self, recording: Path, directory: Path, tmp_path: Path) -> None:
        cut = wav(as_integers(tone(0.5), 16), declared_bytes=32_000)
        status, out, err = self.run(
            recording, "-", tmp_path / "none.wav",
            directory=directory, content=cut, tmp_path=tmp_path,
        )  # fmt: skip
        assert status == Exit.ERROR
        assert out == f"{recording}: 16000 samples\nstdin: 8000 samples\n"
        warning, missing = err.splitlines()
        assert warning.startswith(
            "koe: warning: stdin is cut off: according to its header, 0.5 s are"
        )
        assert missing == f"koe: {tmp_path / 'none.wav'} does not exist; give an existing recording"

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes in folders")
    def test_a_named_pipe(self, recording: Path, directory: Path, tmp_path: Path) -> None:
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        content = recording.read_bytes()
        writer = threading.Thread(target=pipe.write_bytes, args=(content,))
        writer.start()
        done = self.run(pipe, directory=directory, content=b"", tmp_path=tmp_path)
        writer.join()
        assert done == (Exit.OK, "16000 samples\n", "")

    def test_nothing(self, directory: Path, tmp_path: Path) -> None:
        done = self.run("-", directory=directory, content=b"", tmp_path=tmp_path)
        assert done == (
            Exit.ERROR,
            "",
            "koe: stdin is empty: 0 bytes; give a recording that contains audio\n",
        )

    @pytest.mark.skipif(sys.platform == "win32", reason="a signal for one process needs POSIX")
    def test_interrupted_while_nothing_comes(self, directory: Path, tmp_path: Path) -> None:
        process = subprocess.Popen(
            command("dictate", "-", "--config", directory),
            env=environment(tmp_path),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdin is not None
        process.stdin.write(wav(bytes(80_000), declared_bytes=2**31 - 1))
        process.stdin.flush()
        journal = directory / "journal"
        while not journal.exists():  # the session has begun
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == Exit.INTERRUPTED
        out, err = process.communicate()
        assert (out, err) == (b"", b"koe: interrupted\n")


@pytest.mark.model
class TestWithTheModel:
    def test_a_recording(self, recordings: Path, tmp_path: Path) -> None:
        with wave.open(str(recordings / "beckett.wav")) as recording:
            beginning = wav(recording.readframes(5 * 16_000))
        (tmp_path / "beginning.wav").write_bytes(beginning)
        done = run_koe("dictate", tmp_path / "beginning.wav", home=tmp_path)
        assert (done.returncode, done.stderr) == (Exit.OK, "")
        assert done.stdout.startswith("Ever tried, ever failed, no matter")
        assert done.stdout.count("\n") == 1

    def test_another_rate(self, recordings: Path, tmp_path: Path) -> None:
        with wave.open(str(recordings / "two_cities.wav")) as recording:
            assert recording.getframerate() == 48_000
            beginning = wav(recording.readframes(3 * 48_000), rate_hz=48_000)
        (tmp_path / "beginning.wav").write_bytes(beginning)
        done = run_koe("dictate", tmp_path / "beginning.wav", home=tmp_path)
        assert done.returncode == Exit.OK
        assert done.stdout.startswith("It was the best of times")

    @pytest.mark.skipif(sys.platform == "win32", reason="a shell of Unix")
    def test_closed_messages(self, speech: Path, tmp_path: Path) -> None:
        """The text does not need them."""
        recording = tmp_path / "speech.wav"
        recording.write_bytes(wav(speech.read_bytes()))
        done = subprocess.run(
            ["sh", "-c", 'exec "$@" 2>&-', "sh", *command("dictate", recording)],
            env=environment(tmp_path),
            stdout=subprocess.PIPE,
            check=False,
        )
        assert done.returncode == Exit.OK
        assert done.stdout.startswith(b"Ever tried")

    def test_silence(self, silence: Path, tmp_path: Path) -> None:
        done = run_koe("dictate", silence, home=tmp_path)
        assert (done.returncode, done.stdout) == (Exit.NO_SPEECH, "")
        assert done.stderr == "koe: no speech was recognised\n"

    def test_json(self, speech: Path, directory: Path, tmp_path: Path) -> None:
        recording = tmp_path / "speech.wav"
        recording.write_bytes(wav(speech.read_bytes()))
        done = run_koe("dictate", "--json", recording, "--config", directory, home=tmp_path)
        events = [json.loads(line) for line in done.stdout.splitlines()]
        kinds = [event["event"] for event in events]
        assert kinds[:2] == ["state", "ready"]
        assert "interim" in kinds
        assert kinds[-1] == "final"
        assert events[-1]["audio_seconds"] == pytest.approx(3.0, abs=0.001)
        assert (directory / "config.yaml").exists()

    @pytest.mark.skipif(sys.platform == "win32", reason="a signal for one process needs POSIX")
    def test_interrupted(self, recordings: Path, tmp_path: Path) -> None:
        process = subprocess.Popen(
            command("dictate", "--realtime", "--json", recordings / "two_cities.wav"),
            env=environment(tmp_path),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdout is not None
        for line in process.stdout:
            if b"interim" in line and b"It was" in line:  # the first may have one word
                break
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
        assert (process.returncode, err) == (Exit.INTERRUPTED, b"")
        last = json.loads(out.splitlines()[-1])
        assert last["event"] == "interrupted"
        assert last["text"].startswith("It was")

    def test_a_pipe_without_a_reader(self, recordings: Path, tmp_path: Path) -> None:
        process = subprocess.Popen(
            command("dictate", "--json", recordings / "two_cities.wav"),
            env=environment(tmp_path),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
        process.stderr.close()
        assert process.wait() == Exit.ERROR


@pytest.mark.model
class TestTheMicrophone:
    @pytest.fixture
    def heard(self, speech: Path, tmp_path: Path) -> dict[str, str]:
        """The environment in which the fake microphone hears a recording."""
        return environment(
            tmp_path,
            KOE_FAKE_MICROPHONE=str(shutil.copy(speech, tmp_path / "heard")),
            KOE_FAKE_OVERFLOWS="2",
            PYTHONPATH=os.pathsep.join([str(FAKES), environment(tmp_path)["PYTHONPATH"]]),
        )

    @pytest.mark.parametrize("last_key", ["\n", ""])
    def test_enter_or_the_end_of_input_ends_it(self, heard: dict[str, str], last_key: str) -> None:
        process = subprocess.Popen(
            command("dictate", "--mic"),
            env=heard,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        assert process.stderr is not None
        assert process.stderr.readline() == "koe: speak now; press Enter to end\n"
        while not Path(f"{heard['KOE_FAKE_MICROPHONE']}.heard").exists():
            assert process.poll() is None
            time.sleep(0.01)
        out, err = process.communicate(last_key)
        assert out.startswith("Ever tried, ever failed")
        assert err == (
            "koe: warning: audio was lost 2 times because this computer was busy; "
            "close other programs\n"
        )
        assert process.returncode == Exit.ERROR

    @pytest.mark.skipif(sys.platform == "win32", reason="a signal for one process needs POSIX")
    def test_interrupted(self, heard: dict[str, str]) -> None:
        process = subprocess.Popen(
            command("dictate", "--mic", "--json"),
            env=heard,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdout is not None
        for line in process.stdout:
            if b"interim" in line:
                break
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
        assert b"final" not in out
        assert err == b"koe: speak now; press Enter to end\n"
        assert process.returncode == Exit.INTERRUPTED

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows has no terminals of this kind")
    def test_in_a_terminal(self, heard: dict[str, str]) -> None:
        import pty

        controller, terminal = pty.openpty()
        with subprocess.Popen(
            command("dictate", "--mic"),
            env=heard,
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
        ) as process:
            os.close(terminal)
            shown = b""
            while b"failed" not in shown:
                shown += os.read(controller, 4096)
            os.write(controller, b"\r")
            process.wait()
        shown += os.read(controller, 65536)
        os.close(controller)
        assert process.returncode == Exit.ERROR
        assert shown.startswith(b"koe: speak now; press Enter to end\r\n\rEver tried")
        last = shown.rstrip(b"\r\n").split(b"\r")[-1]
        assert last.startswith(b"Ever tried, ever failed")


def test_another_engine_for_once(tmp_path: Path, recording: Path, directory: Path) -> None:
    """A whole dictation by a service on this machine, which is not the configured one."""
    with speech_server(transcribe_glm) as server:
        directory.mkdir()
        glm = f"{{url: '{server.url}/', api_key: {API_KEY}}}"
        (directory / "config.yaml").write_text(f"asr: {{glm: {glm}}}", encoding="utf-8")
        choice = ["--engine", "glm", "--config", str(directory)]
        done = run_koe("dictate", recording, *choice, home=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (Exit.OK, "16000 samples\n", "")


@pytest.mark.model
def test_with_a_model_that_is_fetched_first(
    server: FileServer, tmp_path: Path, directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Follow the remedy of the error message; then the real library recognises the speech."""
    built = tones.build_model(tmp_path / "built", "甲乙丙")
    files = {path.name: path.read_bytes() for path in built.iterdir()}
    for name, content in files.items():
        server.files[f"/store/{name}"] = content
        server.lies[f"/{name}"].append(Lie(location=server.url(f"/store/{name}")))
    make_model(
        directory / "models" / "sherpa-onnx" / "tones",
        *(model_file(name, content, server.url(f"/{name}")) for name, content in files.items()),
    )
    (directory / "config.yaml").write_text(
        "asr: {provider: sherpa-onnx, sherpa-onnx: {model: sherpa-onnx/tones}}"
    )
    recording = tmp_path / "recording.wav"
    recording.write_bytes(wav(tones.say(0, 1, 2)))

    assert dictate(recording, directory=directory) == Exit.ERROR
    remedies = capsys.readouterr().err.partition("; run: ")[2]
    program, *remedy = remedies.partition(f". {REMEDY}")[0].split()
    assert (program, main([*remedy, "--config", str(directory)])) == ("koe", Exit.OK)
    capsys.readouterr()
    assert dictate(recording, directory=directory) == Exit.OK
    assert capsys.readouterr() == ("甲乙丙\n", "")


def test_an_engine_that_lacks_something(tmp_path: Path, recording: Path) -> None:
    done = run_koe("dictate", recording, "--engine", "mimo", home=tmp_path)
    assert (done.returncode, done.stdout) == (Exit.ERROR, "")
    assert "'mimo' is not available: it has no key; set asr.mimo.api_key" in done.stderr


def test_an_engine_that_is_none(tmp_path: Path, recording: Path) -> None:
    done = run_koe("dictate", recording, "--engine", "parrot", home=tmp_path)
    assert done.returncode == 2  # the exit status of argparse
    assert "invalid choice: 'parrot'" in done.stderr


class TestWithALanguageModel:
    """What a user sees of a correction and of a failed correction."""

    @pytest.mark.parametrize(
        ("model", "text", "reported"),
        [
            ("koe-echo", "to be or not to be!!", ""),
            (
                "koe-refuse",
                "to be or not to be",
                "koe: warning: LLM correction failed: HTTP 500 Internal Server Error: The server "
                "had an error while processing your request. (invalid_request_error)\n",
            ),
            (
                "koe-fragment",
                "to be or not to be",
                "koe: not corrected: the model's answer was not used: it keeps only a fragment\n",
            ),
            (
                "koe-cut-off",
                "to be or not to be",
                "koe: warning: LLM correction failed: the model's answer is cut off; raise "
                "llm.max_output_tokens (1024)\n",
            ),
        ],
    )
    def test_the_text(
        self,
        model: str,
        text: str,
        reported: str,
        url: str,
        engine: ScriptedEngine,
        recording: Path,
        directory: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        engine.answer = "to be or not to be"
        configure(directory, lab(url, model))
        assert dictate(recording, directory=directory) == Exit.OK
        assert capsys.readouterr() == (f"{text}\n", reported)

    def test_for_a_program(
        self,
        url: str,
        engine: ScriptedEngine,
        recording: Path,
        directory: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        engine.answer = "to be or not to be"
        configure(directory, lab(url, "koe-fragment"))
        assert dictate(recording, "--json", directory=directory) == Exit.OK
        *events, final = map(json.loads, capsys.readouterr().out.splitlines())
        states = [event["state"] for event in events if event["event"] == "state"]
        assert "correcting" in states
        assert (final["text"], final["corrected"]) == ("to be or not to be", False)
        assert final["remark"] == "the model's answer was not used: it keeps only a fragment"

    def test_no_such_profile(
        self,
        engine: ScriptedEngine,
        recording: Path,
        directory: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        directory.mkdir()
        (directory / "config.yaml").write_text("llm: {active_profile: gone}", encoding="utf-8")
        assert dictate(recording, directory=directory) == Exit.OK
        out, err = capsys.readouterr()
        assert out == "hello world\n"
        assert "llm.active_profile: the profile 'gone' is not one of llm.profiles" in err
        assert err.endswith("nothing is corrected\n")
