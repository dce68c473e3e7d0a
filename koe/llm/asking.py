"""One correction: prepared while the user speaks, then asked for until there is an answer.

Two kinds of refusals are retried: temporary ones, of a server that is busy or being replaced, and
those about a parameter which can be left out.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TypeAlias

from koe.config.llm import LlmProfile
from koe.config.store import Snapshot
from koe.diagnostics import report_once
from koe.errors import (
    LlmConfigError,
    LlmConnectionError,
    LlmError,
    LlmReplyError,
    LlmTimeoutError,
)
from koe.events import Corrected, CorrectionFailed
from koe.http.errors import (
    HttpConfigError,
    HttpConnectionError,
    HttpError,
    HttpTimeoutError,
    is_permanent_status,
    retry_after_seconds,
)
from koe.http.request import Request
from koe.llm.correction import Inquiry, Outcome, ask_for_correction
from koe.llm.protocols import warm_up_request
from koe.llm.refusals import ParameterChange, failed_status, is_out_of_quota
from koe.prompts import Prompts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from koe.http.client import Client, Response

# How a warning about a correction begins (spec abi §4.14).
_FAILED = "LLM correction failed: "

# Seconds before each retry, unless the server sets them. After the last one the refusal is final,
# because the user waits for the text.
PAUSES = (0.25, 0.5, 1.0)

Habits: TypeAlias = dict[Hashable, tuple[ParameterChange, ...]]
"""The changes of requests that services need, as far as koe has found them, by `Inquiry.kind`.

They are kept until the core is closed. After a change of the profile, the limit or the sampling,
koe must find them again.
"""

log = logging.getLogger(__name__)


class SessionModel:
    """Corrects the text of one session. All methods run on the event loop.

    Args:
        open_client: Returns the client.
        habits: The known changes; new ones are added.
        snapshot: The settings that the session begins with.
        profile: The profile of the model.
        read_prompts: Reads the prompts.
    """

    def __init__(
        self,
        open_client: Callable[[], Client],
        habits: Habits,
        snapshot: Snapshot,
        profile: LlmProfile,
        read_prompts: Callable[[], Prompts],
    ) -> None:
        self._open_client = open_client
        self._habits = habits
        self._snapshot = snapshot
        self._profile = profile
        self._read_prompts = read_prompts
        # The prompts and the client of this session; a later reload affects only later sessions.
        self._prompts: Prompts | None = None
        self._client: Client | None = None

    def prepare(self) -> None:
        """Prepare the correction while the user speaks: read the prompts, open a connection."""
        self._prompts = self._read_prompts()
        # Errors are raised when the text is corrected.
        with suppress(LlmError):
            self._client = self._open_client()
            self._client.warm_up(warm_up_request(self._profile))
        # The modules that judge the answer take some 50 ms to load, once.
        import koe.answers.clean
        import koe.answers.guard  # noqa: F401

    async def correct(self, heard: str, history: Sequence[str]) -> Corrected | CorrectionFailed:
        """Have what was heard corrected.

        Args:
            heard: The text.
            history: Its interim revisions, oldest first.
        """
        try:
            inquiry = ask_for_correction(
                self._snapshot.config.llm,
                self._profile,
                self._prompts or self._read_prompts(),
                self._snapshot.terms,
                heard,
                history,
            )
            correction = await ask(self._client or self._open_client(), inquiry, self._habits)
        except LlmError as exc:
            reason = str(exc)
            return CorrectionFailed(reason if reason.startswith(_FAILED) else _FAILED + reason)
        except Exception as exc:  # a bug in koe must not cost the text
            log.exception("a correction failed unexpectedly")
            return CorrectionFailed(f"{_FAILED}{type(exc).__name__}")
        return Corrected(correction.text, correction.remark)


async def ask(client: Client, inquiry: Inquiry, habits: Habits) -> Outcome:
    """Ask a model, within the time limit of one request.

    Args:
        client: Sends the request.
        inquiry: The question.
        habits: The known changes; new ones are added.

    Raises:
        LlmError: There is no answer.
    """
    if exposure := inquiry.profile.exposure:
        report_once(exposure)
    changes = habits.get(inquiry.kind, ())
    deadline = client.deadline()
    while True:
        reply = await until_answered(client, inquiry.changed(changes), deadline)
        if reply.is_success:
            habits[inquiry.kind] = changes
            break
        more = inquiry.find_changes(reply.status_code, reply.content, changes)
        if not more:
            break
        log.debug("%s is asked again with %s", inquiry.profile.model, more)
        changes += more
    return inquiry.read(reply.status_code, reply.content)


async def until_answered(client: Client, request: Request, deadline: float) -> Response:
    """Send a request; retry it after temporary refusals and broken connections.

    Only a request that is over is sent again, never one that may still be answered.

    Args:
        client: Sends the request.
        request: The request.
        deadline: The time limit of the reply, on the loop's clock.

    Returns:
        The last reply, which may be a refusal.

    Raises:
        LlmError: The last try gave no reply.
    """
    now = asyncio.get_running_loop().time
    with llm_errors():
        for pause in PAUSES:
            try:
                reply = await client.send(request, deadline)
            except HttpConnectionError as exc:
                if not exc.is_temporary or now() + pause >= deadline:
                    raise
                log.debug("asking again after %g s: %s", pause, exc)
                await asyncio.sleep(pause)
                continue
            log.debug("answered %d over %s", reply.status_code, reply.http_version)
            if not _is_temporary(reply):
                return reply
            asked_for = retry_after_seconds(reply.headers.get("retry-after", ""))
            wait = pause if asked_for is None else asked_for
            if now() + wait >= deadline:
                return reply
            log.debug("asking again after %g s: HTTP %d", wait, reply.status_code)
            await asyncio.sleep(wait)
        return await client.send(request, deadline)


@contextmanager
def llm_errors() -> Iterator[None]:
    """Turn errors of `koe.http` into errors of corrections."""
    try:
        yield
    except HttpTimeoutError as exc:
        raise LlmTimeoutError(exc.timeout_seconds) from exc
    except HttpConnectionError as exc:
        raise LlmConnectionError(exc.message) from exc
    except HttpError as exc:
        kind = LlmConfigError if isinstance(exc, HttpConfigError) else LlmReplyError
        raise kind(exc.message) from exc


def _is_temporary(reply: Response) -> bool:
    if reply.is_error:
        status = reply.status_code
    elif b'"error"' in reply.content:  # some gateways refuse with status 200
        status = failed_status(reply.content)
    else:
        return False
    is_refused = status > 0 and not is_permanent_status(status)
    return is_refused and not is_out_of_quota(reply.content)
