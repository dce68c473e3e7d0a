"""Asking until there is an answer, or the time is up.

Two kinds of refusal need not be the last word: one that is over at once, because the server has too
much to do or is being replaced, and one that is about a parameter which can be left out.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Hashable
from typing import TypeAlias

from koe.diagnostics import report_once
from koe.errors import LlmConnectionError
from koe.failures import is_permanent_status
from koe.llm.correction import Correction, Inquiry
from koe.llm.parameters import Change
from koe.llm.refusal import is_out_of_quota

TYPE_CHECKING = False
if TYPE_CHECKING:
    from koe.llm.client import Client, HttpReply
    from koe.llm.request import HttpRequest

# Seconds before another try, where the server does not say. After the last, its refusal stands:
# while this goes on, the user waits for a text.
PAUSES = (0.25, 0.5, 1.0)

Habits: TypeAlias = dict[Hashable, tuple[Change, ...]]
"""What to change in requests, as was found out: by `Inquiry.kind`.

It lasts as long as the core. After an edit of the profile, the limit or the sampling it is found
out anew.
"""

log = logging.getLogger(__name__)


async def ask(client: Client, inquiry: Inquiry, habits: Habits) -> Correction:
    """Ask a model, in the time that one request has.

    Args:
        client: Sends.
        inquiry: What to ask.
        habits: What the model does not take; what is found out is added.

    Raises:
        LlmError: There is no answer.
    """
    if exposure := inquiry.profile.exposure:
        report_once(exposure)
    changes = habits.get(inquiry.kind, ())
    deadline = client.deadline()
    while True:
        http = inquiry.changed(changes)

        async def post(http: HttpRequest = http) -> HttpReply:
            return await client.post(
                http.url,
                dict(http.headers),
                http.body,
                deadline,
                allow_plain_http=inquiry.profile.allow_plain_http,
            )

        reply = await until_answered(post, deadline)
        more = inquiry.find_changes(reply.status, reply.body, changes)
        if not more:
            break
        log.debug("%s is asked again with %s", inquiry.profile.model, more)
        changes += more
    if 200 <= reply.status < 300:
        habits[inquiry.kind] = changes
    return inquiry.read(reply.status, reply.body)


async def until_answered(send: Callable[[], Awaitable[HttpReply]], deadline: float) -> HttpReply:
    """Send a request, and again while it is refused for the moment or its connection breaks.

    Only a request that is over is sent again, never one that may still be answered.

    Args:
        send: Sends it.
        deadline: No other try begins after that time of the loop.

    Returns:
        The last reply, which may be a refusal.

    Raises:
        LlmError: As ``send`` does at the last try.
    """
    now = asyncio.get_running_loop().time
    for pause in PAUSES:
        try:
            reply = await send()
        except LlmConnectionError as exc:
            if not exc.is_passing or now() + pause >= deadline:
                raise
            log.debug("asking again after %g s: %s", pause, exc)
            await asyncio.sleep(pause)
            continue
        log.debug("answered %d over %s", reply.status, reply.http_version)
        wait = pause if reply.retry_after is None else reply.retry_after
        if not _is_passing(reply) or now() + wait >= deadline:
            return reply
        log.debug("asking again after %g s: HTTP %d", wait, reply.status)
        await asyncio.sleep(wait)
    return await send()


def _is_passing(reply: HttpReply) -> bool:
    is_refused = reply.status >= 400 and not is_permanent_status(reply.status)
    return is_refused and not is_out_of_quota(reply.body)
