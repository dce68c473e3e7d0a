"""Decides which redirects of a server are followed, and what is sent then."""

from __future__ import annotations

from collections.abc import Sequence

import httpx

from koe.endpoint import check_endpoint, host_of, is_local, join, origin_of, shown
from koe.errors import EndpointError
from koe.http.errors import HttpRedirectError
from koe.http.request import HttpSettings, Request
from koe.masking import mask

# How many redirects one request may follow (spec llm §6.3).
MAX_REDIRECTS = 10

_REPEATED = frozenset({307, 308})  # these keep method and body (RFC 9110 §15.4)


def redirected(
    asked: Sequence[Request], response: httpx.Response, settings: HttpSettings
) -> Request | None:
    """Return the request that follows a redirect.

    Args:
        asked: The first request, at a checked address, and those that redirects have made of it.
        response: The reply to the last of them, with a status of redirects and an address.
        settings: They say which servers a redirect may lead to.

    Returns:
        None if the address is no URL: such a reply is not treated as a redirect.

    Raises:
        HttpRedirectError: The redirect must not be followed.
    """
    first, current, status = asked[0], asked[-1], response.status_code
    location = response.headers["location"]
    target = join(current.url, location) if location else None
    if target is None:
        return None
    if settings.keeps_body and current.body and status not in _REPEATED:
        raise HttpRedirectError(
            f"{host_of(current.url)} answers with a redirect that drops the recording "
            f"({status}); correct the {settings.setting}"
        )
    if len(asked) > MAX_REDIRECTS:
        raise HttpRedirectError(f"too many redirects from {shown(first.url)}")
    if settings.leaves_origin:
        reason = _objection(target, current.url)
    else:
        reason = _objection_within(first.url, target)
    if reason:
        raise HttpRedirectError(mask(f"redirect blocked: {reason}", current.secrets))
    if origin_of(target) != origin_of(current.url):
        current = current.without_secrets()
    return (current if status in _REPEATED else current.without_body()).at(target)


def _objection(target: str, current: str) -> str:
    """Why a redirect to any server is not followed, as a clause; empty if it is followed."""
    if insecurity := _insecurity(target):
        return insecurity
    if current.startswith("https:") and not target.startswith("https:"):
        return f"{host_of(current)} leads to an address without encryption"
    if is_local(target) and not is_local(current):
        return f"{host_of(current)} leads to this machine"
    return ""


def _objection_within(first: str, target: str) -> str:
    """The same for a redirect that has to stay within an origin (spec asr §4.2)."""
    if origin_of(target) == origin_of(first):
        return ""
    # The rest is not shown: a server can put the key that it received into it.
    place = f"{target.partition(':')[0]}://{host_of(target)}"
    return _insecurity(place) or (
        f"{place} is a different origin than {origin_of(first)}; if it is the right one, "
        "set it in the configuration"
    )


def _insecurity(url: str) -> str:
    try:
        check_endpoint(url)
    except EndpointError as exc:
        return str(exc)
    return ""
