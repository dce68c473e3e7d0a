"""The clipboard of Wayland: sets a text, notes that it is read, and restores the former content.

It uses wlr-data-control, the protocol for clipboard managers. Like the clipboard of X11, that of
Wayland stores nothing: the owner writes the text into a pipe for each program that pastes, but does
not learn which program that is.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

from koe.errors import DesktopError
from koe.linux.compositor import Arguments, Compositor
from koe.linux.contents import TEXT_FORMATS, Contents, collect, contents_of, give, note_read

INTERFACE = "zwlr_data_control_manager_v1"
VERSION = 2
"""The first version that also has the primary selection."""

# Numbers of requests and events: of the manager, the device, a source, and an offer.
_CREATE_SOURCE, _GET_DEVICE = 0, 1
_SET_CLIPBOARD, _SET_PRIMARY = 0, 2
_OFFERED, _CLIPBOARD_IS, _PRIMARY_IS = 0, 1, 3
_OFFER, _DESTROY = 0, 1
_SEND, _CANCELLED = 0, 1
_RECEIVE, _HAS = 0, 0


class Selections:
    """The clipboard and the primary selection. All methods run on the event loop.

    Args:
        compositor: The connection to the compositor.
        manager: The object that makes the other objects.
        seat: The seat that the clipboard belongs to.
    """

    def __init__(self, compositor: Compositor, manager: int, seat: int) -> None:
        self._compositor = compositor
        self._manager = manager
        self._device = compositor.new()
        # What is offered: the formats, by offer.
        self._offers: dict[int, list[str]] = {}
        # The offers of the clipboard (False) and of the primary selection (True); 0: it is empty.
        self._held = {False: 0, True: 0}
        # Koe's own sources of both, and their contents; 0: koe does not own this one.
        self._ours = {False: 0, True: 0}
        self._given: dict[bool, Contents] = {False: {}, True: {}}
        # A future that completes when a program has read koe's text; None: nothing waits for that.
        self._reader: asyncio.Future[None] | None = None
        compositor.on(self._device, _OFFERED, self._note_offer)
        compositor.on(self._device, _CLIPBOARD_IS, self._noting_selection(is_primary=False))
        compositor.on(self._device, _PRIMARY_IS, self._noting_selection(is_primary=True))
        compositor.request(manager, _GET_DEVICE, self._device, seat)

    def put(self, text: str, *, is_primary: bool = False, temporary: bool = False) -> None:
        """Put a text where programs paste from.

        Args:
            text: The text.
            is_primary: Whether to use the primary selection instead of the clipboard.
            temporary: The text will be removed soon, so clipboard histories need not keep it.

        Raises:
            DesktopError: The compositor has ended; the other methods raise this, too.
        """
        self._own(contents_of(text, temporary=temporary), is_primary=is_primary)

    def expect_reader(self) -> asyncio.Future[None]:
        """Return a future that completes when a program asks for a text and has read it whole."""
        self._reader = asyncio.get_running_loop().create_future()
        return self._reader

    def bring_back(self, contents: Contents, *, is_primary: bool = False) -> None:
        """Restore the clipboard or the selection, unless another program has set it meanwhile."""
        if not self._ours[is_primary]:
            return
        if contents:
            self._own(contents, is_primary=is_primary)
        else:
            set_it = _SET_PRIMARY if is_primary else _SET_CLIPBOARD
            self._compositor.request(self._device, set_it, 0)
            self._ours[is_primary] = 0

    def owns(self, *, is_primary: bool = False) -> bool:
        """Whether the clipboard or the selection holds koe's content."""
        return self._ours[is_primary] != 0

    async def contents(self, *, is_primary: bool = False) -> Contents:
        """The content, in as many formats as can be kept; empty: there is none."""
        if self._ours[is_primary]:
            return self._given[is_primary]
        offer = self._held[is_primary]

        async def open_pipe(name: str) -> int | None:
            if offer not in self._offers:  # another program has set it
                return None
            return self._receive(offer, name)

        return await collect(self._offers.get(offer, []), open_pipe)

    # --- giving ---

    def _own(self, contents: Contents, *, is_primary: bool) -> None:
        source = self._compositor.new()
        self._compositor.request(self._manager, _CREATE_SOURCE, source)
        for name in contents:
            self._compositor.request(source, _OFFER, name)

        def send(arguments: Arguments) -> None:
            name, pipe = arguments.text(), arguments.descriptor()
            expected = self._reader if name in TEXT_FORMATS else None
            given = give(pipe, contents.get(name, b""))
            given.add_done_callback(lambda done: note_read(expected if done.result() else None))

        def cancelled(arguments: Arguments) -> None:
            self._compositor.request(source, _DESTROY)
            self._compositor.forget(source)
            if self._ours[is_primary] == source:
                self._ours[is_primary] = 0

        self._compositor.on(source, _SEND, send)
        self._compositor.on(source, _CANCELLED, cancelled)
        self._ours[is_primary], self._given[is_primary] = source, contents
        set_it = _SET_PRIMARY if is_primary else _SET_CLIPBOARD
        self._compositor.request(self._device, set_it, source)

    # --- taking ---

    def _note_offer(self, arguments: Arguments) -> None:
        offer = arguments.word()
        formats = self._offers[offer] = []
        self._compositor.on(offer, _HAS, lambda said: formats.append(said.text()))

    def _noting_selection(self, *, is_primary: bool) -> Callable[[Arguments], None]:
        def note(arguments: Arguments) -> None:
            before, self._held[is_primary] = self._held[is_primary], arguments.word()
            if before and before not in self._held.values():
                del self._offers[before]
                self._compositor.forget(before)
                self._compositor.request(before, _DESTROY)

        return note

    def _receive(self, offer: int, name: str) -> int:
        """Have the owner write one format into a pipe."""
        reader, writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            self._compositor.request(offer, _RECEIVE, name, descriptor=writer)
        except DesktopError:
            os.close(reader)
            raise
        finally:
            os.close(writer)
        return reader
