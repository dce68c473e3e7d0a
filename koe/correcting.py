"""Has a model correct the text of a session; whatever happens becomes an event."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence

from koe.errors import LlmError
from koe.events import Corrected, CorrectionFailed

# How a warning about a correction begins (spec abi §4.14).
FAILED = "LLM correction failed: "

AskModel = Callable[[str, Sequence[str]], Awaitable[Corrected]]
"""Has a text corrected, given its interim revisions, oldest first; raises LlmError."""

log = logging.getLogger(__name__)


async def corrected(
    ask: AskModel, heard: str, history: Sequence[str]
) -> Corrected | CorrectionFailed:
    """Return the result of a correction.

    Args:
        ask: Asks the model.
        heard: The text.
        history: Its interim revisions, oldest first.
    """
    try:
        return await ask(heard, history)
    except LlmError as exc:
        return CorrectionFailed(_warning(exc))
    except Exception as exc:  # a bug in koe must not cost the text
        log.exception("a correction failed unexpectedly")
        return CorrectionFailed(f"{FAILED}{type(exc).__name__}")


def _warning(exc: LlmError) -> str:
    """The warning about a text that was not corrected; it begins with `FAILED`, once."""
    reason = str(exc)
    return reason if reason.startswith(FAILED) else FAILED + reason
