"""The clipboard of X11: sets a text, notes which programs take it, and restores the former content.

An X11 clipboard stores nothing: each program that pastes asks the owning program for the content.
So koe learns which programs have taken a text, and whether a paste succeeded. Chapter 2 of the
ICCCM describes the protocol.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import xcffib.xproto as xproto

from koe.linux.contents import MOST_BYTES, MOST_FORMATS, TEMPORARY
from koe.linux.x11 import Display

CLIPBOARD, PRIMARY = "CLIPBOARD", "PRIMARY"

# The formats in which programs ask for a text, each with the type of the answer.
_TEXT = {
    "UTF8_STRING": "UTF8_STRING",
    "text/plain;charset=utf-8": "text/plain;charset=utf-8",
    "text/plain": "text/plain",
    "TEXT": "UTF8_STRING",
}
_LATIN = "STRING"

# Formats that describe the clipboard, or can't be kept.
_ABOUT = frozenset(
    ("TARGETS", "MULTIPLE", "TIMESTAMP", "SAVE_TARGETS", "DELETE", "INSERT_SELECTION", "INCR")
)

# Seconds for a program to hand over what it has on the clipboard.
_PATIENCE = 0.3


class _Content(NamedTuple):
    """The content of a format: its type, its bytes, and the bits of each unit."""

    kind: str
    data: bytes
    bits: int = 8


X11Contents = Mapping[str, _Content]
"""What an X11 selection holds, by format."""


class Clipboard:
    """The clipboard, which koe owns while it offers a text. All methods run on the event loop.

    Args:
        display: The server.
    """

    def __init__(self, display: Display) -> None:
        self._display = display
        # A hidden window that represents this program.
        self._window = display.connection.generate_id()
        display.core.CreateWindow(
            0, self._window, display.root, 0, 0, 1, 1, 0, xproto.WindowClass.InputOutput, 0,
            xproto.CW.EventMask, [xproto.EventMask.PropertyChange],
        )  # fmt: skip
        display.on(xproto.SelectionRequestEvent, self._give)
        display.on(xproto.SelectionClearEvent, self._note_loss)
        display.on(xproto.SelectionNotifyEvent, self._note_answer)
        display.on(xproto.PropertyNotifyEvent, self._note_property)
        # What is on each selection that this program owns, by format.
        self._owned: dict[str, X11Contents] = {}
        # The windows that have taken a text since the last `put`.
        self._takers: set[int] = set()
        self._taken = asyncio.Event()
        # By requested format, a future that completes with the atom of the property that has the
        # content, or with 0 if the owner refuses.
        self._answers: dict[int, asyncio.Future[int]] = {}
        # Set when a property has a new value, by its atom.
        self._pieces: dict[int, asyncio.Event] = {}

    def put(self, text: str, *selections: str, temporary: bool = False) -> None:
        """Put a text where programs paste from.

        Args:
            text: What they get.
            selections: `CLIPBOARD`, `PRIMARY`.
            temporary: The text will be removed soon, so clipboard histories need not keep it.
        """
        self._takers.clear()
        self._taken.clear()
        encoded = text.encode()
        contents = {name: _Content(kind, encoded) for name, kind in _TEXT.items()}
        with suppress(UnicodeEncodeError):
            contents[_LATIN] = _Content(_LATIN, text.encode("latin-1"))
        if temporary:
            contents |= {name: _Content(_LATIN, data) for name, data in TEMPORARY.items()}
        for selection in selections:
            self._own(selection, contents)

    async def taken_by_client_of(self, window: int) -> None:
        """Wait until the program of a window has taken the text."""
        while not any(self._display.is_of_client(taker, window) for taker in self._takers):
            self._taken.clear()
            await self._taken.wait()

    def bring_back(self, contents: X11Contents | None, selection: str) -> None:
        """Restore a selection, unless another program has set it meanwhile.

        Args:
            contents: What the method `contents` returned; None: the selection was empty.
            selection: The selection to restore.
        """
        if selection not in self._owned:
            return
        if contents:
            self._own(selection, contents)
        else:
            del self._owned[selection]
            no_window = xproto.Window._None
            self._display.core.SetSelectionOwner(no_window, self._atom(selection), 0)
            self._display.flush()

    def owns(self, selection: str) -> bool:
        """Whether a selection holds what this program has put there."""
        return selection in self._owned

    async def contents(self, selection: str) -> X11Contents | None:
        """What a selection holds, in as many formats as can be kept; None: nothing."""
        if selection in self._owned:
            return self._owned[selection]
        owner = self._display.reply(self._display.core.GetSelectionOwner(self._atom(selection)))
        if owner is None or not owner.owner:
            return None
        kept: dict[str, _Content] = {}
        try:
            async with asyncio.timeout(_PATIENCE):
                formats = await self._fetch(selection, "TARGETS")
                atoms = [] if formats is None else _numbers(formats.data)[:MOST_FORMATS]
                for name in map(self._display.name_of, atoms):
                    if name in _ABOUT:
                        continue
                    content = await self._fetch(selection, name)
                    if content is not None:
                        kept[name] = content
        except TimeoutError:  # the owner has ended or hangs; the formats so far are kept
            pass
        return kept or None

    # --- giving ---

    def _own(self, selection: str, contents: X11Contents) -> None:
        self._owned[selection] = contents
        self._display.core.SetSelectionOwner(self._window, self._atom(selection), 0)
        self._display.flush()

    def _give(self, event: Any) -> None:
        """Hand over what a program asks for."""
        # Obsolete programs name no property (ICCCM, section 2.2).
        where = event.property or event.target
        given = self._write(event.requestor, where, event.selection, event.target)
        facts = (event.time, event.requestor, event.selection, event.target, where if given else 0)
        answer = xproto.SelectionNotifyEvent.synthetic(*facts)  # type: ignore[no-untyped-call]
        self._display.core.SendEvent(False, event.requestor, 0, answer.pack())
        self._display.flush()

    def _write(self, window: int, where: int, selection: int, target: int) -> bool:
        contents = self._owned.get(self._display.name_of(selection))
        name = self._display.name_of(target)
        if contents is None:
            return False
        if name == "TARGETS":
            atoms = [self._atom(it) for it in ("TARGETS", *contents)]
            data = b"".join(atom.to_bytes(4, "little") for atom in atoms)
            self._change(window, where, "ATOM", 32, data)
            return True
        content = contents.get(name)
        if content is None:
            return False
        longest = self._display.connection.get_maximum_request_length() * 4 - 64
        if len(content.data) > longest:
            return False
        self._change(window, where, content.kind, content.bits, content.data)
        if name in _TEXT or name == _LATIN:
            self._takers.add(window)
            self._taken.set()
        return True

    def _change(self, window: int, where: int, kind: str, bits: int, data: bytes) -> None:
        self._display.core.ChangeProperty(
            xproto.PropMode.Replace, window, where, self._atom(kind), bits,
            len(data) * 8 // bits, data,
        )  # fmt: skip

    def _note_loss(self, event: Any) -> None:
        self._owned.pop(self._display.name_of(event.selection), None)

    # --- taking ---

    async def _fetch(self, selection: str, name: str) -> _Content | None:
        """Ask the owner for one format; None: it does not give it."""
        target = self._atom(name)
        answered = self._answers[target] = asyncio.get_running_loop().create_future()
        piece = self._pieces[target] = asyncio.Event()
        try:
            self._display.core.ConvertSelection(
                self._window, self._atom(selection), target, target, 0
            )
            self._display.flush()
            if not await answered:
                return None
            piece.clear()
            first = self._take(target)
            if first is None or self._display.name_of(first.type) != "INCR":
                return first and self._content(first, first.value.buf())
            return await self._fetch_pieces(target, piece)
        finally:
            del self._answers[target], self._pieces[target]

    async def _fetch_pieces(self, where: int, piece: asyncio.Event) -> _Content | None:
        """Fetch a content in pieces, of which the last is empty; None: it is too long to keep."""
        data = bytearray()
        content = None
        while len(data) <= MOST_BYTES:
            await piece.wait()
            piece.clear()
            answer = self._take(where)
            if answer is None or not answer.value.buf():
                return content
            data += answer.value.buf()
            content = self._content(answer, bytes(data))
        return None

    def _content(self, answer: Any, data: bytes) -> _Content:
        return _Content(self._display.name_of(answer.type), data, answer.format or 8)

    def _take(self, where: int) -> Any:
        return self._display.property_of(self._window, where, delete=True)

    def _note_answer(self, event: Any) -> None:
        answered = self._answers.get(event.target)
        if answered is not None and not answered.done():
            answered.set_result(event.property)

    def _note_property(self, event: Any) -> None:
        piece = self._pieces.get(event.atom)
        if piece is not None and event.state == xproto.Property.NewValue:
            piece.set()

    def _atom(self, name: str) -> int:
        return self._display.atom(name)


def _numbers(data: bytes) -> list[int]:
    return [int.from_bytes(data[at : at + 4], "little") for at in range(0, len(data), 4)]
