"""The core and its sessions: passes calls from C to the core, and its notices to the shell."""

from __future__ import annotations

import atexit
import sys
import threading
import time
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from _koe_native import ffi, lib

from koe.boundary.entry import open_store, status
from koe.config import hotkeys
from koe.config.schema import HotkeyConfig
from koe.config.settings import Settings
from koe.config.store import Snapshot
from koe.diagnostics import Level, report
from koe.errors import ConfigError, LlmError, RuntimeStoppedError
from koe.patience import COMPUTING, ENGINE_SECONDS, Patience
from koe.runtime import Runtime

if TYPE_CHECKING:
    from typing import TypeAlias

    from koe.core import Core
    from koe.events import Notice
    from koe.models.registry import Downloads
    from koe.session_rules import SessionRules

    # Begins a session of a core. The second argument is called with each notice of the session.
    Begin: TypeAlias = "Callable[[Core, Callable[[Notice], None]], object]"

# The most seconds that one call of koe_py_exit waits.
_MOMENT = 0.1


class Host:
    """One core of a shell, with its thread and its downloads.

    Args:
        number: The core's number; notices with another number are dropped.
        expectations: What the shell expects, as the bits of seam.h.

    Raises:
        RuntimeStoppedError: A module is missing, or the core's thread can't be started.
    """

    def __init__(self, number: int, expectations: int) -> None:
        self.number = number
        renews_old_files = bool(expectations & lib.KOE_RENEW_OLD_FILES)
        self.settings = Settings(open_store(renews_old_files=renews_old_files))
        self.runtime = Runtime(self.settings, lambda: _session_rules(expectations))
        # Downloads of models; None until there is one.
        self._downloads: Downloads | None = None
        # stop was called: no downloads are started any more.
        self._is_stopped = False
        # Guards the two attributes above.
        self._downloads_lock = threading.Lock()
        self.runtime.start()

    def begin(self, session: int, mode: int, token: int) -> None:
        """Begin a session, and publish its settings before returning."""
        from koe.boundary.session_io import RingAudio, mode_of

        self.begin_with(
            lambda core, notify: core.begin(mode_of(mode), RingAudio(session), notify), token
        )

    def begin_with(self, begin: Begin, token: int) -> None:
        """Call a function that begins a session, and publish the settings before returning."""
        core = self.runtime.core()
        from koe.boundary.session_io import tell

        begin(core, lambda notice: tell(self.number, token, notice))
        publish(self.settings.current)

    def downloads(self, make: Callable[[], Downloads]) -> Downloads | None:
        """The downloads of this core, made on the first use; None: the core has stopped."""
        with self._downloads_lock:
            if self._downloads is None and not self._is_stopped:
                self._downloads = make()
            return self._downloads

    def cancel_download(self, path: str | None) -> bool:
        """Cancel the download of a path; return whether there is one."""
        return self._downloads is not None and self._downloads.cancel(path)

    def stop(self, seconds: float) -> None:
        """Stop the core: sessions end without notices; downloads report their final status."""
        deadline = time.monotonic() + seconds
        with self._downloads_lock:
            self._is_stopped = True
        if self._downloads is not None:
            self._downloads.close(seconds / 2)
        self.runtime.stop(max(0.0, deadline - time.monotonic()))


def publish(snapshot: Snapshot) -> None:
    """Refresh the snapshot that the settings getters read."""
    config = snapshot.config
    feedback, hotkey = config.feedback, config.hotkey
    lib.koe_publish_settings(
        ffi.new(
            "koe_settings *",
            {
                "start_sound": _flag(feedback.start_sound),
                "stop_sound": _flag(feedback.stop_sound),
                "error_sound": _flag(feedback.error_sound),
                "mute_system_output": _flag(feedback.mute_system_output),
                "restore_delay_ms": config.clipboard.restore_delay_ms,
                **_keys(hotkey),
                "trigger_mode": hotkeys.trigger_mode_code(hotkey.trigger_mode),
            },
        )
    )


def _keys(hotkey: HotkeyConfig) -> dict[str, tuple[int, int, int, int]]:
    keys = {
        "trigger": hotkeys.resolve(hotkey.trigger_key),
        "basic_trigger": hotkeys.resolve_basic(hotkey.trigger_key, sys.platform == "win32"),
        "named_trigger": hotkeys.resolve_named(hotkey.trigger_key),
        "cancel": hotkeys.resolve_cancel(hotkey.trigger_key, hotkey.cancel_key),
    }
    return {
        name: (key.key_code, key.alt_key_code, key.modifier_flag, key.match_kind)
        for name, key in keys.items()
    }


def _session_rules(expectations: int) -> SessionRules:
    from koe.boundary.session_io import session_rules

    return session_rules(expectations)


def _flag(flag: bool | None) -> int:
    return -1 if flag is None else int(flag)


# The running cores, by number; nearly always none or one.
hosts: dict[int, Host] = {}


@status
def koe_py_create(core: int, expectations: int) -> int:
    """Start a core; its loop thread goes on importing after this returns."""
    try:
        host = Host(core, expectations)
    except RuntimeStoppedError as exc:
        report(exc, Level.ERROR)
        return -1
    hosts[core] = host
    publish(host.settings.current)  # last, because a core that can't start must change nothing
    return 0


@status
def koe_py_destroy(core: int, seconds: float) -> int:
    """Stop a core; its sessions end without notices."""
    host = hosts.pop(core, None)
    if host is not None:
        host.stop(seconds)
    return 0


@status
def koe_py_exit() -> int:
    """Wait a moment for engines to finish, because the process ends.

    Returns:
        1 if an engine is still working and the caller must call this function again; else 0.
    """
    # Another thread may still be importing these modules, so that they are incomplete.
    if keep_all := getattr(sys.modules.get("koe.asr.loaded"), "keep_all", None):
        keep_all()
    patience, engines = _patience_at_exit(), _engines()
    if not engines or patience.is_over():
        # A core could not be stopped if a callback of the shell did not return. Its journal may
        # have unwritten data.
        if flush_all := getattr(sys.modules.get("koe.journal.writer"), "flush_all", None):
            flush_all(_MOMENT)
        return 0
    engines[0].join(_MOMENT)
    return 1


@cache
def _patience_at_exit() -> Patience:
    return Patience(ENGINE_SECONDS)


@atexit.register
def _stop_all() -> None:
    """Stop the cores that a Python host did not destroy before its end.

    No engine may compute while the interpreter and the engine's libraries are torn down. The
    interpreter of the C library is never finalised; there, the library calls koe_py_exit.
    """
    while hosts:
        _, host = hosts.popitem()
        host.stop(ENGINE_SECONDS)
    Patience(ENGINE_SECONDS).join(_engines())


def _engines() -> list[threading.Thread]:
    """The threads of engines."""
    return [it for it in threading.enumerate() if it.name.startswith(COMPUTING)]


@status
def koe_py_reload(core: int) -> int:
    """Read the configuration again; without a core (0), check whether it can be read."""
    host = hosts.get(core)
    try:
        if host is None:
            open_store().load()
        else:
            host.runtime.core().reload()
            publish(host.settings.current)
    except ConfigError as exc:
        if host is None:  # a core's settings have reported it
            report(exc, Level.ERROR)
        return -1
    except LlmError as exc:
        report(f"the settings stay as they were: {exc}", Level.ERROR)
        return -1
    except RuntimeStoppedError:  # destroyed meanwhile
        return -1
    return 0


@status
def koe_py_session_begin(core: int, session: int, mode: int, token: int) -> int:
    """Begin a session; without a core, it is refused."""
    host = hosts.get(core)
    if host is None:
        return -1
    try:
        host.begin(session, mode, token)
    except RuntimeStoppedError:  # destroyed meanwhile
        return -1
    return 0


@status
def koe_py_session_end(core: int) -> int:
    """End the input of the current session."""
    return _with_core(core, lambda running: running.end())


@status
def koe_py_session_cancel(core: int) -> int:
    """Cancel the current session."""
    return _with_core(core, lambda running: running.cancel())


@status
def koe_py_accept(core: int) -> int:
    """Deliver the text uncorrected; return -1 if no session still has to deliver a text."""
    return _with_core(core, lambda running: None if running.accept() else -1)


def _with_core(core: int, action: Callable[[Any], int | None]) -> int:
    """Call a function with the core; return -1 if the core is not running."""
    host = hosts.get(core)
    if host is None:
        return -1
    try:
        return action(host.runtime.core()) or 0
    except RuntimeStoppedError:
        return -1
