"""A shell that is Python, through ctypes: the beginning of programs that tests run.

    python -c PROGRAM LIBRARY [SPEECH URL [ENGINE]]

What the library reports is noted as texts: S(state) R I(text) E(message) W(message) F(text) A(text)
RW(text) M(text,engine,corrected). SPEECH is raw audio, URL that of a fake service of language
models (`tests.servers.llm`), and ENGINE the section of the configuration that chooses the speech
engine.
"""

from __future__ import annotations

import ctypes
import json
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

FRAME_BYTES = 6400
BYTES_PER_SECOND = 32_000

# For what takes a second at most.
PATIENCE = 60.0

library = ctypes.CDLL(sys.argv[1])
speech = Path(sys.argv[2]).read_bytes() if len(sys.argv) > 2 else b""
url = sys.argv[3] if len(sys.argv) > 3 else ""
engine = sys.argv[4] if len(sys.argv) > 4 else ""

_TEXT = ctypes.CFUNCTYPE(None, ctypes.c_uint64, ctypes.c_char_p)
_READY = ctypes.CFUNCTYPE(None, ctypes.c_uint64)
_LOG = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p)
_META = ctypes.CFUNCTYPE(None, ctypes.c_uint64, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_bool)


class Callbacks(ctypes.Structure):
    _fields_ = (
        ("ready", _READY), ("error", _TEXT), ("warning", _TEXT), ("final", _TEXT), ("log", _LOG),
        ("state", _TEXT), ("interim", _TEXT), ("heard", _TEXT), ("rewrite", _TEXT), ("meta", _META),
    )  # fmt: skip


class Context(ctypes.Structure):
    _fields_ = (
        ("mode", ctypes.c_int),
        ("id", ctypes.c_char_p),
        ("pid", ctypes.c_int),
        ("token", ctypes.c_uint64),
    )


# What was reported: by which session, what, and on which thread.
reported: list[tuple[int, str, int]] = []
# Notified when more is reported.
more = threading.Condition()
# What to do inside of a callback, by what it reports; once.
inside: dict[str, Callable[[], object]] = {}


def _note(token: int, text: str) -> None:
    action = inside.pop(text, None)
    if action is not None:
        action()
    with more:
        reported.append((token, text, threading.get_ident()))
        more.notify_all()


def _noting(kind: str) -> object:
    return _TEXT(lambda token, text: _note(token, f"{kind}({text.decode()})"))


def _note_meta(token: int, heard: bytes, engine: bytes, corrected: bool) -> None:
    _note(token, f"M({heard.decode()},{engine.decode()},{str(corrected).lower()})")


callbacks = Callbacks(
    ready=_READY(lambda token: _note(token, "R")),
    error=_noting("E"), warning=_noting("W"), final=_noting("F"), state=_noting("S"),
    interim=_noting("I"), heard=_noting("A"), rewrite=_noting("RW"), meta=_META(_note_meta),
)  # fmt: skip
library.sp_core_register_callbacks(callbacks)


def until(token: int, *texts: str) -> None:
    """Wait until a session has reported one of these; one that ends with ( may go on."""

    def is_there() -> bool:
        return any(
            t == token and (text in texts or text[: text.find("(") + 1] in texts)
            for t, text, _ in reported
        )

    with more:
        assert more.wait_for(is_there, PATIENCE), (token, texts, reported)


def story(token: int) -> list[str]:
    """What a session has reported, without interim texts."""
    with more:
        return [text for t, text, _ in reported if t == token and not text.startswith("I(")]


def begin(token: int) -> None:
    assert library.sp_core_session_begin(Context(0, b"app", 7, token)) == 0


def speak() -> None:
    """Say two seconds of the speech, and end."""
    for start in range(0, 2 * BYTES_PER_SECOND, FRAME_BYTES):
        frame = speech[start : start + FRAME_BYTES]
        assert library.sp_core_push_audio(frame, len(frame), 0) == 0
    assert library.sp_core_session_end() == 0


def dictate(token: int) -> list[str]:
    """Have a session from its begin to its end."""
    begin(token)
    speak()
    until(token, "F(", "E(", "S(idle)")
    return story(token)


def ask(name: str, *arguments: bytes | None) -> dict[str, object]:
    """Call a function that answers in JSON."""
    function = getattr(library, name)
    function.restype = ctypes.c_void_p
    pointer = function(*arguments)
    answer: dict[str, object] = json.loads(ctypes.string_at(pointer))
    library.sp_core_free_string(ctypes.c_void_p(pointer))
    return answer


def fake(path: str) -> None:
    """Ask the fake service something that is not of its protocols; returns when it answers."""
    root = url.removesuffix("/v1")
    with urllib.request.urlopen(f"{root}/{path}", timeout=PATIENCE) as reply:
        assert reply.status == 200


def configure(model: str, more_llm: str = "", **more_sections: str) -> None:
    """Write config.yaml: correction by this model, which is asked with the key of the fake."""
    directory = Path.home() / ".koe"
    directory.mkdir(exist_ok=True)
    profile = {**PROFILE, "model": model}
    profiles = json.dumps({"fake": profile})
    text = f"{engine}\n"
    text += f"llm:\n  enabled: true\n  active_profile: fake\n  profiles: {profiles}\n{more_llm}"
    text += "".join(f"{name}: {value}\n" for name, value in more_sections.items())
    (directory / "config.yaml").write_text(text, encoding="utf-8")


PROFILE = {
    "name": "fake", "provider": "openai", "api_protocol": "openai_chat", "base_url": url,
    "api_key": "sk-koe-0123456789abcdef", "max_token_parameter": "max_completion_tokens",
    "no_reasoning_control": "none", "mlx": {},
}  # fmt: skip


def destroy() -> float:
    """Destroy the core; returns the seconds that it took."""
    began = time.monotonic()
    library.sp_core_destroy()
    return time.monotonic() - began


# --- the program follows ---
