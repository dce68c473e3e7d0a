"""The X server: windows, keys and events.

Only this module, `koe.linux.clipboard` and `koe.linux.hotkey` use xcffib. Everything runs on the
event loop, over one connection. Requests block until the server answers: it is on this computer,
and takes less than a tenth of a millisecond.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import xcffib
import xcffib.xkb as xkb
import xcffib.xproto as xproto
import xcffib.xtest as xtest

from koe.errors import DesktopError
from koe.linux.delivery import Window

XEvent = TypeVar("XEvent")

_GONE = "the X server has ended"

_KEY_PRESS, _KEY_RELEASE = 2, 3

# A property with a list of windows, or with a name, is short.
_LONGEST_PROPERTY = 1024

# The server's errors for a request about a window that was just closed.
REFUSED = (xcffib.Error, xcffib.ProtocolException)

# Caps lock and num lock, which do not affect hotkeys.
_LOCKS = (0, xproto.ModMask.Lock, xproto.ModMask._2, xproto.ModMask.Lock | xproto.ModMask._2)


class Display:
    """A connection to the X server.

    Args:
        name: The name of the server, as in ``DISPLAY``.

    Attributes:
        lost: A future that completes with the reason when the connection is lost.

    Raises:
        DesktopError: The server can't be reached.
    """

    def __init__(self, name: str) -> None:
        self._loop = asyncio.get_running_loop()
        try:
            self.connection: Any = xcffib.connect(display=name)  # type: ignore[no-untyped-call]
            self.core: Any = self.connection.core  # type: ignore[has-type]
            self.root: int = self.connection.get_setup().roots[self.connection.pref_screen].root
            self._xtest = self.connection(xtest.key)
        except xcffib.XcffibException as exc:
            raise DesktopError(f"the X server {name} can't be reached; is DISPLAY right?") from exc
        self.lost: asyncio.Future[str] = self._loop.create_future()
        # The handlers of events, by type.
        self._handlers: dict[type[object], list[Callable[[Any], None]]] = {}
        # The atoms that are known, by name.
        self._atoms: dict[str, int] = {}
        self._closed = False
        self._descriptor = self.connection.get_file_descriptor()
        self._loop.add_reader(self._descriptor, self._read)

    def close(self) -> None:
        """Disconnect; koe's clipboard content is lost."""
        self._closed = True
        self._loop.remove_reader(self._descriptor)
        self.connection.disconnect()

    def on(self, kind: type[XEvent], handle: Callable[[XEvent], None]) -> None:
        """Add a function that handles events of a type."""
        self._handlers.setdefault(kind, []).append(handle)

    def reply(self, cookie: Any) -> Any:
        """Wait for the answer to a request; None: the server refused it.

        Events that arrive meanwhile are handled afterwards.
        """
        self._read_soon()
        try:
            return cookie.reply()
        except REFUSED:
            return None
        except xcffib.ConnectionException:
            self._lose()
            return None

    def flush(self) -> None:
        """Send the requests that were made."""
        self._read_soon()
        self.connection.flush()

    def atom(self, name: str) -> int:
        """The atom of a name.

        Raises:
            DesktopError: The server has ended.
        """
        if name not in self._atoms:
            answer = self.reply(self.core.InternAtom(False, len(name), name))
            if answer is None:
                raise DesktopError(_GONE)
            self._atoms[name] = answer.atom
        return self._atoms[name]

    def name_of(self, atom: int) -> str:
        """The name of an atom; empty: the server knows no such atom."""
        answer = self.reply(self.core.GetAtomName(atom))
        return "" if answer is None else bytes(answer.name.buf()).decode("latin-1")

    # --- windows ---

    def active_window(self) -> Window | None:
        """The window with the focus; None: there is none.

        Raises:
            DesktopError: The server has gone.
        """
        with self.asking():
            return self._active_window()

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Turn a lost connection into a DesktopError, within the block.

        Raises:
            DesktopError: The server has gone.
        """
        try:
            yield
        except xcffib.ConnectionException as exc:
            self._lose()
            raise DesktopError(_GONE) from exc

    def _active_window(self) -> Window | None:
        numbers = self._numbers(self.root, "_NET_ACTIVE_WINDOW")
        active = numbers[0] if numbers and numbers[0] else self._focused()
        return None if active is None else Window(active, self.kind_of(active))

    def is_of_client(self, window: int, other: int) -> bool:
        """Whether two windows belong to one program's connection."""
        mask = ~self.connection.get_setup().resource_id_mask & 0xFFFFFFFF
        return bool((window & mask) == (other & mask))

    def property_of(self, window: int, name: int, *, delete: bool = False) -> Any:
        """A property, whole; None: the window has gone."""
        longest = 0x1FFFFFFF
        return self.reply(self.core.GetProperty(delete, window, name, 0, 0, longest))

    def _focused(self) -> int | None:
        """The window of a program in which the focus is, without the help of a window manager."""
        answer = self.reply(self.core.GetInputFocus())
        window = 0 if answer is None else answer.focus
        while window > xproto.InputFocus.PointerRoot and window != self.root:
            if self.kind_of(window):
                return int(window)
            tree = self.reply(self.core.QueryTree(window))
            window = 0 if tree is None else tree.parent
        return None

    def kind_of(self, window: int) -> str:
        """The class of a window's program, in lower case; empty: it does not say."""
        kind, any_type = self.atom("WM_CLASS"), xproto.GetPropertyType.Any
        cookie = self.core.GetProperty(False, window, kind, any_type, 0, _LONGEST_PROPERTY)
        answer = self.reply(cookie)
        if answer is None:
            return ""
        names = bytes(answer.value.buf()).decode("utf-8", "replace").split("\0")
        return names[1].lower() if len(names) > 1 else ""

    def _numbers(self, window: int, name: str) -> Sequence[int]:
        cookie = self.core.GetProperty(
            False, window, self.atom(name), xproto.GetPropertyType.Any, 0, _LONGEST_PROPERTY
        )
        answer = self.reply(cookie)
        if answer is None or answer.format != 32:
            return ()
        return [int(number) for number in answer.value.to_atoms()]

    # --- keys ---

    def keycodes(self, keysym: int) -> list[int]:
        """The keys that give a symbol, in any layout; the best first."""
        setup = self.connection.get_setup()
        first, count = setup.min_keycode, setup.max_keycode - setup.min_keycode + 1
        mapping = self.reply(self.core.GetKeyboardMapping(first, count))
        if mapping is None:
            return []
        per_key, keysyms = mapping.keysyms_per_keycode, list(mapping.keysyms)
        found = []
        for code in range(count):
            symbols = keysyms[code * per_key : (code + 1) * per_key]
            if keysym in symbols:
                found.append((symbols.index(keysym), first + code))
        return [code for _, code in sorted(found)]

    def held_keys(self) -> set[int]:
        """The keys that are down."""
        answer = self.reply(self.core.QueryKeymap())
        if answer is None:
            return set()
        keys = list(answer.keys)
        return {code for code in range(256) if keys[code // 8] >> code % 8 & 1}

    def send_chord(self, keycodes: Iterable[int]) -> None:
        """Press keys one after the other, and release them in the other order."""
        pressed = list(keycodes)
        for code in pressed:
            self.fake_key(code, is_down=True)
        for code in reversed(pressed):
            self.fake_key(code, is_down=False)

    def detect_repeats(self) -> bool:
        """Have a key that is held reported as pressed repeatedly, and as released once.

        Without this a repeating key is reported as released and pressed in turn, which looks like
        real presses when the events are read late.

        Returns:
            Whether the server can do this.
        """
        name = "XKEYBOARD"
        known = self.reply(self.core.QueryExtension(len(name), name))
        if known is None or not known.present:  # a request of it would end the connection
            return False
        flag = xkb.PerClientFlag.DetectableAutoRepeat
        keyboards = self.connection(xkb.key)
        self.reply(keyboards.UseExtension(1, 0))
        asked = keyboards.PerClientFlags(xkb.ID.UseCoreKbd, flag, flag, 0, 0, 0)
        return self.reply(asked) is not None

    def grab(self, keycode: int, modifiers: int | None) -> bool:
        """Grab a key in every window.

        Args:
            keycode: The key.
            modifiers: The modifiers that must be down, as a mask; None: any may be.

        Returns:
            False: another program has it.
        """
        masks = (xproto.ModMask.Any,) if modifiers is None else [modifiers | it for it in _LOCKS]
        grabbed: list[int] = []
        for mask in masks:
            asynchronous = xproto.GrabMode.Async
            cookie = self.core.GrabKey(
                True, self.root, mask, keycode, asynchronous, asynchronous, is_checked=True
            )
            self._read_soon()
            try:
                cookie.check()
            except REFUSED:
                for taken in grabbed:
                    self.core.UngrabKey(keycode, self.root, taken)
                self.flush()
                return False
            grabbed.append(mask)
        return True

    def ungrab(self, keycode: int) -> None:
        """Release the grab of a key."""
        self.core.UngrabKey(keycode, self.root, xproto.ModMask.Any)
        self.flush()

    def fake_key(self, keycode: int, *, is_down: bool) -> None:
        """Press or release a key."""
        kind = _KEY_PRESS if is_down else _KEY_RELEASE
        self._xtest.FakeInput(kind, keycode, 0, self.root, 0, 0, 0)
        self.flush()

    # --- events ---

    def _read_soon(self) -> None:
        """Handle the events that the library reads while it sends, or waits for an answer.

        The loop does not see them: there is nothing left to read from the descriptor.
        """
        self._loop.call_soon(self._read)

    def _read(self) -> None:
        """Handle the events that have arrived."""
        while not (self._closed or self.lost.done()):
            try:
                event = self.connection.poll_for_event()
            except REFUSED:
                continue
            except xcffib.ConnectionException:
                self._lose()
                return
            if event is None:
                return
            for handle in self._handlers.get(type(event), ()):
                handle(event)

    def _lose(self) -> None:
        if not self.lost.done():
            self._loop.remove_reader(self._descriptor)
            self.lost.set_result(_GONE)
