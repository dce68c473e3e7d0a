"""Requests of clients over the control socket, as values. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ControlRequest:
    """One line of a client.

    Attributes:
        word: The action; empty: the line is no request.
        inserts: False: the text of the dictation that this request begins is only shown.
        entry: For ``retry``, the ID of an entry of the history; empty: the newest recording.
        level: For ``follow``, whether the level of the microphone is wanted, too.
    """

    word: str
    inserts: bool = True
    entry: str = ""
    level: bool = False

    def line(self) -> bytes:
        """The request as JSON, without default values."""
        said: dict[str, object] = {"do": self.word}
        if not self.inserts:
            said["insert"] = False
        if self.entry:
            said["entry"] = self.entry
        if self.level:
            said["level"] = True
        return json.dumps(said).encode() + b"\n"


def parse_request(line: bytes) -> ControlRequest:
    """Read a line; members of a wrong type are ignored."""
    try:
        said = json.loads(line)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        said = {}
    word, entry = said.get("do"), said.get("entry")
    return ControlRequest(
        word if isinstance(word, str) else "",
        inserts=said.get("insert") is not False,
        entry=entry if isinstance(entry, str) else "",
        level=said.get("level") is True,
    )
