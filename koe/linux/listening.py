"""The hotkeys of the settings on one desktop, and their requests."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from koe.config.schema import HotkeyConfig
from koe.diagnostics import report, report_once
from koe.errors import DesktopError
from koe.linux.evdev import DEVICES, KernelKeys, codes_of
from koe.linux.keys import key_of

if TYPE_CHECKING:
    from koe.linux.bus import Bus
    from koe.linux.hotkey import GrabbedKey
    from koe.linux.x11 import Display

NO_KEYS = "none: bind keys to koe-key; koe service keys shows how"
"""The description if there is no hotkey."""

_NO_CANCEL_KEY = (
    "hotkey.cancel_key has no effect here, because the desktop would keep this key from all other "
    "programs; bind a key to: koe-key cancel"
)

# The shortcuts of the portal. Their names must not change: desktops store the user's keys by them.
_DICTATE, _PROFILE = "dictate", "dictate-profile"
_PRESSES = {_DICTATE: "press", _PROFILE: "press_profile"}


class Listening:
    """Listens to the hotkeys in every window of X11. All methods run on the event loop.

    Args:
        display: The server.
        config: Names the keys.
        perform: Does what a key asks for: one of `koe.linux.control.ACTIONS`. It never raises.

    Attributes:
        description: The name of the hotkey, or why there is none.
    """

    def __init__(
        self, display: Display, config: HotkeyConfig, perform: Callable[[str], None]
    ) -> None:
        self.description = ""
        self._display = display
        self._perform = perform
        # Cancels; grabbed while a recording is on. None: there is no such key.
        self._cancel_key: GrabbedKey | None = None
        self.description = self._listen("trigger_key", config.trigger_key, "press", "release")
        if config.profile_key:
            self._listen("profile_key", config.profile_key, "press_profile", "release_profile")
        if config.is_set("cancel_key"):
            self._cancel_key = self._hotkey(config.cancel_key, "cancel", "")

    def follow(self, *, is_recording: bool) -> None:
        """Listen to the key that cancels while a recording is on, and only then."""
        key = self._cancel_key
        if key is None or key.is_grabbed is is_recording:
            return
        try:
            if is_recording:
                key.grab()
            else:
                key.ungrab()
        except DesktopError as exc:
            report_once(f"hotkey.cancel_key: {exc}")

    def _listen(self, setting: str, name: str, pressed: str, released: str) -> str:
        try:
            self._hotkey(name, pressed, released).grab()
        except DesktopError as exc:
            report(f"hotkey.{setting}: {exc}")
            return f"none: {exc}"
        return key_of(name).name

    def _hotkey(self, name: str, pressed: str, released: str) -> GrabbedKey:
        from koe.linux.hotkey import GrabbedKey  # needs packages that may be missing

        release = partial(self._perform, released) if released else _nothing
        return GrabbedKey(self._display, key_of(name), partial(self._perform, pressed), release)


def listen_to_keyboards(
    config: HotkeyConfig, perform: Callable[[str], None], devices: Path = DEVICES
) -> KernelKeys:
    """Listen to the hotkeys on all keyboards; windows get these keys, too.

    Args:
        config: Names the keys.
        perform: As for `Listening`.
        devices: The folder of the kernel with the keyboards.

    Raises:
        DesktopError: No keyboard can be read, or no keyboard has such a key.
    """

    def call(pressed: str, released: str, is_down: bool) -> None:
        if word := pressed if is_down else released:
            perform(word)

    keys = {codes_of(key_of(config.trigger_key)): partial(call, "press", "release")}
    if config.profile_key:
        other = codes_of(key_of(config.profile_key))
        keys[other] = partial(call, "press_profile", "release_profile")
    if config.is_set("cancel_key"):
        keys[codes_of(key_of(config.cancel_key))] = partial(call, "cancel", "")
    listening = KernelKeys(keys)
    listening.listen(sorted(devices.glob("event*")))
    return listening


async def listen_by_portal(bus: Bus, config: HotkeyConfig, perform: Callable[[str], None]) -> str:
    """Listen to the hotkeys by the portal GlobalShortcuts of a Wayland desktop.

    Args:
        bus: The user's D-Bus.
        config: Names the preferred keys; the user decides.
        perform: As for `Listening`.

    Returns:
        The keys that are listened to, or why there are none.
    """
    from koe.linux.portal import PortalKeys  # needs packages that may be missing

    keys = {_DICTATE: ("Dictate", key_of(config.trigger_key))}
    if config.profile_key:
        keys[_PROFILE] = (
            f"Dictate for the profile {config.profile}",
            key_of(config.profile_key),
        )
    if config.is_set("cancel_key"):
        report_once(_NO_CANCEL_KEY)
    listening = PortalKeys(
        bus,
        lambda name: perform(_PRESSES[name]),
        lambda name: perform(_PRESSES[name].replace("press", "release")),
    )
    try:
        return await listening.listen(keys) or "the key in the desktop's settings"
    except DesktopError as exc:
        report_once(f"the desktop does not report hotkeys to koe: {exc}")
        return NO_KEYS


def _nothing() -> None:
    """Ignore the release of a key that acts when it is pressed."""
