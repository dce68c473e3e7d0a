"""JSON from other programs. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable


def parse_json(text: str, parse_constant: Callable[[str], object] | None = None) -> object:
    """Parse JSON.

    Args:
        text: The complete text.
        parse_constant: Called with NaN and infinities, which are not JSON, for their value; None:
            they become floats.

    Raises:
        ValueError: It is not JSON, or is nested too deeply; the message says which, as a clause.
    """
    try:
        return json.loads(text, parse_constant=parse_constant)
    except RecursionError as exc:
        raise ValueError("it is nested too deeply") from exc
