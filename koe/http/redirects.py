"""Decides which redirects of a server are followed."""

from __future__ import annotations

import httpx

from koe.endpoint import check_endpoint, check_redirect, host_of, is_local, join, origin_of, shown
from koe.errors import EndpointError, RedirectError
from koe.http.errors import HttpRedirectError
from koe.http.request import HttpSettings, Request
from koe.masking import mask

# How many redirects one request may follow (spec llm §6.3).
MAX_REDIRECTS = 10

_STATUSES = frozenset({301, 302, 303, 307, 308})
_REPEATED = frozenset({307, 308})  # these keep method and body (RFC 9110 §15.4)


class Redirects:
    """A request, and the requests that redirects make of it.

    Attributes:
        request: The request to send next.

    Args:
        settings: They say which servers a redirect may lead to.
        request: The first request, at a checked address.
    """

    def __init__(self, settings: HttpSettings, request: Request) -> None:
        self._settings = settings
        self.request = request
        # The address of the first request.
        self._first = request.url
        # The number of redirects that were followed.
        self._count = 0

    def follow(self, response: httpx.Response) -> bool:
        """Make the next request, if the reply is a redirect.

        Returns:
            Whether it is one, with an address.

        Raises:
            HttpRedirectError: The redirect must not be followed.
        """
        location = response.headers.get("location", "")
        if response.status_code not in _STATUSES or not location:
            return False
        target = join(self.request.url, location)
        if target is None:
            return False
        try:
            self._check(response.status_code, target)
        except RedirectError as exc:
            raise HttpRedirectError(mask(str(exc), self.request.secrets)) from exc
        self.request = self._next(response.status_code, target)
        return True

    def _check(self, status: int, target: str) -> None:
        current = self.request
        if self._settings.keeps_body and current.body and status not in _REPEATED:
            raise HttpRedirectError(
                f"{host_of(current.url)} answers with a redirect that drops the recording "
                f"({status}); correct the {self._settings.setting}"
            )
        self._count += 1
        if self._count > MAX_REDIRECTS:
            raise HttpRedirectError(f"too many redirects: {shown(self._first)} leads nowhere")
        if not self._settings.leaves_origin:
            check_redirect(target, current.url, self._first)
            return
        try:
            check_endpoint(target)
        except EndpointError as exc:
            raise RedirectError(str(exc)) from exc
        if current.url.startswith("https:") and not target.startswith("https:"):
            raise RedirectError(f"{host_of(current.url)} leads to an address without encryption")
        if is_local(target) and not is_local(current.url):
            raise RedirectError(f"{host_of(current.url)} leads to this machine")

    def _next(self, status: int, target: str) -> Request:
        current = self.request
        if origin_of(target) != origin_of(current.url):
            current = current.without_secrets()
        return (current if status in _REPEATED else current.without_body()).at(target)
