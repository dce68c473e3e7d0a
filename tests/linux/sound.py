"""A sound server for tests, whose microphone hears what is played into a null sink."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from ctypes.util import find_library
from dataclasses import dataclass
from pathlib import Path

from tests.linux.making import PATIENCE
from tests.linux.screen import running, until

_ALSA_PLUGIN = "libasound_module_pcm_pulse.so"

_ASOUND = """\
pcm.!default { type pulse }
ctl.!default { type pulse }
"""


def missing_sound() -> str:
    """Why there can be no such server here; empty: there can."""
    packages = [] if shutil.which("pulseaudio") else ["pulseaudio"]
    if shutil.which("pactl") is None:
        packages.append("pulseaudio-utils")
    if find_library("portaudio") is None:
        packages.append("libportaudio2")
    if not any(Path("/usr/lib").glob(f"*/alsa-lib/{_ALSA_PLUGIN}")):
        packages.append("libasound2-plugins")
    return f"not installed here: {' '.join(packages)}" if packages else ""


@dataclass
class Sound:
    """A sound server.

    Attributes:
        environ: What programs that use it are started with.
        user: A command that starts them as its user; empty: as this one.
        clients: Programs that use it, to be ended with it.
    """

    environ: dict[str, str]
    user: Sequence[str]
    clients: ExitStack

    def plug_in(self) -> None:
        """Give it a microphone."""
        self._control("load-module", "module-null-sink", "sink_name=speaker")
        # While something records from it, a null sink works in small steps, as a device does.
        # Otherwise its first sample takes two seconds.
        recorder = [*self.user, "parec", "--device=speaker.monitor", "--raw", os.devnull]
        self.clients.enter_context(running(recorder, self.environ))

    def unplug(self) -> None:
        """Take its microphone away."""
        self._control("unload-module", "module-null-sink")

    @contextmanager
    def playing(self, pcm: Path) -> Iterator[subprocess.Popen[str]]:
        """Have the microphone hear a recording: 16 kHz mono s16le."""
        shape = ["--format=s16le", "--rate=16000", "--channels=1"]
        with running([*self.user, "pacat", "--playback", *shape, str(pcm)], self.environ) as player:
            yield player

    def _control(self, *words: str) -> None:
        subprocess.run(
            [*self.user, "pactl", *words],
            env=self.environ,
            check=True,
            capture_output=True,
            timeout=PATIENCE,
        )


@contextmanager
def sound(folder: Path, user: Sequence[str] = ()) -> Iterator[Sound]:
    """A sound server with one microphone, which no other program uses.

    Args:
        folder: Of its own; its path is short enough for a socket.
        user: A command that starts programs as the owner of the folder; empty: that is this user.
    """
    (folder / ".asoundrc").write_text(_ASOUND, encoding="utf-8")
    environ = os.environ | {
        "HOME": str(folder),
        "XDG_RUNTIME_DIR": str(folder),
        "PULSE_RUNTIME_PATH": str(folder / "pulse"),
        "PULSE_LATENCY_MSEC": "20",
    }
    command = [*user, "pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--disable-shm"]
    with running([*command, "-L", "module-native-protocol-unix"], environ), ExitStack() as clients:
        server = Sound(environ, user, clients)
        until((folder / "pulse/native").exists)
        server.plug_in()
        yield server
