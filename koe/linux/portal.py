"""Hotkeys by the desktop portal on Wayland (org.freedesktop.portal.GlobalShortcuts).

The user confirms the keys once in a dialog of the desktop, and can choose other keys there. From
then on the desktop reports when a key is pressed and released.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from koe.errors import DesktopError
from koe.linux.bus import Bus, variant
from koe.linux.keys import Key
from koe.linux.portal_requests import PortalRequests

_SHORTCUTS = "org.freedesktop.portal.GlobalShortcuts"
# Seconds for the user to confirm the keys.
_DIALOG_PATIENCE = 120.0

# How the specification of shortcuts spells modifiers, by their mask of X.
_MODIFIERS = {4: "CTRL", 8: "ALT", 1: "SHIFT", 64: "LOGO"}


class PortalKeys:
    """Shortcuts of one session of the portal. All methods run on the event loop.

    Args:
        bus: The user's D-Bus.
        pressed: Called with the name of a shortcut that is pressed.
        released: Called with the name of a shortcut that is released.
    """

    def __init__(
        self, bus: Bus, pressed: Callable[[str], None], released: Callable[[str], None]
    ) -> None:
        self._bus = bus
        self._pressed = pressed
        self._released = released
        # The path of the session; empty: there is none.
        self._session = ""

    async def listen(self, keys: Mapping[str, tuple[str, Key]]) -> str:
        """Have the desktop listen.

        Args:
            keys: By the name of a shortcut, its description for the user, and the preferred key.

        Returns:
            The keys that the user has confirmed, as text for people; empty: not reported.

        Raises:
            DesktopError: The desktop has no such portal, or the user refused.
        """
        requests = PortalRequests(self._bus)
        await requests.listen()
        await self._bus.on(f"{_SHORTCUTS}.Activated", self._note_press)
        await self._bus.on(f"{_SHORTCUTS}.Deactivated", self._note_release)
        self._session = await requests.create_session(_SHORTCUTS)
        wanted = [(name, _described(does, key)) for name, (does, key) in keys.items()]
        bound = await requests.ask(
            f"{_SHORTCUTS}.BindShortcuts", "oa(sa{sv})sa{sv}", self._session, wanted, "",
            patience=_DIALOG_PATIENCE,
        )  # fmt: skip
        if bound is None:
            raise DesktopError("the keys were not confirmed in the dialog of the desktop")
        shortcuts = bound["shortcuts"].value if "shortcuts" in bound else []
        shown = (facts.get("trigger_description") for _, facts in shortcuts)
        return ", ".join(str(it.value) for it in shown if it is not None and it.value)

    def _note_press(self, path: str, said: list[Any]) -> None:
        if said[0] == self._session:
            self._pressed(said[1])

    def _note_release(self, path: str, said: list[Any]) -> None:
        if said[0] == self._session:
            self._released(said[1])


def trigger_of(key: Key) -> str:
    """A key as the portal spells it; empty: it can't, and the user chooses one in the dialog."""
    if key.modifiers is None or not key.keysyms or (name := _name_of(key.keysyms[0])) is None:
        return ""
    words = [word for mask, word in _MODIFIERS.items() if key.modifiers & mask]
    return "+".join([*words, name])


def _name_of(keysym: int) -> str | None:
    """The name of a symbol in xkbcommon; None: it is not known here."""
    if 0xFFBE <= keysym <= 0xFFD1:
        return f"F{keysym - 0xFFBD}"
    if keysym == 0x20:
        return "space"
    character = chr(keysym)
    return character if keysym < 0x80 and character.isalnum() else None


def _described(does: str, key: Key) -> dict[str, object]:
    facts: dict[str, object] = {"description": variant("s", does)}
    if trigger := trigger_of(key):
        facts["preferred_trigger"] = variant("s", trigger)
    return facts
