"""What shells expect of a session, as far as they differ. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SessionRules:
    """What one shell expects that another does not (spec abi §§4.2-4.9, 6.1).

    Attributes:
        ready_after_connect: Show ``connecting_asr`` first, and ``recording_*`` and readiness only
            once the engine is connected; else both come at once.
        silence_is_error: A recording without speech ends in an error; else quietly in ``idle``.
        closing_states: ``completed`` and ``idle`` follow the final text.
        finish_superseded: A session that is still recording when the next one begins is ended and
            delivers its text; else it is cancelled.
        rebuild_at_reload_only: Every reload rebuilds the client for language models, and nothing
            else does; else it is rebuilt whenever one of its settings changed.
    """

    ready_after_connect: bool = False
    silence_is_error: bool = False
    closing_states: bool = False
    finish_superseded: bool = False
    rebuild_at_reload_only: bool = False
    confirms_delivery: bool = False
