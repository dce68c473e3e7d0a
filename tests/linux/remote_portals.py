"""An imitation of the portals RemoteDesktop and Clipboard, on a D-Bus of a test, with one window.

It takes what the published interfaces take, and nothing else: every call is compared with their
types and options, and with what they allow before and after the start of a session. It could lie
in this: it shows no dialog, and its window pastes at once and reads one format.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from dbus_fast.aio import MessageBus
from dbus_fast.constants import MessageType
from dbus_fast.message import Message
from dbus_fast.signature import Variant

from tests.linux.portals import connection

_NAME = "org.freedesktop.portal.Desktop"
_PATH = "/org/freedesktop/portal/desktop"
_REMOTE = "org.freedesktop.portal.RemoteDesktop"
_CLIPBOARD = "org.freedesktop.portal.Clipboard"
_SESSION = "org.freedesktop.portal.Session"
_SCREENSAVER = "org.gnome.ScreenSaver"

PUBLISHED: Mapping[str, tuple[str, str, Mapping[str, str]]] = {
    f"{_REMOTE}.CreateSession": (
        "a{sv}", "o", {"handle_token": "s", "session_handle_token": "s"}
    ),
    f"{_REMOTE}.SelectDevices": (
        "oa{sv}", "o",
        {"handle_token": "s", "types": "u", "restore_token": "s", "persist_mode": "u"},
    ),
    f"{_REMOTE}.Start": ("osa{sv}", "o", {"handle_token": "s"}),
    f"{_REMOTE}.NotifyKeyboardKeycode": ("oa{sv}iu", "", {}),
    f"{_REMOTE}.NotifyKeyboardKeysym": ("oa{sv}iu", "", {}),
    f"{_CLIPBOARD}.RequestClipboard": ("oa{sv}", "", {}),
    f"{_CLIPBOARD}.SetSelection": ("oa{sv}", "", {"mime_types": "as"}),
    f"{_CLIPBOARD}.SelectionWrite": ("ou", "h", {}),
    f"{_CLIPBOARD}.SelectionWriteDone": ("oub", "", {}),
    f"{_CLIPBOARD}.SelectionRead": ("os", "h", {}),
    f"{_SESSION}.Close": ("", "", {}),
    f"{_SCREENSAVER}.GetActive": ("", "b", {}),
}  # fmt: skip
"""The types of the arguments, of the results, and of the options, by method."""

CONTROL, SHIFT, V = 0xFFE3, 0xFFE1, 0x76
KEYS_BY_PLACE = {29: CONTROL, 42: SHIFT, 47: V}
"""By their number in linux/input-event-codes.h."""

PLAIN = "text/plain;charset=utf-8"


class RemotePortal:
    """One session at a time, and a clipboard.

    Args:
        bus: Connected.

    Attributes:
        portals: Those that say their version.
        answers: Requests are answered.
        refuses: The user refuses.
        lends: The desktop lends its clipboard.
        reads: The window reads what it pastes.
        asked: How often the user was asked.
        tokens: Those that start a session without; each is good for one.
        keys: What was pressed and released.
        by_place: The newest of them was named by its place.
        pasted: The texts that the window has pasted.
        held: What another program has put on the clipboard; empty: nothing, or koe has.
        formats: Those that koe offers; None: something else is on the clipboard.
        done: Numbers of transfers, with whether they were given.
        is_locked: The screen is.
        has_been_asked_for_lock: koe knows whether it is.
        started: Set while a session is started.
        pasting: What a chord that pastes has the window do.
    """

    def __init__(self, bus: MessageBus) -> None:
        self.portals = [_REMOTE, _CLIPBOARD]
        self.answers = True
        self.refuses = False
        self.lends = True
        self.reads = True
        self.asked = 0
        self.tokens: set[str] = set()
        self.by_place = False
        self.keys: list[tuple[int, bool]] = []
        self.pasted: list[str] = []
        self.held: dict[str, bytes] = {}
        self.formats: list[str] | None = None
        self.done: list[tuple[int, bool]] = []
        self.is_locked = self.has_been_asked_for_lock = False
        self.started = asyncio.Event()
        self.pasting: Callable[[], Coroutine[Any, Any, None]] = self.paste
        self._bus = bus
        self._session = self._token = ""
        self._wants_clipboard = self._has_clipboard = False
        self._pipes: dict[int, asyncio.Future[int]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._serial = 0
        bus.add_message_handler(self._answer)

    async def copy(self, contents: dict[str, bytes]) -> None:
        """Have another program put something on the clipboard."""
        self.held, self.formats = contents, None
        await self._say_owner()

    async def end(self) -> None:
        """End the session, as the user can in a menu of the desktop."""
        session, self._session = self._session, ""
        self.started.clear()
        await self._send(session, f"{_SESSION}.Closed", "a{sv}", {})

    async def restart(self) -> None:
        """Have the portal end, and another process take its place."""
        self._session = ""
        self.started.clear()
        await self._bus.release_name(_NAME)
        await self._bus.request_name(_NAME)

    async def lock(self, *, is_locked: bool) -> None:
        """Lock the screen, or unlock it."""
        self.is_locked = is_locked
        path = "/org/gnome/ScreenSaver"
        await self._send(path, f"{_SCREENSAVER}.ActiveChanged", "b", is_locked)

    def press(self, keysyms: Iterable[int]) -> None:
        """Press keys, as the user does."""
        for keysym in keysyms:
            self._note_key(keysym, is_down=True)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for what comes by the bus."""
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)

    async def settle(self) -> None:
        """Wait until all signals that are due have been sent."""
        await asyncio.gather(*self._tasks)

    async def ask_for(self, name: str) -> int:
        """Have a program ask for a format of koe's; the number of the transfer."""
        self._serial += 1
        self._pipes[self._serial] = asyncio.get_running_loop().create_future()
        arguments = (self._session, name, self._serial)
        await self._send(_PATH, f"{_CLIPBOARD}.SelectionTransfer", "osu", *arguments)
        return self._serial

    async def _send(self, path: str, member: str, signature: str, *body: object) -> None:
        interface, _, name = member.rpartition(".")
        await self._bus.send(Message.new_signal(path, interface, name, signature, list(body)))

    async def _say_owner(self) -> None:
        if self._has_clipboard:
            facts = {
                "mime_types": Variant("as", list(self.held)),
                "session_is_owner": Variant("b", self.formats is not None),
            }
            member = f"{_CLIPBOARD}.SelectionOwnerChanged"
            await self._send(_PATH, member, "oa{sv}", self._session, facts)

    def _answer(self, message: Message) -> Message | bool | None:
        if message.member == "Get" and message.body[0] in self.portals:
            return Message.new_method_return(message, "v", [Variant("u", 2)])
        name = f"{message.interface}.{message.member}"
        if message.message_type is not MessageType.METHOD_CALL or name not in PUBLISHED:
            return None
        types, results, options = PUBLISHED[name]
        given = next((it for it in message.body if isinstance(it, dict)), {})
        if message.signature != types or any(
            options.get(key) != value.signature for key, value in given.items()
        ):
            return _error(message, f"{name} was called wrongly: {message.signature} {given}")
        if types.startswith("o") and message.body[0] != self._session:
            return _error(message, "Invalid session")
        if results == "o":
            return self._request(message, {key: it.value for key, it in given.items()})
        try:
            answer = self._do(str(message.member), message.body)
        except ValueError as exc:
            return _error(message, str(exc))
        if results != "h":
            return Message.new_method_return(message, results, [answer] if results else [])
        reply = Message.new_method_return(message, "h", [0], unix_fds=[answer])
        self._bus.send(reply).add_done_callback(lambda _: os.close(answer))
        return True

    def _request(self, message: Message, options: dict[str, Any]) -> Message:
        """What is answered by a signal, too."""
        sender = str(message.sender)[1:].replace(".", "_")
        request = f"{_PATH}/request/{sender}/{options['handle_token']}"
        status, results = 0, {}
        if message.member == "CreateSession":
            self._session = f"{_PATH}/session/{sender}/{options['session_handle_token']}"
            self._wants_clipboard = self._has_clipboard = False
            results["session_handle"] = Variant("s", self._session)
        elif message.member == "SelectDevices":
            assert (options["types"], options["persist_mode"]) == (1, 2)
            self._token = options.get("restore_token", "")
        else:
            status, results = self._start()
        interface = "org.freedesktop.portal.Request"
        said = Message.new_signal(request, interface, "Response", "ua{sv}", [status, results])
        if self.answers:
            self._bus.send(said)
        return Message.new_method_return(message, "o", [request])

    def _start(self) -> tuple[int, dict[str, Variant]]:
        if self.is_locked:
            return 2, {}
        if self._token in self.tokens:
            self.tokens.remove(self._token)
        else:
            self.asked += 1
            if self.refuses:
                self._session = ""
                return 1, {}
        self._has_clipboard = self._wants_clipboard and self.lends
        token = secrets.token_hex(4)
        self.tokens.add(token)
        self.started.set()
        self._later(self._say_owner())
        return 0, {
            "devices": Variant("u", 1),
            "clipboard_enabled": Variant("b", self._has_clipboard),
            "restore_token": Variant("s", token),
        }

    def _do(self, member: str, body: list[Any]) -> Any:
        """What is done at once; ValueError: it is not allowed."""
        is_started = self.started.is_set()
        if member == "GetActive":
            self.has_been_asked_for_lock = True
            return self.is_locked
        if member == "Close":
            self.started.clear()
            return None
        if member == "RequestClipboard":
            if is_started or not self.lends:
                raise ValueError("Invalid state")
            self._wants_clipboard = True
            return None
        if not is_started:
            raise ValueError("Session is not started")
        if member.startswith("NotifyKeyboard"):
            number = body[2]
            keysym = KEYS_BY_PLACE[number] if member.endswith("Keycode") else number
            self.by_place = member.endswith("Keycode")
            self._note_key(keysym, is_down=bool(body[3]))
            return None
        if not self._has_clipboard:
            raise ValueError("Clipboard not enabled")
        return self._do_clipboard(member, body)

    def _do_clipboard(self, member: str, body: list[Any]) -> int | None:
        if member == "SetSelection":
            formats = body[1].get("mime_types")
            self.held, self.formats = {}, None if formats is None else formats.value
            self._later(self._say_owner())
        elif member == "SelectionWriteDone":
            self.done.append((body[1], body[2]))
        elif member == "SelectionRead" and body[1] not in self.held:
            raise ValueError("the clipboard has no such format")
        else:
            reader, writer = os.pipe()
            if member == "SelectionWrite":
                self._pipes[body[1]].set_result(reader)
                return writer
            with os.fdopen(writer, "wb") as pipe:
                pipe.write(self.held[body[1]])
            return reader
        return None

    def _note_key(self, keysym: int, *, is_down: bool) -> None:
        self.keys.append((keysym, is_down))
        if (keysym, is_down) == (V, True) and (CONTROL, False) not in self.keys[-3:]:
            self._later(self.pasting())

    async def paste(self) -> None:
        """Have the window paste."""
        if self.formats is None or not self.reads:
            return
        assert PLAIN in self.formats
        reader = await self._pipes[await self.ask_for(PLAIN)]
        with os.fdopen(reader, "rb") as pipe:
            content = await asyncio.to_thread(pipe.read)
        self.pasted.append(content.decode())

    def _later(self, doing: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(doing)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _error(message: Message, reason: str) -> Message:
    return Message.new_error(message, "org.freedesktop.DBus.Error.Failed", reason)


@asynccontextmanager
async def remote_portal(address: str) -> AsyncIterator[RemotePortal]:
    """Such a portal on a bus."""
    async with connection(address) as bus:
        imitation = RemotePortal(bus)
        for name in (_NAME, _SCREENSAVER):
            await bus.request_name(name)
        yield imitation
