"""The client that all sessions share, and its replacement."""

from __future__ import annotations

import threading

from koe.errors import LlmConfigError
from koe.http.errors import HttpConfigError
from koe.http.request import HttpSettings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from koe.http.client import Client


class SharedClient:
    """Holds the client. Any thread may open and rebuild; the client itself is the loop's.

    Making this object costs nothing. The HTTP library is imported by the first `open`, which takes
    some 80 ms and 20 MB, so that is for a thread on which nothing waits, and for when it is needed.

    Args:
        settings: The settings that the first client is built from.
    """

    def __init__(self, settings: HttpSettings) -> None:
        # One thread at a time looks at the rest.
        self._lock = threading.Lock()
        # What the client is built from. Compared with what it was built from, not with the
        # configuration of before, so that no change is lost when a rebuild failed (spec llm §1.4).
        self._settings = settings
        # None until it is needed.
        self._client: Client | None = None

    def open(self) -> Client:
        """Return the client, and build it if need be.

        A caller that keeps it is not disturbed by a replacement: the old client
        answers as long as it is used.

        Raises:
            LlmConfigError: It can't be built.
        """
        with self._lock:
            if self._client is None:
                self._client = _build(self._settings)
            return self._client

    def rebuild(self, settings: HttpSettings, *, always: bool = False) -> None:
        """Replace the client, with new connections, if its settings have changed.

        Requests that are under way on the old client end there; then it closes. If there is no old
        one, there is nothing to replace: the next `open` builds it from these settings.

        Args:
            settings: The settings now.
            always: Even if they have not changed: the environment may have (proxies).

        Raises:
            LlmConfigError: The new one can't be built. The old one stays, and so does the
                difference: the next call tries again.
        """
        with self._lock:
            if settings == self._settings and not always:
                return
            if self._client is not None:
                client = _build(settings)
                self._client.retire()
                self._client = client
            self._settings = settings

    async def aclose(self) -> None:
        """Close the client, on its loop; it may be opened again."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            await client.aclose()


def _build(settings: HttpSettings) -> Client:
    try:
        from koe.http.client import Client  # and with it the HTTP library
    except ImportError as exc:
        raise LlmConfigError(
            f"the HTTP library can't be loaded ({exc}); install koe again, with all its packages"
        ) from exc

    client = Client(settings)
    try:
        client.open()
    except HttpConfigError as exc:
        raise LlmConfigError(exc.message) from exc
    return client
