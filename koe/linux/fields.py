"""Fields of other programs: found, filled and read back through AT-SPI.

AT-SPI is the protocol of screen readers, on its own D-Bus. A text that is inserted by AT-SPI
arrives complete in any keyboard layout, and can be read back; no other way allows that.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from koe.errors import DesktopError
from koe.linux.bus import Bus, open_bus
from koe.linux.delivery import Tried, Window, continuing, has_own_chord

# Bits of a set of states (atspi-constants.h), and a role.
_ACTIVE, _EDITABLE, _FOCUSED, _SHOWING = 1 << 1, 1 << 7, 1 << 12, 1 << 25
_PASSWORD = 40

_ROOT = "/org/a11y/atspi/accessible/root"
_REGISTRY = "org.a11y.atspi.Registry"
_ACCESSIBLE = "org.a11y.atspi.Accessible"
_TEXT = "org.a11y.atspi.Text"
_EDITABLE_TEXT = "org.a11y.atspi.EditableText"

# A rule for Collection.GetMatches: any object with all of these states.
_RULE = "(aiia{ss}iaiiasib)uib"
_ALL, _IN_ORDER, _ONE = 1, 1, 1

# Characters before the cursor that are compared with the last text.
_NEAR = 24

# The most objects that are examined in a program that can't report the one with the focus.
_MOST_OBJECTS = 400

Reference = tuple[str, str]
"""An object: the program's name on the bus, and a path."""


class FocusedField:
    """A field that had the focus when it was found.

    Args:
        bus: The bus.
        reference: The field's object on the bus.
        is_qt: Whether its program counts in UTF-16, as Qt does; else in characters.
    """

    def __init__(self, bus: Bus, reference: Reference, *, is_qt: bool) -> None:
        self._bus = bus
        self._name, self._path = reference
        self._is_qt = is_qt

    async def is_focused(self) -> bool:
        """Whether it can still be filled, and has the focus."""
        try:
            states = await _states(self._bus, (self._name, self._path))
        except DesktopError:  # it has gone
            return False
        return bool(states & _FOCUSED and states & _EDITABLE)

    async def insert(self, text: str, last: str) -> Tried:
        """Insert a text at the cursor, and read it back.

        Args:
            text: The text; a space is added if the last text is directly before it and needs one.
            last: The text that was inserted last, here or elsewhere; empty: none was.
        """
        try:
            # If text is selected, the next way is tried: a paste replaces the selected text,
            # and InsertText does not.
            if (await self._call(f"{_TEXT}.GetNSelections"))[0]:
                return Tried.REFUSED
            cursor, before = await self._number("CaretOffset"), await self._number("CharacterCount")
            if last and await self._ends_with(last[-_NEAR:], cursor):
                text = continuing(last, text)
        except DesktopError:
            return Tried.REFUSED
        # GTK and Firefox want the length in bytes, though all positions are in characters.
        units = self._units(text)
        size = units if self._is_qt else len(text.encode())
        try:
            await self._call(f"{_EDITABLE_TEXT}.InsertText", "isi", cursor, text, size)
            grown = await self._number("CharacterCount") - before
            if grown == 0:
                return Tried.REFUSED
            end = cursor + units
            (there,) = await self._call(f"{_TEXT}.GetText", "ii", cursor, end)
            if grown != units or there != text:
                return Tried.UNCLEAR
            if await self._number("CaretOffset") != end:
                await self._call(f"{_TEXT}.SetCaretOffset", "i", end)
        except DesktopError:
            return Tried.UNCLEAR
        return Tried.ARRIVED

    async def _ends_with(self, text: str, cursor: int) -> bool:
        """Whether a text is directly before the cursor."""
        start = cursor - self._units(text)
        return start >= 0 and await self._call(f"{_TEXT}.GetText", "ii", start, cursor) == [text]

    def _units(self, text: str) -> int:
        """The length of a text, as its program counts."""
        return len(text.encode("utf-16-le")) // 2 if self._is_qt else len(text)

    async def _call(self, member: str, signature: str = "", *arguments: object) -> list[Any]:
        return await self._bus.call(self._name, self._path, member, signature, *arguments)

    async def _number(self, name: str) -> int:
        return int(await self._bus.get(self._name, self._path, _TEXT, name))


@dataclass(frozen=True, slots=True)
class Focus:
    """The window and the field that have the focus, if their program supports AT-SPI.

    Attributes:
        window: The window; None: its program does not support AT-SPI.
        field: The field, if it can be filled; None: there is none.
    """

    window: Window | None = None
    field: FocusedField | None = None


class Fields:
    """The fields of all programs that support AT-SPI.

    Args:
        bus: The D-Bus of AT-SPI.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def focus(self) -> Focus:
        """The window and the field with the focus."""
        active = await self._active()
        found = await asyncio.gather(*(self._field(*it) for it in active))
        field = next((it for it in found if it is not None), None)
        return Focus(await self._window(active), field)

    async def active_window(self) -> Window | None:
        """The window with the focus; None: its program does not support AT-SPI."""
        return await self._window(await self._active())

    async def close(self) -> None:
        """Disconnect."""
        await self._bus.close()

    async def _active(self) -> list[tuple[Reference, Reference]]:
        """Pairs of a program and its active window, for each program that has an active window."""
        try:
            programs = await _children(self._bus, (_REGISTRY, _ROOT))
        except DesktopError:
            return []
        windows = await asyncio.gather(*map(self._active_of, programs))
        found = zip(programs, windows, strict=True)
        return [(program, window) for program, window in found if window is not None]

    async def _active_of(self, program: Reference) -> Reference | None:
        try:
            for window in await _children(self._bus, program):
                if await _states(self._bus, window) & _ACTIVE:
                    return window
        except DesktopError:  # it hangs, or has just gone
            pass
        return None

    async def _window(self, active: list[tuple[Reference, Reference]]) -> Window | None:
        """Choose one of the active windows: a window of the desktop itself may always be active."""
        if not active:
            return None
        names = await asyncio.gather(*(self._name_of(program) for program, _ in active))
        windows = [Window(hash(frozenset(active)), name.lower()) for name in names]
        return next((it for it in windows if has_own_chord(it)), windows[0])

    async def _name_of(self, program: Reference) -> str:
        try:
            return str(await self._bus.get(*program, _ACCESSIBLE, "Name"))
        except DesktopError:
            return ""

    async def _field(self, program: Reference, window: Reference) -> FocusedField | None:
        try:
            return await self._editable(program, window)
        except DesktopError:
            return None

    async def _editable(self, program: Reference, window: Reference) -> FocusedField | None:
        reference = await self._focus(window)
        if reference is None or not await _states(self._bus, reference) & _EDITABLE:
            return None
        (interfaces,) = await self._bus.call(*reference, f"{_ACCESSIBLE}.GetInterfaces")
        (role,) = await self._bus.call(*reference, f"{_ACCESSIBLE}.GetRole")
        # A password field does not show its text, so the inserted text can't be compared.
        if _EDITABLE_TEXT not in interfaces or role == _PASSWORD:
            return None
        toolkit = await self._bus.get(*program, "org.a11y.atspi.Application", "ToolkitName")
        return FocusedField(self._bus, reference, is_qt=str(toolkit).lower() == "qt")

    async def _focus(self, window: Reference) -> Reference | None:
        rule = [[_FOCUSED, 0], _ALL, {}, _ALL, [], _ALL, [], _ALL, False]
        member = "org.a11y.atspi.Collection.GetMatches"
        try:
            (found,) = await self._bus.call(*window, member, _RULE, rule, _IN_ORDER, _ONE, True)
        except DesktopError:  # Qt knows no collections
            async for reference, states in self._below(window):
                if states & _FOCUSED:
                    return reference
            return None
        return (found[0][0], found[0][1]) if found else None

    async def _below(self, window: Reference) -> AsyncIterator[tuple[Reference, int]]:
        """Yield the visible objects of a window with their states, the outermost first."""
        level, count = [window], 0
        while level and count < _MOST_OBJECTS:
            states = await asyncio.gather(*(_states(self._bus, it) for it in level))
            seen = [pair for pair in zip(level, states, strict=True) if pair[1] & _SHOWING]
            count += len(level)
            for pair in seen:
                yield pair
            below = await asyncio.gather(*(_children(self._bus, it) for it, _ in seen))
            level = [it for children in below for it in children]


async def open_fields(session: Bus) -> Fields:
    """Connect to AT-SPI.

    Args:
        session: The user's bus, which knows where that of AT-SPI is.

    Raises:
        DesktopError: AT-SPI is not available.
    """
    (address,) = await session.call("org.a11y.Bus", "/org/a11y/bus", "org.a11y.Bus.GetAddress")
    return Fields(await open_bus(address))


async def _children(bus: Bus, of: Reference) -> list[Reference]:
    (children,) = await bus.call(*of, f"{_ACCESSIBLE}.GetChildren")
    return [(name, path) for name, path in children]


async def _states(bus: Bus, of: Reference) -> int:
    (words,) = await bus.call(*of, f"{_ACCESSIBLE}.GetState")
    return int(words[0])
