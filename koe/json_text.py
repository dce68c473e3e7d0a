"""JSON from other programs. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable


def parse_json(text: str, parse_constant: Callable[[str], object] | None = None) -> object:
    """Parse JSON.

    Args:
        text: The whole of it.
        parse_constant: Makes something of NaN and the infinities, which Python accepts.

    Raises:
        ValueError: It is not JSON, or nests too deeply; the text is a clause that says which.
    """
    try:
        return json.loads(text, parse_constant=parse_constant)
    except RecursionError as exc:
        raise ValueError("it is nested too deeply") from exc
