"""The points in which shells expect different things of a session. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SessionRules:
    """What a shell expects of a session, where shells differ (spec abi §§4.2-4.9, 6.1).

    Attributes:
        ready_after_connect: Show ``connecting_asr`` first, and ``recording_*`` and readiness only
            once the engine is connected; else both come at once.
        silence_is_error: A recording without speech ends in an error; else quietly in ``idle``.
        closing_states: ``completed`` and ``idle`` follow the final text.
        finish_superseded: True: if a session is still running when the next one begins, its
            recording ends, and its text is delivered before that of the next one. False: it is
            cancelled.
        rebuild_at_reload_only: Every reload rebuilds the client for language models, and nothing
            else does; else it is rebuilt whenever one of its settings changed.
        confirms_delivery: The host reports whether it inserted the text (`koe.runner.Runner`), and
            the record of a delivered text has no end before that.
    """

    ready_after_connect: bool = False
    silence_is_error: bool = False
    closing_states: bool = False
    finish_superseded: bool = False
    rebuild_at_reload_only: bool = False
    confirms_delivery: bool = False
